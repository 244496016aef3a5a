//! What reads each value: a walk over the tree with an allow-list of places.
//!
//! Owns the rule that a value stands only where the shell takes data, also when it gets there through a variable, a
//! substitution or a pipe of this same text. Never reads text; a place the walk does not know is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::carriers::Carriers;
use super::commands::assigned;
use super::names::is_special_variable;
use super::plan::{Position, Shell, Start};
use super::refusal::Refusal;
use super::tree::{Command, Document, Head, Hole, Part, Reading, Redirection, RedirectionKind, Script, Word};
use super::values::unsafe_word;

/// Whether, and how, a word takes values.
#[derive(Clone, Debug)]
pub(super) enum Stand {
    Data { position: Position, exposes: bool, echoes: bool, several: bool },
    Refused(Rc<Refusal>),
}

impl Stand {
    /// Returns the stand of data that stays inside the shell.
    pub fn data(position: Position) -> Self {
        Stand::Data { position, exposes: false, echoes: false, several: false }
    }

    /// Returns the stand of an argument of an external program.
    pub fn argument() -> Self {
        Stand::Data { position: Position::Argument, exposes: true, echoes: false, several: true }
    }

    /// Returns the stand of an argument of a builtin. `echoes`: it comes out again as it is.
    pub fn builtin(echoes: bool) -> Self {
        Stand::Data { position: Position::Builtin, exposes: false, echoes, several: true }
    }
}

/// Where the output of commands goes.
#[derive(Clone, Debug, Default)]
pub(super) struct Flow {
    /// Something there reads code.
    pub refusal: Option<Rc<Refusal>>,
    /// It becomes part of an argument.
    pub exposed: bool,
}

/// Set when commands read code from their input.
pub(super) type ReadsCode = Option<Rc<Refusal>>;

/// A value that found its place.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub hole: Hole,
    pub position: Position,
    pub several: bool,
    pub exposed: bool,
}

/// A value that found none.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub piece: usize,
    pub refusal: Rc<Refusal>,
    /// The variable that carried it there.
    pub through: Option<String>,
}

/// The walk and what it found.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub shell: Shell,
    documents: &'a [Document],
    pub placed: Vec<Placed>,
    pub refused: Vec<Refused>,
    /// Words that a value begins, with what they may begin with.
    pub guards: Vec<(Word, Start)>,
    /// Functions, and whether they read code from their input.
    pub functions: BTreeMap<String, ReadsCode>,
    pub carriers: &'a Carriers,
    /// Values that a variable brings into an argument.
    pub exposed: BTreeSet<usize>,
    /// An integer or a reference was declared: assignments may evaluate.
    pub evaluates: bool,
}

impl<'a> Walk<'a> {
    pub fn new(shell: Shell, documents: &'a [Document], carriers: &'a Carriers) -> Self {
        Walk {
            shell,
            documents,
            placed: Vec::new(),
            refused: Vec::new(),
            guards: Vec::new(),
            functions: BTreeMap::new(),
            carriers,
            exposed: BTreeSet::new(),
            evaluates: false,
        }
    }

    /// Forgets what was placed, but not what the functions do: they may be called before they stand.
    pub fn again(&mut self) {
        self.placed.clear();
        self.refused.clear();
        self.guards.clear();
    }

    /// Returns whether the script defines a function of this name.
    pub fn is_function(&self, name: &str) -> bool {
        self.functions.contains_key(name)
    }

    /// Marks the values that were found in an argument only after they had been placed.
    pub fn finish(&mut self) {
        for placed in &mut self.placed {
            placed.exposed |= self.exposed.contains(&placed.hole.piece);
        }
    }

    /// Walks commands whose output goes to `flow`.
    pub fn script(&mut self, script: &Script, flow: &Flow) -> ReadsCode {
        let mut reads = None;
        for pipeline in &script.pipelines {
            // From the right: what stands behind a pipe decides about what stands before it.
            let mut flow = flow.clone();
            for command in pipeline.iter().rev() {
                let found = self.command(command, &flow);
                flow.refusal = found.clone().or(flow.refusal);
                // What comes in may pass through the commands before it.
                reads = reads.or(found);
            }
        }
        reads
    }

    fn command(&mut self, command: &Command, flow: &Flow) -> ReadsCode {
        match command {
            Command::Simple { words, assignments, redirections } => {
                let (before, words) = words.split_at((*assignments).min(words.len()));
                for word in before {
                    self.assignment(word, flow);
                }
                let reads = self.run(words, flow, false);
                self.redirections(redirections, reads.as_ref(), flow, words);
                reads
            }
            Command::Compound { heads, scripts, redirections } => {
                self.heads(heads, flow);
                let mut reads = None;
                for script in scripts {
                    reads = self.script(script, flow).or(reads);
                }
                self.redirections(redirections, reads.as_ref(), flow, &[]);
                reads
            }
            Command::Test { items, redirections } => {
                if self.shell == Shell::Sh {
                    let help = "use `[`, or a `bash` fence: sh does not know `[[`";
                    self.refuse_all(items, &Refusal::shell("in `[[ ]]`", help), flow);
                } else {
                    self.conditions(items, flow);
                }
                self.redirections(redirections, None, flow, &[]);
                None
            }
            Command::Function { name, body } => {
                let reads = self.command(body, &Flow::default());
                self.functions.insert(name.clone(), reads);
                None
            }
        }
    }

    fn heads(&mut self, heads: &[(Head, Word)], flow: &Flow) {
        for (head, word) in heads {
            let stand = match head {
                Head::Data => Stand::data(Position::Word),
                Head::Several => {
                    Stand::Data { position: Position::Word, exposes: false, echoes: false, several: true }
                }
                Head::Pattern => Stand::Refused(Refusal::shell(
                    "a pattern of `case`",
                    "decide in the runbook: `if x matches \"…\" { … } else { … }`",
                )),
                Head::LoopName => {
                    Stand::Refused(Refusal::shell("the variable of a loop", "give it a plain name"))
                }
                Head::Arithmetic => Stand::Refused(Refusal::reading(Reading::Arithmetic)),
            };
            self.word(word, &stand, flow);
        }
    }

    /// Walks the assignment `word`.
    pub fn assignment(&mut self, word: &Word, flow: &Flow) {
        let Some(assigned) = assigned(word) else {
            return self.refuse(word, &Refusal::command(), flow);
        };
        let (head, value) = word.parts.split_at(assigned.head.min(word.parts.len()));
        if assigned.subscript {
            self.subscript(head, flow);
        }
        let mut stand = self.assigning(&assigned.name);
        if self.shell == Shell::Sh
            && (assigned.subscript
                || word.prefix().get(assigned.name.len()..).is_some_and(|r| r.starts_with('+')))
        {
            stand = Stand::Refused(Refusal::shell(
                "in such an assignment",
                "use a `bash` fence: to sh this is a command",
            ));
        }
        if let Some(refusal) = unsafe_word(word) {
            stand = Stand::Refused(refusal);
        }
        self.parts(value, &stand, flow);
    }

    /// Walks the subscript of `name[…]=` or `[…]=`; what stands before and behind it is not read.
    pub fn subscript(&mut self, head: &[Part], flow: &Flow) {
        let refused = Stand::Refused(Refusal::reading(Reading::Subscript));
        let last = head.len().saturating_sub(1);
        for (at, part) in head.iter().enumerate() {
            let Part::Text { text, quoted: false } = part else {
                self.parts(std::slice::from_ref(part), &refused, flow);
                continue;
            };
            let text = if at == 0 { text.split_once('[').map_or("", |(_, t)| t) } else { text };
            let end = ["]=", "]+="].iter().filter_map(|e| text.find(e)).min().filter(|_| at == last);
            let text = text.get(..end.unwrap_or(text.len())).unwrap_or_default().to_owned();
            self.parts(&[Part::Text { text, quoted: false }], &refused, flow);
        }
    }

    /// Returns how the right side of an assignment to `name` takes values.
    pub fn assigning(&self, name: &str) -> Stand {
        if is_special_variable(name) {
            let help = "give the variable a name of your own";
            return Stand::Refused(Refusal::shell(
                format!("in `{name}`, which has a meaning of its own"),
                help,
            ));
        }
        if self.evaluates {
            let help = "do without `-i` and `-n`: they make assignments evaluate their right side";
            return Stand::Refused(Refusal::shell("assigned where `declare -i` or `-n` is used", help));
        }
        Stand::data(Position::Assignment)
    }

    fn redirections(
        &mut self,
        redirections: &[Redirection],
        reads: Option<&Rc<Refusal>>,
        flow: &Flow,
        words: &[Word],
    ) {
        let echoes = words
            .first()
            .and_then(Word::literal)
            .is_some_and(|w| ["cat", "tee", "tac", "rev", "sort"].contains(&w.as_str()));
        let input = |position| match reads {
            Some(refusal) => Stand::Refused(refusal.clone()),
            None => Stand::Data { position, exposes: false, echoes, several: false },
        };
        for redirection in redirections {
            let target = &redirection.target;
            match redirection.kind {
                RedirectionKind::File => self.word(target, &Stand::data(Position::Redirection), flow),
                RedirectionKind::Descriptor => {
                    let help = "write the number out; for a file use `> FILE` or `&> FILE`";
                    self.refuse(target, &Refusal::shell("the number of a file descriptor", help), flow);
                }
                RedirectionKind::HereString => {
                    self.word(target, &input(Position::HereString), flow);
                }
                RedirectionKind::HereDocument(number) => {
                    let Some(document) = self.documents.get(number) else {
                        continue;
                    };
                    self.parts(
                        &document.parts,
                        &self.document_stand(document, input(Position::HereDocument)),
                        flow,
                    );
                }
            }
        }
    }

    /// Returns `stand`, unless the document cannot be rewritten.
    fn document_stand(&self, document: &Document, stand: Stand) -> Stand {
        let plain = document.delimiter.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        if document.backquotes > 0 {
            Stand::Refused(Refusal::shell(
                "in a here-document inside backquotes",
                "use `$( )` instead of the backquotes",
            ))
        } else if document.quoted && (!plain || document.delimiter.is_empty()) {
            Stand::Refused(Refusal::shell(
                "in a here-document with such a delimiter",
                "use a plain one: `<<'EOF'`",
            ))
        } else {
            stand
        }
    }
}
