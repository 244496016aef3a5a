//! The grammar's parse as a list of tokens.
//!
//! Owns what each rule of the grammar means for the layout: where sentences, clauses and blocks begin, which brackets
//! hug what. Never builds the tree, and expects a text that is read without an error.

use std::collections::HashMap;

use pest::iterators::Pair as PestPair;

use super::token::{Cell, Kind, Lead, Table, Token};
use crate::syntax::parse::Rule;

type Pair<'i> = PestPair<'i, Rule>;

/// Returns all tokens of a file in their order, comments included.
pub(super) fn tokens<'i>(text: &'i str, file: Pair<'i>) -> Vec<Token<'i>> {
    let mut reading = Reading {
        text,
        at: text.len() - text.trim_start_matches('\u{FEFF}').len(),
        tokens: Vec::new(),
        cells: HashMap::new(),
        base: 0,
        takes_when: false,
        semicolon: None,
    };
    reading.rule(file, Within::default());
    reading.tokens
}

/// What a rule stands in.
#[derive(Clone, Copy, Default)]
struct Within {
    /// Clauses around it, counted from its sentence.
    clauses: usize,
    /// What its first token is the first of.
    first: Option<First>,
    /// A record there has blanks inside its braces.
    loose: bool,
}

/// What a token may be the first of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    Sentence,
    Section,
    Clause,
    /// A clause that has its line to itself.
    Ending,
    Else,
}

struct Reading<'i> {
    text: &'i str,
    /// Up to here all is in `tokens`.
    at: usize,
    tokens: Vec<Token<'i>>,
    /// By where they begin.
    cells: HashMap<usize, Cell>,
    /// Levels of indentation of the sentences here.
    base: usize,
    /// A `when` in the next line would belong to the last sentence.
    takes_when: bool,
    /// The `;` behind such a sentence, among `tokens`: it goes unless a `when` follows.
    semicolon: Option<usize>,
}

impl<'i> Reading<'i> {
    fn rule(&mut self, pair: Pair<'i>, within: Within) {
        let rule = pair.as_rule();
        let mut here = within;
        if is_clause(rule) {
            here.clauses += 1;
            here.first = here.first.or(Some(first_of(rule)));
        } else if matches!(rule, Rule::else_if | Rule::else_block) {
            here.first = Some(First::Else);
        } else if is_section(rule) {
            here.first = Some(First::Section);
        }
        self.columns(&pair);
        match opaque(&pair) {
            Some(_) if rule == Rule::EOI => {}
            Some(kind) => {
                self.token(pair.as_span().start(), pair.as_str(), kind, here);
                if rule == Rule::minus
                    && let Some(sign) = self.tokens.last_mut()
                {
                    sign.tight_after = true;
                }
            }
            None => self.inside(pair, here),
        }
    }

    /// Takes what a rule is made of.
    fn inside(&mut self, pair: Pair<'i>, mut here: Within) {
        let rule = pair.as_rule();
        let span = pair.as_span();
        let around = here;
        let outer = self.base;
        let loose = matches!(rule, Rule::with_env | Rule::follow | Rule::given_alert)
            || here.loose && rule == Rule::record;
        let mut open = rule == Rule::file;
        let mut conditional = false;
        for part in pair.into_inner() {
            let what = part.as_rule();
            let before = self.tokens.len();
            self.signs(part.as_span().start(), rule, here);
            if self.tokens.len() > before {
                here.first = None;
                open |= self.tokens.last().is_some_and(|last| last.kind == Kind::BlockOpen);
            }
            conditional |= what == Rule::w_when;
            let first = match what {
                _ if open => Some(First::Sentence),
                // Above an `else`.
                Rule::comment if rule == Rule::if_statement => Some(First::Clause),
                _ => here.first,
            };
            let clauses = if open { 0 } else { here.clauses };
            let before = self.at;
            self.rule(part, Within { clauses, first, loose });
            if self.at > before && what != Rule::comment {
                here.first = None;
            }
        }
        self.signs(span.end(), rule, Within { first: None, ..around });
        self.base = outer;
        if matches!(rule, Rule::finding | Rule::point_of_no_return) {
            self.takes_when = !conditional;
        }
    }

    /// Takes the signs up to `end` that have no rule of their own.
    fn signs(&mut self, end: usize, rule: Rule, within: Within) {
        while let Some(rest) = self.text.get(self.at..end) {
            let rest = rest.trim_start_matches([' ', '\t', '\n', '\r']);
            let start = end - rest.len();
            let Some(first) = rest.chars().next() else { return };
            let two = rest.starts_with("..") || rest.starts_with("->");
            let sign = rest.get(..if two { 2 } else { first.len_utf8() }).unwrap_or(rest);
            if sign != ";" {
                self.sign(start, sign, rule, within);
                continue;
            }
            if self.takes_when && self.semicolon.is_none() {
                self.semicolon = Some(self.tokens.len());
                let kind = Kind::Plain;
                self.tokens.push(Token { tight_before: true, ..Token::new(sign, start, kind, self.base) });
            }
            self.at = start + sign.len();
        }
    }

    fn sign(&mut self, start: usize, sign: &'i str, rule: Rule, within: Within) {
        let block = has_block(rule);
        let kind = match sign {
            "{" if block => Kind::BlockOpen,
            "}" if block => Kind::BlockClose,
            "(" | "[" | "{" => Kind::Open,
            ")" | "]" | "}" => Kind::Close,
            _ => Kind::Plain,
        };
        let (opens, closes) = (kind == Kind::BlockOpen, kind == Kind::BlockClose);
        if closes {
            self.base = self.base.saturating_sub(1 + within.clauses);
        }
        self.token(start, sign, kind, within);
        if let Some(token) = self.tokens.last_mut() {
            token.tight_before |= match sign {
                "(" => rule != Rule::group,
                "[" => rule == Rule::index,
                "," | "." | ".." => true,
                _ => false,
            };
            token.tight_after = match sign {
                "(" | "[" | "." | ".." => true,
                "{" => !block && !within.loose,
                _ => false,
            };
            if opens || closes {
                token.level = self.base + within.clauses;
                token.lead = if opens { Lead::Join } else { Lead::Below };
            }
        }
        if opens {
            self.base += 1 + within.clauses;
        }
    }

    fn token(&mut self, start: usize, written: &'i str, kind: Kind, within: Within) {
        let text = trimmed(written, &kind);
        if text.is_empty() {
            return;
        }
        if kind != Kind::Comment {
            self.takes_when = false;
            if let Some(index) = self.semicolon.take()
                && text != "when"
            {
                self.tokens.remove(index);
            }
        }
        let between = self.text.get(self.at..start).unwrap_or("");
        let lead = match within.first {
            Some(First::Sentence) => Lead::Sentence,
            Some(First::Section) => Lead::Section,
            Some(First::Ending) => Lead::Below,
            Some(First::Else) => Lead::Join,
            _ => Lead::Kept,
        };
        let tight_before = match kind {
            Kind::Close => text != "}" || !within.loose,
            Kind::Plain => text == ":",
            _ => false,
        };
        // What goes on in the next line stands deeper than what it goes on with.
        let level = self.base + within.clauses + usize::from(within.first.is_none());
        self.tokens.push(Token {
            breaks: between.bytes().filter(|byte| matches!(byte, b'\n' | b'\r')).count(),
            lead,
            tight_before,
            tight_after: false,
            cell: self.cells.remove(&start),
            ..Token::new(text, start, kind, level)
        });
        self.at = start + text.len();
    }

    /// Takes note of where the columns of a sentence begin.
    fn columns(&mut self, pair: &Pair<'i>) {
        let inner = || pair.clone().into_inner();
        let start_of = |rule: Rule| inner().find(|p| p.as_rule() == rule).map(|p| p.as_span().start());
        let (table, starts) = match pair.as_rule() {
            Rule::field => {
                let word = inner().next().and_then(|field| field.into_inner().next());
                let value = word.map(|word| {
                    let end = word.as_span().end();
                    let rest = self.text.get(end..).unwrap_or("");
                    end + rest.len() - rest.trim_start_matches([' ', '\t']).len()
                });
                (Table::Field, vec![value])
            }
            rule @ (Rule::param | Rule::action_param) => {
                let table = if rule == Rule::param { Table::Param } else { Table::ActionParam };
                let before = start_of(Rule::expression).and_then(|value| self.text.get(..value));
                let default = before.and_then(|before| before.rfind('='));
                (table, vec![start_of(Rule::type_), start_of(Rule::text), default])
            }
            Rule::secret => (Table::Secret, vec![start_of(Rule::text), start_of(Rule::equals)]),
            Rule::check | Rule::let_statement => {
                (Table::Binding, vec![start_of(Rule::name), start_of(Rule::equals)])
            }
            Rule::given => {
                let value = inner().find(|p| p.as_rule() == Rule::given_value);
                let Some(value) = value else { return };
                let part = |rule: Rule| value.clone().into_inner().find(|p| p.as_rule() == rule);
                if part(Rule::path).is_none_or(|path| path.as_str().contains('.')) {
                    return;
                }
                (Table::Given, vec![part(Rule::equals).map(|equals| equals.as_span().start())])
            }
            Rule::decide_arm => (Table::DecideArm, vec![start_of(Rule::arrow)]),
            Rule::watch_arm => (Table::WatchArm, vec![start_of(Rule::w_when)]),
            _ => return,
        };
        if starts.iter().all(Option::is_none) {
            return;
        }
        self.cells.insert(pair.as_span().start(), Cell { table, column: 0 });
        for (index, start) in starts.into_iter().enumerate() {
            if let Some(start) = start {
                self.cells.insert(start, Cell { table, column: index + 1 });
            }
        }
    }
}

/// Rules whose braces are those of a block.
fn has_block(rule: Rule) -> bool {
    matches!(rule, Rule::block | Rule::symptom | Rule::section | Rule::decide | Rule::watch | Rule::drill)
}

/// Rules at the top of a file that hold a block.
fn is_section(rule: Rule) -> bool {
    matches!(rule, Rule::symptom | Rule::phase | Rule::action | Rule::section | Rule::drill)
}

/// Returns what a rule is that is taken as it is written, or `None` for one that is made of others.
fn opaque(pair: &Pair<'_>) -> Option<Kind> {
    let rule = pair.as_rule();
    match rule {
        Rule::comment => Some(Kind::Comment),
        Rule::command => Some(Kind::Command),
        Rule::text | Rule::fence => {
            let holes = pair.clone().into_inner().filter(|inner| inner.as_rule() == Rule::interpolation);
            Some(Kind::Lines(holes.map(|hole| hole.as_span().start()..hole.as_span().end()).collect()))
        }
        Rule::round_end | Rule::square_end | Rule::curly_end => Some(Kind::Close),
        // These may hold nothing but their brackets.
        Rule::list | Rule::record | Rule::arguments | Rule::field_tags | Rule::file => None,
        _ if has_block(rule) || pair.clone().into_inner().next().is_some() => None,
        _ => Some(Kind::Plain),
    }
}

/// Returns the token without the blanks that the grammar leaves at its end.
fn trimmed<'i>(written: &'i str, kind: &Kind) -> &'i str {
    let text = written.trim_end_matches([' ', '\t', '\n', '\r']);
    let backslashes = text.len() - text.trim_end_matches('\\').len();
    if *kind == Kind::Command && backslashes % 2 == 1 {
        // `\ ` is a blank of the command; without it the next line would belong to it.
        return written.get(..=text.len()).unwrap_or(text);
    }
    text
}

fn is_clause(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::until
            | Rule::within
            | Rule::every
            | Rule::hold
            | Rule::by
            | Rule::on_silence
            | Rule::else_message
            | Rule::timeout
            | Rule::retry
            | Rule::on_failure
            | Rule::with_env
            | Rule::with_dir
            | Rule::with_user
            | Rule::with_stdin
            | Rule::allow_exit
    ) || is_ending(rule)
}

/// How a change ends stands right below it.
fn is_ending(rule: Rule) -> bool {
    matches!(rule, Rule::done_when | Rule::undo | Rule::leave | Rule::irreversible | Rule::finally)
}

fn first_of(rule: Rule) -> First {
    if is_ending(rule) { First::Ending } else { First::Clause }
}
