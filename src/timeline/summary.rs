//! What a run came to, so far: one pass over its records.
//!
//! Owns the run's facts as lists: parameters, symptoms, steps, findings, approvals, changes,
//! failures, the end. Never orders them anew and never judges them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::clock;
use super::departure::{Departure, FollowedPlan};
use super::narrator::is_below;
use super::parts::{Answer, Approval, ChangeLine, Ending, FailureLine, Milestones, StepLine, SymptomLine};
use super::people::said;
use crate::config::RolePerson;
use crate::event::{
    Address, Body, Change, Class, Executor, Fact, GameDay, Heard, Input, Moment, Outcome, PhaseKind,
    Question, Record, Reply, Request, Settled,
};
use crate::journal::{Asked, Asks, Counts, Head, Listing};
use crate::value::Value;

/// A run, folded.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    pub run: String,
    pub title: String,
    /// The runbook, as given.
    pub file: String,
    pub program_hash: String,
    pub user: String,
    pub uid: u32,
    pub host: String,
    pub version: String,
    pub forced: bool,
    /// Set where nothing of it was real.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub game_day: Option<GameDay>,
    /// What an instructor changed: when, row, who, what.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub injected: Vec<(Moment, u64, String, String)>,
    /// The saved plan that it follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<FollowedPlan>,
    /// What was not as planned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub departures: Vec<Departure>,
    pub params: Vec<(String, Value)>,
    pub opened: Moment,
    /// How long it may take until the symptoms are gone, nanoseconds; `None` where the runbook does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rto_ns: Option<i64>,
    /// The process that executes it, or did so last; `None` where the journal does not say.
    pub executor: Option<Executor>,
    /// The row with which another text took the place of the one before, and the hash of the new one; zero and
    /// empty where none did.
    pub accepted: (u64, String),
    /// Who or what left it where it stands, until somebody goes on with it.
    pub left: Option<String>,
    /// When the last record was written.
    pub last: Moment,
    pub ended: Option<Ending>,
    pub milestones: Milestones,
    pub phases: Vec<(PhaseKind, String)>,
    pub symptoms: Vec<SymptomLine>,
    pub steps: Vec<StepLine>,
    pub findings: Vec<(Moment, u64, String)>,
    /// What people wrote down: when, row, who, what.
    pub notes: Vec<(Moment, u64, String, String)>,
    pub decisions: Vec<(Moment, u64, String, String)>,
    pub approvals: Vec<Approval>,
    pub changes: Vec<ChangeLine>,
    pub failures: Vec<FailureLine>,
    pub outputs: Vec<(String, Value)>,
    /// Who held which role when the run was opened; `None` where its opening cannot be read.
    #[serde(skip)]
    roles: Option<BTreeMap<String, Vec<RolePerson>>>,
    /// What is asked and not answered yet, with its deadline on the run's clock.
    pub open_questions: BTreeMap<Address, (Question, Option<i64>)>,
    /// Where something is being taken back.
    #[serde(skip)]
    unwinds: BTreeSet<Address>,
    /// Where in `changes` each stands.
    #[serde(skip)]
    places: BTreeMap<Address, usize>,
    /// The runbook's `prevention`, with its values. No record has it: whoever reads the run's folder fills it in.
    /// That of a runbook which was followed is added to it.
    pub prevention: String,
    /// It is not over, and nobody executes it. No record says so: whoever asks the run's lock fills it in.
    pub abandoned: bool,
    /// Records read.
    pub rows: u64,
    /// Where the journal ends. Whoever reads it fills it in.
    pub head: Head,
}

impl Summary {
    /// Returns the summary of these records.
    pub fn of<'a>(records: impl IntoIterator<Item = &'a (u64, Record)>) -> Self {
        let mut summary = Summary::default();
        for (seq, record) in records {
            summary.take(*seq, record);
        }
        summary
    }

    /// Takes the next record in.
    pub fn take(&mut self, seq: u64, record: &Record) {
        self.rows = self.rows.max(seq);
        self.last = record.at;
        match &record.body {
            Body::Input(input) => self.input(seq, input),
            Body::Request(ask) => match &ask.request {
                Request::Question(question) => {
                    let open = ((**question).clone(), ask.deadline);
                    self.open_questions.insert(ask.address.clone(), open);
                }
                Request::Cancel { request } => {
                    self.open_questions.remove(request);
                }
                _ => {}
            },
            Body::Fact(_) if record.class == Class::Trace => {}
            Body::Fact(fact) => self.fact(seq, record, fact),
        }
    }

    /// Returns how long it took, or has taken so far, nanoseconds.
    pub fn length(&self) -> i64 {
        let end = self.ended.as_ref().map_or(self.last, |e| e.at);
        end.run_ns.saturating_sub(self.opened.run_ns)
    }

    /// Returns how that stands to the `rto`, in words: `over the rto of 15m by 40s`. Nothing where there is none, and where
    /// it ended in time without a symptom being gone.
    pub fn rto_words(&self) -> Option<String> {
        let rto = self.rto_ns?;
        let left = rto.saturating_sub(self.length());
        let (rto, by) = (clock::length(rto), clock::length(left.saturating_abs()));
        match self.outcome() {
            _ if left < 0 => Some(format!("over the rto of {rto} by {by}")),
            None => Some(format!("{by} left of the rto of {rto}")),
            Some(Outcome::Resolved | Outcome::NotNeeded) => Some(format!("within the rto of {rto}")),
            Some(_) => None,
        }
    }

    /// Returns whether nothing more is to be expected of it.
    pub fn is_over(&self) -> bool {
        self.ended.is_some() || self.abandoned
    }

    /// Returns the outcome, `None` while it is not over.
    pub fn outcome(&self) -> Option<Outcome> {
        self.ended.as_ref().map(|e| e.outcome)
    }

    /// Returns how many changes ended how. While the run is not over, of those that are known.
    pub fn counts(&self) -> Counts {
        if let Some(ended) = &self.ended {
            return Counts {
                changed: ended.changed.len(),
                taken_back: ended.taken_back.len(),
                standing: ended.standing.len(),
                left: ended.left.len(),
            };
        }
        let back = |c: &&ChangeLine| c.unwound == Some(Settled::Done);
        let taken_back = self.changes.iter().filter(back).count();
        let made = self.changes.iter().filter(|c| c.is_made()).count();
        Counts { changed: made.saturating_sub(taken_back), taken_back, standing: 0, left: 0 }
    }

    /// Returns what the run asks, and all that says of whom and for how long still; `None` where it asks nothing.
    pub fn asks(&self) -> Option<Asks> {
        if self.ended.is_some() || self.open_questions.is_empty() {
            return None;
        }
        let asked = |(address, (question, deadline)): (&Address, &(Question, Option<i64>))| {
            let approval = self.approvals.iter().find(|asked| asked.is_asked_at(address));
            let answers = approval.map(|asked| asked.answers.as_slice()).unwrap_or_default();
            let agreed = answers.iter().filter(|_| question.quorum);
            Asked {
                address: address.clone(),
                question: question.clone(),
                deadline: *deadline,
                agreed: agreed.map(|answer| (answer.who.clone(), answer.uid)).collect(),
            }
        };
        Some(Asks {
            roles: self.roles.clone()?,
            starter: self.uid,
            executor: self.executor.clone(),
            last: self.last,
            questions: self.open_questions.iter().map(asked).collect(),
        })
    }

    /// Returns the run's line for the index. `head`: how far its journal goes.
    pub fn listing(&self, head: Head) -> Listing {
        let waiting = self.open_questions.values().next();
        Listing {
            run: self.run.clone(),
            title: self.title.clone(),
            file: self.file.clone(),
            user: self.user.clone(),
            host: self.host.clone(),
            game_day: self.game_day.as_ref().map(|game_day| game_day.drill.clone()),
            plan: self.plan.as_ref().map(|plan| plan.digest.clone()),
            opened_us: self.opened.wall_us,
            ended_us: self.ended.as_ref().map(|e| e.at.wall_us),
            outcome: self.outcome(),
            left: self.left.is_some(),
            waiting: waiting.map(|(q, _)| super::people::of_roles(&q.roles, q.count)).unwrap_or_default(),
            counts: self.counts(),
            head,
        }
    }

    fn input(&mut self, seq: u64, input: &Input) {
        match input {
            Input::Opened(opened) => {
                self.run.clone_from(&opened.run);
                self.file.clone_from(&opened.file);
                self.program_hash.clone_from(&opened.program_hash);
                self.user.clone_from(&opened.user);
                self.uid = opened.uid;
                self.host.clone_from(&opened.host);
                self.version.clone_from(&opened.version);
                self.forced = opened.force;
                self.game_day.clone_from(&opened.game_day);
                self.plan = opened.plan.as_deref().map(FollowedPlan::of);
                self.params.clone_from(&opened.params);
                self.roles = Some(opened.roles.clone());
                self.opened = opened.at;
                self.rto_ns = opened.rto_ns;
                self.executor = opened.zero_ns.map(|zero_ns| Executor {
                    pid: opened.pid,
                    host: opened.host.clone(),
                    boot_id: opened.boot_id.clone(),
                    zero_ns,
                    version: opened.version.clone(),
                });
            }
            Input::Delivered {
                request,
                reply: Reply::Answer { .. } | Reply::Silence { .. } | Reply::Lost { .. },
                ..
            } => {
                self.open_questions.remove(request);
            }
            Input::Heard { heard: Heard::Resumed { executor, accepted }, .. } => {
                self.executor = executor.as_deref().cloned();
                if !accepted.is_empty() {
                    self.accepted = (seq, accepted.clone());
                }
            }
            Input::Delivered { .. } | Input::Control { .. } | Input::Heard { .. } => {}
        }
    }

    fn fact(&mut self, seq: u64, record: &Record, fact: &Fact) {
        let at = record.at;
        match fact {
            Fact::Titled { title } => self.title.clone_from(title),
            Fact::PhaseBegan { phase, title, .. } => {
                // Where there is nothing to choose, beginning is the decision.
                if *phase == PhaseKind::Resolve {
                    self.milestones.decided.get_or_insert(at);
                }
                self.phases.push((*phase, title.clone()));
            }
            Fact::Symptom { title, holds, why } => self.symptom(seq, at, title, *holds, why),
            Fact::StepBegan { .. } | Fact::StepEnded { .. } => self.step(record, fact),
            Fact::Finding { text } => self.findings.push((at, seq, text.clone())),
            Fact::Decided { reason, choice } => {
                self.milestones.decided.get_or_insert(at);
                self.decisions.push((at, seq, choice.clone(), reason.clone()));
            }
            Fact::ChangeBegan(_)
            | Fact::ChangeEnded { .. }
            | Fact::UndoRegistered { .. }
            | Fact::UnwindBegan { .. }
            | Fact::UnwindEnded { .. } => self.change(&record.address, at, fact),
            Fact::Differs { differs, readings } => {
                self.departures.push(Departure::new(at, seq, &record.address, differs, readings));
            }
            Fact::Asked { .. } | Fact::Answered { .. } | Fact::Silent { .. } => {
                self.departures.iter_mut().for_each(|departure| departure.hear(&record.address, fact));
                self.approval(&record.address, at, fact);
            }
            Fact::Suspended { by } => self.left = Some(by.clone()),
            Fact::Resumed { .. } => self.left = None,
            // It goes on, whatever it had come to.
            Fact::RollingBack { .. } => self.ended = None,
            Fact::Noted { text, who, .. } => self.notes.push((at, seq, who.clone(), text.clone())),
            Fact::Injected { text, who, .. } => self.injected.push((at, seq, who.clone(), text.clone())),
            Fact::Output { name, value } => {
                self.outputs.retain(|(n, _)| n != name);
                self.outputs.push((name.clone(), value.clone()));
            }
            Fact::Failed { message, detail, span } => self.failures.push(FailureLine {
                at,
                seq,
                message: message.clone(),
                detail: detail.clone(),
                span: *span,
            }),
            Fact::FollowEnded { prevention, .. } => self.prevent(prevention),
            Fact::Ended { outcome, reason, changed, taken_back, standing, left } => {
                self.departures.iter_mut().for_each(|departure| departure.hear(&record.address, fact));
                self.end(Ending {
                    at,
                    outcome: *outcome,
                    reason: reason.clone(),
                    changed: changed.clone(),
                    taken_back: taken_back.clone(),
                    standing: standing.clone(),
                    left: left.clone(),
                });
            }
            _ => {}
        }
    }

    /// Adds what keeps an incident from coming back.
    pub fn prevent(&mut self, prevention: &str) {
        let told = self.prevention.trim_end();
        let more = prevention.trim();
        if !more.is_empty() && !told.contains(more) {
            let between = if told.is_empty() { "" } else { "\n\n" };
            self.prevention = format!("{told}{between}{more}\n");
        }
    }

    fn symptom(&mut self, seq: u64, at: Moment, title: &str, holds: Option<bool>, why: &str) {
        let phase = self.phases.last().map_or(PhaseKind::Symptom, |(p, _)| *p);
        if holds == Some(true) && phase == PhaseKind::Symptom {
            self.milestones.detected.get_or_insert(at);
        }
        self.symptoms.push(SymptomLine {
            at,
            seq,
            phase,
            title: title.to_owned(),
            holds,
            why: why.to_owned(),
        });
    }

    fn step(&mut self, record: &Record, fact: &Fact) {
        match fact {
            Fact::StepBegan { title, attempt, attempts, .. } => self.steps.push(StepLine {
                title: title.clone(),
                address: record.address.clone(),
                phase: self.phases.last().map(|(p, _)| *p),
                attempt: *attempt,
                attempts: *attempts,
                began: record.at,
                ended: None,
            }),
            Fact::StepEnded { outcome, message, .. } => {
                let open =
                    self.steps.iter_mut().rev().find(|s| s.address == record.address && s.ended.is_none());
                if let Some(step) = open {
                    step.ended = Some((record.at, *outcome, message.clone()));
                }
            }
            _ => {}
        }
    }

    fn change(&mut self, address: &Address, at: Moment, fact: &Fact) {
        match fact {
            Fact::UnwindBegan { .. } => {
                self.unwinds.insert(address.clone());
            }
            Fact::UnwindEnded { .. } => {
                self.unwinds.remove(address);
            }
            // How another change is taken back: no change of its own.
            _ if self.unwinds.iter().any(|unwind| is_below(address, unwind)) => return,
            _ => {}
        }
        match fact {
            Fact::ChangeBegan(change) => {
                self.line_of(change, at);
            }
            Fact::ChangeEnded { change, state, message } => {
                let line = self.line_of(change, at);
                line.state = Some(*state);
                line.message.clone_from(message);
            }
            Fact::UndoRegistered { change, undo, .. } => {
                self.line_of(change, at).undo = Some(undo.clone());
            }
            Fact::UnwindEnded { change, settled, finally: false, .. } => {
                self.line_of(change, at).unwound = Some(*settled)
            }
            _ => {}
        }
    }

    /// Returns the line of that change, a new one when it was not heard of.
    fn line_of(&mut self, change: &Change, at: Moment) -> &mut ChangeLine {
        let known = self.places.get(&change.address).copied();
        let index = known.unwrap_or_else(|| {
            self.places.insert(change.address.clone(), self.changes.len());
            self.changes.push(ChangeLine {
                change: change.clone(),
                began: at,
                state: None,
                message: String::new(),
                undo: None,
                unwound: None,
            });
            self.changes.len() - 1
        });
        &mut self.changes[index]
    }

    fn approval(&mut self, address: &Address, at: Moment, fact: &Fact) {
        match fact {
            Fact::Asked { text, roles, count, deadline, .. } => self.approvals.push(Approval {
                address: address.clone(),
                text: text.clone(),
                roles: roles.clone(),
                count: *count,
                asked: at,
                deadline: *deadline,
                answers: Vec::new(),
                silent: None,
            }),
            Fact::Answered { kind, text, who, uid, role, value, because } => {
                let answer = Answer {
                    at,
                    who: who.clone(),
                    uid: *uid,
                    role: role.clone(),
                    said: said(*kind, value),
                    refused: *value == Value::Bool(false),
                    because: because.clone(),
                };
                self.approval_of(address, text, at).answers.push(answer);
            }
            Fact::Silent { text, why, then } => {
                self.approval_of(address, text, at).silent = Some((at, why.clone(), then.clone()));
            }
            _ => {}
        }
    }

    /// Returns the last question that was put there; some are answered without having been announced.
    fn approval_of(&mut self, address: &Address, text: &str, at: Moment) -> &mut Approval {
        let known = self.approvals.iter().rposition(|a| a.address == *address);
        let index = known.unwrap_or_else(|| {
            self.approvals.push(Approval {
                address: address.clone(),
                text: text.to_owned(),
                roles: Vec::new(),
                count: 1,
                asked: at,
                deadline: None,
                answers: Vec::new(),
                silent: None,
            });
            self.approvals.len() - 1
        });
        &mut self.approvals[index]
    }

    fn end(&mut self, ending: Ending) {
        self.open_questions.clear();
        if ending.outcome == Outcome::Resolved {
            let gone = |s: &&SymptomLine| s.phase == PhaseKind::Clearing && s.holds == Some(false);
            let cleared = self.symptoms.iter().rfind(gone).map(|s| s.at);
            self.milestones.resolved = cleared.or(Some(ending.at));
        }
        self.ended = Some(ending);
    }
}
