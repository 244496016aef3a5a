//! Calls and changes of a plan, with the bodies of actions and what takes a change back.
//!
//! Owns that an action's body stands once: where it is called first.

use super::build::Builder;
use super::{Kind, Node, path};
use crate::program::{Call, Ending, Expr, Run, Statement, StatementKind, Target};
use crate::source::Span;

impl<'p> Builder<'p> {
    /// Returns the calls of an expression whose bodies have not been shown yet.
    pub fn calls(&mut self, expr: &'p Expr) -> Vec<Node> {
        let calls = crate::expression::calls(expr);
        calls.into_iter().filter_map(|(_, call)| self.body(call)).collect()
    }

    pub fn call(&mut self, kind: Kind, slot: Option<u32>, call: &'p Call, span: Span) -> Node {
        let typed = self.known.call(call);
        let typed = match kind {
            Kind::Manual => typed.trim_start_matches("manual ").to_owned(),
            _ => typed,
        };
        let text = match (slot, kind) {
            (Some(_), Kind::Check | Kind::Run) => {
                let source = self.sources.text(span);
                let name =
                    source.trim_start_matches(kind.word()).split('=').next().unwrap_or_default().trim();
                format!("{name} = {typed}")
            }
            _ => typed,
        };
        let mut node = self.node(kind, text, span);
        node.effect = Some(call.effect);
        for (name, expr) in &call.env {
            node.clauses.push(("with env", format!("{name}: {}", self.known.expr(expr))));
        }
        let clauses = [
            ("with dir", &call.dir),
            ("with user", &call.user),
            ("with stdin", &call.stdin),
            ("timeout", &call.timeout),
        ];
        for (word, expr) in clauses {
            if let Some(expr) = expr {
                node.clauses.push((word, self.known.expr(expr)));
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
        let node = self.node(Kind::Action, action.name.as_str(), action.span);
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
            }
        }
        if let Some(done_when) = &run.done_when {
            node.clauses.push(("done when", self.known.source(done_when)));
            let calls = self.calls(done_when);
            node.children.extend(calls);
        }
        let ending = match &run.ending {
            Ending::Own => None,
            Ending::Undo(undo) => {
                let one = match undo.body.as_slice() {
                    [Statement { kind: StatementKind::Run(one), .. }] => Some(one),
                    _ => None,
                };
                let text = one.map_or_else(String::new, |one| self.known.call(&one.call));
                let mut back = self.node(Kind::Undo, text, undo.span);
                if undo.safe {
                    back.clauses.push(("safe", String::new()));
                }
                back.children = match one {
                    Some(one) => self.body(&one.call).into_iter().collect(),
                    None => self.block(&undo.body),
                };
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
