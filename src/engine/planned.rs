//! A saved plan: what a dry run says for one, and where a run that follows one differs from it.
//!
//! Owns what counts as a difference: another way that is gone, and a change or an undo that is not the one that was shown.
//! A reading alone counts for nothing. Nothing is compared inside a reading, nor on the way back: that always goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::context::Cx;
use super::failure::Stop;
use super::people::Heard;
use super::question::Asked;
use crate::event::{
    Address, Deed, Difference, Fact, OfPlan, Planned, PlannedReading, Point, PointKind, QuestionKind, Wanted,
};
use crate::program::{self, Choice, Ending, Expr, Program, Run, Statement, StatementKind, Target, Undo};
use crate::source::Span;
use crate::value::{Value, brief};

/// Characters of what is planned, and of a reading, that are kept.
pub(super) const KEPT: usize = 400;

/// Characters of a difference in a sentence.
const IN_WORDS: usize = 120;

/// What is said of a change where its text is as planned, and the rest is not.
const NOT_SHOWN: &str = ", with another input, environment, folder, user or argument";

/// The plan that a run follows, and what has become of it so far.
#[derive(Debug)]
pub(super) struct Following<'w> {
    plan: &'w Planned,
    points: BTreeMap<(PointKind, String), &'w Point>,
    /// Changes by the place where they stand.
    places: BTreeMap<&'w str, Vec<&'w Point>>,
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

/// What is about to be done at a point.
#[derive(Clone, Debug)]
pub(super) struct Here {
    kind: PointKind,
    /// For people.
    text: String,
    exact: String,
}

/// What differs, and what is accepted with a yes.
#[derive(Clone, Debug, Default)]
pub(super) struct Differs {
    pub list: Vec<Difference>,
    accepts: Vec<(String, String)>,
    elsewhere: bool,
}

impl Here {
    /// Returns a point; `whole`: all that counts of it.
    pub fn new(kind: PointKind, text: &str, whole: &str) -> Here {
        let exact = blake3::hash(whole.as_bytes()).to_hex()[..32].to_owned();
        Here { kind, text: brief(text, KEPT), exact }
    }

    /// Returns the way of an `if` that is taken: which of its conditions holds, if one does.
    pub fn branch(program: &Program, arms: &[(Expr, program::Block)], taken: Option<usize>) -> Here {
        let words = |at: usize| arms.get(at).map_or("", |(expr, _)| program.sources.text(expr.span));
        let text = match taken {
            Some(at) => format!("`{}` is true", words(at)),
            None if arms.len() == 1 => format!("`{}` is not true", words(0)),
            None => format!("none of `{}` and the others is true", words(0)),
        };
        Here::new(PointKind::If, &text, &taken.map_or_else(|| String::from("else"), |at| at.to_string()))
    }

    /// Returns the turns of a loop.
    pub fn turns(name: &str, items: &[Value], at_a_time: usize) -> Here {
        let many = if items.len() == 1 { String::from("1 item") } else { format!("{} items", items.len()) };
        let listed: Vec<String> = items.iter().map(|item| item.brief(60)).collect();
        let at_once = if at_a_time > 1 { format!(", {at_a_time} at a time") } else { String::new() };
        let text = format!("for each {name}: {many}{at_once}: {}", listed.join(", "));
        let text = if items.is_empty() { format!("for each {name}: no item") } else { text };
        Here::new(PointKind::For, &text, &format!("{} {at_a_time}", items.len()))
    }

    /// Returns a question; `whole`: all that counts of it.
    pub fn question(text: &str, whole: &str) -> Here {
        Here::new(PointKind::Question, &format!("\"{text}\""), whole)
    }

    /// Returns whether a runbook is needed.
    pub fn needed(needed: bool) -> Here {
        let text = if needed { "a symptom holds" } else { "no symptom holds" };
        Here::new(PointKind::Symptom, text, text)
    }
}

impl Differs {
    /// Adds what differs ahead. Of another way, the plan has nothing: that is said once.
    pub fn join(&mut self, ahead: Differs) {
        for (differs, accepts) in ahead.list.into_iter().zip(ahead.accepts) {
            if !self.elsewhere || !differs.planned.is_empty() {
                self.list.push(differs);
                self.accepts.push(accepts);
            }
        }
    }
}

impl<'w> Following<'w> {
    pub fn new(plan: &'w Planned) -> Self {
        let mut places: BTreeMap<&str, Vec<&Point>> = BTreeMap::new();
        for point in plan.points.iter().filter(|point| point.kind == PointKind::Change) {
            places.entry(&point.place).or_default().push(point);
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
            differs.list.push(difference(here, planned));
            differs.accepts.push(accepts);
        }
        differs
    }

    /// Adds what differs of a change that lies ahead, where it is known.
    pub fn compare_ahead(&self, place: &str, here: &Here, differs: &mut Differs) {
        let so_far = self.so_far();
        let planned = match self.places.get(place) {
            Some(points) if points.iter().any(|point| point.exact == here.exact) => return,
            Some(points) => points.first().map_or("", |point| point.text.as_str()),
            None if self.may_be(place) || so_far.elsewhere => return,
            None => "",
        };
        let accepts = (place.to_owned(), here.exact.clone());
        if !so_far.accepted.contains(&accepts) {
            differs.list.push(difference(here, planned));
            differs.accepts.push(accepts);
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
        PointKind::Undo => "how it is taken back",
        PointKind::Question => "the question",
    };
    let same = here.text == planned && here.kind != PointKind::For;
    let now = if same { format!("{}{NOT_SHOWN}", here.text) } else { here.text.clone() };
    Difference { what: what.to_owned(), reading: false, planned: planned.to_owned(), now }
}

/// Returns what is asked about a difference; what was planned stands below it.
fn now_in_words(differs: &Difference) -> String {
    let how = if differs.planned.is_empty() { "Not in the plan" } else { "Not as planned" };
    format!("{how}: {}. Go on?", brief(&differs.now, IN_WORDS))
}

/// Returns a difference in words.
fn in_words(differs: &Difference) -> String {
    let now = brief(&differs.now, IN_WORDS);
    match differs.planned.as_str() {
        "" => format!("not in the plan: {now}"),
        planned => format!("not as planned: {now}, instead of: {}", brief(planned, IN_WORDS)),
    }
}

impl<'w> Cx<'w> {
    /// Returns whether anybody wants to know what is done here.
    pub fn is_planned(&self) -> bool {
        !self.inner && !self.unwinding && (self.walk.dry || self.walk.following.is_some())
    }

    /// Tells what would be done here, in a dry run.
    pub fn plan(&self, here: &Here, span: Span) {
        let Here { kind, text, exact } = here.clone();
        let place = self.walk.program.sources.place(span).to_string();
        self.fact(Fact::Planned(Box::new(Point { at: self.address(), place, kind, text, exact })));
    }

    /// Tells of which changes it is not known whether, or with which values, they would be made.
    pub fn plan_open(&self, body: &'w [Statement]) {
        let mut places = Vec::new();
        let followed = changes_in(self.walk.program, body, &mut places);
        let resolves = self.walk.program.resolves.iter().filter(|_| followed);
        for resolve in resolves {
            changes_in(self.walk.program, &resolve.body, &mut places);
        }
        if followed {
            self.plan_follows(&mut places);
        }
        self.plan_unbound(places);
    }

    /// Tells the same of a way that may be chosen.
    pub fn plan_choice(&self, choice: &'w Choice) {
        match choice {
            Choice::Resolve(index) => self.plan_open(&self.walk.program.resolves[*index as usize].body),
            Choice::Block(body) => self.plan_open(body),
            Choice::Follow(_) => {
                let mut places = Vec::new();
                self.plan_follows(&mut places);
                self.plan_unbound(places);
            }
            Choice::Escalate { .. } => {}
        }
    }

    /// Tells the same of one change.
    pub fn plan_perhaps(&self, span: Span) {
        self.plan_unbound(vec![self.walk.program.sources.place(span).to_string()]);
    }

    fn plan_follows(&self, places: &mut Vec<String>) {
        for program in self.walk.follows {
            program.every(&mut |statement| note_change(program, statement, places));
        }
    }

    fn plan_unbound(&self, places: Vec<String>) {
        if !places.is_empty() {
            self.fact(Fact::Unbound { places });
        }
    }

    /// Returns the change that stands here with all its values; `None` where one is not known, and for an action, whose
    /// body says what is changed.
    pub fn change_here(&self, run: &'w Run) -> Option<Here> {
        if matches!(run.call.target, Target::Action { .. }) {
            return None;
        }
        let (text, whole) = self.spelled_out(run)?;
        Some(Here::new(PointKind::Change, &text, &whole))
    }

    /// Returns what takes a change back and what ends it; `None` where a value is not known.
    pub fn undo_here(&self, run: &'w Run) -> Option<Here> {
        let (mut texts, mut wholes) = (Vec::new(), Vec::new());
        if let Ending::Undo(undo) = &run.ending {
            texts.push(self.undo_text(undo));
            wholes.extend(self.undo_calls(undo)?);
        }
        if let Some(finally) = &run.finally {
            let spelled = self.spelled(finally).ok().filter(|spelled| spelled.known)?;
            wholes.push(spelled.text.clone());
            texts.push(spelled.text);
        }
        (!texts.is_empty()).then(|| Here::new(PointKind::Undo, &texts.join("; "), &wholes.join("\0")))
    }

    fn undo_calls(&self, undo: &'w Undo) -> Option<Vec<String>> {
        let mut calls = Some(Vec::new());
        program::every(&undo.body, &mut |statement| {
            if let StatementKind::Run(run) = &statement.kind {
                let whole = self.spelled_out(run).map(|(_, whole)| whole);
                calls = calls.take().and_then(|mut calls| {
                    calls.push(whole?);
                    Some(calls)
                });
            }
        });
        calls
    }

    /// Returns a call as it could be typed, and everything that goes into it. Secrets by their names.
    fn spelled_out(&self, run: &'w Run) -> Option<(String, String)> {
        let call = &run.call;
        let text = self.spelled(call).ok().filter(|spelled| spelled.known)?.text;
        let mut whole = vec![text.clone()];
        for expr in call.expressions() {
            whole.push(self.value(expr).ok()?.to_string());
        }
        Some((text, whole.join("\0")))
    }

    /// Returns what of these is not as planned; nothing where the run follows no plan.
    pub fn differs(&self, all: &[Here], span: Span) -> Differs {
        let Some(following) = self.walk.following.as_ref().filter(|_| self.is_planned()) else {
            return Differs::default();
        };
        let place = self.walk.program.sources.place(span).to_string();
        following.compare(&self.at, &place, all)
    }

    /// Adds what of a change that lies ahead is not as planned, where all of it is known already.
    pub fn differs_ahead(&self, run: &'w Run, span: Span, differs: &mut Differs) {
        let Some(following) = self.walk.following.as_ref().filter(|_| self.is_planned()) else { return };
        if let Some(here) = self.change_here(run) {
            following.compare_ahead(&self.walk.program.sources.place(span).to_string(), &here, differs);
        }
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
            Heard::Silence(why) => {
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

/// Notes where changes stand in a body, and in the actions it calls. Returns whether it may lead to another phase or file.
fn changes_in(program: &Program, body: &[Statement], places: &mut Vec<String>) -> bool {
    let (mut away, mut actions) = (false, Vec::new());
    program::every(body, &mut |statement| {
        note_change(program, statement, places);
        away |= matches!(statement.kind, StatementKind::Decide { .. } | StatementKind::Follow(_));
        if let StatementKind::Run(run) = &statement.kind
            && let Target::Action { action, .. } = &run.call.target
        {
            actions.push(*action);
        }
    });
    // Actions do not recurse.
    for action in actions {
        away |= changes_in(program, &program.action(action).body, places);
    }
    away
}

fn note_change(program: &Program, statement: &Statement, places: &mut Vec<String>) {
    if matches!(statement.kind, StatementKind::Run(_)) {
        places.push(program.sources.place(statement.span).to_string());
    }
}
