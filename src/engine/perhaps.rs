//! Ways of a dry run of which nobody knows whether they would be taken.
//!
//! Of a branch that hangs on what is unknown every way is shown, in a frame of its own; where all is known, the one that
//! is taken. Never decides what becomes of a single statement (`dry` does).

use super::context::Cx;
use super::evaluate::truth;
use super::failure::{Flow, Stop};
use super::planning::Here;
use super::run::phase;
use super::statement::block;
use crate::event::{Fact, PhaseKind};
use crate::program::{Block, Choice, Expr};
use crate::source::Span;

impl<'w> Cx<'w> {
    /// Walks statements that may be walked, in a frame of their own: what they bind is unknown afterwards.
    pub async fn perhaps(&self, text: String, why: &str, body: &'w Block) -> Result<(), Stop> {
        self.plan_open(body);
        self.fact(Fact::PerhapsBegan { text, why: why.to_owned() });
        let result = block(&self.forked(), body).await;
        self.fact(Fact::PerhapsEnded);
        self.other_way(result)
    }

    /// Returns how it goes on behind a way that may not be taken: only whoever stops the run ends the others too.
    fn other_way(&self, result: Result<Flow, Stop>) -> Result<(), Stop> {
        match result {
            Err(Stop::Failure(mut failure)) => {
                if !failure.unknown {
                    self.report(&mut failure);
                }
                Ok(())
            }
            Err(stop @ Stop::Operator(_)) => Err(stop),
            _ => Ok(()),
        }
    }

    pub async fn dry_branch(
        &self,
        arms: &'w [(Expr, Block)],
        otherwise: &'w Block,
        span: Span,
    ) -> Result<Flow, Stop> {
        let mut perhaps = false;
        for (index, (condition, body)) in arms.iter().enumerate() {
            let words = format!("if {}", self.source(condition.span));
            match self.value(condition).and_then(|value| truth(&value, condition.span)) {
                Ok(false) => {}
                Ok(true) if perhaps => {
                    let words = format!("else {words}");
                    return self
                        .perhaps(words, "true, where it comes to that", body)
                        .await
                        .map(|()| Flow::Next);
                }
                Ok(true) => {
                    self.plan(&Here::branch(self.walk.program, arms, Some(index)), span);
                    return block(self, body).await;
                }
                Err(failure) if failure.unknown => {
                    perhaps = true;
                    self.perhaps(words, &failure.message, body).await?;
                }
                Err(failure) => return Err(failure.into()),
            }
        }
        if !perhaps {
            self.plan(&Here::branch(self.walk.program, arms, None), span);
            return block(self, otherwise).await;
        }
        if !otherwise.is_empty() {
            self.perhaps(String::from("else"), "where none of these is true", otherwise).await?;
        }
        Ok(Flow::Next)
    }

    pub async fn dry_decide(
        &self,
        arms: &'w [(Expr, Choice)],
        otherwise: &'w Choice,
        else_at: Span,
    ) -> Result<Flow, Stop> {
        let (mut perhaps, mut certain) = (Vec::new(), false);
        for (index, (when, choice)) in arms.iter().enumerate() {
            let words = self.source(when.span);
            match self.down(format!("e{index}")).holds(when).await {
                Ok(false) => {}
                Ok(true) if perhaps.is_empty() => {
                    self.plan(&self.chosen(choice, index, &words), when.span);
                    return self.choose(choice, words).await;
                }
                Ok(true) => {
                    certain = true;
                    perhaps.push((words, String::from("true, where it comes to that"), choice));
                    break;
                }
                Err(Stop::Failure(failure)) if failure.unknown => {
                    perhaps.push((words, failure.message, choice));
                }
                Err(Stop::Failure(failure)) if perhaps.is_empty() => {
                    let reason = format!("`{words}` cannot be evaluated: {}", failure.message);
                    self.plan(&self.chosen(otherwise, arms.len(), &reason), else_at);
                    return self.choose(otherwise, reason).await;
                }
                Err(Stop::Failure(_)) => break,
                Err(stop) => return Err(stop),
            }
        }
        if perhaps.is_empty() {
            self.plan(&self.chosen(otherwise, arms.len(), "otherwise"), else_at);
            return self.choose(otherwise, String::from("otherwise")).await;
        }
        if !certain {
            let why = String::from("where none of these is true, or one cannot be evaluated");
            perhaps.push((String::from("otherwise"), why, otherwise));
        }
        for (words, why, choice) in perhaps {
            self.plan_choice(choice);
            self.fact(Fact::PerhapsBegan { text: words, why });
            let result = self.perhaps_chosen(choice).await;
            self.fact(Fact::PerhapsEnded);
            self.other_way(result)?;
        }
        Ok(Flow::Next)
    }

    async fn perhaps_chosen(&self, choice: &'w Choice) -> Result<Flow, Stop> {
        let here = self.forked();
        match choice {
            Choice::Resolve(index) => {
                let resolve = &self.walk.program.resolves[*index as usize];
                phase(&here, resolve, PhaseKind::Resolve, &format!("resolve{index}")).await
            }
            Choice::Escalate { role, text } => Err(here.would_escalate(role, text, text.span)),
            Choice::Follow(follow) => {
                let way = here.way(follow)?;
                here.down("follow").follow(way).await.map(|()| Flow::Next)
            }
            Choice::Block(body) => block(&here, body).await,
        }
    }
}
