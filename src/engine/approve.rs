//! `approve`: whose votes count, what silence does, and when an approval is void.
//!
//! An approval is to what was shown. Where another text has taken the place of the one before, what was agreed to may not
//! be what follows: it is asked for again. Never knows how somebody is asked.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use super::context::{Cx, Walk};
use super::failure::Stop;
use super::frame::Frame;
use super::people::{Heard, refusal};
use super::planning::Here;
use super::question::Asked;
use super::visits::Passed;
use crate::event::{Answer, Fact, Question, QuestionKind, Wanted};
use crate::program::{Approval, Run, Silence};
use crate::source::Span;

/// Somebody who agreed, and to what.
struct Vote {
    uid: u32,
    who: String,
    shown: String,
    /// How many texts had been accepted by then.
    texts: u32,
}

impl Vote {
    fn of(answer: &Answer, texts: u32) -> Self {
        Vote { uid: answer.uid, who: answer.who.clone(), shown: answer.shown.clone(), texts }
    }

    /// Returns whether it is to something else than what is shown now. Old journals do not say to what.
    fn is_stale(&self, question: &Question) -> bool {
        !self.shown.is_empty() && self.shown != question.shown
    }

    fn void(&self, text: &str) -> Fact {
        let why = String::from("it was to what was shown before the text changed");
        Fact::Void { text: text.to_owned(), who: self.who.clone(), uid: self.uid, why }
    }
}

/// Approvals that were given to another text than the one the run goes on with.
#[derive(Default)]
pub(super) struct Renewals<'w> {
    stale: Vec<Stale<'w>>,
    /// They are being asked for again: whatever else is about to change something waits.
    asking: bool,
}

/// An approval that was given to what another text had shown.
struct Stale<'w> {
    approval: &'w Approval,
    /// The names it knows.
    frame: Frame,
    votes: Vec<Vote>,
}

impl<'w> Cx<'w> {
    /// Asks for an approval. Silence does what the runbook says; a refusal aborts.
    pub async fn approve(&self, approval: &'w Approval, span: Span) -> Result<(), Stop> {
        let text = self.text(&approval.text)?;
        let ahead = self.ahead(Vec::new());
        let mut differs = self.differs(&[Here::question(&text, &text)], span);
        differs.join(ahead.differs);
        self.tell_differs(&differs);
        let silence = match &approval.on_silence {
            // To what differs, nobody has agreed.
            Silence::Continue if !differs.list.is_empty() => &Silence::Abort,
            silence => silence,
        };
        let question = self.question_of(
            Asked {
                kind: QuestionKind::Approval,
                text: text.clone(),
                by: Some(&approval.by),
                wanted: Wanted::YesNo,
                on_silence: self.silence_words(silence)?,
                undo: None,
            },
            Vec::new(),
            &differs,
        );
        let votes = self.votes(approval, &question, silence, span).await?;
        self.note_stale(approval, &question, votes);
        self.accept(&differs);
        Ok(())
    }

    /// Keeps an approval that was to something else than is shown now, as a replay finds it.
    fn note_stale(&self, approval: &'w Approval, question: &Question, votes: Vec<Vote>) {
        if votes.iter().any(|vote| vote.is_stale(question)) {
            let frame = self.frame.clone();
            self.walk.renewals().stale.push(Stale { approval, frame, votes });
        }
    }

    /// Puts an approval until as many as it needs have agreed. Returns their votes.
    async fn votes(
        &self,
        approval: &'w Approval,
        question: &Question,
        silence: &Silence,
        span: Span,
    ) -> Result<Vec<Vote>, Stop> {
        let (by, text) = (&approval.by, &question.text);
        let bound = self.patience(&approval.within, "the approval's")?;
        self.tell_asked(question, &bound);
        let mut voters: Vec<Vote> = Vec::new();
        let mut votes = 0;
        while voters.len() < by.count as usize {
            votes += 1;
            let heard = self.put(question, votes, &bound, span).await;
            let texts = self.walk.door.state().texts;
            // They agreed to something else than what is shown now.
            for vote in voters.extract_if(.., |vote| vote.texts < texts && vote.is_stale(question)) {
                self.fact(vote.void(text));
            }
            match heard {
                Heard::Answer(answer) if !answer.is_yes() => {
                    let why = refusal(&answer, text);
                    self.answered(question, answer);
                    self.passed(span, Passed::Refused);
                    return Err(Stop::Refused(why));
                }
                Heard::Answer(answer) if by.quorum && answer.uid == self.walk.opened.uid => {
                    self.void(text, answer, "who started the run does not count");
                }
                Heard::Answer(answer) if voters.iter().any(|vote| vote.uid == answer.uid) => {
                    self.void(text, answer, "nobody counts twice");
                }
                Heard::Answer(answer) => {
                    voters.push(Vote::of(&answer, texts));
                    self.answered(question, answer);
                }
                Heard::Silence(why) => {
                    self.passed(span, Passed::Silent);
                    self.silent(silence, text, why, "approved")?;
                    break;
                }
                Heard::Cut => return Err(self.cut()),
                Heard::Late(stop) => return Err(stop),
            }
        }
        if voters.len() >= by.count as usize {
            self.passed(span, Passed::Granted);
        }
        Ok(voters)
    }

    /// Asks again for what was approved when the text was another one, before anything else is changed: an approval is
    /// to what was shown. `run`: what is changed next.
    pub async fn renewed(&self, run: &'w Run, span: Span) -> Result<(), Stop> {
        if self.inner || self.unwinding || self.walk.door.state().texts == 0 {
            return Ok(());
        }
        let mut renewing = self.turn_to_renew().await?;
        for nth in 1.. {
            let Some(old) = renewing.left.first() else { break };
            let (approval, frame) = (old.approval, old.frame.clone());
            let here = Cx { frame, ..self.down(format!("again{nth}")) };
            let here = here.named(here.written(&approval.text), span);
            let text = here.text(&approval.text)?;
            let mut differs = self.differs_of(run, span);
            differs.join(here.ahead(Vec::new()).differs);
            here.tell_differs(&differs);
            let question = here.question_of(
                Asked {
                    kind: QuestionKind::Approval,
                    text: text.clone(),
                    by: Some(&approval.by),
                    wanted: Wanted::YesNo,
                    on_silence: here.silence_words(&approval.on_silence)?,
                    undo: None,
                },
                vec![self.deed(run, "")],
                &differs,
            );
            for vote in &old.votes {
                here.fact(vote.void(&text));
            }
            let votes = here.votes(approval, &question, &approval.on_silence, span).await?;
            here.accept(&differs);
            renewing.left.remove(0);
            here.note_stale(approval, &question, votes);
        }
        Ok(())
    }

    /// Waits while another arm asks, and takes over what is to be asked for again.
    ///
    /// # Errors
    /// When the run is stopped, or another arm has failed: then nothing is changed any more.
    async fn turn_to_renew(&self) -> Result<Renewing<'w>, Stop> {
        poll_fn(|_| {
            let stopped = self.walk.door.stopped().is_some() && !self.halt.shielded;
            if stopped || self.halt.is_set() {
                return Poll::Ready(Err(self.cut()));
            }
            let mut renewals = self.walk.renewals();
            if renewals.asking {
                return Poll::Pending;
            }
            renewals.asking = !renewals.stale.is_empty();
            let left = std::mem::take(&mut renewals.stale);
            drop(renewals);
            Poll::Ready(Ok(Renewing { walk: Arc::clone(&self.walk), left }))
        })
        .await
    }
}

/// What is being asked for again. What nobody has agreed to when it ends is asked for before the next change.
struct Renewing<'w> {
    walk: Arc<Walk<'w>>,
    left: Vec<Stale<'w>>,
}

impl Drop for Renewing<'_> {
    fn drop(&mut self) {
        let mut renewals = self.walk.renewals();
        renewals.asking = false;
        renewals.stale.splice(0..0, self.left.drain(..));
    }
}
