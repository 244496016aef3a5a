//! What people decided, and how long they took.
//!
//! Owns that fold. Never judges whether that was long.

use serde::Serialize;

use super::Summary;
use crate::event::Moment;

/// An answer, or that there was none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    pub question: String,
    /// Who answered; `None` where nobody did.
    pub who: Option<String>,
    /// The answer in words, or why there is none.
    pub said: String,
    pub asked: Moment,
    /// From being asked to the answer, or to the end of waiting for one, nanoseconds.
    pub took_ns: i64,
    /// How much time there was, nanoseconds; `None` where nothing bounds it.
    pub of_ns: Option<i64>,
}

impl Summary {
    /// Returns the decisions in the order in which they were asked for.
    pub fn decisions(&self) -> Vec<Decision> {
        let mut decisions = Vec::new();
        for approval in &self.approvals {
            let decided = |who: Option<String>, said: String, at: Moment| Decision {
                question: approval.text.clone(),
                who,
                said,
                asked: approval.asked,
                took_ns: at.run_ns.saturating_sub(approval.asked.run_ns),
                of_ns: approval.deadline.map(|deadline| deadline.saturating_sub(approval.asked.run_ns)),
            };
            for answer in &approval.answers {
                decisions.push(decided(Some(answer.who.clone()), answer.said.clone(), answer.at));
            }
            if let Some((at, why, _)) = &approval.silent {
                decisions.push(decided(None, why.clone(), *at));
            } else if approval.answers.is_empty() {
                let at = self.ended.as_ref().map_or(self.last, |ended| ended.at);
                let word = if self.is_over() { "not needed any more" } else { "waiting" };
                decisions.push(decided(None, word.to_owned(), at));
            }
        }
        decisions
    }
}
