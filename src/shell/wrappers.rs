//! Programs that run other programs: `sudo`, `env`, `timeout 5`, `xargs` …
//!
//! Owns the way over a wrapper's own options to the command behind them. It reads only the options it must; the command
//! is walked like any other.

use super::external::{basename, reads_code, reads_somehow};
use super::interpreters::shell_help;
use super::positions::{Flow, ReadsCode, Stand, Walk};
use super::programs::{Wrapper, lists};
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
            if !ended && word.literal().as_deref() == Some("--") {
                ended = true;
            } else if let Some(attached) = wrapper
                .code
                .split_whitespace()
                .filter(|_| !ended || operands == 0)
                .find_map(|code| takes(word, code))
            {
                code_given = true;
                let until = at + if attached { 1 } else { 2 };
                self.refuse_all(
                    words.get(at..until.min(words.len())).unwrap_or_default(),
                    &refusal,
                    flow,
                );
                at = until;
                continue;
            } else if !ended && prefix.starts_with('-') && prefix.len() > 1 {
                shell |= is_cluster(&prefix) && prefix.contains(|c| wrapper.shell.contains(c));
                self.argument(word, flow);
                if takes_next(word, &prefix, wrapper.short, wrapper.long) {
                    at += 1;
                    words
                        .get(at)
                        .into_iter()
                        .for_each(|next| self.argument(next, flow));
                }
            } else if let Some((variable, _)) = prefix
                .split_once('=')
                .filter(|(n, _)| wrapper.assignments && is_name(n))
            {
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
        if name == "xargs" {
            reads.or_else(|| xargs_reads(words, nested))
        } else {
            reads
        }
    }
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
    if long {
        rest.starts_with('=').then_some(true)
    } else {
        Some(true)
    }
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
            letters
                .find(|c| short.contains(c))
                .is_some_and(|at| at + 1 == letters.len())
        }
    }
}

/// Returns the refusal of what comes into `xargs`, when it gets into code.
fn xargs_reads(words: &[Word], nested: &[Word]) -> ReadsCode {
    let inserts = words.iter().take(words.len() - nested.len()).any(|w| {
        w.prefix().starts_with("-I")
            || w.prefix().starts_with("--replace")
            || w.prefix().starts_with("-i")
    });
    let name = nested
        .iter()
        .filter_map(Word::literal)
        .find(|l| reads_code(basename(l)) || (inserts && reads_somehow(basename(l))))?;
    Some(Refusal::interpreter(basename(&name), shell_help()))
}
