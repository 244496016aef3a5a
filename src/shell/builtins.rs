//! The shell's own commands: which of them take data, and where.
//!
//! Owns one rule for each builtin that takes values at all; all others take none.

use std::rc::Rc;

use super::commands::assigned;
use super::plan::{Position, Start};
use super::positions::{Flow, ReadsCode, Stand, Walk};
use super::refusal::Refusal;
use super::tree::{Part, Word};
use super::words::is_name;

/// Tests of one text that look at it as text, or as the name of a file.
const UNARY: &[&str] = &[
    "-n", "-z", "-e", "-f", "-d", "-r", "-w", "-x", "-s", "-L", "-h", "-b", "-c", "-p", "-S", "-u", "-g",
    "-k", "-O", "-G", "-N", "-a",
];

/// Comparisons of texts, or of files.
const BINARY: &[&str] = &["=", "==", "!=", "<", ">", "-nt", "-ot", "-ef"];

impl Walk<'_> {
    /// Walks a builtin, its name the first of `words`.
    pub fn builtin(&mut self, name: &str, words: &[Word], flow: &Flow) -> ReadsCode {
        let arguments = words.get(1..).unwrap_or_default();
        match name {
            "echo" => self.data(arguments, true, flow),
            ":" | "true" | "false" | "pwd" => {
                arguments.iter().for_each(|word| self.word(word, &Stand::builtin(false), flow));
            }
            "cd" | "pushd" | "kill" => self.data(arguments, false, flow),
            "printf" => self.printf(arguments, flow),
            "test" => self.simple_test(name, arguments, flow),
            "[" => {
                let inner = match arguments.split_last() {
                    Some((last, inner)) if last.literal().as_deref() == Some("]") => inner,
                    _ => arguments,
                };
                self.simple_test(name, inner, flow);
            }
            "export" | "readonly" | "local" | "declare" | "typeset" => self.declare(name, arguments, flow),
            "set" => self.set(arguments, flow),
            "eval" => {
                let help = "write the command out: a `{{ }}` is data and needs no `eval`";
                self.refuse_all(arguments, &Refusal::shell("an argument of `eval`", help), flow);
            }
            "." | "source" => {
                let help = "write the file's path out, or run it as a program of its own";
                self.refuse_all(
                    arguments,
                    &Refusal::shell(format!("the file that `{name}` reads"), help),
                    flow,
                );
            }
            "let" => {
                let refusal = Refusal::reading(super::tree::Reading::Arithmetic);
                self.refuse_all(arguments, &refusal, flow);
            }
            "trap" => {
                let help = "use `finally` of the runbook, or a function that has the `{{ }}` in it";
                self.refuse_all(arguments, &Refusal::shell("an argument of `trap`", help), flow);
            }
            _ => {
                let help = "do it in the runbook, or hand the value to a program";
                let refusal = Refusal::shell(format!("an argument of the builtin `{name}`"), help);
                self.refuse_all(arguments, &refusal, flow);
            }
        }
        None
    }

    /// Walks arguments that are data behind options.
    fn data(&mut self, words: &[Word], echoes: bool, flow: &Flow) {
        let mut free = false;
        for word in words {
            self.guarded(
                word,
                &Stand::builtin(echoes),
                if free { Start::Free } else { Start::NotOption },
                flow,
            );
            let literal = word.literal();
            free |= literal.is_some_and(|l| if echoes { !l.starts_with('-') } else { l == "--" });
        }
    }

    /// Walks a word, and notes that it must not begin like an option.
    pub fn guarded(&mut self, word: &Word, stand: &Stand, start: Start, flow: &Flow) {
        if start != Start::Free && begins_with_value(&word.parts) {
            self.guards.push((word.clone(), start));
        }
        self.word(word, stand, flow);
    }

    fn printf(&mut self, words: &[Word], flow: &Flow) {
        let mut rest = words;
        if let [option, name, behind @ ..] = rest
            && option.literal().as_deref() == Some("-v")
        {
            let help = "write the variable's name out, or assign: `name={{ x }}`";
            self.refuse(name, &Refusal::shell("the variable of `printf -v`", help), flow);
            if !name.literal().is_some_and(|n| is_name(&n)) {
                let refusal = Refusal::shell("an argument of `printf -v`", help);
                return self.refuse_all(behind, &refusal, flow);
            }
            rest = behind;
        }
        if rest.first().and_then(Word::literal).as_deref() == Some("--") {
            rest = rest.get(1..).unwrap_or_default();
        }
        let Some((format, values)) = rest.split_first() else {
            return;
        };
        let refusal = Refusal::shell(
            "in the format of `printf`",
            "hand it over behind the format: `printf '%s\\n' {{ x }}`",
        );
        self.refuse(format, &refusal, flow);
        if format.literal().is_some_and(|f| !has_assignment(&f)) {
            values.iter().for_each(|word| self.word(word, &Stand::builtin(true), flow));
        } else {
            let help = "write the format out, without `%n`: `printf '%s\\n' {{ x }}`";
            self.refuse_all(
                values,
                &Refusal::shell("an argument of `printf` with such a format", help),
                flow,
            );
        }
    }

    fn declare(&mut self, name: &str, words: &[Word], flow: &Flow) {
        let mut plain = true;
        let evaluated = Refusal::shell(
            format!("an argument of `{name}` with such options"),
            "assign it in a line of its own: `name={{ x }}`",
        );
        let named =
            Refusal::shell(format!("a name for `{name}`"), "write the name out: `export NAME={{ x }}`");
        for word in words {
            let prefix = word.prefix();
            if prefix.starts_with(['-', '+']) || word.parts.is_empty() {
                let known = word.literal().is_some_and(|l| l.chars().skip(1).all(|c| "xrgp-".contains(c)));
                plain &= known;
                self.evaluates |= word.literal().is_none_or(|l| l.contains(['i', 'n']));
                self.refuse(word, &named, flow);
                continue;
            }
            match assigned(word) {
                Some(_) if !plain => {
                    self.refuse(word, &evaluated, flow);
                }
                Some(_) if word.parts.iter().any(|p| matches!(p, Part::Array(_))) => {
                    self.refuse(word, &evaluated, flow);
                }
                Some(_) => self.assignment(word, flow),
                None => {
                    let names_only = word.literal().is_some_and(|l| is_name(&l));
                    if !names_only {
                        self.refuse(word, &named, flow);
                    }
                }
            }
        }
    }

    fn set(&mut self, words: &[Word], flow: &Flow) {
        let dashes = words.iter().position(|w| w.literal().as_deref() == Some("--"));
        let (options, values) = words.split_at(dashes.unwrap_or(words.len()));
        self.refuse_all(
            options,
            &Refusal::shell("an option of `set`", "write the options out; data stands behind `--`"),
            flow,
        );
        for word in values {
            self.word(word, &Stand::builtin(false), flow);
        }
    }

    /// Walks the operands of `test` and `[`: only as many as leave no doubt what is what.
    fn simple_test(&mut self, name: &str, words: &[Word], flow: &Flow) {
        let mut rest = words;
        while let Some((first, behind)) =
            rest.split_first().filter(|(w, _)| w.literal().as_deref() == Some("!"))
        {
            let _ = first;
            rest = behind;
        }
        if rest.len() > 3 {
            let help =
                format!("join tests with `&&`: `{name} … && {name} …`, or decide in the runbook with `if`");
            return self.refuse_all(
                rest,
                &Refusal::shell(format!("in a `{name}` of several tests"), help),
                flow,
            );
        }
        self.condition(rest, flow);
    }

    /// Walks `[[ … ]]`.
    pub fn conditions(&mut self, items: &[Word], flow: &Flow) {
        let joins = |word: &Word| {
            !word.is_quoted()
                && word.literal().is_some_and(|l| ["&&", "||", "(", ")", "!"].contains(&l.as_str()))
        };
        for condition in items.split(joins) {
            self.condition(condition, flow);
        }
    }

    fn condition(&mut self, words: &[Word], flow: &Flow) {
        let data = Stand::data(Position::Word);
        match words {
            [] => {}
            [word] => self.word(word, &data, flow),
            [operator, word] if is_one_of(operator, UNARY) => self.word(word, &data, flow),
            [left, operator, right] if is_one_of(operator, BINARY) => {
                self.word(left, &data, flow);
                self.word(right, &data, flow);
            }
            [left, operator, right] if is_one_of(operator, &["=~"]) => {
                self.word(left, &data, flow);
                let help = "match in the runbook: `x matches \"…\"`";
                self.refuse(right, &Refusal::shell("a regular expression of `[[ =~ ]]`", help), flow);
            }
            _ => self.refuse_all(words, &compared(), flow),
        }
    }
}

/// Returns whether the first text of a word comes from a value.
fn begins_with_value(parts: &[Part]) -> bool {
    let first = parts.iter().find(|p| !matches!(p, Part::Text { text, .. } if text.is_empty()));
    match first {
        Some(Part::Value(_)) => true,
        Some(Part::Expansion { operand, .. }) => begins_with_value(operand),
        _ => false,
    }
}

/// Returns the refusal of numbers and names in tests.
fn compared() -> Rc<Refusal> {
    Refusal::evaluated(
        "in a test that evaluates it",
        "compare it in the runbook: `if x > 1 { … }`, `verify x > 1`",
    )
}

fn is_one_of(word: &Word, operators: &[&str]) -> bool {
    word.literal().is_some_and(|l| operators.contains(&l.as_str()))
}

/// Returns whether a format of `printf` has `%n`, which assigns.
fn has_assignment(format: &str) -> bool {
    let mut rest = format;
    while let Some((_, behind)) = rest.split_once('%') {
        let directive = behind.trim_start_matches(|c: char| "#0- +'.*".contains(c) || c.is_ascii_digit());
        if directive.starts_with(['n', 'h', 'l', 'j', 'z', 't', 'L', 'q'])
            && directive.trim_start_matches(|c| "hljztLq".contains(c)).starts_with('n')
        {
            return true;
        }
        rest = directive.get(directive.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default();
    }
    false
}
