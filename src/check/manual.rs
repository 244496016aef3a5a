//! What help says of the modules, native and in the language: one model of both.
//!
//! Owns how the comment above an action is read: its description, then `Gives:` with the fields of the result, `Undo:`, and
//! `Example:`. Never decides how it is shown.

use serde::Serialize;

use super::stdlib;
use crate::program::Effect;
use crate::program::native::{self, Native};
use crate::source::{Sources, Span};
use crate::syntax::{self, ast};

/// A module.
#[derive(Clone, Debug, Serialize)]
pub struct Module {
    pub name: String,
    /// One line.
    pub about: String,
    /// Whether it is in the binary, else it is written in the language.
    pub native: bool,
    /// What holds for all of it, in paragraphs.
    pub introduction: Vec<String>,
    /// Programs that it needs.
    pub tools: Vec<String>,
    pub actions: Vec<Action>,
}

/// An action of a module.
#[derive(Clone, Debug, Serialize)]
pub struct Action {
    /// As it is called: `tcp.open`.
    pub name: String,
    pub effect: Effect,
    pub params: Vec<Param>,
    /// The type of its result; empty where it returns nothing.
    pub returns: String,
    /// In paragraphs.
    pub description: Vec<String>,
    /// The fields of its result.
    pub gives: Vec<Field>,
    /// Whether `gives` speaks of each item of a list.
    pub each: bool,
    /// How it is taken back; empty where it only reads.
    pub undo: String,
    pub example: String,
}

/// A parameter of an action.
#[derive(Clone, Debug, Serialize)]
pub struct Param {
    pub name: String,
    #[serde(rename = "type")]
    pub ty: String,
    /// As it would be written; `None` where it must be given, empty where nothing stands for it.
    pub default: Option<String>,
    pub description: String,
}

/// A field of a result.
#[derive(Clone, Debug, Serialize)]
pub struct Field {
    pub name: String,
    pub description: String,
}

/// Returns every module, by name.
pub fn modules() -> Vec<Module> {
    let mut all: Vec<Module> = native::modules().map(of_binary).collect();
    all.extend(stdlib::names().map(of_language));
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

impl Action {
    /// Returns its first line: `tcp.open(host: text, port: int, timeout: duration = 3s) -> bool`.
    pub fn signature(&self) -> String {
        let params: Vec<_> = self
            .params
            .iter()
            .map(|p| match p.default.as_deref() {
                None => format!("{}: {}", p.name, p.ty),
                Some("") => format!("{}: {} = …", p.name, p.ty),
                Some(default) => format!("{}: {} = {default}", p.name, p.ty),
            })
            .collect();
        let returns = if self.returns.is_empty() { String::new() } else { format!(" -> {}", self.returns) };
        format!("{}({}){returns}", self.name, params.join(", "))
    }

    /// Returns `reads` or `changes`.
    pub fn does(&self) -> &'static str {
        match self.effect {
            Effect::Reads => "reads",
            Effect::Changes => "changes",
        }
    }
}

fn of_binary(name: &str) -> Module {
    Module {
        name: name.to_owned(),
        about: native::about(name).unwrap_or_default().to_owned(),
        native: true,
        introduction: Vec::new(),
        tools: Vec::new(),
        actions: native::all().iter().filter(|native| native.module == name).map(native_action).collect(),
    }
}

fn native_action(native: &Native) -> Action {
    let returns = native.returns.to_string();
    Action {
        name: format!("{}.{}", native.module, native.name),
        effect: native.effect,
        params: native
            .params
            .iter()
            .map(|param| Param {
                name: param.name.to_owned(),
                ty: param.ty.to_string(),
                default: (!param.required).then(|| param.default.to_owned()),
                description: match param.secret {
                    true => format!("{}; may be a secret", param.description),
                    false => param.description.to_owned(),
                },
            })
            .collect(),
        returns: if returns == "none" { String::new() } else { returns },
        description: vec![native.description.to_owned()],
        gives: native
            .fields
            .iter()
            .map(|(name, text)| Field { name: (*name).to_owned(), description: (*text).to_owned() })
            .collect(),
        each: false,
        undo: native.undo.to_owned(),
        example: native.example.to_owned(),
    }
}

fn of_language(name: &str) -> Module {
    of_text(name, &stdlib::source_name(name), stdlib::text(name).unwrap_or_default())
}

/// Returns the module that stands in a file; of one that is none, what could be read. `path`: of the file.
pub fn of_text(name: &str, path: &str, text: &str) -> Module {
    let mut sources = Sources::default();
    let source = sources.add(path, text);
    let file = syntax::parse(source, text).file;
    let mut module = Module {
        name: name.to_owned(),
        about: String::new(),
        native: false,
        introduction: Vec::new(),
        tools: Vec::new(),
        actions: Vec::new(),
    };
    let Some(file) = file else {
        return module;
    };
    if let ast::Head::Module { name, description } = &file.head.node {
        module.name.clone_from(&name.node);
        module.about = description.as_ref().and_then(|text| text.node.literal()).unwrap_or_default();
    }
    let above = comment(text, file.head.span);
    module.introduction = paragraphs(&above);
    for field in file.fields() {
        if let ast::Field::NeedsTool(tool) = field.node {
            module.tools.extend(tool.node.literal());
        }
    }
    module.actions =
        file.actions().map(|action| action_of(&module.name, text, action.node, action.span)).collect();
    module
}

fn action_of(module: &str, text: &str, action: &ast::Action, span: Span) -> Action {
    let written = |span: Span| {
        let words: Vec<_> = slice(text, span).split_whitespace().collect();
        words.join(" ")
    };
    let parts = Parts::of(&comment(text, span));
    Action {
        name: format!("{module}.{}", action.name.node),
        effect: match action.effect.node {
            ast::Effect::Reads => Effect::Reads,
            ast::Effect::Changes => Effect::Changes,
        },
        params: action
            .params
            .iter()
            .map(|param| Param {
                name: param.node.name.node.clone(),
                ty: written(param.node.kind.span),
                default: param.node.default.as_ref().map(|default| written(default.span)),
                description: param
                    .node
                    .description
                    .as_ref()
                    .and_then(|text| text.node.literal())
                    .unwrap_or_default(),
            })
            .collect(),
        returns: action.returns.as_ref().map(|ty| written(ty.span)).unwrap_or_default(),
        description: parts.description,
        gives: parts.gives,
        each: parts.each,
        undo: parts.undo,
        example: parts.example,
    }
}

fn slice(text: &str, span: Span) -> &str {
    text.get(span.start as usize..span.end as usize).unwrap_or_default()
}

/// Returns the lines of the comment right above a place, without their `#` and the blank behind it.
fn comment(text: &str, span: Span) -> Vec<&str> {
    let before = text.get(..span.start as usize).unwrap_or_default();
    let mut lines: Vec<_> = before.lines().rev().take_while(|line| line.starts_with('#')).collect();
    lines.reverse();
    bare(&lines)
}

/// Returns lines of a comment without their `#` and the blank behind it.
fn bare<'t>(lines: &[&'t str]) -> Vec<&'t str> {
    let text = |line: &&'t str| {
        let line = line.strip_prefix('#').unwrap_or(line);
        line.strip_prefix(' ').unwrap_or(line)
    };
    lines.iter().map(text).collect()
}

/// Returns what the comment right above the first line of a file says, in paragraphs.
pub fn introduction(text: &str) -> Vec<String> {
    let lines: Vec<_> = text.lines().take_while(|line| line.is_empty() || line.starts_with('#')).collect();
    let above = lines.rsplit(|line| line.is_empty()).next().unwrap_or_default();
    paragraphs(&bare(above))
}

/// Returns what the comment above an action says of it, in paragraphs.
pub fn description(text: &str, span: Span) -> Vec<String> {
    Parts::of(&comment(text, span)).description
}

/// Returns lines as paragraphs; an empty line parts them.
fn paragraphs(lines: &[&str]) -> Vec<String> {
    lines
        .split(|line| line.trim().is_empty())
        .filter(|paragraph| !paragraph.is_empty())
        .map(|paragraph| paragraph.join(" "))
        .collect()
}

/// The parts of the comment above an action.
#[derive(Default)]
struct Parts {
    description: Vec<String>,
    gives: Vec<Field>,
    each: bool,
    undo: String,
    example: String,
}

impl Parts {
    fn of(lines: &[&str]) -> Parts {
        let heads = ["Gives:", "Gives, each:", "Undo:", "Example:"];
        let is_head = |line: &&str| heads.iter().any(|head| line.starts_with(head));
        let first = lines.iter().position(is_head).unwrap_or(lines.len());
        let mut parts = Parts { description: paragraphs(&lines[..first]), ..Parts::default() };
        let mut rest = &lines[first..];
        while let Some((head, below)) = rest.split_first() {
            let end = below.iter().position(is_head).unwrap_or(below.len());
            parts.take(head, &below[..end]);
            rest = &below[end..];
        }
        parts
    }

    fn take(&mut self, head: &str, below: &[&str]) {
        if let Some(undo) = head.strip_prefix("Undo:") {
            let mut all = vec![undo.trim()];
            all.extend(below.iter().map(|line| line.trim()));
            self.undo = all.join(" ").trim().to_owned();
        } else if head.starts_with("Example:") {
            let lines: Vec<_> = below.iter().map(|line| line.strip_prefix("  ").unwrap_or(line)).collect();
            self.example = lines.join("\n").trim_end().to_owned();
        } else {
            self.each = head.contains("each");
            for line in below {
                let bare = line.strip_prefix("  ").unwrap_or(line);
                match (bare.split_once(": "), self.gives.last_mut()) {
                    (_, Some(last)) if bare.starts_with(' ') => {
                        last.description.push(' ');
                        last.description.push_str(bare.trim());
                    }
                    (Some((name, description)), _) => {
                        self.gives.push(Field { name: name.to_owned(), description: description.to_owned() });
                    }
                    (None, _) => {}
                }
            }
        }
    }
}
