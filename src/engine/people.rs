//! Approvals, notifications, escalations.

use std::collections::BTreeSet;

use super::context::{Bound, Cx};
use super::failure::Stop;
use crate::event::{Fact, QuestionKind, Reply, Request};
use crate::program::{Approval, Silence};
use crate::source::Span;
use crate::value::Value;

impl<'w> Cx<'w> {
    /// Asks for an approval. Silence does what the runbook says; a refusal aborts.
    pub async fn approve(&self, approval: &'w Approval, span: Span) -> Result<(), Stop> {
        let text = self.text(&approval.text)?;
        let within = self.duration(&approval.within)?;
        let by = &approval.by;
        let on_silence = match &approval.on_silence {
            Silence::Abort => String::from("the run is aborted"),
            Silence::Continue => String::from("the run goes on"),
            Silence::Escalate(role) => format!("the run escalates to {role}"),
        };
        let deadline = Bound {
            at: self.now().run_ns.saturating_add(within),
            words: format!("the approval's {}", Value::Duration(within)).into(),
        };
        let question = self.question(
            QuestionKind::Approval,
            text.clone(),
            by.roles.clone(),
            by.count,
            by.quorum,
            &on_silence,
        );
        let mut voters = BTreeSet::new();
        let mut vote = 0;
        while voters.len() < by.count as usize {
            vote += 1;
            let here = self.down(format!("q{vote}"));
            let ask = here.ask(Request::Question(Box::new(question.clone())), Some(deadline.clone()), false);
            if vote == 1 {
                let (roles, count, deadline) = (by.roles.clone(), by.count, ask.deadline);
                self.fact(Fact::Asked { text: text.clone(), roles, count, deadline });
            }
            let cut_by = ask.bound.clone();
            match self.walk.door.ask(ask, &self.halt).await {
                Some(Reply::Answer { who, uid, role, yes }) => {
                    self.fact(Fact::Answered { text: text.clone(), who: who.clone(), uid, role, yes });
                    if !yes {
                        return Err(Stop::Refused(format!("{who} refused: {text}")));
                    }
                    let starter = by.quorum && uid == self.walk.opened.uid;
                    if !starter {
                        voters.insert(uid);
                    }
                }
                Some(Reply::Silence { why }) => {
                    if *cut_by != *deadline.words {
                        self.may_go_on(span)?;
                    }
                    return self.silent(approval, &text, why, &on_silence);
                }
                None => return Err(self.cut()),
                Some(other) => {
                    return self.silent(approval, &text, format!("no answer: {other:?}"), &on_silence);
                }
            }
        }
        Ok(())
    }

    fn silent(&self, approval: &Approval, text: &str, why: String, then: &str) -> Result<(), Stop> {
        self.fact(Fact::Silent { text: text.to_owned(), why: why.clone(), then: then.to_owned() });
        match &approval.on_silence {
            Silence::Continue => Ok(()),
            Silence::Abort => Err(Stop::Refused(format!("not approved ({why}): {text}"))),
            Silence::Escalate(role) => {
                Err(Stop::Escalate { role: role.clone(), text: format!("not approved ({why}): {text}") })
            }
        }
    }

    /// Tells a channel or pages a role. A message that cannot be sent is written down and fails nothing.
    pub async fn notify(&self, channel: &str, text: String, page: bool) -> Result<(), Stop> {
        let request = Request::Notify { channel: channel.to_owned(), text: text.clone(), page };
        let length = self.walk.opened.call_timeout_ns;
        let deadline =
            Bound { at: self.now().run_ns.saturating_add(length), words: "the message's bound".into() };
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
