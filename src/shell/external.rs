//! Programs: which of their arguments are data, which are code for a second interpreter.
//!
//! Owns the way to what reads each argument, at any depth: `wrappers` and `interpreters` come back to it for the command
//! they run. The names are in `programs`; a program without an entry takes data.

use super::names::{self, lists};
use super::plan::Start;
use super::positions::{Flow, ReadsCode, Stand, Walk};
use super::programs;
use super::refusal::Refusal;
use super::tree::{Part, Word};
use super::wrappers::{is_cluster, takes, takes_next};

impl Walk<'_> {
    /// Walks a simple command, and returns whether its input is code. `outside`: another program runs it, so there are
    /// no builtins and no functions.
    pub fn run(&mut self, words: &[Word], flow: &Flow, outside: bool) -> ReadsCode {
        let (first, arguments) = words.split_first()?;
        self.refuse(first, &Refusal::command(), flow);
        if first.has_own_value() {
            // One message is enough.
            arguments.iter().for_each(|word| self.word(word, &Stand::argument(), flow));
            return None;
        }
        let Some((name, path)) = program(first) else {
            self.refuse_all(arguments, &Refusal::unknown_command(), flow);
            return None;
        };
        if !outside && !path {
            if self.is_function(&name) {
                return self.call(&name, arguments, flow);
            }
            if name == "command"
                && arguments
                    .first()
                    .and_then(Word::literal)
                    .is_some_and(|o| ["-v", "-V"].contains(&o.as_str()))
            {
                arguments.iter().for_each(|word| self.word(word, &Stand::builtin(false), flow));
                return None;
            }
            if names::is_builtin(&name) && !["command", "builtin", "exec"].contains(&name.as_str()) {
                return self.builtin(&name, words, flow);
            }
        }
        self.program(&name, words, flow, outside || !["command", "builtin"].contains(&name.as_str()))
    }

    fn program(&mut self, name: &str, words: &[Word], flow: &Flow, outside: bool) -> ReadsCode {
        if let Some(wrapper) = names::wrapper(name) {
            return self.wrapped(name, wrapper, words, flow, outside);
        }
        if names::is_shell(name) {
            return self.shell(name, words, flow);
        }
        if let Some(interpreter) = names::interpreter(name) {
            return self.interpreter(name, interpreter, words, flow);
        }
        if let Some((_, help)) = programs::ALL_CODE.iter().find(|(n, _)| *n == name) {
            let refusal = Refusal::interpreter(name, *help);
            self.refuse_all(words.get(1..).unwrap_or_default(), &refusal, flow);
            return Some(refusal);
        }
        match name {
            "find" | "gfind" => self.find(words, flow),
            "ssh" | "autossh" => self.ssh(name, words, flow),
            _ if names::is_container(name) => self.container(name, words, flow),
            _ => self.arguments(name, words, flow),
        }
    }

    /// Walks the arguments of a program that is not known.
    fn arguments(&mut self, name: &str, words: &[Word], flow: &Flow) -> ReadsCode {
        let echoes = ["echo", "printf"].contains(&name);
        let stand =
            Stand::Data { position: super::plan::Position::Argument, exposes: true, echoes, several: true };
        let options = programs::CODE_OPTIONS.iter().find(|(names, ..)| lists(names, name));
        let mut start = Start::NotOption;
        let mut at = 1;
        while let Some(word) = words.get(at) {
            let rest = words.get(at..).unwrap_or_default();
            if begins_shell(rest) {
                return self.run(rest, flow, true);
            }
            if let Some((_, codes, help)) = options
                && let Some(attached) = codes.split_whitespace().find_map(|code| takes(word, code))
            {
                let refusal = Refusal::interpreter(name, *help);
                let until = at + if attached { 1 } else { 2 };
                self.refuse_all(words.get(at..until.min(words.len())).unwrap_or_default(), &refusal, flow);
                at = until;
                continue;
            }
            if word.literal().as_deref() == Some("--") {
                start = Start::Free;
            }
            if ["make", "gmake"].contains(&name) && word.prefix().contains('=') {
                let help = "use `with env { X: … }`, and `$(value X)` or `\"$$X\"` in the makefile";
                self.refuse(word, &Refusal::interpreter(name, help), flow);
            } else {
                self.guarded(word, &stand, start, flow);
            }
            at += 1;
        }
        None
    }

    /// Walks an argument where options are read.
    pub fn argument(&mut self, word: &Word, flow: &Flow) {
        self.guarded(word, &Stand::argument(), Start::NotOption, flow);
    }

    fn find(&mut self, words: &[Word], flow: &Flow) -> ReadsCode {
        let mut at = 1;
        let mut predicate = false;
        while let Some(word) = words.get(at) {
            let literal = word.literal().unwrap_or_default();
            at += 1;
            if ["-exec", "-execdir", "-ok", "-okdir"].contains(&literal.as_str()) {
                let rest = words.get(at..).unwrap_or_default();
                let ends = |w: &Word| w.literal().is_some_and(|l| l == ";" || l == "+");
                let length = rest.iter().position(ends).unwrap_or(rest.len());
                self.run(rest.get(..length).unwrap_or_default(), flow, true);
                at += length + 1;
                continue;
            }
            let start = if predicate { Start::NotOption } else { Start::NotExpression };
            self.guarded(word, &Stand::argument(), start, flow);
            predicate = literal.starts_with('-');
        }
        None
    }

    fn ssh(&mut self, name: &str, words: &[Word], flow: &Flow) -> ReadsCode {
        let refusal = Refusal::interpreter(name, "run it there with `on HOST { run $ … }`");
        let mut at = 1;
        while let Some(word) = words.get(at) {
            let prefix = word.prefix();
            at += 1;
            if !prefix.starts_with('-') || prefix.len() < 2 {
                self.argument(word, flow);
                break;
            }
            let proxy = |word: &Word, text: &str| {
                word.has_value() && (text.is_empty() || text.to_lowercase().contains("command"))
            };
            if prefix.starts_with("-o")
                && word.literal().as_deref() != Some("-o")
                && proxy(word, prefix.get(2..).unwrap_or_default())
            {
                self.refuse(word, &refusal, flow);
                continue;
            }
            self.argument(word, flow);
            if takes_next(word, &prefix, "BbcDEeFIiJLlmOopQRSWw", "") {
                if let Some(next) = words.get(at) {
                    if prefix.ends_with('o') && proxy(next, &next.prefix()) {
                        self.refuse(next, &refusal, flow);
                    } else {
                        self.argument(next, flow);
                    }
                }
                at += 1;
            }
        }
        let remote = words.get(at..).unwrap_or_default();
        self.refuse_all(remote, &refusal, flow);
        let text = remote.iter().map(Word::prefix).collect::<Vec<_>>().join(" ");
        let reads =
            text.split(|c: char| c.is_whitespace() || ";|&(".contains(c)).map(basename).any(reads_code);
        (remote.is_empty() || reads || remote.iter().any(|w| w.literal().is_none())).then_some(refusal)
    }

    /// Walks a command that runs another one somewhere behind options that are not known.
    fn container(&mut self, name: &str, words: &[Word], flow: &Flow) -> ReadsCode {
        let Some(nested) = inner(name, words) else {
            return self.arguments(name, words, flow);
        };
        let (before, command) = words.split_at(nested);
        before.iter().skip(1).for_each(|word| self.argument(word, flow));
        self.run(command, flow, true)
    }
}

/// Returns where the command begins that runs in a container or the like, if one is run.
pub(super) fn inner(name: &str, words: &[Word]) -> Option<usize> {
    let literals: Vec<String> = words.iter().map(|w| w.literal().unwrap_or_default()).collect();
    let runs = literals.iter().any(|l| lists(programs::RUNS, l))
        || !["docker", "podman", "kubectl", "oc", "ip"].contains(&name);
    if !runs {
        return None;
    }
    let dashes = literals.iter().position(|l| l == "--");
    let found =
        literals.iter().enumerate().skip(2).position(|(_, l)| !l.is_empty() && reads_somehow(basename(l)));
    let nested = dashes.map(|d| d + 1).or(found.map(|f| f + 2)).or_else(|| exec_command(&literals, words));
    nested.filter(|n| *n < words.len())
}

/// Returns the position of the command in `docker exec [options] CONTAINER COMMAND`, whose options are few.
fn exec_command(literals: &[String], words: &[Word]) -> Option<usize> {
    let known = literals.first().is_some_and(|l| lists(programs::TARGETED, basename(l)));
    let exec = literals.iter().position(|l| l == "exec").filter(|_| known)?;
    let mut at = exec + 1;
    while let Some(word) = words.get(at) {
        let prefix = word.prefix();
        if !prefix.starts_with('-') {
            return Some(at + 1);
        }
        at += 1 + usize::from(takes_next(word, &prefix, "euwnc", programs::EXEC_OPTIONS));
    }
    None
}

/// Returns the name of the program a word names, and whether by a path.
fn program(word: &Word) -> Option<(String, bool)> {
    if let Some(literal) = word.literal() {
        return Some((basename(&literal).to_owned(), literal.contains('/')));
    }
    let Some(Part::Text { text, .. }) = word.parts.last() else {
        return None;
    };
    text.contains('/').then(|| (basename(text).to_owned(), true))
}

pub(super) fn basename(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns whether `words` are a shell with a `-c` behind it, or a shell alone.
fn begins_shell(words: &[Word]) -> bool {
    let Some((first, rest)) = words.split_first() else {
        return false;
    };
    let shell = first.literal().is_some_and(|l| names::is_shell(basename(&l)));
    let options = rest.iter().take_while(|w| w.prefix().starts_with('-'));
    shell
        && (rest.is_empty()
            || options.into_iter().any(|w| is_cluster(&w.prefix()) && w.prefix().contains('c')))
}

/// Returns whether a program of this name takes code from its input when nothing else is said.
pub(super) fn reads_code(name: &str) -> bool {
    names::is_shell(name) || name == "ssh" || names::interpreter(name).is_some_and(|i| i.stdin)
}

/// Returns whether a program of this name takes code at all.
pub(super) fn reads_somehow(name: &str) -> bool {
    reads_code(name)
        || names::interpreter(name).is_some()
        || ["su", "sudo", "env", "eval", "xargs", "find"].contains(&name)
}
