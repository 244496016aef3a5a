//! The fields below the first line, and what a kind of file may hold.
//!
//! Owns which field and which section belongs to which kind of file. Never looks into sections.

use super::lower::Lower;
use super::types::constant;
use crate::diagnostic::Diagnostic;
use crate::program::{Concurrency, Fields};
use crate::source::Span;
use crate::syntax::ast::{self, Busy, Field, Head, Item, PhaseWord};
use crate::value::{Type, Value};

/// What the first line says a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Runbook,
    Change,
    Checklist,
    Module,
    Drills,
}

impl Kind {
    /// Returns the kind of a file.
    pub(super) fn of(file: &ast::File) -> Kind {
        match file.head.node {
            Head::Runbook { .. } => Kind::Runbook,
            Head::Change { .. } => Kind::Change,
            Head::Checklist { .. } => Kind::Checklist,
            Head::Module { .. } => Kind::Module,
            Head::Drills { .. } => Kind::Drills,
        }
    }

    /// Returns the word its first line begins with.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Runbook => "runbook",
            Kind::Change => "change",
            Kind::Checklist => "checklist",
            Kind::Module => "module",
            Kind::Drills => "drills",
        }
    }
}

impl Lower<'_> {
    /// Says which parts do not belong into a file of this kind.
    pub fn expect_parts(&mut self) {
        let file = self.file();
        let kind = Kind::of(&file);
        for item in &file.items {
            let (word, fits) = part(kind, &item.node);
            if !fits {
                self.misplaced(kind, word, &item.node, item.span);
            }
        }
    }

    fn misplaced(&mut self, kind: Kind, word: &str, item: &Item, span: Span) {
        let span = match item {
            Item::Phase(phase) => phase.word.span,
            _ => first_line(self, span),
        };
        let d = Diagnostic::error(
            "wrong-file-kind",
            format!("`{word}` does not belong into a `{}`", kind.word()),
        )
        .at(span, "");
        let instead = match (kind, word) {
            (Kind::Runbook, "preflight") => Some("in a runbook this is `diagnose { … }`"),
            (Kind::Runbook, "procedure") => Some("in a runbook this is `resolve \"…\" { … }`"),
            (Kind::Change, "diagnose") => Some("in a change this is `preflight { … }`"),
            (Kind::Change, "resolve") => Some("in a change this is `procedure { … }`"),
            (Kind::Change, "symptom") => Some("an incident is a `runbook \"…\"`"),
            (Kind::Module, "symptom" | "diagnose" | "resolve" | "rollback") => {
                Some("a module holds actions; a file with phases begins with `runbook \"…\"`")
            }
            _ => None,
        };
        self.c.report.push(match instead {
            Some(instead) => d.help(instead),
            None => d,
        });
    }

    /// Returns the fields of the file.
    pub fn fields(&mut self) -> Fields {
        let file = self.file();
        let mut fields = Fields::default();
        for field in file.fields() {
            match field.node {
                Field::Severity(severity) => fields.severity = Some(format!("{:?}", severity.node)),
                Field::Owner(text) => fields.owner = Some(self.c.literal(text, "`owner`")),
                Field::Reviewed(date) => fields.reviewed = Some(date.node.to_string()),
                Field::Rto(e) => fields.rto = self.written_out(e, "`rto`"),
                Field::Impact(text) => fields.impact = Some(self.c.literal(text, "`impact`")),
                Field::Tags(tags) => {
                    fields.tags = tags.iter().map(|t| self.c.literal(t, "a tag")).collect();
                }
                Field::Concurrency { key, busy } => {
                    let key = self.template(key);
                    let wait = match &busy.node {
                        Busy::Refuse => None,
                        Busy::Wait(e) => self.written_out(e, "`wait`"),
                    };
                    fields.concurrency = Some(Concurrency { key, wait });
                }
                Field::Pass(condition) => {
                    let known = matches!(&condition.node, ast::Expression::Binary { .. });
                    if !known {
                        let _ = self.condition(condition, "`pass when`");
                    }
                }
                Field::Kind(_) | Field::Window(_) | Field::Freeze { .. } | Field::NeedsTool(_) => {}
            }
        }
        fields
    }

    /// Returns a duration that is a literal.
    fn written_out(&mut self, e: &ast::Expr, what: &'static str) -> Option<i64> {
        let expr = self.plain_of(e, &Type::Duration, what);
        match constant(&expr) {
            Some(Value::Duration(n)) => return Some(n),
            _ if expr.ty != Type::Duration => {}
            _ => self.c.report.push(
                Diagnostic::error("literal-only", format!("{what} is written out, it cannot be computed"))
                    .at(e.span, ""),
            ),
        }
        None
    }

    /// Adds the tools that the file names.
    pub fn tools(&mut self, tools: &mut Vec<String>) {
        let file = self.file();
        for field in file.fields() {
            if let Field::NeedsTool(text) = field.node {
                let tool = self.c.literal(text, "the name of a tool");
                if !tools.contains(&tool) {
                    tools.push(tool);
                }
            }
        }
    }
}

fn first_line(of: &Lower<'_>, span: Span) -> Span {
    let text = of.c.sources.text(span);
    let length = text.find('\n').unwrap_or(text.len());
    let start = span.start as usize;
    Span::new(span.source, start, start + length)
}

/// Returns the word of a part, and whether it belongs into a file of that kind.
fn part(kind: Kind, item: &Item) -> (&'static str, bool) {
    let incident = kind == Kind::Runbook;
    let change = kind == Kind::Change;
    match item {
        Item::Field(field) => field_of(kind, field),
        Item::Use(_) => ("use", kind != Kind::Drills),
        Item::Param(_) => ("param", kind != Kind::Drills),
        Item::Secret(_) => ("secret", kind != Kind::Drills),
        Item::Let { .. } => ("let", kind != Kind::Drills),
        Item::Action(_) => ("action", kind != Kind::Drills),
        Item::Symptom(_) => ("symptom", incident),
        Item::Prevention(_) => ("prevention", incident),
        Item::Section(_) => ("section", kind == Kind::Checklist),
        Item::Drill(_) => ("drill", true),
        Item::Phase(phase) => {
            let fits = match phase.word.node {
                PhaseWord::Diagnose | PhaseWord::Resolve => incident,
                PhaseWord::Preflight | PhaseWord::Procedure => change,
                PhaseWord::Rollback => incident || change,
            };
            (phase.word.node.word(), fits)
        }
    }
}

fn field_of(kind: Kind, field: &Field) -> (&'static str, bool) {
    let change = kind == Kind::Change;
    let fits = match field {
        Field::Kind(_) | Field::Window(_) | Field::Freeze { .. } => change,
        Field::Pass(_) => kind == Kind::Checklist,
        Field::NeedsTool(_) => kind != Kind::Drills,
        Field::Severity(_) | Field::Impact(_) => kind == Kind::Runbook || change,
        Field::Rto(_) | Field::Concurrency { .. } => kind == Kind::Runbook || change,
        Field::Owner(_) | Field::Reviewed(_) | Field::Tags(_) => kind != Kind::Drills,
    };
    (field.word(), fits)
}
