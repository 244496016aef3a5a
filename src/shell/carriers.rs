//! Variables of the script that hold values, and how they got them.
//!
//! Owns the way of a value through assignments, loops, `read`, pipes and functions of the same text, so that `positions`
//! can refuse `x={{ n }}; [[ $x -gt 1 ]]` as it refuses `[[ {{ n }} -gt 1 ]]`. It does not follow the order of the
//! commands: a variable that holds a value somewhere holds it everywhere. Never judges.

use std::collections::{BTreeMap, BTreeSet};

use super::commands::assigned;
use super::tree::{Command, Document, Head, Part, Redirection, RedirectionKind, Script, Word};

/// Numbers of pieces that are values.
pub(super) type Values = BTreeSet<usize>;

/// What variables hold and functions print.
#[derive(Debug, Default)]
pub(super) struct Carriers {
    variables: BTreeMap<String, Values>,
    printed: BTreeMap<String, Values>,
    /// What comes into functions.
    inputs: BTreeMap<String, Values>,
}

impl Carriers {
    /// Returns the carriers of a script.
    pub fn of(script: &Script, documents: &[Document]) -> Self {
        let mut carriers = Carriers::default();
        let mut known = usize::MAX;
        // Each round can only add; what one adds the next may pass on.
        while known != carriers.size() {
            known = carriers.size();
            Round { documents, carriers: &mut carriers }.script(script, &Values::new());
        }
        carriers
    }

    /// Returns the values the variable `name` may hold.
    pub fn held(&self, name: &str) -> Values {
        self.variables.get(name).cloned().unwrap_or_default()
    }

    /// Returns the values the function `name` may print.
    pub fn printed(&self, name: &str) -> Values {
        self.printed.get(name).cloned().unwrap_or_default()
    }

    fn size(&self) -> usize {
        [&self.variables, &self.printed, &self.inputs]
            .iter()
            .flat_map(|m| m.values())
            .map(BTreeSet::len)
            .sum()
    }

    fn hold(&mut self, name: &str, values: &Values) {
        if !values.is_empty() {
            self.variables.entry(name.to_owned()).or_default().extend(values);
        }
    }
}

/// One look at all commands.
struct Round<'a> {
    documents: &'a [Document],
    carriers: &'a mut Carriers,
}

impl Round<'_> {
    /// Looks at commands whose input may hold `input`.
    fn script(&mut self, script: &Script, input: &Values) {
        for pipeline in &script.pipelines {
            let mut input = input.clone();
            for command in pipeline {
                self.command(command, &input);
                input.extend(self.printed(command));
            }
        }
    }

    fn command(&mut self, command: &Command, input: &Values) {
        match command {
            Command::Simple { words, assignments, redirections } => {
                let input = self.redirected(redirections, input);
                for word in words.iter().take(*assignments) {
                    self.assignment(word);
                }
                words.iter().for_each(|word| self.substitutions(&word.parts, &input));
                self.simple(words.get(*assignments..).unwrap_or_default(), &input);
            }
            Command::Compound { heads, scripts, redirections } => {
                let input = self.redirected(redirections, input);
                let name =
                    heads.iter().find(|(head, _)| *head == Head::LoopName).and_then(|(_, w)| w.literal());
                for (_, word) in heads {
                    self.substitutions(&word.parts, &input);
                    let held = self.brought(&word.parts);
                    name.iter().for_each(|name| self.carriers.hold(name, &held));
                }
                scripts.iter().for_each(|script| self.script(script, &input));
            }
            Command::Test { items, redirections } => {
                let input = self.redirected(redirections, input);
                items.iter().for_each(|word| self.substitutions(&word.parts, &input));
            }
            Command::Function { name, body } => {
                let input = self.carriers.inputs.get(name).cloned().unwrap_or_default();
                self.command(body, &input);
                let printed = self.printed(body);
                self.carriers.printed.entry(name.clone()).or_default().extend(printed);
            }
        }
    }

    fn simple(&mut self, words: &[Word], input: &Values) {
        let names: Vec<String> = words.iter().map(|w| w.literal().unwrap_or_default()).collect();
        let Some((name, arguments)) = names.split_first() else {
            return;
        };
        let behind = |at: usize| words.get(at..).unwrap_or_default();
        match name.as_str() {
            "read" | "mapfile" | "readarray" => {
                for variable in arguments.iter().map(String::as_str).chain(["REPLY", "MAPFILE"]) {
                    self.carriers.hold(variable, input);
                }
            }
            "export" | "readonly" | "local" | "declare" | "typeset" => {
                behind(1).iter().for_each(|w| self.assignment(w))
            }
            "printf" if arguments.first().is_some_and(|a| a == "-v") => {
                let held = self.brought_by(behind(3));
                arguments.get(1).into_iter().for_each(|variable| self.carriers.hold(variable, &held));
            }
            "set" => {
                let held = self.brought_by(behind(1));
                for variable in ["@", "*", "1", "2", "3", "4", "5", "6", "7", "8", "9"] {
                    self.carriers.hold(variable, &held);
                }
            }
            _ => self.carriers.inputs.entry(name.clone()).or_default().extend(input),
        }
    }

    fn assignment(&mut self, word: &Word) {
        if let Some(assigned) = assigned(word) {
            let held = self.brought(word.parts.get(assigned.head..).unwrap_or_default());
            self.carriers.hold(&assigned.name, &held);
        }
    }

    /// Returns what the input may hold behind the redirections.
    fn redirected(&mut self, redirections: &[Redirection], input: &Values) -> Values {
        let mut input = input.clone();
        for redirection in redirections {
            self.substitutions(&redirection.target.parts, &input);
            let file = redirection.target.parts.iter().any(|p| matches!(p, Part::Process(_)));
            match redirection.kind {
                RedirectionKind::HereString => input.extend(self.brought(&redirection.target.parts)),
                RedirectionKind::HereDocument(number) => {
                    let Some(document) = self.documents.get(number) else {
                        continue;
                    };
                    self.substitutions(&document.parts, &input);
                    input.extend(self.brought(&document.parts));
                }
                RedirectionKind::File if file => input.extend(self.brought(&redirection.target.parts)),
                RedirectionKind::File | RedirectionKind::Descriptor => {}
            }
        }
        input
    }

    /// Looks at the commands inside a word.
    fn substitutions(&mut self, parts: &[Part], input: &Values) {
        for part in parts {
            match part {
                Part::Commands(script) | Part::Process(script) => self.script(script, input),
                Part::Expansion { operand: parts, .. } | Part::Read { parts, .. } => {
                    self.substitutions(parts, input)
                }
                Part::Array(words) => words.iter().for_each(|w| self.substitutions(&w.parts, input)),
                Part::Text { .. } | Part::Value(_) | Part::Raw(_) => {}
            }
        }
    }

    fn brought_by(&self, words: &[Word]) -> Values {
        words.iter().flat_map(|w| self.brought(&w.parts)).collect()
    }

    /// Returns the values that an expansion of `parts` brings along.
    fn brought(&self, parts: &[Part]) -> Values {
        let mut found = Values::new();
        for part in parts {
            match part {
                Part::Value(hole) => {
                    found.insert(hole.piece);
                }
                Part::Expansion { name, operand } => {
                    found.extend(self.carriers.held(name));
                    found.extend(self.brought(operand));
                }
                Part::Array(words) => found.extend(self.brought_by(words)),
                Part::Commands(script) | Part::Process(script) => {
                    found.extend(script.commands().flat_map(|c| self.printed(c)));
                }
                Part::Text { .. } | Part::Raw(_) | Part::Read { .. } => {}
            }
        }
        found
    }

    /// Returns the values that a command prints as they are.
    fn printed(&self, command: &Command) -> Values {
        let (mut printed, redirections) = match command {
            Command::Simple { words, assignments, redirections } => {
                let words = words.get(*assignments..).unwrap_or_default();
                let name = words.first().and_then(Word::literal).unwrap_or_default();
                let own = if ["echo", "printf"].contains(&name.rsplit('/').next().unwrap_or_default()) {
                    self.brought_by(words)
                } else {
                    self.carriers.printed(&name)
                };
                (own, redirections)
            }
            Command::Compound { scripts, redirections, .. } => (
                scripts.iter().flat_map(Script::commands).flat_map(|c| self.printed(c)).collect(),
                redirections,
            ),
            Command::Test { .. } | Command::Function { .. } => return Values::new(),
        };
        for redirection in redirections {
            match redirection.kind {
                RedirectionKind::HereString => printed.extend(self.brought(&redirection.target.parts)),
                RedirectionKind::HereDocument(number) => {
                    printed.extend(
                        self.documents.get(number).map(|d| self.brought(&d.parts)).unwrap_or_default(),
                    );
                }
                RedirectionKind::File | RedirectionKind::Descriptor => {}
            }
        }
        printed
    }
}
