//! Where the walk is: what every statement needs to know.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::approve::Renewals;
use super::door::{Door, Halt};
use super::failure::{Failure, Stop};
use super::frame::Frame;
use super::ledger::{Changes, Ledger};
use super::planned::Following;
use super::question::Rest;
use super::visits::Passed;
use crate::event::{Address, Ask, Fact, Moment, Opened, Place, Request};
use crate::program::{Program, Statement, Template};
use crate::source::Span;
use crate::value::{Secret, Value};

/// What is the same in a whole runbook; a followed one has a walk of its own.
pub(super) struct Walk<'w> {
    pub program: &'w Program,
    /// Every runbook that may be followed.
    pub follows: &'w [Program],
    pub opened: &'w Opened,
    pub door: Door,
    pub globals: Vec<Value>,
    pub secrets: Arc<BTreeMap<String, Secret>>,
    /// Nothing is changed, nobody is asked (`dry`).
    pub dry: bool,
    /// The saved plan that the run follows.
    pub following: Option<Arc<Following<'w>>>,
    renewals: Arc<Mutex<Renewals<'w>>>,
    /// Whether a change was attempted in it, or in what it follows.
    attempted: AtomicBool,
    /// What follows it.
    up: Option<Arc<Walk<'w>>>,
    ledger: Arc<Mutex<Ledger>>,
    evidence: Arc<Mutex<Vec<(String, String)>>>,
}

impl std::fmt::Debug for Walk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Walk").field("attempted", &self.attempted).finish_non_exhaustive()
    }
}

impl<'w> Walk<'w> {
    pub fn new(
        program: &'w Program,
        opened: &'w Opened,
        door: Door,
        globals: Vec<Value>,
        secrets: BTreeMap<String, Secret>,
    ) -> Arc<Self> {
        let dry = door.state().dry;
        Arc::new(Walk {
            program,
            follows: &program.follows,
            opened,
            globals,
            secrets: Arc::new(secrets),
            dry,
            following: opened.plan.as_deref().map(|plan| Arc::new(Following::new(plan))),
            renewals: Arc::default(),
            attempted: AtomicBool::new(false),
            up: None,
            ledger: Arc::new(Mutex::new(Ledger::new(door.made().clone()))),
            evidence: Arc::default(),
            door,
        })
    }

    /// Returns the walk of a runbook that this one follows: the same run, with names of its own.
    pub fn follow(self: &Arc<Self>, program: &'w Program, globals: Vec<Value>) -> Arc<Self> {
        Arc::new(Walk {
            program,
            follows: self.follows,
            opened: self.opened,
            door: self.door.clone(),
            globals,
            secrets: Arc::clone(&self.secrets),
            dry: self.dry,
            following: self.following.clone(),
            renewals: Arc::clone(&self.renewals),
            attempted: AtomicBool::new(false),
            up: Some(Arc::clone(self)),
            ledger: Arc::clone(&self.ledger),
            evidence: Arc::clone(&self.evidence),
        })
    }

    /// Notes that a change was attempted.
    pub fn attempt(&self) {
        self.attempted.store(true, Ordering::Relaxed);
        match &self.up {
            Some(up) => up.attempt(),
            None => self.ledger().attempted = true,
        }
    }

    /// Returns whether a change was attempted in this runbook or what it follows.
    pub fn has_attempted(&self) -> bool {
        self.attempted.load(Ordering::Relaxed)
    }

    /// Returns the ledger. Nobody holds it over an await.
    pub fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the approvals that were given to another text. Nobody holds them over an await.
    pub fn renewals(&self) -> MutexGuard<'_, Renewals<'w>> {
        self.renewals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns readings and findings so far, each a line, oldest first.
    pub fn evidence(&self) -> Vec<String> {
        let evidence = self.evidence.lock().unwrap_or_else(PoisonError::into_inner);
        evidence.iter().map(|(_, line)| line.clone()).collect()
    }

    /// Adds a line of evidence; a reading that is made again takes the place of the one before.
    pub fn note(&self, label: &str, line: String) {
        let mut evidence = self.evidence.lock().unwrap_or_else(PoisonError::into_inner);
        if !label.is_empty() {
            evidence.retain(|(l, _)| l != label);
        }
        evidence.push((label.to_owned(), line));
    }
}

/// A point in time that ends what it bounds, and the words for it.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    /// On the run's clock, nanoseconds.
    pub at: i64,
    pub words: Arc<str>,
    /// Where its length stands, if somebody wrote it.
    pub written: Option<Span>,
}

impl Bound {
    /// Returns a bound that nobody wrote.
    pub fn own(at: i64, words: &str) -> Self {
        Bound { at, words: words.into(), written: None }
    }
}

/// Where the walk is.
#[derive(Clone)]
pub(super) struct Cx<'w> {
    pub walk: Arc<Walk<'w>>,
    pub frame: Frame,
    pub at: Arc<str>,
    pub changes: Changes<'w>,
    /// What was kept, or could not be taken back, of the whole run: it may be taken back later.
    pub kept: Changes<'w>,
    /// The earliest bound of everything around.
    pub bound: Option<Bound>,
    /// Whether a step, a phase or a call around is bounded: then a call may take what is left of it.
    pub timed: bool,
    pub halt: Halt,
    /// Inside a read: what happens is a trace.
    pub inner: bool,
    /// Inside `undo`, `finally` or `rollback`.
    pub unwinding: bool,
    pub step: Arc<str>,
    pub attempt: u32,
    /// When the step began, on the run's clock.
    pub began: i64,
    /// Where it stands in the text.
    pub place: Place,
    /// The statements that follow in the block, and what follows that.
    pub next: &'w [Statement],
    pub rest: Option<Arc<Rest<'w>>>,
}

impl<'w> Cx<'w> {
    pub fn new(walk: &Arc<Walk<'w>>) -> Self {
        Cx {
            walk: Arc::clone(walk),
            frame: Frame::new(walk.program.locals.len(), None),
            at: "".into(),
            changes: Changes::default(),
            kept: Changes::default(),
            bound: None,
            timed: false,
            halt: Halt::default(),
            inner: false,
            unwinding: false,
            step: "".into(),
            attempt: 1,
            began: walk.door.now().run_ns,
            place: Place::default(),
            next: &[],
            rest: None,
        }
    }

    /// Returns the place one part further down: a statement, an iteration, an attempt.
    #[must_use]
    pub fn down(&self, part: impl std::fmt::Display) -> Cx<'w> {
        let mut at = String::with_capacity(self.at.len() + 12);
        at.push_str(&self.at);
        if !at.is_empty() {
            at.push('.');
        }
        // Writing to a text cannot fail.
        let _written = write!(at, "{part}");
        Cx { at: at.into(), ..self.clone() }
    }

    /// Returns the place of what is known by that name in the text.
    #[must_use]
    pub fn named(&self, name: &str, span: Span) -> Cx<'w> {
        Cx { place: Place { name: name.into(), span, ..self.place.clone() }, ..self.clone() }
    }

    /// Returns a text as it is written, without its quotes.
    pub fn written(&self, text: &Template) -> &'w str {
        self.walk.program.sources.unquoted(text.span)
    }

    /// Returns the place in a frame of its own.
    #[must_use]
    pub fn forked(&self) -> Cx<'w> {
        Cx { frame: self.frame.fork(), ..self.clone() }
    }

    /// Returns the place with a bound `length` nanoseconds from now, where that is earlier; `written`: where it stands.
    #[must_use]
    pub fn bounded(&self, length: i64, words: &str, written: Option<Span>) -> Cx<'w> {
        let at = self.now().run_ns.saturating_add(length);
        let bound = match &self.bound {
            Some(outer) if outer.at <= at => outer.clone(),
            _ => Bound { at, words: words.into(), written },
        };
        Cx { bound: Some(bound), timed: true, ..self.clone() }
    }

    /// Returns the place with no bound and no stop around it: undo, `finally` and `rollback` have their own.
    #[must_use]
    pub fn shielded(&self) -> Cx<'w> {
        Cx {
            bound: None,
            timed: false,
            halt: Halt::shield(),
            unwinding: true,
            changes: Changes::default(),
            next: &[],
            rest: None,
            ..self.clone()
        }
    }

    pub fn now(&self) -> Moment {
        self.walk.door.now()
    }

    pub fn address(&self) -> Address {
        Address(Arc::clone(&self.at))
    }

    /// Adds a line of evidence. Not from inside a read: a replay does not see what happened there.
    pub fn note(&self, label: &str, line: String) {
        if !self.inner {
            self.walk.note(label, line);
        }
    }

    pub fn fact(&self, fact: Fact) {
        self.walk.door.fact(&self.address(), self.inner, fact);
    }

    /// Returns the request at this place, with its deadline: the earlier of `deadline` and what bounds the place.
    pub fn ask(&self, request: Request, deadline: Option<Bound>, changes: bool) -> Ask {
        let bound = match (deadline, &self.bound) {
            (Some(own), Some(outer)) if outer.at < own.at => Some(outer.clone()),
            (Some(own), _) => Some(own),
            (None, outer) => outer.clone(),
        };
        let written = bound.as_ref().and_then(|b| b.written);
        Ask {
            address: self.address(),
            request,
            deadline: bound.as_ref().map(|b| b.at),
            bound: bound.map(|b| b.words).unwrap_or_default(),
            changes,
            inner: self.inner,
            asked: self.now(),
            place: Place {
                undoing: self.unwinding,
                bound: written,
                within: self.within(),
                ..self.place.clone()
            },
        }
    }

    /// Returns the name of the action whose body this is; empty outside one.
    fn within(&self) -> Arc<str> {
        self.frame.action.map_or_else(|| "".into(), |id| self.walk.program.action(id).name.as_str().into())
    }

    /// Notes that the walk was here, where somebody wants to know.
    pub fn passed(&self, span: Span, passed: Passed) {
        self.walk.door.passed(span, passed);
    }

    /// Returns why the walk may not go on here, if it may not.
    pub fn may_go_on(&self, span: Span) -> Result<(), Stop> {
        if !self.halt.shielded
            && let Some(by) = self.walk.door.stopped()
        {
            return Err(Stop::Operator(by));
        }
        if self.halt.is_set() {
            return Err(Stop::Arm);
        }
        match &self.bound {
            Some(bound) if self.now().run_ns >= bound.at => {
                self.walk.door.ran_out(bound.written);
                Err(Failure::new(format!("{} ran out", bound.words), span).into())
            }
            _ => Ok(()),
        }
    }

    /// Returns why a wait was cut short.
    pub fn cut(&self) -> Stop {
        match self.walk.door.stopped() {
            Some(by) if !self.halt.shielded => Stop::Operator(by),
            _ => Stop::Arm,
        }
    }

    /// Waits until `until` on the run's clock.
    ///
    /// # Errors
    /// When the run was stopped, or a bound came first.
    pub async fn sleep(&self, until: i64, span: Span) -> Result<(), Stop> {
        let deadline = Bound::own(until, "the wait");
        let ask = self.ask(Request::Timer, Some(deadline), false);
        match self.walk.door.ask(ask, &self.halt).await {
            Some(_) => self.may_go_on(span),
            None => Err(self.cut()),
        }
    }
}
