//! Commands in a text that are known to change something.
//!
//! Owns the way to each program that the text runs: through pipes, groups and substitutions, behind `sudo` and `xargs`,
//! into containers, and into text for another shell. Never an error: what a command does is known to its author alone;
//! what cannot be read is taken to read. Text that is only an argument is no command.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::cells::cells;
use super::changing::{Changes, HARMLESS, TOOLS, Tool};
use super::external::{basename, inner};
use super::given::{Given, NOWHERE, PACKERS, RULES, by_its_own_rules, is_one_of, packed};
use super::names::{self, lists};
use super::plan::Piece;
use super::reader::Reader;
use super::tree::{Command, Part, Redirection, RedirectionKind, Script, Word};
use super::words::is_name;
use super::wrappers::{code_option, is_cluster, takes_next};
use crate::source::Span;

/// Text for another shell inside text for another shell.
const DEEPEST: usize = 6;

/// What `ssh` options take an argument.
const SSH: &str = "BbcDEeFIiJLlmOopQRSWw";

static KNOWN: LazyLock<HashMap<&'static str, Vec<&'static Tool>>> = LazyLock::new(|| {
    let mut known: HashMap<&str, Vec<&Tool>> = HashMap::new();
    for tool in TOOLS {
        tool.names.split_whitespace().for_each(|name| known.entry(name).or_default().push(tool));
    }
    known
});

/// Returns what the commands of a text do that are known to change something, in their order: "`kubectl delete`
/// changes something".
pub(super) fn changes(script: &Script, pieces: &[Piece]) -> Vec<String> {
    let mut found = Vec::new();
    if may_change(pieces) {
        let scratch =
            pieces.iter().any(|piece| matches!(piece, Piece::Text { text, .. } if text.contains("mktemp")));
        Look { scratch, depth: 0 }.each(script, &mut found);
    }
    found
}

/// Returns whether the text is worth a walk: it names one of the programs, or redirects.
fn may_change(pieces: &[Piece]) -> bool {
    pieces.iter().any(|piece| match piece {
        Piece::Text { text, .. } => {
            text.contains('>')
                || text
                    .split(|c: char| !(c.is_ascii_alphanumeric() || "_.-".contains(c)))
                    .any(|word| KNOWN.contains_key(word) || RULES.contains(&word) || PACKERS.contains(&word))
        }
        Piece::Value { .. } => false,
    })
}

/// The walk over a text.
#[derive(Clone, Copy)]
struct Look {
    /// The text makes temporary files: what it does to a variable is done to one of them.
    scratch: bool,
    depth: usize,
}

impl Look {
    /// Adds what each command does, those in blocks by themselves.
    fn each(self, script: &Script, found: &mut Vec<String>) {
        for command in script.commands() {
            if let Command::Compound { heads, scripts, redirections } = command {
                found.extend(heads.iter().find_map(|(_, word)| self.substituted(&word.parts)));
                scripts.iter().for_each(|inner| self.each(inner, found));
                found.extend(self.redirected(redirections));
            } else {
                found.extend(self.command(command));
            }
        }
    }

    fn script(self, script: &Script) -> Option<String> {
        script.commands().find_map(|command| self.command(command))
    }

    fn command(self, command: &Command) -> Option<String> {
        match command {
            Command::Simple { words, assignments, redirections } => self
                .inside(words)
                .or_else(|| self.run(words.get(*assignments..).unwrap_or_default()))
                .or_else(|| self.redirected(redirections)),
            Command::Compound { heads, scripts, redirections } => heads
                .iter()
                .find_map(|(_, word)| self.substituted(&word.parts))
                .or_else(|| scripts.iter().find_map(|script| self.script(script)))
                .or_else(|| self.redirected(redirections)),
            Command::Test { items, redirections } => {
                self.inside(items).or_else(|| self.redirected(redirections))
            }
            Command::Function { body, .. } => self.command(body),
        }
    }

    /// Looks at the commands inside words.
    fn inside(self, words: &[Word]) -> Option<String> {
        words.iter().find_map(|word| self.substituted(&word.parts))
    }

    fn substituted(self, parts: &[Part]) -> Option<String> {
        parts.iter().find_map(|part| match part {
            Part::Commands(script) | Part::Process(script) => self.script(script),
            Part::Expansion { operand: parts, .. } | Part::Read { parts, .. } => self.substituted(parts),
            Part::Array(words) => self.inside(words),
            Part::Text { .. } | Part::Value(_) | Part::Raw(_) => None,
        })
    }

    fn redirected(self, redirections: &[Redirection]) -> Option<String> {
        redirections.iter().find_map(|redirection| {
            if let Some(found) = self.substituted(&redirection.target.parts) {
                return Some(found);
            }
            let target = &redirection.target;
            let to_file = match redirection.kind {
                RedirectionKind::File => true,
                // `>&2`, `>&-`, `>&$fd`; `>& file` is a file.
                RedirectionKind::Descriptor => target
                    .literal()
                    .is_some_and(|to| !to.trim_end_matches('-').chars().all(|c| c.is_ascii_digit())),
                RedirectionKind::HereString | RedirectionKind::HereDocument(_) => false,
            };
            let process = target.parts.iter().any(|part| matches!(part, Part::Process(_)));
            let written = redirection.writes && to_file && !process && !self.is_harmless(target);
            written.then(|| match target.literal() {
                Some(file) => format!("`> {file}` writes a file"),
                None => String::from("`>` writes a file"),
            })
        })
    }

    /// Returns whether writing there changes nothing that stays.
    fn is_harmless(self, file: &Word) -> bool {
        let begins = file.prefix();
        NOWHERE.iter().any(|nowhere| begins.starts_with(nowhere)) || self.is_scratch(file)
    }

    fn is_scratch(self, file: &Word) -> bool {
        let held = file.parts.iter().find(|part| !matches!(part, Part::Text { text, .. } if text.is_empty()));
        self.scratch && matches!(held, Some(Part::Expansion { .. }))
    }

    /// Looks at a simple command, its assignments left out.
    fn run(self, words: &[Word]) -> Option<String> {
        let (first, arguments) = words.split_first()?;
        let path = first.literal()?;
        let name = basename(&path);
        let own =
            KNOWN.get(name).and_then(|tools| tools.iter().find_map(|tool| self.tool(name, tool, arguments)));
        own.or_else(|| by_its_own_rules(name, arguments))
            .or_else(|| self.packs(name, arguments))
            .or_else(|| self.carried(name, words))
    }

    fn packs(self, name: &str, arguments: &[Word]) -> Option<String> {
        let touched = packed(name, arguments).filter(|_| PACKERS.contains(&name))?;
        let only_scratch = !touched.is_empty() && touched.iter().all(|word| self.is_scratch(word));
        (!only_scratch).then(|| format!("`{name}` changes something"))
    }

    /// Looks at what a program runs that runs others.
    fn carried(self, name: &str, words: &[Word]) -> Option<String> {
        if name == "command" && words.get(1).is_some_and(|w| ["-v", "-V"].contains(&w.prefix().as_str())) {
            return None;
        }
        if let Some(wrapper) = names::wrapper(name) {
            let mut operands = wrapper.operands;
            let mut at = 1;
            while let Some(word) = words.get(at) {
                let prefix = word.prefix();
                at += 1;
                if let Some(attached) = code_option(wrapper, word) {
                    return if attached { None } else { self.text(words.get(at)?) };
                }
                let assigns =
                    wrapper.assignments && prefix.split_once('=').is_some_and(|(name, _)| is_name(name));
                if prefix.starts_with('-') && prefix.len() > 1 {
                    at += usize::from(takes_next(word, &prefix, wrapper.short, wrapper.long));
                } else if !assigns && operands > 0 {
                    operands -= 1;
                } else if !assigns {
                    return self.run(words.get(at - 1..).unwrap_or_default());
                }
            }
            return None;
        }
        if names::is_shell(name) {
            let code = words.iter().skip(1).position(|word| {
                let prefix = word.prefix();
                is_cluster(&prefix) && prefix.contains('c')
            })?;
            return self.text(words.get(code + 2)?);
        }
        match name {
            "eval" => self.joined(words.get(1..).unwrap_or_default()),
            "ssh" | "autossh" => self.remote(words),
            "find" | "gfind" => {
                let runs =
                    |word: &Word| ["-exec", "-execdir", "-ok", "-okdir"].contains(&word.prefix().as_str());
                let at = words.iter().position(runs)?;
                let rest = words.get(at + 1..).unwrap_or_default();
                let ends = |w: &Word| w.literal().is_some_and(|l| l == ";" || l == "+");
                self.run(rest.split(ends).next().unwrap_or_default())
                    .or_else(|| self.carried(name, rest.get(rest.iter().position(ends)?..)?))
            }
            _ if names::is_container(name) => self.run(words.get(inner(name, words)?..)?),
            _ => None,
        }
    }

    /// Looks at what runs on another machine: a shell there reads the words behind the host as one text.
    fn remote(self, words: &[Word]) -> Option<String> {
        let mut at = 1;
        while let Some(word) = words.get(at) {
            let prefix = word.prefix();
            at += 1;
            if !prefix.starts_with('-') || prefix.len() < 2 {
                break;
            }
            at += usize::from(takes_next(word, &prefix, SSH, ""));
        }
        self.joined(words.get(at..).unwrap_or_default())
    }

    fn joined(self, words: &[Word]) -> Option<String> {
        let text: Vec<String> =
            words.iter().map(|word| word.literal().unwrap_or_else(|| word.prefix())).collect();
        self.shell_text(&text.join(" "))
    }

    fn text(self, word: &Word) -> Option<String> {
        self.shell_text(&word.literal()?)
    }

    fn shell_text(self, text: &str) -> Option<String> {
        if self.depth >= DEEPEST || text.trim().is_empty() {
            return None;
        }
        let pieces = [Piece::Text { text: text.to_owned(), span: Span::default() }];
        let script = Reader::new(cells(&pieces)).whole_script().ok()?;
        Look { depth: self.depth + 1, ..self }.script(&script)
    }

    /// Returns what a program of the table does with these arguments, if that changes something.
    fn tool(self, name: &str, tool: &Tool, arguments: &[Word]) -> Option<String> {
        let given = Given::of(tool, arguments);
        let harmless = |option: &String| {
            let name = option.split('=').next().unwrap_or(option);
            option != "--dry-run=none" && (lists(HARMLESS, name) || lists(tool.unless, name))
        };
        if given.options.iter().any(harmless) {
            return None;
        }
        let first = given.operand(0);
        let second = given.operand(1);
        let what = match tool.changes {
            Changes::Always => {
                // What is taken away are all of them, what is written is the last.
                let touched = if name == "rm" { given.operands.as_slice() } else { given.last() };
                let only_scratch = !touched.is_empty() && touched.iter().all(|word| self.is_scratch(word));
                (!only_scratch).then(|| name.to_owned())?
            }
            Changes::Operands => {
                let real = given.operands.iter().any(|word| !self.is_harmless(word));
                real.then(|| name.to_owned())?
            }
            Changes::Words(words) if !words.contains(&first) => return None,
            Changes::Words(words) => {
                words.split_whitespace().find_map(|known| match known.split_once('/') {
                    Some((a, b)) => (first == a && second == b).then(|| format!("{name} {a} {b}")),
                    None => (first == known).then(|| format!("{name} {known}")),
                })?
            }
            Changes::Second(words) => lists(words, &second).then(|| format!("{name} {first} {second}"))?,
            Changes::SecondBegins(words) => words
                .split_whitespace()
                .any(|begin| second.starts_with(begin) && !second.contains("query"))
                .then(|| format!("{name} {first} {second}"))?,
            // What is quoted is a text, not a verb.
            Changes::Anywhere(words) => (given.operands.iter().filter(|word| !word.is_quoted()))
                .filter_map(|word| word.literal())
                .find(|operand| lists(words, operand))
                .map(|operand| format!("{name} … {operand}"))?,
            Changes::Options(options) => {
                let found = given.options.iter().find(|option| is_one_of(options, option))?;
                format!("{name} {}", found.split('=').next().unwrap_or(found))
            }
            Changes::Sql(options) => {
                return given.sql(options).map(|word| format!("`{word}` changes something"));
            }
        };
        Some(format!("`{what}` changes something"))
    }
}
