//! A file and what stands at its top: fields, imports, parameters, secrets, actions.
//!
//! Owns the order in which things were written. Never decides which of them a kind of file may hold.

use jiff::civil::Date;

use super::{Block, Drill, Expr, Name, Phase, Symptom, Text};
use crate::source::Spanned;

/// One `.runbook` file.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// The first line.
    pub head: Spanned<Head>,
    /// Everything below it, as written and in order.
    pub items: Vec<Spanned<Item>>,
    /// What is not in `items` because it could not be read.
    pub unread: Unread,
}

/// What sentences that could not be read, about which enough was said, would have brought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unread {
    /// Names that they would have bound.
    pub names: Vec<String>,
    /// First words of sections among them.
    pub sections: Vec<String>,
}

/// The first line: what the file is.
#[derive(Clone, Debug, PartialEq)]
pub enum Head {
    Runbook { title: Text },
    Change { title: Text },
    Checklist { title: Text },
    Module { name: Name, description: Option<Text> },
    Drills { file: Text },
}

/// What may stand at the top level.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a tree is built once and walked; a box for each would cost more"
)]
pub enum Item {
    Field(Field),
    Use(Use),
    Param(Param),
    Secret(Secret),
    /// `let NAME = EXPR`.
    Let {
        name: Name,
        value: Expr,
    },
    Symptom(Symptom),
    Phase(Phase),
    Prevention(Text),
    Action(Action),
    Section(Section),
    Drill(Drill),
}

macro_rules! items_of {
    ($($(#[$doc:meta])* $method:ident: $variant:ident => $what:ty;)*) => {
        impl File {
            $($(#[$doc])*
            pub fn $method(&self) -> impl Iterator<Item = Spanned<&$what>> {
                self.items.iter().filter_map(|item| match &item.node {
                    Item::$variant(it) => Some(Spanned::new(it, item.span)),
                    _ => None,
                })
            })*
        }
    };
}

items_of! {
    /// Returns the fields in order.
    fields: Field => Field;
    /// Returns the imports in order.
    uses: Use => Use;
    /// Returns the parameters in order.
    params: Param => Param;
    /// Returns the secrets in order.
    secrets: Secret => Secret;
    /// Returns the symptoms in order.
    symptoms: Symptom => Symptom;
    /// Returns diagnose, resolve, rollback and their kin in order.
    phases: Phase => Phase;
    /// Returns the actions in order.
    actions: Action => Action;
    /// Returns a checklist's sections in order.
    sections: Section => Section;
    /// Returns the drills in order.
    drills: Drill => Drill;
}

/// A line about the file itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    Severity(Spanned<Severity>),
    Owner(Text),
    Reviewed(Spanned<Date>),
    Rto(Expr),
    Impact(Text),
    Tags(Vec<Text>),
    Kind(Spanned<ChangeKind>),
    Window(Window),
    Freeze {
        from: Spanned<Date>,
        to: Spanned<Date>,
        why: Option<Text>,
    },
    NeedsTool(Text),
    Concurrency {
        key: Text,
        busy: Spanned<Busy>,
    },
    /// `pass when EXPR`.
    Pass(Expr),
}

impl Field {
    /// Returns the word the field begins with.
    pub fn word(&self) -> &'static str {
        match self {
            Field::Severity(_) => "severity",
            Field::Owner(_) => "owner",
            Field::Reviewed(_) => "reviewed",
            Field::Rto(_) => "rto",
            Field::Impact(_) => "impact",
            Field::Tags(_) => "tags",
            Field::Kind(_) => "kind",
            Field::Window(_) => "window",
            Field::Freeze { .. } => "freeze",
            Field::NeedsTool(_) => "needs",
            Field::Concurrency { .. } => "concurrency",
            Field::Pass(_) => "pass",
        }
    }
}

/// `P0` (worst) to `P4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    P0,
    P1,
    P2,
    P3,
    P4,
}

/// `kind` of a change; picks the approval policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    Standard,
    Normal,
    Emergency,
}

/// `window mon..thu 09:00..16:00 "Europe/Berlin"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Ranges, both ends included; a single day is a range of itself.
    pub days: Vec<Spanned<(Weekday, Weekday)>>,
    pub from: Spanned<Clock>,
    pub to: Spanned<Clock>,
    pub zone: Option<Text>,
}

/// A day of the week as three letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// A time of day, `00:00` to `24:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Clock {
    pub hour: u8,
    pub minute: u8,
}

/// What a second run does while one with the same key is going.
#[derive(Clone, Debug, PartialEq)]
pub enum Busy {
    Refuse,
    Wait(Expr),
}

/// `use postgres`, `use "./edge.runbook" as edge`.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    pub source: UseSource,
    pub alias: Option<Name>,
}

/// Where a module comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum UseSource {
    /// A module of the standard library or of the binary.
    Library(Name),
    /// A file, relative to this one.
    Path(Text),
}

/// `param name: type "description" = default`, and a parameter of an action.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    pub name: Name,
    pub kind: Spanned<Type>,
    pub description: Option<Text>,
    pub default: Option<Expr>,
}

/// A type as written.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    Text,
    Int,
    Number,
    Bool,
    Duration,
    Percent,
    Size,
    Time,
    Record,
    Any,
    List(Box<Spanned<Type>>),
    /// `one of "eu", "us"`; in an `ask` also one list read before, which is one expression here.
    OneOf(Vec<Expr>),
    /// `int in 1..50`, both ends included.
    Range {
        of: Box<Spanned<Type>>,
        from: Box<Expr>,
        to: Box<Expr>,
    },
}

/// `secret name "description" = env("X") else file("/run/x")`.
#[derive(Clone, Debug, PartialEq)]
pub struct Secret {
    pub name: Name,
    pub description: Option<Text>,
    /// Tried in order; never empty in a file without errors.
    pub sources: Vec<Spanned<SecretSource>>,
}

/// Where a secret is read from.
#[derive(Clone, Debug, PartialEq)]
pub enum SecretSource {
    Env(Text),
    File(Text),
    Command(Text),
}

/// `action name(a: text) -> type reads { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    pub name: Name,
    pub params: Vec<Spanned<Param>>,
    pub returns: Option<Spanned<Type>>,
    pub effect: Spanned<Effect>,
    pub body: Block,
}

/// What an action does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    Reads,
    Changes,
}

/// `section "…" { item … }` of a checklist.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    pub title: Text,
    pub items: Vec<Spanned<ChecklistItem>>,
}

/// `item "…" weight 2 critical { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct ChecklistItem {
    pub title: Text,
    pub weight: Option<Expr>,
    pub critical: bool,
    pub body: Block,
}
