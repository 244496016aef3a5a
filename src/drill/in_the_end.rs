//! What is expected to be true in the end: names with the values that they have then.
//!
//! Owns how such an expression is evaluated, and which values are told where it is not true.

use std::cell::{OnceCell, RefCell};

use super::judge::not_as_expected;
use super::stage::{Ran, Stage};
use crate::diagnostic::Diagnostic;
use crate::engine::Engine;
use crate::expression::{self, Scope, Stop};
use crate::program::{BinaryOp, Expr, ExprKind, NameRef};
use crate::value::Value;

/// Characters of a value that are shown.
const SHOWN: usize = 200;

/// The names as they are in the end.
struct AtTheEnd<'a> {
    stage: &'a Stage,
    ran: &'a Ran,
    /// The interpreter as the run left it, once a name is looked at.
    engine: &'a OnceCell<Result<Engine, String>>,
    /// What was looked at, each a line.
    looked: RefCell<Vec<String>>,
}

impl AtTheEnd<'_> {
    fn value(&self, name: NameRef) -> Option<Value> {
        let again = || self.stage.replay(&self.ran.records).map(|replayed| replayed.engine);
        let engine = self.engine.get_or_init(again).as_ref().ok()?;
        let NameRef::Local(slot) = name else { return engine.name(name) };
        let locals = &self.stage.program.locals;
        let wanted = &locals.get(slot as usize)?.name;
        // Names of several paths may have a slot each.
        let slots = (0u32..).zip(locals).filter(|(_, slot)| slot.name == *wanted);
        slots.filter_map(|(slot, _)| engine.name(NameRef::Local(slot))).last()
    }

    fn look(&self, name: &str, value: Option<&Value>) {
        let shown = value.map_or_else(|| String::from("not bound in this run"), written);
        self.tell(format!("{name} = {shown}"));
    }

    fn tell(&self, line: String) {
        let mut looked = self.looked.borrow_mut();
        if !looked.contains(&line) {
            looked.push(line);
        }
    }
}

impl AtTheEnd<'_> {
    /// Tells the values of both sides of what is compared, where they are computed.
    fn sides(&self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Unary(_, of) => self.sides(of),
            ExprKind::Binary(BinaryOp::And | BinaryOp::Or, one, other) => {
                self.sides(one);
                self.sides(other);
            }
            ExprKind::Binary(_, one, other) => {
                for side in [one, other] {
                    if matches!(side.kind, ExprKind::Literal(_) | ExprKind::Name(_) | ExprKind::Elapsed) {
                        continue;
                    }
                    if let Ok(value) = expression::evaluate(side, self) {
                        self.tell(format!(
                            "{} = {}",
                            self.stage.program.sources.text(side.span),
                            written(&value)
                        ));
                    }
                }
            }
            _ => {}
        }
    }
}

/// Returns a value as it could be written: text in quotes, its lines told apart.
fn written(value: &Value) -> String {
    let text = match value {
        Value::Text(text) | Value::Damaged(text) => text,
        Value::Command(command) => &command.stdout.text,
        other => return other.brief(SHOWN),
    };
    let quoted = serde_json::Value::from(&**text).to_string();
    if quoted.chars().count() <= SHOWN {
        return quoted;
    }
    quoted.chars().take(SHOWN).chain(['…']).collect()
}

impl Scope for AtTheEnd<'_> {
    fn name(&self, name: NameRef) -> Option<Value> {
        let value = self.value(name);
        self.look(&self.describe(name).0, value.as_ref());
        value
    }

    fn describe(&self, name: NameRef) -> (String, String) {
        let program = &self.stage.program;
        let slot = match name {
            NameRef::Local(slot) => program.locals.get(slot as usize),
            NameRef::Global(index) => program.globals.get(index as usize).map(|global| &global.slot),
        };
        slot.map(|slot| (slot.name.clone(), slot.origin.clone())).unwrap_or_default()
    }

    fn elapsed(&self) -> i64 {
        let elapsed = self.ran.elapsed();
        self.look("elapsed", Some(&Value::Duration(elapsed)));
        elapsed
    }

    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(crate::check::drills::BEGINNING + self.ran.elapsed() / 1000)
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

/// Returns what there is instead, if that is not true in the end.
pub(super) fn that(
    stage: &Stage,
    ran: &Ran,
    engine: &OnceCell<Result<Engine, String>>,
    expr: &Expr,
) -> Option<Diagnostic> {
    let scope = AtTheEnd { stage, ran, engine, looked: RefCell::default() };
    let value = expression::evaluate(expr, &scope);
    if let Some(Err(why)) = engine.get() {
        return Some(not_as_expected(why.clone()));
    }
    let unmet = match value {
        Ok(Value::Bool(true)) => return None,
        Ok(_) => {
            scope.sides(expr);
            not_as_expected(format!("`{}` is not true", stage.program.sources.text(expr.span)))
        }
        Err(Stop::Error(error)) => not_as_expected(error.message),
        Err(Stop::NeedCall(_) | Stop::Unknown(_)) => not_as_expected("a call stands where none can be made"),
    };
    Some(scope.looked.take().into_iter().fold(unmet, Diagnostic::note))
}
