//! Programs that run other programs: `sudo`, `env`, `timeout 5`, `xargs` …
//!
//! Owns the way over a wrapper's own options to the command behind them. It reads only the options it must; the command
//! is walked like any other.

use std::rc::Rc;

use super::external::{basename, reads_code, reads_somehow};
use super::interpreters::shell_help;
use super::names::lists;
use super::positions::{Flow, ReadsCode, Stand, Walk};
use super::programs::Wrapper;
use super::refusal::Refusal;
use super::tree::Word;
use super::words::is_name;

impl Walk<'_> {
    /// Walks a wrapper and the command it runs.
    pub fn wrapped(
        &mut self,
        name: &str,
        wrapper: &Wrapper,
        words: &[Word],
        flow: &Flow,
        outside: bool,
    ) -> ReadsCode {
        let mut operands = wrapper.operands;
        let (mut shell, mut ended, mut code_given) = (false, false, false);
        let refusal = Refusal::interpreter(name, shell_help());
        let mut at = 1;
        while let Some(word) = words.get(at) {
            let prefix = word.prefix();
            let code = if ended && operands > 0 { None } else { code_option(wrapper, word) };
            let assigned =
                prefix.split_once('=').map(|(n, _)| n).filter(|n| wrapper.assignments && is_name(n));
            if !ended && word.literal().as_deref() == Some("--") {
                ended = true;
            } else if let Some(attached) = code {
                code_given = true;
                self.refuse(word, &refusal, flow);
                if !attached {
                    at += 1;
                    words.get(at).into_iter().for_each(|next| self.refuse(next, &refusal, flow));
                }
            } else if !ended && prefix.starts_with('-') && prefix.len() > 1 {
                shell |= is_shell_option(wrapper, &prefix);
                at += self.option_of(wrapper, word, words.get(at + 1), &refusal, flow);
            } else if let Some(variable) = assigned {
                match self.assigning(variable) {
                    Stand::Refused(refusal) => self.refuse(word, &refusal, flow),
                    Stand::Data { .. } => self.word(word, &Stand::argument(), flow),
                }
            } else if operands > 0 {
                operands -= 1;
                self.argument(word, flow);
            } else {
                break;
            }
            at += 1;
        }
        let nested = words.get(at..).unwrap_or_default();
        if nested.is_empty() {
            return (!code_given && (wrapper.alone || shell)).then_some(refusal);
        }
        if shell || code_given {
            self.refuse_all(nested, &refusal, flow);
            return Some(refusal);
        }
        let reads = self.run(nested, flow, outside);
        if name == "xargs" { reads.or_else(|| xargs_reads(words, nested)) } else { reads }
    }

    /// Walks an option that is no code, and returns how many words behind it are its argument.
    fn option_of(
        &mut self,
        wrapper: &Wrapper,
        word: &Word,
        next: Option<&Word>,
        refusal: &Rc<Refusal>,
        flow: &Flow,
    ) -> usize {
        let prefix = word.prefix();
        let known = prefix.contains('=') || prefix.contains(|c| wrapper.short.contains(c));
        if word.has_own_value() && !known {
            // The value could be any option.
            self.refuse(word, refusal, flow);
        }
        self.argument(word, flow);
        let taken = takes_next(word, &prefix, wrapper.short, wrapper.long);
        next.filter(|_| taken).into_iter().for_each(|next| self.argument(next, flow));
        usize::from(taken)
    }
}

/// Returns whether `word` is an option whose argument a shell reads, and then whether it is part of it.
pub(super) fn code_option(wrapper: &Wrapper, word: &Word) -> Option<bool> {
    wrapper.code.split_whitespace().find_map(|code| takes(word, code))
}

/// Returns whether the option hands the command to a shell.
fn is_shell_option(wrapper: &Wrapper, prefix: &str) -> bool {
    if wrapper.shell.is_empty() {
        return false;
    }
    let letters = is_cluster(prefix) && prefix.contains(|c| wrapper.shell.contains(c));
    letters || ["--login", "--shell"].contains(&prefix)
}

/// Returns whether the option word is short letters.
pub(super) fn is_cluster(prefix: &str) -> bool {
    prefix.starts_with('-') && !prefix.starts_with("--") && prefix.len() > 1
}

/// Returns whether `word` is the option `option`, and then whether its argument is part of it.
pub(super) fn takes(word: &Word, option: &str) -> Option<bool> {
    let prefix = word.prefix();
    if word.literal().as_deref() == Some(option) {
        return Some(false);
    }
    let clustered =
        is_cluster(option) && option.len() == 2 && word.literal().is_some() && is_cluster(&prefix);
    if clustered && prefix.ends_with(option.trim_start_matches('-')) {
        return Some(false);
    }
    let rest = prefix.strip_prefix(option)?;
    let long = option.starts_with("--") || !option.starts_with('-');
    if long { rest.starts_with('=').then_some(true) } else { Some(true) }
}

/// Returns whether the word behind the option is its argument.
pub(super) fn takes_next(word: &Word, prefix: &str, short: &str, long: &str) -> bool {
    if word.literal().is_none() {
        return false;
    }
    match prefix.strip_prefix("--") {
        Some(name) => lists(long, name),
        None => {
            let letters = prefix.trim_start_matches('-');
            letters.find(|c| short.contains(c)).is_some_and(|at| at + 1 == letters.len())
        }
    }
}

/// Returns the refusal of what comes into `xargs`, when it gets into code.
fn xargs_reads(words: &[Word], nested: &[Word]) -> ReadsCode {
    let inserts = words.iter().take(words.len() - nested.len()).any(|w| {
        w.prefix().starts_with("-I") || w.prefix().starts_with("--replace") || w.prefix().starts_with("-i")
    });
    let name = nested
        .iter()
        .filter_map(Word::literal)
        .find(|l| reads_code(basename(l)) || (inserts && reads_somehow(basename(l))))?;
    Some(Refusal::interpreter(basename(&name), shell_help()))
}
