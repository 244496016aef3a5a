//! Questions, manual steps, notifications.
//!
//! Owns what an answer brings, and what silence does. Never knows how somebody is asked.

use std::sync::atomic::Ordering;

use super::context::{Bound, Cx};
use super::failure::{Failure, Stop};
use super::join;
use super::planning::Here;
use super::poll::{Rhythm, poll};
use super::question::{Asked, shown};
use super::visits::Passed;
use crate::event::{Answer, ChangeState, Fact, Question, QuestionKind, Reply, Request, Wanted};
use crate::program::{Asking, Expr, Manual, Silence};
use crate::source::Span;
use crate::value::Value;

/// How long a question stands that the runbook does not write: 5m.
const OWN_PATIENCE: i64 = 300_000_000_000;

/// What came of a question.
pub(super) enum Heard {
    Answer(Answer),
    /// Nobody answered in time: why.
    Silence(String),
    /// The run stops, or the answer is not needed any more.
    Cut,
    /// Not the question's own bound ran out.
    Late(Stop),
}

impl<'w> Cx<'w> {
    /// Asks for a value and binds it.
    pub async fn ask_for(&self, asking: &'w Asking, span: Span) -> Result<(), Stop> {
        let text = self.text(&asking.text)?;
        let mut domain = asking.domain.clone();
        if let Some(list) = &asking.one_of {
            domain.choices = self.choices(list)?;
        }
        let default = match &asking.on_silence {
            Silence::Answer(answer) => {
                let value = self.value(answer)?;
                Some(domain.accept(value).map_err(|why| Failure::new(why, answer.span))?)
            }
            _ => None,
        };
        let asked = Here::question(&text, &asked_whole(&text, default.as_ref()));
        let differs = self.differs(&[asked], span);
        self.tell_differs(&differs);
        // With what differs, nobody has agreed.
        let (default, silence) = match differs.list.is_empty() {
            true => (default, &asking.on_silence),
            false => (None, &Silence::Abort),
        };
        let asked = Asked {
            kind: QuestionKind::Answer,
            text: text.clone(),
            by: Some(&asking.by),
            wanted: Wanted::Value(domain),
            on_silence: match &default {
                Some(value) => format!("the answer is {}", shown(value)),
                None => self.silence_words(silence)?,
            },
            undo: None,
        };
        let question = self.question_of(asked, Vec::new(), &differs);
        let bound = self.patience(&asking.within, "the question's")?;
        self.tell_asked(&question, &bound);
        let value = match self.put(&question, 1, &bound, span).await {
            Heard::Answer(answer) => {
                self.passed(span, Passed::Answered);
                let value = answer.value.clone();
                self.answered(&question, answer);
                value
            }
            Heard::Silence(why) => {
                self.passed(span, Passed::Silent);
                let Some(value) = default else {
                    return self.silent(silence, &text, why, "answered");
                };
                let then = format!("the answer is {}", shown(&value));
                self.fact(Fact::Silent { text, why, then });
                value
            }
            Heard::Cut => return Err(self.cut()),
            Heard::Late(stop) => return Err(stop),
        };
        self.note("", format!("answer to \"{}\": {}", question.text, shown(&value)));
        self.frame.bind(asking.slot, value);
        Ok(())
    }

    /// Returns a question for a plan, where all of it is known.
    pub fn asked_here(&self, asking: &Asking) -> Option<Here> {
        let text = self.text(&asking.text).ok()?;
        let default = match &asking.on_silence {
            Silence::Answer(answer) => Some(asking.domain.accept(self.value(answer).ok()?).ok()?),
            _ => None,
        };
        Some(Here::question(&text, &asked_whole(&text, default.as_ref())))
    }

    fn choices(&self, list: &Expr) -> Result<Vec<Value>, Failure> {
        match self.value(list)? {
            Value::List(items) if !items.is_empty() => Ok(items.to_vec()),
            Value::List(_) => {
                Err(Failure::new("there is nothing to choose from: the list is empty", list.span))
            }
            other => Err(Failure::new(format!("expected a list, found `{}`", other.brief(60)), list.span)),
        }
    }

    /// Has somebody do something, proved by what is read where the runbook says how. Returns how the change
    /// ended, the words for it, and whether the run goes on.
    pub async fn manual(&self, manual: &'w Manual, span: Span) -> (ChangeState, String, Result<(), Stop>) {
        let asked = self.manual_question(manual);
        let (question, bound, every) = match asked {
            Ok(asked) => asked,
            Err(failure) => return (ChangeState::NotRun, failure.message.clone(), Err(failure.into())),
        };
        let text = question.text.clone();
        self.tell_asked(&question, &bound);
        let (heard, proved) = match &manual.until {
            None => (self.put(&question, 1, &bound, span).await, None),
            Some((condition, _)) => {
                let (heard, proved) = self.proved(&question, &bound, condition, every, span).await;
                (heard, Some(proved))
            }
        };
        let said = match &heard {
            Heard::Answer(answer) => {
                self.answered(&question, answer.clone());
                Some(answer.is_yes())
            }
            _ => None,
        };
        let passed = match (&heard, &proved) {
            (_, Some(Ok(()))) => Some(Passed::Done),
            (_, None) if said == Some(true) => Some(Passed::Done),
            _ if said == Some(false) => Some(Passed::Refused),
            (Heard::Silence(_), _) => Some(Passed::Silent),
            _ => None,
        };
        if let Some(passed) = passed {
            self.passed(span, passed);
        }
        match (heard, proved) {
            (_, Some(Ok(()))) => (ChangeState::Done, String::from("it is so now"), Ok(())),
            (_, None) if said == Some(true) => (ChangeState::Done, String::new(), Ok(())),
            (_, Some(Err(Stop::Failure(mut failure)))) if said == Some(true) => {
                let words = self.walk.program.sources.text(failure.span);
                failure.message = format!("it is said to be done, but `{words}` did not become true in time");
                (ChangeState::Failed, failure.message.clone(), Err(failure.into()))
            }
            (Heard::Answer(answer), _) if said == Some(false) => {
                let why = refusal(&answer, &text);
                (ChangeState::NotRun, String::from("not done"), Err(Stop::Refused(why)))
            }
            (Heard::Silence(why), _) => {
                let message = format!("nobody confirmed it: {why}");
                (ChangeState::InDoubt, message, self.silent(&manual.on_silence, &text, why, "confirmed"))
            }
            (Heard::Late(stop), _) | (_, Some(Err(stop))) => {
                (ChangeState::InDoubt, String::from("nobody confirmed it"), Err(stop))
            }
            (_, None) => (ChangeState::InDoubt, String::from("nobody confirmed it"), Err(self.cut())),
        }
    }

    fn manual_question(&self, manual: &'w Manual) -> Result<(Question, Bound, i64), Failure> {
        let question = self.question(Asked {
            kind: QuestionKind::Manual,
            text: self.text(&manual.text)?,
            by: Some(&manual.by),
            wanted: Wanted::Done,
            on_silence: match self.unwinding {
                true => String::from("it is taken not to have been done"),
                false => self.silence_words(&manual.on_silence)?,
            },
            undo: None,
        });
        let every = manual.until.as_ref().map_or(Ok(0), |(_, every)| self.duration(every))?;
        Ok((question, self.patience(&manual.within, "the manual step's")?, every.max(1_000_000)))
    }

    /// Asks, and reads beside it whether it is so already: what is proved needs no answer.
    async fn proved(
        &self,
        question: &Question,
        bound: &Bound,
        condition: &'w Expr,
        every: i64,
        span: Span,
    ) -> (Heard, Result<(), Stop>) {
        let (asking_halt, proved) = self.halt.nested();
        let (probing_halt, refused) = self.halt.nested();
        let asking = Cx { halt: asking_halt, ..self.clone() };
        let probing = Cx { halt: probing_halt, ..self.down("u") };
        // It did not hold a moment ago.
        let first = self.now().run_ns.saturating_add(every).min(bound.at);
        let rhythm = Rhythm { within: Some(bound.at - first), every, holds: None, written: None };
        let words = self.walk.program.sources.text(condition.span);
        let ask: join::Walking<'_, (Option<Heard>, Result<(), Stop>)> = Box::pin(async {
            let heard = asking.put(question, 1, bound, span).await;
            if matches!(&heard, Heard::Answer(answer) if !answer.is_yes()) {
                refused.store(true, Ordering::Relaxed);
            }
            (Some(heard), Ok(()))
        });
        let probe: join::Walking<'_, (Option<Heard>, Result<(), Stop>)> = Box::pin(async {
            let slept = Cx { bound: self.bound.clone(), ..probing.down("t") }.sleep(first, span).await;
            let result = match slept {
                Ok(()) => poll(&probing, &rhythm, words, condition.span, |here: &Cx<'w>| {
                    let here = here.clone();
                    Box::pin(async move { here.holds(condition).await })
                })
                .await
                .map(|_| ()),
                Err(stop) => Err(stop),
            };
            if result.is_ok() {
                proved.store(true, Ordering::Relaxed);
            }
            (None, result)
        });
        let mut both = join::all(vec![ask, probe]).await;
        let result = both.pop().map_or(Ok(()), |(_, result)| result);
        let heard = both.pop().and_then(|(heard, _)| heard).unwrap_or(Heard::Cut);
        (heard, result)
    }

    /// Puts a question that the runbook does not write; whoever started the run answers, or somebody with a role.
    pub async fn put_own(&self, question: &Question, span: Span) -> Heard {
        let bound = Bound::own(self.now().run_ns.saturating_add(OWN_PATIENCE), "the question's 5m");
        self.tell_asked(question, &bound);
        self.put(question, 1, &bound, span).await
    }

    /// Puts a question for the `nth` time and waits for one answer.
    pub async fn put(&self, question: &Question, nth: u32, bound: &Bound, span: Span) -> Heard {
        let here = self.down(format!("q{nth}"));
        let request = Request::Question(Box::new(question.clone()));
        let ask = here.ask(request, Some(bound.clone()), false);
        let own = *ask.bound == *bound.words;
        match self.walk.door.ask(ask, &self.halt).await {
            Some(Reply::Answer(answer)) => Heard::Answer(answer),
            Some(Reply::Silence { why }) => match self.may_go_on(span) {
                Err(stop) if !own => Heard::Late(stop),
                _ => Heard::Silence(why),
            },
            None => Heard::Cut,
            Some(other) => Heard::Silence(format!("no answer: {other:?}")),
        }
    }

    pub fn patience(&self, within: &Expr, whose: &str) -> Result<Bound, Failure> {
        let within = self.duration(within)?;
        let words = format!("{whose} {}", Value::Duration(within));
        // That it runs out is silence.
        Ok(Bound::own(self.now().run_ns.saturating_add(within), &words))
    }

    pub fn tell_asked(&self, question: &Question, bound: &Bound) {
        let deadline = self.bound.as_ref().map_or(bound.at, |outer| outer.at.min(bound.at));
        self.fact(Fact::Asked {
            kind: question.kind,
            text: question.text.clone(),
            roles: question.roles.clone(),
            count: question.count,
            deadline: Some(deadline),
        });
    }

    /// Writes down an answer that counts.
    pub fn answered(&self, question: &Question, answer: Answer) {
        let Answer { who, uid, role, value, because, .. } = answer;
        let (kind, text) = (question.kind, question.text.clone());
        self.fact(Fact::Answered { kind, text, who, uid, role, value, because });
    }

    pub fn void(&self, text: &str, answer: Answer, why: &str) {
        let Answer { who, uid, .. } = answer;
        self.fact(Fact::Void { text: text.to_owned(), who, uid, why: why.to_owned() });
    }

    /// Returns what silence does.
    pub fn silence_words(&self, silence: &Silence) -> Result<String, Failure> {
        Ok(match silence {
            Silence::Abort => String::from("the run is aborted"),
            Silence::Continue => String::from("the run goes on"),
            Silence::Escalate { role, .. } => format!("the run escalates to {role}"),
            Silence::Answer(answer) => format!("the answer is {}", shown(&self.value(answer)?)),
        })
    }

    pub fn silent(&self, silence: &Silence, text: &str, why: String, what: &str) -> Result<(), Stop> {
        let then = self.silence_words(silence)?;
        self.fact(Fact::Silent { text: text.to_owned(), why: why.clone(), then });
        match silence {
            Silence::Continue | Silence::Answer(_) => Ok(()),
            Silence::Abort => Err(Stop::Refused(format!("not {what} ({why}): {text}"))),
            Silence::Escalate { role, text: own } => {
                let text = match own {
                    Some(own) => self.text(own)?,
                    None => format!("not {what} ({why}): {text}"),
                };
                Err(Stop::Escalate { role: role.clone(), text })
            }
        }
    }

    /// Tells a channel or pages a role. A message that cannot be sent is written down and fails nothing.
    pub async fn notify(&self, channel: &str, text: String, page: bool) -> Result<(), Stop> {
        let request = Request::Notify { channel: channel.to_owned(), text: text.clone(), page };
        let length = self.walk.opened.call_timeout_ns;
        let deadline = Bound::own(self.now().run_ns.saturating_add(length), "the message's bound");
        let ask = self.ask(request, Some(deadline), true);
        let (ok, message) = match self.walk.door.ask(ask, &self.halt).await {
            Some(Reply::Done | Reply::Value { .. }) => (true, String::new()),
            Some(Reply::Failed { message, .. }) => (false, message),
            Some(Reply::Lost { why } | Reply::Silence { why }) => (false, why),
            other => (false, format!("no answer: {other:?}")),
        };
        self.fact(Fact::Notified { channel: channel.to_owned(), text, page, ok, message });
        Ok(())
    }
}

/// Returns all that counts of a question for a value.
fn asked_whole(text: &str, default: Option<&Value>) -> String {
    format!("{text}\0{}", default.map(shown).unwrap_or_default())
}

/// Returns a refusal in words.
pub(super) fn refusal(answer: &Answer, text: &str) -> String {
    let because = if answer.because.is_empty() { String::new() } else { format!(" ({})", answer.because) };
    format!("{} refused: {text}{because}", answer.who)
}
