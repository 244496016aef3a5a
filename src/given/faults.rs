//! Faults: requests of a run broken in one way or another.
//!
//! Owns the ways, which request can be broken how, and what was broken. Never knows what comes of it.

use std::collections::BTreeMap;
use std::fmt;

use super::{A_WHILE, GivenWorld, exit, said};
use crate::event::{Address, Answer, Ask, CommandEnd, Control, Ended, Input, QuestionKind, Reply, Request};
use crate::source::Span;
use crate::value::Value;

/// A way to break a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// Its failure is seen.
    Fails,
    /// It is ended at its deadline; it may have happened.
    TimesOut,
    /// It happened, and nobody learns of it.
    Lost,
    /// A person says no.
    Denied,
    /// Nobody answers.
    Silent,
    /// The operator stops the run while it goes on.
    Stop,
    /// The program that executes the run is gone before it begins; the run is taken up.
    CrashBefore,
    /// The program that executes the run is gone while it goes on; the run is taken up.
    CrashAfter,
}

impl Fault {
    pub const ALL: [Fault; 8] = [
        Fault::Fails,
        Fault::TimesOut,
        Fault::Lost,
        Fault::Denied,
        Fault::Silent,
        Fault::Stop,
        Fault::CrashBefore,
        Fault::CrashAfter,
    ];

    /// Returns the word for it, as a case is named.
    pub fn word(self) -> &'static str {
        match self {
            Fault::Fails => "fails",
            Fault::TimesOut => "times-out",
            Fault::Lost => "lost",
            Fault::Denied => "denied",
            Fault::Silent => "unanswered",
            Fault::Stop => "stopped",
            Fault::CrashBefore => "crash-before",
            Fault::CrashAfter => "crash-after",
        }
    }

    /// Returns whether the run is to go on afterwards as if nothing had been.
    pub fn is_crash(self) -> bool {
        matches!(self, Fault::CrashBefore | Fault::CrashAfter)
    }

    /// Returns whether that request can break so.
    fn fits(self, ask: &Ask) -> bool {
        match ask.request {
            Request::Kill { .. } | Request::Cancel { .. } => false,
            // To a question for a value nobody says no.
            Request::Question(ref question) if question.kind == QuestionKind::Answer => {
                matches!(self, Fault::Silent | Fault::Stop) || self.is_crash()
            }
            Request::Question(_) => {
                matches!(self, Fault::Denied | Fault::Silent | Fault::Stop) || self.is_crash()
            }
            Request::Timer => self == Fault::Stop || self.is_crash(),
            Request::Reading { .. } | Request::Notify { .. } => {
                matches!(self, Fault::Fails | Fault::TimesOut | Fault::Stop) || self.is_crash()
            }
            Request::Command(_) => !matches!(self, Fault::Denied | Fault::Silent),
            // Nobody keeps it while the program is gone: that is `Lost`.
            Request::Native(_) | Request::Named { .. } => {
                !matches!(self, Fault::Denied | Fault::Silent | Fault::CrashAfter)
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A request that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Struck {
    pub place: usize,
    pub fault: Fault,
    pub address: Address,
    /// As it could be typed; may be empty.
    pub what: String,
    /// Where it stands in the text.
    pub span: Span,
}

/// Which request is broken, and how.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    at: Vec<(usize, Fault, Fit)>,
    seen: usize,
    paused: bool,
    /// What happens is explored: what the drill does not give in another direction is no error.
    exploring: bool,
    /// The run goes on after a crash, or after records that could not be stored.
    pub(super) lasting: bool,
    surveyed: Option<Vec<u8>>,
    /// The places of requests, where they may be begun anew.
    numbered: BTreeMap<Address, usize>,
    struck: Vec<Struck>,
}

/// What becomes of a fault that the request cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// Nothing is broken.
    Exactly,
    /// The next one that is no crash takes its place.
    OrNext,
}

impl Faults {
    /// Returns none, for a run that is explored: requests inside a reading are no places, nor are those that
    /// only stand for others.
    pub fn exploring() -> Faults {
        Faults { exploring: true, ..Faults::default() }
    }

    /// Breaks the request number `place`, from 0, of those that can be broken.
    #[must_use]
    pub fn at(mut self, place: usize, fault: Fault) -> Self {
        self.lasting |= fault.is_crash();
        self.at.push((place, fault, Fit::Exactly));
        self
    }

    /// Breaks the request number `place` so, or where it cannot break so, in the next way in which it can.
    #[must_use]
    pub fn at_or_next(mut self, place: usize, fault: Fault) -> Self {
        self.lasting |= fault.is_crash();
        self.at.push((place, fault, Fit::OrNext));
        self
    }

    /// Notes in which ways each request could be broken.
    #[must_use]
    pub fn surveyed(mut self) -> Self {
        self.surveyed = Some(Vec::new());
        self
    }

    /// Keeps what is needed to go on with a run of which something was not stored.
    #[must_use]
    pub fn lasting(mut self) -> Self {
        self.lasting = true;
        self
    }

    /// Returns the place of the request that has just begun.
    pub(super) fn place_of(&self, address: &Address) -> usize {
        self.numbered.get(address).copied().unwrap_or(self.seen.saturating_sub(1))
    }

    /// Returns how many requests could have been broken so far.
    pub fn seen(&self) -> usize {
        self.seen
    }

    /// Returns the places in order with the ways in which each could be broken.
    pub fn survey(&self) -> impl Iterator<Item = (usize, Fault)> {
        let places = self.surveyed.iter().flatten().enumerate();
        places.flat_map(|(place, bits)| {
            let all = Fault::ALL.into_iter().enumerate();
            all.filter(move |(bit, _)| bits & (1 << bit) != 0).map(move |(_, fault)| (place, fault))
        })
    }

    /// Returns what was broken.
    pub fn struck(&self) -> &[Struck] {
        &self.struck
    }

    /// Returns whether the run goes another way than the drill gives.
    pub(super) fn astray(&self) -> bool {
        self.exploring && self.struck.iter().any(|struck| !struck.fault.is_crash())
    }

    pub(super) fn is_exploring(&self) -> bool {
        self.exploring
    }

    pub(super) fn pause(&mut self, paused: bool) {
        self.paused = paused;
    }

    /// Returns how to break this request. `stands_in`: others are made in its place.
    pub(super) fn strike(&mut self, ask: &Ask, stands_in: bool) -> Option<Fault> {
        if self.paused || matches!(ask.request, Request::Kill { .. } | Request::Cancel { .. }) {
            return None;
        }
        if self.exploring && (ask.inner || stands_in) {
            return None;
        }
        if self.lasting {
            // What is begun anew is the same place, and breaks as before; only the crash itself is over.
            if let Some(place) = self.numbered.get(&ask.address) {
                let struck = self.struck.iter().find(|struck| struck.place == *place);
                return struck.map(|struck| struck.fault).filter(|fault| !fault.is_crash());
            }
            self.numbered.insert(ask.address.clone(), self.seen);
        }
        let place = self.seen;
        self.seen += 1;
        if let Some(surveyed) = &mut self.surveyed {
            let fitting = Fault::ALL.into_iter().enumerate().filter(|(_, fault)| fault.fits(ask));
            surveyed.push(fitting.fold(0, |bits, (bit, _)| bits | 1 << bit));
        }
        let (_, wanted, fit) = *self.at.iter().find(|(p, ..)| *p == place)?;
        let fault = match fit {
            _ if wanted.fits(ask) => wanted,
            Fit::Exactly => return None,
            Fit::OrNext => {
                let from = Fault::ALL.iter().position(|fault| *fault == wanted)?;
                let mut next = Fault::ALL.iter().cycle().skip(from).take(Fault::ALL.len());
                *next.find(|fault| !fault.is_crash() && fault.fits(ask))?
            }
        };
        let (address, span) = (ask.address.clone(), ask.place.span);
        self.struck.push(Struck { place, fault, address, what: said(ask), span });
        Some(fault)
    }
}

impl GivenWorld {
    /// Breaks a request.
    pub(super) fn fault(&mut self, ask: &Ask, fault: Fault) {
        let is_command = matches!(ask.request, Request::Command(_));
        let deadline = ask.deadline.unwrap_or(self.now);
        match fault {
            Fault::Fails if is_command => {
                self.reply(&ask.address, self.now, Reply::Command(Box::new(exit(1, "broken by a fault"))));
            }
            Fault::Fails => {
                let message = String::from("broken by a fault");
                self.reply(&ask.address, self.now, Reply::Failed { message, doubt: false });
            }
            Fault::TimesOut if is_command => {
                if ask.changes {
                    self.acts.push(said(ask));
                }
                let end = CommandEnd { ended: Ended::Timeout, ..exit(0, "") };
                self.reply(&ask.address, deadline, Reply::Command(Box::new(end)));
            }
            Fault::TimesOut | Fault::Lost => {
                if ask.changes {
                    self.acts.push(said(ask));
                }
                let why = String::from("lost by a fault");
                let at = if fault == Fault::Lost { self.now } else { deadline };
                self.reply(&ask.address, at, Reply::Lost { why });
            }
            Fault::Denied => {
                let answer = Answer {
                    who: String::from("fault"),
                    uid: 1,
                    role: String::new(),
                    value: Value::Bool(false),
                    because: String::new(),
                    letter: String::new(),
                    shown: String::new(),
                };
                self.reply(&ask.address, self.now, Reply::Answer(answer));
            }
            Fault::Silent => {
                self.reply(&ask.address, deadline, Reply::Silence { why: String::from("silent by a fault") });
            }
            Fault::Stop => self.stop(ask, "fault"),
            Fault::CrashBefore => self.gone = true,
            Fault::CrashAfter => {
                self.faults.pause(true);
                self.begin_one(ask.clone());
                self.faults.pause(false);
                self.gone = true;
            }
        }
    }

    /// Lets somebody stop the run while this goes on.
    pub(super) fn stop(&mut self, ask: &Ask, by: &str) {
        let occurred = self.moment(self.now);
        let by = by.to_owned();
        if !self.due.values().any(|input| matches!(input, Input::Control { .. })) {
            self.put(self.now, Input::Control { control: Control::Stop, by, occurred });
        }
        self.faults.pause(true);
        self.busy = A_WHILE;
        self.begin_one(ask.clone());
        self.busy = 0;
        self.faults.pause(false);
    }
}
