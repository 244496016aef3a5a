//! What reads each value: a walk over the tree with an allow-list of places.
//!
//! Owns the rule that a value stands only where the shell takes data, also when it gets there through a variable, a
//! substitution or a pipe of this same text. Never reads text; a place the walk does not know is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::carriers::Carriers;
use super::commands::assigned;
use super::plan::{Position, Quoting, Shell, Start};
use super::programs::is_special_variable;
use super::refusal::Refusal;
use super::tree::{
    Command, Document, Head, Hole, Part, Reading, Redirection, RedirectionKind, Script, Word,
};

/// Whether, and how, a word takes values.
#[derive(Clone, Debug)]
pub(super) enum Stand {
    Data {
        position: Position,
        exposes: bool,
        echoes: bool,
        several: bool,
    },
    Refused(Rc<Refusal>),
}

impl Stand {
    /// Returns the stand of data that stays inside the shell.
    pub fn data(position: Position) -> Self {
        Stand::Data {
            position,
            exposes: false,
            echoes: false,
            several: false,
        }
    }

    /// Returns the stand of an argument of an external program.
    pub fn argument() -> Self {
        Stand::Data {
            position: Position::Argument,
            exposes: true,
            echoes: false,
            several: true,
        }
    }

    /// Returns the stand of an argument of a builtin. `echoes`: it comes out again as it is.
    pub fn builtin(echoes: bool) -> Self {
        Stand::Data {
            position: Position::Builtin,
            exposes: false,
            echoes,
            several: true,
        }
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
    functions: BTreeMap<String, ReadsCode>,
    carriers: &'a Carriers,
    exposed: BTreeSet<usize>,
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
            Command::Simple {
                words,
                assignments,
                redirections,
            } => {
                let (before, words) = words.split_at((*assignments).min(words.len()));
                for word in before {
                    self.assignment(word, flow);
                }
                let reads = self.run(words, flow, false);
                self.redirections(redirections, reads.as_ref(), flow, words);
                reads
            }
            Command::Compound {
                heads,
                scripts,
                redirections,
            } => {
                self.heads(heads, flow);
                let mut reads = None;
                for script in scripts {
                    reads = self.script(script, flow).or(reads);
                }
                self.redirections(redirections, reads.as_ref(), flow, &[]);
                reads
            }
            Command::Test {
                items,
                redirections,
            } => {
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
                Head::Several => Stand::Data {
                    position: Position::Word,
                    exposes: false,
                    echoes: false,
                    several: true,
                },
                Head::Pattern => Stand::Refused(Refusal::shell(
                    "a pattern of `case`",
                    "decide in the runbook: `if x matches \"…\" { … } else { … }`",
                )),
                Head::LoopName => Stand::Refused(Refusal::shell(
                    "the variable of a loop",
                    "give it a plain name",
                )),
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
                || word
                    .prefix()
                    .get(assigned.name.len()..)
                    .is_some_and(|r| r.starts_with('+')))
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

    /// Walks `name[…]=`, whose name is not read.
    fn subscript(&mut self, head: &[Part], flow: &Flow) {
        let refused = Stand::Refused(Refusal::reading(Reading::Subscript));
        let Some((Part::Text { text, .. }, rest)) = head.split_first() else {
            return;
        };
        let inner = text
            .split_once('[')
            .map_or("", |(_, inner)| inner)
            .to_owned();
        self.parts(
            &[Part::Text {
                text: inner,
                quoted: false,
            }],
            &refused,
            flow,
        );
        self.parts(rest, &refused, flow);
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
            return Stand::Refused(Refusal::shell(
                "assigned where `declare -i` or `-n` is used",
                help,
            ));
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
            None => Stand::Data {
                position,
                exposes: false,
                echoes,
                several: false,
            },
        };
        for redirection in redirections {
            let target = &redirection.target;
            match redirection.kind {
                RedirectionKind::File => {
                    self.word(target, &Stand::data(Position::Redirection), flow)
                }
                RedirectionKind::Descriptor => {
                    let help = "write the number out; for a file use `> FILE` or `&> FILE`";
                    self.refuse(
                        target,
                        &Refusal::shell("the number of a file descriptor", help),
                        flow,
                    );
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
        let plain = document
            .delimiter
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
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

    /// Walks a word, all of whose values stand as `stand` says.
    pub fn word(&mut self, word: &Word, stand: &Stand, flow: &Flow) {
        let stand = match stand {
            Stand::Data {
                position,
                exposes,
                echoes,
                several,
            } => {
                let several = *several && word.is_value() && self.shell == Shell::Bash;
                Stand::Data {
                    position: *position,
                    exposes: *exposes,
                    echoes: *echoes,
                    several,
                }
            }
            Stand::Refused(_) => stand.clone(),
        };
        if let (Stand::Data { .. }, Some(refusal)) = (&stand, unsafe_word(word)) {
            return self.parts(&word.parts, &Stand::Refused(refusal), flow);
        }
        self.parts(&word.parts, &stand, flow);
    }

    /// Walks a word that takes no values.
    pub fn refuse(&mut self, word: &Word, refusal: &Rc<Refusal>, flow: &Flow) {
        self.word(word, &Stand::Refused(refusal.clone()), flow);
    }

    /// Walks words that take no values.
    pub fn refuse_all(&mut self, words: &[Word], refusal: &Rc<Refusal>, flow: &Flow) {
        words
            .iter()
            .for_each(|word| self.refuse(word, refusal, flow));
    }

    fn parts(&mut self, parts: &[Part], stand: &Stand, flow: &Flow) {
        for part in parts {
            match part {
                Part::Text { text, .. } => {
                    if let Stand::Refused(refusal) = stand
                        && refusal.evaluates
                    {
                        self.names(text, refusal);
                    }
                }
                Part::Value(hole) => self.value(*hole, stand, flow),
                Part::Raw(hole) => self.raw(*hole),
                Part::Expansion { name, operand } => {
                    self.carried(name, stand, flow);
                    self.parts(operand, stand, flow);
                }
                Part::Read { by, parts } => {
                    self.parts(parts, &Stand::Refused(Refusal::reading(*by)), flow)
                }
                Part::Commands(script) | Part::Process(script) => {
                    let inner = inner_flow(stand, flow);
                    self.script(script, &inner);
                }
                Part::Array(words) => {
                    for word in words {
                        let subscript = word.prefix().starts_with('[') && assigned_element(word);
                        let element = match stand {
                            _ if subscript => Stand::Refused(Refusal::reading(Reading::Subscript)),
                            Stand::Data {
                                position,
                                exposes,
                                echoes,
                                ..
                            } => Stand::Data {
                                position: *position,
                                exposes: *exposes,
                                echoes: *echoes,
                                several: true,
                            },
                            Stand::Refused(_) => stand.clone(),
                        };
                        self.word(word, &element, flow);
                    }
                }
            }
        }
    }

    fn value(&mut self, hole: Hole, stand: &Stand, flow: &Flow) {
        if self.shell == Shell::Sh && hole.quoting == Quoting::Ansi {
            let refusal = Refusal::shell(
                "in `$'…'`",
                "use plain quotes, or a `bash` fence: sh does not know `$'…'`",
            );
            return self.refuse_piece(hole.piece, &refusal, None);
        }
        match stand {
            Stand::Refused(refusal) => self.refuse_piece(hole.piece, refusal, None),
            Stand::Data {
                position,
                exposes,
                echoes,
                several,
            } => {
                if let Some(refusal) = flow.refusal.as_ref().filter(|_| *echoes) {
                    return self.refuse_piece(hole.piece, refusal, None);
                }
                let exposed = *exposes || (*echoes && flow.exposed);
                self.placed.push(Placed {
                    hole,
                    position: *position,
                    several: *several,
                    exposed,
                });
            }
        }
    }

    fn raw(&mut self, hole: Hole) {
        self.placed.push(Placed {
            hole,
            position: Position::Raw,
            several: false,
            exposed: true,
        });
    }

    fn refuse_piece(&mut self, piece: usize, refusal: &Rc<Refusal>, through: Option<&str>) {
        if !self.refused.iter().any(|r| r.piece == piece) {
            let through = through.map(str::to_owned);
            self.refused.push(Refused {
                piece,
                refusal: refusal.clone(),
                through,
            });
        }
    }

    /// Looks at an expansion of a variable that may hold values.
    fn carried(&mut self, name: &str, stand: &Stand, flow: &Flow) {
        let pieces = self.carriers.held(name);
        let (refusal, exposed) = match stand {
            Stand::Refused(refusal) => (Some(refusal.clone()), false),
            Stand::Data {
                exposes, echoes, ..
            } => (
                flow.refusal.clone().filter(|_| *echoes),
                *exposes || (*echoes && flow.exposed),
            ),
        };
        if exposed {
            self.exposed.extend(&pieces);
        }
        for (piece, refusal) in pieces.iter().zip(std::iter::repeat(refusal)) {
            if let Some(refusal) = refusal {
                self.refuse_piece(*piece, &refusal, Some(name));
            }
        }
    }

    /// Looks for variables in text that is read as code: arithmetic needs no `$`.
    fn names(&mut self, text: &str, refusal: &Rc<Refusal>) {
        for name in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            for piece in self.carriers.held(name) {
                self.refuse_piece(piece, refusal, Some(name));
            }
        }
    }

    /// Looks at a call of a function defined above.
    pub fn call(&mut self, name: &str, words: &[Word], flow: &Flow) -> ReadsCode {
        let help = "write the `{{ }}` inside the function: it is right there too";
        self.refuse_all(
            words,
            &Refusal::shell(format!("an argument of the function `{name}`"), help),
            flow,
        );
        for piece in self.carriers.printed(name) {
            if let Some(refusal) = &flow.refusal {
                self.refuse_piece(piece, refusal, None);
            }
            if flow.exposed {
                self.exposed.insert(piece);
            }
        }
        self.functions.get(name).cloned().flatten()
    }
}

/// Returns where the output of a substitution goes that stands as `stand` says.
fn inner_flow(stand: &Stand, flow: &Flow) -> Flow {
    match stand {
        Stand::Refused(refusal) => Flow {
            refusal: Some(refusal.clone()),
            exposed: true,
        },
        Stand::Data {
            exposes,
            echoes: true,
            ..
        } => Flow {
            refusal: flow.refusal.clone(),
            exposed: *exposes || flow.exposed,
        },
        Stand::Data { exposes, .. } => Flow {
            refusal: None,
            exposed: *exposes,
        },
    }
}

/// Returns whether the word is an array's `[subscript]=value`, whose subscript has values.
fn assigned_element(word: &Word) -> bool {
    let closing = word
        .parts
        .iter()
        .position(|p| matches!(p, Part::Text { text, .. } if text.contains("]=")));
    closing.is_some_and(|at| super::tree::has_value(word.parts.get(..at).unwrap_or_default()))
}

/// Returns why a word that takes data would not take it as it is.
fn unsafe_word(word: &Word) -> Option<Rc<Refusal>> {
    let value = word
        .parts
        .iter()
        .position(|p| matches!(p, Part::Value(_)))?;
    let unquoted = |parts: &[Part], found: &dyn Fn(&str) -> bool| {
        parts
            .iter()
            .any(|p| matches!(p, Part::Text { text, quoted: false } if found(text)))
    };
    let before = word.parts.get(..value).unwrap_or_default();
    if let [
        Part::Text {
            text,
            quoted: false,
        },
    ] = before
        && (text == "~" || text.ends_with("=~") || text.ends_with(":~"))
    {
        return Some(Refusal::shell(
            "the name behind `~`",
            "write the directory out: `/home/{{ user }}`",
        ));
    }
    let expands = unquoted(before, &|t| t.contains('{'))
        && unquoted(&word.parts, &|t| t.contains(',') || t.contains(".."));
    expands.then(|| {
        let help = "write the words one by one, or use `$(seq {{ a }} {{ b }})`";
        Refusal::shell("in `{a,b}` or `{a..b}`", help)
    })
}
