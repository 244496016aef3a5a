//! What a question shows: the evidence, what will be run, what was changed, and the digest of it all.
//!
//! Owns the look ahead. Never asks anyone.

use std::sync::Arc;

use super::context::{Cx, Walk};
use super::evaluate::truth;
use super::frame::Frame;
use super::planned::Differs;
use super::planning::Here;
use crate::event::{Deed, Question, QuestionKind, Wanted};
use crate::program::{
    ActionId, Approvers, Block, Ending, Expr, For, GlobalSource, Run, Statement, StatementKind, Target,
    WatchTarget,
};
use crate::source::Span;
use crate::value::Value;

/// Changes ahead that are shown.
const AHEAD: usize = 30;

/// What a question asks.
pub(super) struct Asked<'a> {
    pub kind: QuestionKind,
    pub text: String,
    /// `None`: not the runbook asks, but the run.
    pub by: Option<&'a Approvers>,
    pub wanted: Wanted,
    pub on_silence: String,
    /// What a yes takes back; without it a yes goes on with what follows.
    pub undo: Option<String>,
}

/// What follows the block that is walked, once it has ended.
#[derive(Debug)]
pub(super) struct Rest<'w> {
    pub walk: Arc<Walk<'w>>,
    pub body: &'w [Statement],
    /// Of which it is said: `for each other host: `.
    pub when: String,
    pub frame: Frame,
    pub up: Option<Arc<Rest<'w>>>,
}

/// What lies ahead.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub deeds: Vec<Deed>,
    /// What of it is not as planned.
    pub differs: Differs,
}

impl Found {
    pub fn push(&mut self, deed: Deed) {
        self.deeds.push(deed);
    }
}

impl<'w> Cx<'w> {
    /// Returns a question with the evidence so far and the digest of what is shown.
    pub fn question(&self, asked: Asked<'_>) -> Question {
        self.question_of(asked, Vec::new(), &Differs::default())
    }

    /// Returns a question that shows what differs from the plan: this, and of what lies ahead. `first`: what is done
    /// before that.
    pub fn question_of(&self, asked: Asked<'_>, first: Vec<Deed>, differs: &Differs) -> Question {
        let Asked { kind, text, by, wanted, on_silence, undo } = asked;
        let ahead = match undo {
            Some(call) => Found { deeds: vec![Deed { call, back: String::new() }], ..Found::default() },
            None => self.ahead(first),
        };
        let mut differs = differs.clone();
        differs.join(ahead.differs);
        let mut question = Question {
            kind,
            text,
            roles: by.map(|by| by.roles.clone()).unwrap_or_default(),
            count: by.map_or(1, |by| by.count),
            quorum: by.is_some_and(|by| by.quorum),
            wanted,
            params: self.params(),
            evidence: self.walk.evidence(),
            ahead: ahead.deeds,
            made: self.walk.ledger().made(),
            on_silence,
            game_day: self.walk.opened.game_day.is_some(),
            plan: self.of_plan(&differs),
            shown: String::new(),
        };
        let mut shown = blake3::Hasher::new();
        let whole = serde_json::to_string(&question).unwrap_or_default();
        for part in [self.walk.opened.run.as_str(), &self.at, &whole] {
            shown.update(&(part.len() as u64).to_le_bytes());
            shown.update(part.as_bytes());
        }
        question.shown = shown.finalize().to_hex().to_string();
        question
    }

    /// Returns the run's parameters as they are, each a line.
    fn params(&self) -> Vec<String> {
        let globals = self.walk.program.globals.iter().zip(&self.walk.globals);
        globals
            .filter(|(global, _)| matches!(global.source, GlobalSource::Param(_)))
            .map(|(global, value)| format!("{} = {}", global.slot.name, value.brief(80)))
            .collect()
    }

    /// Returns what follows the block that stands here.
    pub fn what_follows(&self) -> Option<Arc<Rest<'w>>> {
        if self.next.is_empty() {
            return self.rest.clone();
        }
        let (frame, up) = (self.frame.clone(), self.rest.clone());
        let walk = Arc::clone(&self.walk);
        Some(Arc::new(Rest { walk, body: self.next, when: String::new(), frame, up }))
    }

    /// Returns what follows an iteration: those behind it, then what follows the loop.
    pub fn iterations_follow(&self, looping: &'w For) -> Option<Arc<Rest<'w>>> {
        let when = format!("for each other {}: ", looping.name);
        let (frame, up) = (self.frame.clone(), self.what_follows());
        let walk = Arc::clone(&self.walk);
        Some(Arc::new(Rest { walk, body: &looping.body, when, frame, up }))
    }

    /// Returns the changes that follow, up to the next approval.
    pub fn ahead(&self, first: Vec<Deed>) -> Found {
        let mut found = Found { deeds: first, ..Found::default() };
        let mut ended = self.gather(self.next, "", &mut found);
        let mut up = self.rest.clone();
        while let (false, Some(rest)) = (ended, up) {
            let here = Cx { walk: Arc::clone(&rest.walk), frame: rest.frame.clone(), ..self.clone() };
            // Other iterations may not be asked about: what follows them is shown, too.
            ended = here.gather(rest.body, &rest.when, &mut found) && rest.when.is_empty();
            up = rest.up.clone();
        }
        if found.deeds.len() > AHEAD {
            let more = found.deeds.len() - AHEAD;
            found.deeds.truncate(AHEAD);
            found.push(Deed { call: format!("… and {more} more"), back: String::new() });
        }
        found
    }

    /// Adds the changes of these statements; returns whether something ends the look ahead on every path.
    pub fn gather(&self, body: &'w [Statement], when: &str, found: &mut Found) -> bool {
        body.iter().any(|statement| self.gather_one(statement, when, found))
    }

    fn gather_one(&self, statement: &'w Statement, when: &str, found: &mut Found) -> bool {
        match &statement.kind {
            StatementKind::Run(run) => {
                found.push(self.deed(run, when));
                if when.is_empty() {
                    self.differs_ahead(run, statement.span, &mut found.differs);
                }
                false
            }
            StatementKind::Step(step) => self.gather(&step.body, when, found),
            StatementKind::Parallel(arms) => {
                for arm in arms {
                    self.gather_one(arm, when, found);
                }
                false
            }
            StatementKind::For(looping) => {
                let list = self.walk.program.sources.text(looping.list.span);
                // It may have no item.
                self.gather(&looping.body, &format!("{when}for each {} in {list}: ", looping.name), found);
                false
            }
            StatementKind::If { arms, otherwise, .. } => {
                self.gather_ways((arms, otherwise), statement.span, when, found)
            }
            StatementKind::Watch(watch) => {
                let targets = watch.arms.iter().filter_map(|arm| arm.target.as_ref());
                for target in targets.chain([&watch.otherwise]) {
                    if let WatchTarget::Block(body) = target {
                        let title = self.text_or(&watch.title, &self.source_of(&watch.title));
                        self.gather(body, &format!("{when}if the watch \"{title}\" says so: "), found);
                    }
                }
                false
            }
            // What is shown is cut off long before.
            StatementKind::Follow(_) if found.deeds.len() > AHEAD => false,
            StatementKind::Follow(follow) => {
                self.follow_ahead(follow, when, found);
                false
            }
            StatementKind::PointOfNoReturn { text, when: condition } => {
                found.push(self.point_ahead(text, condition.as_ref(), when));
                false
            }
            StatementKind::Approve(_) | StatementKind::Escalate { .. } | StatementKind::Return(_) => true,
            _ => false,
        }
    }

    /// Adds the changes of the way of an `if` that is taken, where that is known, and of all that may be taken where not.
    fn gather_ways(
        &self,
        (arms, otherwise): (&'w [(Expr, Block)], &'w [Statement]),
        span: Span,
        when: &str,
        found: &mut Found,
    ) -> bool {
        let mut perhaps = "";
        let way = |taken, found: &mut Found| {
            if when.is_empty() {
                let here = Here::branch(self.walk.program, arms, taken);
                self.way_ahead(&here, span, &mut found.differs);
            }
        };
        for (index, (condition, body)) in arms.iter().enumerate() {
            match self.value(condition).and_then(|value| truth(&value, condition.span)) {
                Ok(true) if perhaps.is_empty() => {
                    way(Some(index), found);
                    return self.gather(body, when, found);
                }
                Ok(true) => {
                    self.gather(body, &format!("{when}{perhaps}"), found);
                    return false;
                }
                Ok(false) => {}
                Err(_) => {
                    let words = self.walk.program.sources.text(condition.span);
                    self.gather(body, &format!("{when}if {words}: "), found);
                    perhaps = "else: ";
                }
            }
        }
        if perhaps.is_empty() {
            way(None, found);
        }
        self.gather(otherwise, &format!("{when}{perhaps}"), found);
        false
    }

    /// Returns a change that may be made, and how it is taken back.
    pub fn deed(&self, run: &'w Run, when: &str) -> Deed {
        let call = self.typed(&run.call).unwrap_or_else(|_| run.call.text.clone());
        let back = match &run.ending {
            Ending::Undo(undo) => format!("taken back by `{}`", self.undo_text(undo)),
            Ending::Leave(why) => format!("stays: {}", self.text_or(why, &self.source_of(why))),
            Ending::Irreversible(why) => format!("irreversible: {}", self.text_or(why, &self.source_of(why))),
            Ending::Own => match (&run.finally, &run.call.target) {
                (Some(finally), _) => {
                    format!("ended by `{}`", self.typed(finally).unwrap_or_else(|_| finally.text.clone()))
                }
                (None, Target::Action { action, .. }) => self.inside(*action),
                (None, _) => String::new(),
            },
        };
        Deed { call: format!("{when}{call}"), back }
    }

    /// Returns how what an action changes is taken back, as far as its text tells.
    fn inside(&self, action: ActionId) -> String {
        let mut whys = Vec::new();
        self.irreversible_in(&self.walk.program.action(action).body, &mut whys);
        match whys.as_slice() {
            [] => String::from("taken back by the action itself"),
            whys => format!("irreversible in it: {}", whys.join("; ")),
        }
    }

    fn irreversible_in(&self, body: &'w [Statement], whys: &mut Vec<String>) {
        self.walk.program.every_in(body, &mut |statement| {
            if let StatementKind::Run(run) = &statement.kind
                && let Ending::Irreversible(why) = &run.ending
            {
                whys.push(self.source_of(why));
            }
        });
    }

    fn source_of(&self, template: &crate::program::Template) -> String {
        self.walk.program.sources.text(template.span).to_owned()
    }
}

/// Returns a value as an answer is written.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("\"{text}\""),
        Value::Bool(true) => String::from("yes"),
        Value::Bool(false) => String::from("no"),
        other => other.brief(80),
    }
}
