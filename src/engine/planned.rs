//! A saved plan that a run follows, and where it differs from it.
//!
//! Owns what counts as a difference: another way that is gone, and a change or an undo that is not the one that was shown.
//! A reading alone counts for nothing. Nothing is compared inside a reading, nor on the way back: that always goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::context::Cx;
use super::failure::{Failure, Stop};
use super::people::Heard;
use super::planning::{Here, KEPT};
use super::question::Asked;
use crate::event::{
    Address, Deed, Difference, Fact, OfPlan, Planned, PlannedReading, Point, PointKind, QuestionKind, Wanted,
};
use crate::program::Run;
use crate::source::Span;
use crate::value::{Value, brief};

/// Characters of a difference in a sentence.
const IN_WORDS: usize = 120;

/// What is said of a change where its text is as planned, and the rest is not.
const NOT_SHOWN: &str = ", with another input, environment, folder, user or argument";

/// The plan that a run follows, and what has become of it so far.
#[derive(Debug)]
pub(super) struct Following<'w> {
    plan: &'w Planned,
    points: BTreeMap<(PointKind, String), &'w Point>,
    /// Changes, what takes them back, and ways, by the place where they stand.
    places: BTreeMap<(PointKind, &'w str), Vec<&'w Point>>,
    unbound: BTreeSet<&'w str>,
    readings: BTreeMap<String, &'w PlannedReading>,
    so_far: Mutex<SoFar>,
}

#[derive(Debug, Default)]
struct SoFar {
    /// Readings that are not what they were.
    drifted: Vec<Difference>,
    /// What somebody has accepted, by place and digest.
    accepted: BTreeSet<(String, String)>,
    /// Somebody has accepted another way: of what lies on it the plan knows nothing.
    elsewhere: bool,
}

/// What differs, and what is accepted with a yes.
#[derive(Clone, Debug, Default)]
pub(super) struct Differs {
    pub list: Vec<Difference>,
    accepts: Vec<(String, String)>,
    elsewhere: bool,
}

impl Differs {
    /// Adds what differs ahead.
    pub fn join(&mut self, ahead: Differs) {
        self.elsewhere |= ahead.elsewhere;
        for (differs, accepts) in ahead.list.into_iter().zip(ahead.accepts) {
            self.add(differs, accepts);
        }
    }

    fn add(&mut self, differs: Difference, accepts: (String, String)) {
        if !self.accepts.contains(&accepts) {
            self.list.push(differs);
            self.accepts.push(accepts);
        }
    }
}

impl<'w> Following<'w> {
    pub fn new(plan: &'w Planned) -> Self {
        let mut places: BTreeMap<(PointKind, &str), Vec<&Point>> = BTreeMap::new();
        for point in &plan.points {
            places.entry((point.kind, &point.place)).or_default().push(point);
        }
        Following {
            plan,
            points: plan
                .points
                .iter()
                .map(|point| ((point.kind, first_attempts(&point.at.0)), point))
                .collect(),
            places,
            unbound: plan.unbound.iter().map(String::as_str).collect(),
            readings: plan.readings.iter().map(|read| (first_attempts(&read.at.0), read)).collect(),
            so_far: Mutex::default(),
        }
    }

    fn so_far(&self) -> MutexGuard<'_, SoFar> {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns what differs there; a difference that was accepted is none.
    fn compare(&self, at: &str, place: &str, all: &[Here]) -> Differs {
        let mut differs = Differs::default();
        let so_far = self.so_far();
        let at = first_attempts(at);
        for here in all {
            let planned = match self.points.get(&(here.kind, at.clone())) {
                Some(point) if point.exact == here.exact => continue,
                Some(point) => point.text.as_str(),
                None if here.kind == PointKind::Change && !self.may_be(place) && !so_far.elsewhere => "",
                None => continue,
            };
            let accepts = (place.to_owned(), here.exact.clone());
            if so_far.accepted.contains(&accepts) {
                continue;
            }
            differs.elsewhere |= here.kind.leads_elsewhere() || planned.is_empty();
            differs.add(difference(here, planned), accepts);
        }
        differs
    }

    /// Adds what differs of what lies ahead, where it is known.
    fn compare_ahead(&self, place: &str, here: &Here, differs: &mut Differs) {
        // It may not come to that: a plan ends where it escalates.
        let Some([first, others @ ..]) = self.places.get(&(here.kind, place)).map(Vec::as_slice) else {
            return;
        };
        // In another turn of a loop, it may be another one.
        let is_one = others.iter().all(|other| other.exact == first.exact);
        if self.may_be(place) && (here.kind == PointKind::Change || !is_one) {
            return;
        }
        // Whether it is needed is read when it comes to that.
        let already = Here::already().exact;
        if [first].into_iter().chain(others).any(|p| p.exact == here.exact || p.exact == already) {
            return;
        }
        let accepts = (place.to_owned(), here.exact.clone());
        if !self.so_far().accepted.contains(&accepts) {
            differs.elsewhere |= here.kind.leads_elsewhere();
            differs.add(difference(here, &first.text), accepts);
        }
    }

    /// Returns whether the plan says of a change there that it may be made, and not which.
    fn may_be(&self, place: &str) -> bool {
        self.unbound.contains(place)
    }

    fn accept(&self, differs: &Differs) {
        let mut so_far = self.so_far();
        so_far.accepted.extend(differs.accepts.iter().cloned());
        so_far.elsewhere |= differs.elsewhere;
    }

    /// Notes what a reading brought, where it is not what it was.
    fn read(&self, at: &str, now: &str) {
        let Some(planned) = self.readings.get(&first_attempts(at)) else { return };
        let what = if planned.name.is_empty() { &planned.call } else { &planned.name };
        let mut so_far = self.so_far();
        so_far.drifted.retain(|drifted| drifted.what != *what);
        if planned.text != now {
            let planned = planned.text.clone();
            so_far.drifted.push(Difference {
                what: what.clone(),
                reading: true,
                back: false,
                planned,
                now: now.to_owned(),
            });
        }
    }
}

/// Returns an address in which every attempt is the first: later ones must do what was planned of it.
fn first_attempts(at: &str) -> String {
    let first = |part: &str| match part.strip_prefix('a') {
        Some(number) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => "a1".to_owned(),
        _ => part.to_owned(),
    };
    at.split('.').map(first).collect::<Vec<_>>().join(".")
}

fn difference(here: &Here, planned: &str) -> Difference {
    let what = match here.kind {
        PointKind::Symptom | PointKind::If | PointKind::Decide | PointKind::For => "the way",
        PointKind::Change => "the change",
        PointKind::Undo => here.of.as_str(),
        PointKind::Question => "the question",
    };
    let back = here.kind == PointKind::Undo;
    let same = here.text == planned && here.kind != PointKind::For;
    let now = if same { format!("{}{NOT_SHOWN}", here.text) } else { here.text.clone() };
    Difference { what: what.to_owned(), reading: false, back, planned: planned.to_owned(), now }
}

/// Returns what is asked about a difference; what was planned stands below it.
fn now_in_words(differs: &Difference) -> String {
    let how = if differs.planned.is_empty() { "Not in the plan" } else { "Not as planned" };
    format!("{how}: {}{}. Go on?", differs.name(), brief(&differs.now, IN_WORDS))
}

/// Returns a difference in words.
fn in_words(differs: &Difference) -> String {
    let now = format!("{}{}", differs.name(), brief(&differs.now, IN_WORDS));
    match differs.planned.as_str() {
        "" => format!("not in the plan: {now}"),
        planned => format!("not as planned: {now}, instead of: {}", brief(planned, IN_WORDS)),
    }
}

impl<'w> Cx<'w> {
    /// Returns what of these is not as planned; nothing where the run follows no plan.
    pub fn differs(&self, all: &[Here], span: Span) -> Differs {
        let Some(following) = self.walk.following.as_ref().filter(|_| self.is_planned()) else {
            return Differs::default();
        };
        let place = self.walk.program.sources.place(span).to_string();
        following.compare(&self.at, &place, all)
    }

    /// Adds what of a change that lies ahead, and of what takes it back, is not as planned, where all of it is known
    /// already.
    pub fn differs_ahead(&self, run: &'w Run, span: Span, differs: &mut Differs) {
        if self.walk.following.is_some() && self.is_planned() {
            let all = self.change_here(run).into_iter().chain(self.undo_here(run));
            all.for_each(|here| self.way_ahead(&here, span, differs));
        }
    }

    /// Adds what lies ahead where it is not as planned.
    pub fn way_ahead(&self, here: &Here, span: Span, differs: &mut Differs) {
        if let Some(following) = self.walk.following.as_ref().filter(|_| self.is_planned()) {
            following.compare_ahead(&self.walk.program.sources.place(span).to_string(), here, differs);
        }
    }

    /// Returns what of a change, and of what takes it back, is not as planned.
    pub fn differs_of(&self, run: &'w Run, span: Span) -> Differs {
        let all: Vec<Here> = self.change_here(run).into_iter().chain(self.undo_here(run)).collect();
        self.differs(&all, span)
    }

    /// Goes on where all is as planned, or somebody accepts that it is not. `ahead`: what is done then.
    ///
    /// # Errors
    /// When nobody accepts it: the run stops.
    pub async fn as_planned(&self, all: &[Here], span: Span, ahead: Vec<Deed>) -> Result<(), Stop> {
        let mut differs = self.differs(all, span);
        let Some((text, first)) = differs.list.first().map(|first| (now_in_words(first), in_words(first)))
        else {
            return Ok(());
        };
        differs.join(self.ahead(Vec::new()).differs);
        self.tell_differs(&differs);
        let here = self.down("plan").named("", span);
        let on_silence = String::from("the run stops, and what it changed is taken back");
        let question = here.question_of(
            Asked { kind: QuestionKind::Plan, text, by: None, wanted: Wanted::YesNo, on_silence, undo: None },
            ahead,
            &differs,
        );
        match here.put_own(&question, span).await {
            Heard::Answer(answer) => {
                let (yes, who) = (answer.is_yes(), answer.who.clone());
                here.answered(&question, answer);
                if !yes {
                    return Err(Stop::Refused(format!("{first}; {who} did not accept it")));
                }
                self.accept(&differs);
                self.may_go_on(span)
            }
            // Also where what bounds the place ran out first.
            Heard::Silence(why) | Heard::Late(Stop::Failure(Failure { message: why, .. })) => {
                let then = String::from("the run stops");
                here.fact(Fact::Silent { text: question.text.clone(), why: why.clone(), then });
                Err(Stop::Refused(format!("{first}; nobody accepted it ({why})")))
            }
            Heard::Late(stop) => Err(stop),
            Heard::Cut => Err(self.cut()),
        }
    }

    /// Writes down that something is not as planned, with the readings that are not what they were.
    pub fn tell_differs(&self, differs: &Differs) {
        if let (Some(following), false) = (&self.walk.following, differs.list.is_empty()) {
            let readings = following.so_far().drifted.clone();
            self.fact(Fact::Differs { differs: differs.list.clone(), readings });
        }
    }

    /// Takes it that somebody has accepted what differs.
    pub fn accept(&self, differs: &Differs) {
        if let Some(following) = &self.walk.following {
            following.accept(differs);
        }
    }

    /// Returns what a question says of the plan: what is not as planned of what it shows, and the readings that are
    /// not what they were.
    pub fn of_plan(&self, differs: &Differs) -> Option<OfPlan> {
        let following = self.walk.following.as_ref()?;
        let mut list = differs.list.clone();
        if !list.is_empty() {
            list.extend(following.so_far().drifted.iter().cloned());
        }
        Some(OfPlan { digest: following.plan.digest.clone(), differs: list })
    }

    /// Notes what a reading brought.
    pub fn has_read(&self, at: &Address, read: &Result<Value, super::failure::CallStop>) {
        let Some(following) = self.walk.following.as_ref().filter(|_| self.is_planned()) else { return };
        match read {
            Ok(value) => following.read(&at.0, &value.brief(KEPT)),
            Err(super::failure::CallStop::Failed(failed)) => {
                following.read(&at.0, &brief(&format!("could not be read: {}", failed.message), KEPT));
            }
            Err(super::failure::CallStop::Stop(_)) => {}
        }
    }
}
