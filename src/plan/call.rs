//! Calls and changes of a plan, with the bodies of actions and what takes a change back.
//!
//! Owns that an action's body stands once: where it is called first.

use super::build::Builder;
use super::{Kind, Node, path};
use crate::check::manual;
use crate::program::{Call, Ending, Expr, Run, Statement, StatementKind, Target};
use crate::source::Span;

impl<'p> Builder<'p> {
    /// Adds to a node what an expression calls: the bodies that have not been shown yet.
    pub fn called(&mut self, node: &mut Node, expr: &'p Expr) {
        for (_, call) in crate::expression::calls(expr) {
            self.named(node, call);
            let body = self.body(call);
            node.children.extend(body);
        }
    }

    /// Says by name what is called.
    fn named(&self, node: &mut Node, call: &Call) {
        if !self.told {
            return;
        }
        match &call.target {
            Target::Action { action, .. } => {
                node.clauses.push(("calls", self.program().action(*action).name.clone()));
            }
            Target::Native { module, function, .. } => {
                node.clauses.push(("calls", format!("{module}.{function}")));
            }
            Target::Command(_) | Target::Manual(_) => {}
        }
    }

    /// Adds what only somebody asks who makes the call by hand.
    fn by_hand(&self, node: &mut Node, call: &Call) {
        let written = self.sources.text(call.span).trim_start();
        let fence = written.strip_prefix("```").and_then(|rest| rest.split_whitespace().next());
        if let (Target::Command(_), Some(interpreter)) = (&call.target, fence) {
            node.clauses.push(("script", interpreter.to_owned()));
        }
        if call.tried {
            node.clauses.push(("try", String::new()));
        }
        if !call.allow_exit.is_empty() {
            let allowed: Vec<_> = call.allow_exit.iter().map(ToString::to_string).collect();
            node.clauses.push(("allow exit", allowed.join(", ")));
        }
    }

    fn typed(&self, call: &Call) -> String {
        if self.told { self.known.call_in_lines(call) } else { self.known.call(call) }
    }

    pub fn call(&mut self, kind: Kind, slot: Option<u32>, call: &'p Call, span: Span) -> Node {
        let typed = self.typed(call);
        let typed = match kind {
            Kind::Manual => typed.trim_start_matches("manual ").to_owned(),
            _ => typed,
        };
        let mut named = None;
        let text = match (slot, kind) {
            (Some(_), Kind::Check | Kind::Run) => {
                let source = self.sources.text(span);
                let name =
                    source.trim_start_matches(kind.word()).split('=').next().unwrap_or_default().trim();
                named = self.told.then(|| ("as", name.to_owned()));
                if self.told { typed } else { format!("{name} = {typed}") }
            }
            _ => typed,
        };
        let mut node = self.node(kind, text, span);
        node.effect = Some(call.effect);
        node.clauses.extend(named);
        self.named(&mut node, call);
        if self.told {
            self.by_hand(&mut node, call);
        }
        for (name, expr) in &call.env {
            let text = match self.told {
                true => format!("{name}={}", self.known.filled(expr)),
                false => format!("{name}: {}", self.known.expr(expr)),
            };
            node.clauses.push(("with env", text));
        }
        let clauses = [
            ("with dir", &call.dir),
            ("with user", &call.user),
            ("with stdin", &call.stdin),
            ("timeout", &call.timeout),
        ];
        for (word, expr) in clauses {
            if let Some(expr) = expr {
                let text = match word {
                    "with stdin" if self.told => self.known.filled(expr),
                    _ => self.known.expr(expr),
                };
                node.clauses.push((word, text));
            }
        }
        node.children.extend(self.body(call));
        if let Target::Action { action, .. } = &call.target {
            node.inside = self.opened.get(&action.0).cloned().flatten();
        }
        node
    }

    /// Returns the body of an action that was not shown yet.
    fn body(&mut self, call: &'p Call) -> Option<Node> {
        let Target::Action { action: id, .. } = &call.target else { return None };
        if self.opened.contains_key(&id.0) {
            return None;
        }
        self.opened.insert(id.0, None);
        let action = self.program().action(*id);
        let children = self.block(&action.body);
        self.opened.insert(id.0, path::no_return(&children).into_iter().next());
        let mut node = self.node(Kind::Action, action.name.as_str(), action.span);
        if self.told {
            let takes: Vec<_> =
                action.locals[..action.params].iter().map(|slot| slot.name.as_str()).collect();
            node.clauses.push(("takes", takes.join(", ")));
            let text = self.sources.get(action.span.source).map_or("", |source| &source.text);
            node.clauses
                .extend(manual::description(text, action.span).into_iter().map(|text| ("about", text)));
        }
        (!children.is_empty()).then_some(Node { children, ..node })
    }

    pub fn change(&mut self, run: &'p Run, span: Span) -> Node {
        let kind = if matches!(run.call.target, Target::Manual(_)) { Kind::Manual } else { Kind::Run };
        let mut node = self.call(kind, run.slot, &run.call, span);
        if let Target::Manual(manual) = &run.call.target {
            node = self.asked(node, &manual.by, &manual.within, &manual.on_silence);
            if let Some((until, every)) = &manual.until {
                node.clauses.push(("until", self.known.source(until)));
                node.clauses.push(("every", self.known.expr(every)));
                self.called(&mut node, until);
            }
        }
        if let Some(done_when) = &run.done_when {
            node.clauses.push(("done when", self.known.source(done_when)));
            self.called(&mut node, done_when);
        }
        let ending = match &run.ending {
            Ending::Own => None,
            Ending::Undo(undo) => {
                let one = match undo.body.as_slice() {
                    [Statement { kind: StatementKind::Run(one), .. }] => Some(one),
                    _ => None,
                };
                let mut back = match one {
                    Some(one) => {
                        let text = self.typed(&one.call);
                        Node { kind: Kind::Undo, text, ..self.change(one, undo.span) }
                    }
                    None => {
                        let children = self.block(&undo.body);
                        Node { children, ..self.node(Kind::Undo, "", undo.span) }
                    }
                };
                if undo.safe {
                    back.clauses.push(("safe", String::new()));
                }
                Some(back)
            }
            Ending::Leave(why) => Some(self.node(Kind::Leave, self.known.text(why), why.span)),
            Ending::Irreversible(why) => Some(self.node(Kind::Irreversible, self.known.text(why), why.span)),
        };
        node.children.extend(ending);
        if let Some(call) = &run.finally {
            let finally = self.call(Kind::Finally, None, call, call.span);
            node.children.push(finally);
        }
        node
    }
}
