//! `if` and `decide`: which way the run goes.

use super::context::Cx;
use super::evaluate::truth;
use super::failure::{Flow, Stop};
use super::planning::Here;
use super::question::Found;
use super::statement::block;
use super::visits::Passed;
use crate::event::{Deed, Fact, PointKind};
use crate::program::{Block, Choice, Expr, Statement};
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
        let mut taken = None;
        for (index, (condition, _)) in arms.iter().enumerate() {
            if truth(&self.value(condition)?, condition.span)? {
                taken = Some(index);
                break;
            }
        }
        let body = taken.map_or(otherwise, |index| &arms[index].1);
        if self.is_planned() {
            let here = Here::branch(self.walk.program, arms, taken);
            let chosen = Cx { next: body, rest: self.what_follows(), ..self.clone() };
            chosen.as_planned(&[here], span, Vec::new()).await?;
        }
        match (taken, else_at) {
            (Some(index), _) => self.passed(arms[index].0.span, Passed::Arm),
            (None, Some(at)) => self.passed(at, Passed::Otherwise),
            (None, None) => self.passed(span, Passed::PassedBy),
        }
        block(self, body).await
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
                    self.chosen_as_planned((choice, index), words, when.span).await?;
                    return self.choose(choice, words.to_owned()).await;
                }
                Ok(false) => {}
                Err(Stop::Failure(failure)) => {
                    let reason = format!("`{words}` cannot be evaluated: {}", failure.message);
                    self.passed(else_at, Passed::Otherwise);
                    self.chosen_as_planned((otherwise, arms.len()), &reason, else_at).await?;
                    return self.choose(otherwise, reason).await;
                }
                Err(stop) => return Err(stop),
            }
        }
        self.passed(else_at, Passed::Otherwise);
        self.chosen_as_planned((otherwise, arms.len()), "otherwise", else_at).await?;
        self.choose(otherwise, String::from("otherwise")).await
    }

    /// Returns the arm of a `decide` that is taken, for a plan.
    pub fn chosen(&self, choice: &Choice, index: usize, reason: &str) -> Here {
        let choice = match choice {
            Choice::Resolve(index) => {
                let resolve = &self.walk.program.resolves[*index as usize];
                format!("resolve \"{}\"", self.written(&resolve.title))
            }
            Choice::Escalate { role, .. } => format!("escalate to {role}"),
            Choice::Follow(follow) => format!("follow \"{}\"", follow.file),
            Choice::Block(_) => String::from("a block"),
        };
        Here::new(PointKind::Decide, &format!("{choice}, because {reason}"), &index.to_string())
    }

    async fn chosen_as_planned(
        &self,
        (choice, index): (&'w Choice, usize),
        reason: &str,
        span: Span,
    ) -> Result<(), Stop> {
        if !self.is_planned() {
            return Ok(());
        }
        let next: &'w [Statement] = match choice {
            Choice::Resolve(index) => &self.walk.program.resolves[*index as usize].body,
            Choice::Block(body) => body,
            Choice::Escalate { .. } | Choice::Follow(_) => &[],
        };
        let mut ahead = Found::default();
        if let Choice::Escalate { role, .. } = choice {
            let call = format!("escalate to {role}");
            ahead.push(Deed { call, back: String::from("what was changed is taken back") });
        }
        if let Choice::Follow(follow) = choice {
            self.follow_ahead(follow, "", &mut ahead);
        }
        let here = Cx { next, rest: None, ..self.clone() };
        here.as_planned(&[self.chosen(choice, index, reason)], span, ahead.deeds).await
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
