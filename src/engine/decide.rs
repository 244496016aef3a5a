//! `if` and `decide`: which way the run goes.

use super::context::Cx;
use super::evaluate::truth;
use super::failure::{Flow, Stop};
use super::statement::block;
use super::visits::Passed;
use crate::event::Fact;
use crate::program::{Block, Choice, Expr};
use crate::source::Span;

impl<'w> Cx<'w> {
    /// Walks the first block whose condition holds; `otherwise` when none does.
    pub async fn branch(
        &self,
        arms: &'w [(Expr, Block)],
        otherwise: &'w Block,
        else_at: Option<Span>,
        span: Span,
    ) -> Result<Flow, Stop> {
        for (condition, body) in arms {
            if truth(&self.value(condition)?, condition.span)? {
                self.passed(condition.span, Passed::Arm);
                return block(self, body).await;
            }
        }
        match else_at {
            Some(at) => self.passed(at, Passed::Otherwise),
            None => self.passed(span, Passed::PassedBy),
        }
        block(self, otherwise).await
    }

    /// Takes the first arm that holds; `otherwise` when none does, or when one cannot be evaluated.
    pub async fn decide(
        &self,
        arms: &'w [(Expr, Choice)],
        otherwise: &'w Choice,
        else_at: Span,
    ) -> Result<Flow, Stop> {
        for (index, (when, choice)) in arms.iter().enumerate() {
            let words = self.walk.program.sources.text(when.span);
            match self.down(format!("e{index}")).holds(when).await {
                Ok(true) => {
                    self.passed(when.span, Passed::Arm);
                    return self.choose(choice, words.to_owned()).await;
                }
                Ok(false) => {}
                Err(Stop::Failure(failure)) => {
                    let reason = format!("`{words}` cannot be evaluated: {}", failure.message);
                    self.passed(else_at, Passed::Otherwise);
                    return self.choose(otherwise, reason).await;
                }
                Err(stop) => return Err(stop),
            }
        }
        self.passed(else_at, Passed::Otherwise);
        self.choose(otherwise, String::from("otherwise")).await
    }

    /// Goes the way that was chosen.
    pub async fn choose(&self, choice: &'w Choice, reason: String) -> Result<Flow, Stop> {
        match choice {
            Choice::Resolve(index) => {
                let resolve = &self.walk.program.resolves[*index as usize];
                let title = self.text_or(&resolve.title, &resolve.name);
                self.fact(Fact::Decided { reason, choice: format!("resolve \"{title}\"") });
                Ok(Flow::Resolve(*index))
            }
            Choice::Escalate { role, text } if self.walk.dry => {
                self.fact(Fact::Decided { reason, choice: format!("escalate to {role}") });
                Err(self.would_escalate(role, text, text.span))
            }
            Choice::Escalate { role, text } => {
                let text = self.text(text)?;
                self.fact(Fact::Decided { reason, choice: format!("escalate to {role}") });
                if self.unwinding {
                    self.notify(role, text, true).await?;
                    return Ok(Flow::Next);
                }
                Err(Stop::Escalate { role: role.clone(), text })
            }
            Choice::Follow(follow) => {
                let way = self.way(follow)?;
                self.fact(Fact::Decided { reason, choice: format!("follow \"{}\"", follow.file) });
                if follow.leaves {
                    return Ok(Flow::Follow(way));
                }
                self.down("follow").follow(way).await?;
                Ok(Flow::Next)
            }
            Choice::Block(body) => {
                self.fact(Fact::Decided { reason, choice: String::from("a block") });
                block(self, body).await
            }
        }
    }
}
