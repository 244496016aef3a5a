//! Statements as steps that a person can carry out by hand.
//!
//! Owns the sentences, and where each resolution and action stands on the page. An action's body is told where it is called first;
//! later calls lead there.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::super::page::{Block, Inline, code, quiet, strong, text};
use super::said::{
    clause, clauses, environment, lowered, polling, quoted, silence, speech, step, surroundings, value, who,
};
use crate::plan::{Kind, Node};
use crate::program::native;

/// Gathers what has been told so far.
#[derive(Default)]
pub(super) struct Writer<'n> {
    books: usize,
    /// Where an action stands, by the number of its runbook and its name.
    actions: BTreeMap<(usize, &'n str), String>,
    /// Native functions that have been explained.
    explained: BTreeSet<&'n str>,
    /// Other runbooks, by file and how they are named, with where they stand.
    followed: BTreeMap<(&'n str, &'n str), String>,
    waiting: VecDeque<(String, &'n Node)>,
}

/// A runbook on the page: its places have names of their own.
pub(super) struct Book<'n> {
    number: usize,
    resolves: BTreeMap<&'n str, usize>,
    pub prevention: bool,
}

impl Book<'_> {
    /// Returns the name of a place.
    pub fn id(&self, of: &str) -> String {
        if self.number == 0 { of.to_owned() } else { format!("{of}-{}", self.number) }
    }

    /// Returns the name of the place of a resolution.
    pub fn resolve(&self, title: &str) -> String {
        let at = self.resolves.get(title).copied().unwrap_or(0);
        format!("{}-{}", self.id("resolve"), at + 1)
    }

    pub fn link(&self, of: &str, text: &str) -> Inline {
        Inline::Link { to: self.id(of), text: text.to_owned() }
    }

    /// Returns the words that lead to the way back.
    pub fn back(&self) -> Inline {
        self.link("rollback", "take all of it back")
    }
}

impl<'n> Writer<'n> {
    /// Begins a runbook.
    pub fn book(&mut self, phases: &'n [Node], prevention: bool) -> Book<'n> {
        let titles = phases.iter().filter(|node| node.kind == Kind::Resolve).map(|node| node.text.as_str());
        let number = self.books;
        self.books += 1;
        Book { number, resolves: titles.zip(0..).collect(), prevention }
    }

    /// Returns the next of the other runbooks that are followed, with the name of its place.
    pub fn next_followed(&mut self) -> Option<(String, &'n Node)> {
        self.waiting.pop_front()
    }

    /// Returns the steps of a block.
    pub fn items(&mut self, book: &Book<'n>, nodes: &'n [Node]) -> Vec<Vec<Block>> {
        nodes.iter().map(|node| self.item(book, node)).filter(|item| !item.is_empty()).collect()
    }

    /// Returns the steps of the section `rollback`: in it nothing is handed over and nothing ends.
    pub fn back(&mut self, book: &Book<'n>, nodes: &'n [Node]) -> Vec<Vec<Block>> {
        let page = |node: &Node| {
            let (role, why) = quoted(&node.text);
            let mut line = vec![text("Call "), strong(role)];
            line.extend(why.map(|why| text(format!(": “{why}”"))));
            vec![Block::Para(line)]
        };
        let item = |node: &'n Node| match node.kind {
            Kind::Escalate => page(node),
            _ => self.item(book, node),
        };
        nodes.iter().map(item).filter(|item| !item.is_empty()).collect()
    }

    fn item(&mut self, book: &Book<'n>, node: &'n Node) -> Vec<Block> {
        match node.kind {
            Kind::Check => self.check(book, node),
            Kind::Run => self.change(book, node, strong("Run")),
            Kind::Manual | Kind::Approve | Kind::Ask => self.asked(book, node),
            Kind::Verify => self.verify(book, node),
            Kind::Step => self.step(book, node),
            Kind::If => self.branches(book, node),
            Kind::Decide => {
                let head = vec![text(
                    "Decide. The first of these that holds counts; what cannot be read does not hold:",
                )];
                vec![Block::Para(head), Block::Bullets(self.arms(book, &node.children))]
            }
            Kind::For => {
                let head = vec![text("For each "), code(&node.text), text(":")];
                vec![Block::Para(head), Block::Steps(self.items(book, &node.children))]
            }
            Kind::Parallel => {
                let head = vec![text("At the same time:")];
                vec![Block::Para(head), Block::Bullets(self.items(book, &node.children))]
            }
            Kind::Watch => self.watch(book, node),
            Kind::Follow => self.follow(node),
            Kind::Goto => {
                let to = Inline::Link { to: book.resolve(&node.text), text: node.text.clone() };
                vec![Block::Para(vec![text("Go to "), to, text(".")])]
            }
            Kind::Point => self.point(book, node),
            Kind::Wait | Kind::Notify | Kind::Escalate => vec![Block::Para(said(book, node))],
            kind if kind.is_quiet() => vec![Block::Para(named(node))],
            // What belongs to the statement above it.
            _ => Vec::new(),
        }
    }

    fn check(&mut self, book: &Book<'n>, node: &'n Node) -> Vec<Block> {
        let mut blocks = Self::call(node, strong("Read"));
        if let Some(until) = clause(node, "until") {
            let mut line = vec![text("Read it again, until "), code(until)];
            line.extend(polling(node));
            line.push(text("."));
            blocks.push(Block::Para(line));
        }
        blocks.extend(self.calls(book, node));
        blocks
    }

    /// Returns a call: the verb, the command, what surrounds it.
    fn call(node: &Node, verb: Inline) -> Vec<Block> {
        let mut head = vec![verb];
        if let Some(name) = clause(node, "as") {
            head.extend([text(" "), code(name)]);
        }
        let mut blocks = Vec::new();
        match node.text.strip_prefix("$ ") {
            Some(command) => {
                let script = clause(node, "script").unwrap_or("sh");
                if script != "sh" {
                    head.extend([text(", by "), code(script)]);
                }
                let environment = environment(node);
                head.push(text(if environment.is_some() { ", in this environment:" } else { ":" }));
                blocks.push(Block::Para(head));
                if environment.is_some() {
                    blocks.extend(environment);
                    blocks.push(Block::Para(vec![text("this:")]));
                }
                blocks.push(Block::Code { lang: script.to_owned(), text: command.to_owned() });
            }
            None if node.text.contains('\n') => {
                head.push(text(":"));
                blocks.push(Block::Para(head));
                blocks.push(Block::Code { lang: String::new(), text: node.text.clone() });
            }
            None => {
                head.extend([text(": "), code(&node.text)]);
                blocks.push(Block::Para(head));
            }
        }
        if let Some(input) = clause(node, "with stdin") {
            blocks.push(Block::Para(vec![text("with this as its input:")]));
            blocks.push(Block::Code { lang: String::new(), text: input.to_owned() });
        }
        blocks.extend(surroundings(node));
        blocks
    }

    /// Returns how what a statement calls is carried out: told here, or where that stands.
    pub fn calls(&mut self, book: &Book<'n>, node: &'n Node) -> Vec<Block> {
        let mut blocks = Vec::new();
        for name in clauses(node, "calls").collect::<BTreeSet<_>>() {
            let body = node.children.iter().find(|child| child.kind == Kind::Action && child.text == name);
            match (body, self.actions.get(&(book.number, name))) {
                (Some(body), _) => blocks.push(self.action(book, body)),
                (None, Some(id)) => {
                    let link = Inline::Link { to: id.clone(), text: name.to_owned() };
                    blocks.push(Block::Para(vec![text("How: as in "), link, text(".")]));
                }
                (None, None) => blocks.extend(self.explained(name)),
            }
        }
        blocks
    }

    fn action(&mut self, book: &Book<'n>, node: &'n Node) -> Block {
        let id = format!("action-{}", self.actions.len() + 1);
        self.actions.insert((book.number, &node.text), id.clone());
        let takes = clause(node, "takes").unwrap_or_default();
        let head =
            vec![Inline::Place(id), text("How "), code(format!("{}({takes})", node.text)), text(" is done:")];
        let mut inside = Vec::new();
        inside.extend(clauses(node, "about").map(|about| Block::Para(super::marked(about))));
        inside.push(Block::Steps(self.items(book, &node.children)));
        Block::Fold { head, inside }
    }

    /// Returns what a native function does, where that has not been told yet.
    fn explained(&mut self, name: &'n str) -> Option<Block> {
        let (module, function) = name.split_once('.')?;
        let native = native::all().iter().find(|one| one.module == module && one.name == function)?;
        let first = self.explained.insert(name);
        first.then(|| Block::Para(vec![quiet(format!("{name}: {}", native.description))]))
    }

    fn change(&mut self, book: &Book<'n>, node: &'n Node, verb: Inline) -> Vec<Block> {
        let mut blocks = Self::call(node, verb);
        if let Some(done) = clause(node, "done when") {
            let line = [text("Not needed when "), code(done), text(" already; afterwards it must be so.")];
            blocks.push(Block::Para(line.to_vec()));
        }
        blocks.extend(self.calls(book, node));
        blocks.extend(self.endings(book, node));
        blocks
    }

    /// Returns how a change is taken back, or why it is not, and what ends it in any case.
    fn endings(&mut self, book: &Book<'n>, node: &'n Node) -> Vec<Block> {
        let mut blocks = Vec::new();
        for child in &node.children {
            match child.kind {
                Kind::Undo => blocks.push(Block::Inset(self.undo(book, child))),
                Kind::Leave => {
                    blocks.push(Block::Para(vec![strong("It may stay"), text(format!(": {}", child.text))]));
                }
                Kind::Irreversible => {
                    let line = vec![strong("It cannot be taken back"), text(format!(": {}", child.text))];
                    blocks.push(Block::Warning(line));
                }
                Kind::Finally => {
                    let verb = strong("In any case, when this part of the work ends");
                    let mut inside = Self::call(child, verb);
                    inside.extend(self.calls(book, child));
                    blocks.push(Block::Inset(inside));
                }
                _ => {}
            }
        }
        blocks
    }

    fn undo(&mut self, book: &Book<'n>, node: &'n Node) -> Vec<Block> {
        let verb = strong("To take it back");
        let mut blocks = match () {
            () if node.text.is_empty() => {
                let head = Block::Para(vec![verb, text(":")]);
                vec![head, Block::Steps(self.items(book, &node.children))]
            }
            () if clause(node, "on silence").is_some() => self.by_hand(book, node, verb),
            () => self.change(book, node, verb),
        };
        if clause(node, "safe").is_some() {
            blocks.push(Block::Para(vec![quiet(
                "It does no harm when repeated, or when the change did not happen.",
            )]));
        }
        blocks
    }

    fn asked(&mut self, book: &Book<'n>, node: &'n Node) -> Vec<Block> {
        if node.kind == Kind::Manual {
            return self.by_hand(book, node, strong("Run"));
        }
        let mut blocks =
            vec![Block::Para(vec![strong("Ask"), text(" "), who(node), text(": "), speech(&node.text)])];
        let answer = match clause(node, "as").zip(clause(node, "answer")) {
            Some((name, domain)) => {
                vec![text("The answer is "), code(name), text(": "), code(domain), text(". ")]
            }
            None => vec![text("Yes: go on. No: stop, and "), book.back(), text(". ")],
        };
        blocks.push(Block::Para(self.unanswered(book, node, answer)));
        blocks
    }

    /// Returns a change that somebody makes by hand.
    fn by_hand(&mut self, book: &Book<'n>, node: &'n Node, verb: Inline) -> Vec<Block> {
        let what = if node.kind == Kind::Undo { quoted(&node.text).1 } else { None };
        let what = what.unwrap_or(&node.text);
        let head = vec![verb, text(", by hand: ask "), who(node), text(": "), speech(what)];
        let mut blocks = vec![Block::Para(head)];
        if let Some(until) = clause(node, "until") {
            let mut line = vec![text("It is done when "), code(until)];
            line.extend(
                clause(node, "every")
                    .into_iter()
                    .flat_map(|every| [text(", looked at every "), value(every)]),
            );
            line.push(text("; where that holds already, nobody need be asked."));
            blocks.push(Block::Para(line));
        }
        blocks.extend(self.calls(book, node));
        let refused = match node.kind {
            Kind::Undo => Vec::new(),
            _ => vec![text("Nothing was done: stop, and "), book.back(), text(". ")],
        };
        blocks.push(Block::Para(self.unanswered(book, node, refused)));
        blocks.extend(self.endings(book, node));
        blocks
    }

    fn unanswered(&self, book: &Book<'n>, node: &Node, mut line: Vec<Inline>) -> Vec<Inline> {
        line.push(text("No answer"));
        line.extend(clause(node, "within").into_iter().flat_map(|within| [text(" within "), value(within)]));
        line.push(text(": "));
        line.extend(silence(clause(node, "on silence").unwrap_or("abort"), book.back()));
        line.push(text("."));
        line
    }

    fn verify(&mut self, book: &Book<'n>, node: &'n Node) -> Vec<Block> {
        let mut line = vec![strong("Make sure"), text(" that "), code(&node.text)];
        line.extend(polling(node));
        line.push(text("."));
        let mut blocks = vec![Block::Para(line)];
        if let Some(message) = clause(node, "else") {
            let message = message.trim_matches('"');
            blocks.push(Block::Para(vec![text("If not, this has failed: "), speech(message)]));
        }
        blocks.extend(self.calls(book, node));
        blocks
    }

    fn step(&mut self, book: &Book<'n>, node: &'n Node) -> Vec<Block> {
        let mut head = vec![strong(&node.text)];
        let bounds = step(node);
        if !bounds.is_empty() {
            head.push(quiet(" ("));
            head.extend(bounds);
            head.push(quiet(")"));
        }
        let mut blocks = vec![Block::Para(head)];
        let failing = match clause(node, "on failure") {
            Some("continue") => Some("It may fail: then take back what it changed, and go on."),
            Some("ask") => {
                Some("If it fails, take back what it changed, and ask whether to go on (within 5m).")
            }
            _ => None,
        };
        blocks.extend(failing.map(|failing| Block::Para(vec![text(failing)])));
        let items = self.items(book, &node.children);
        if !items.is_empty() {
            blocks.push(Block::Steps(items));
        }
        blocks
    }

    fn branches(&mut self, book: &Book<'n>, node: &'n Node) -> Vec<Block> {
        match node.children.as_slice() {
            [only] => self.arm(book, only, "If "),
            arms => {
                let head = Block::Para(vec![text("The first of these that holds:")]);
                vec![head, Block::Bullets(self.arms(book, arms))]
            }
        }
    }

    fn arms(&mut self, book: &Book<'n>, arms: &'n [Node]) -> Vec<Vec<Block>> {
        arms.iter().map(|arm| self.arm(book, arm, "If ")).collect()
    }

    /// Returns a branch: when it is taken, and what is done then.
    fn arm(&mut self, book: &Book<'n>, arm: &'n Node, word: &str) -> Vec<Block> {
        let mut head = match arm.kind {
            Kind::Otherwise => vec![text("Otherwise")],
            _ => vec![text(word), code(&arm.text)],
        };
        let how = self.calls(book, arm);
        if let Some(fail) = clause(arm, "fail") {
            let message = fail.trim_matches('"');
            head.push(text(": this has failed"));
            head.extend((!message.is_empty()).then(|| text(format!(": “{message}”"))));
        }
        let mut items = self.items(book, &arm.children);
        // A single sentence stands on the line.
        if let [item] = items.as_mut_slice()
            && let [Block::Para(line)] = item.as_mut_slice()
        {
            head.push(text(": "));
            lowered(line);
            head.append(line);
            items.clear();
        } else if !items.is_empty() {
            head.push(text(":"));
        }
        let mut blocks = vec![Block::Para(head)];
        blocks.extend(how);
        if !items.is_empty() {
            blocks.push(Block::Steps(items));
        }
        blocks
    }

    fn watch(&mut self, book: &Book<'n>, node: &'n Node) -> Vec<Block> {
        let mut head = vec![text("Until this part of the work ends, look at "), strong(&node.text)];
        head.extend(clause(node, "every").into_iter().flat_map(|every| [text(" every "), value(every)]));
        head.push(text(":"));
        let arms = node.children.iter().map(|arm| {
            let word = if arm.kind == Kind::Good { "Good, go on: " } else { "Bad: " };
            self.arm(book, arm, word)
        });
        let arms = arms.collect();
        vec![Block::Para(head), Block::Bullets(arms)]
    }

    fn follow(&mut self, node: &'n Node) -> Vec<Block> {
        let next = self.followed.len() + 1;
        let known = self.followed.entry((&node.file, &node.text));
        let new = matches!(known, std::collections::btree_map::Entry::Vacant(_));
        let id = known.or_insert_with(|| format!("book-{next}")).clone();
        if new {
            self.waiting.push_back((id.clone(), node));
        }
        let title = clause(node, "title").unwrap_or(node.text.trim_matches('"'));
        let mut line = vec![text("Follow the runbook "), Inline::Link { to: id, text: title.to_owned() }];
        let args: Vec<_> = clauses(node, "with").collect();
        if !args.is_empty() {
            line.extend([text(" with "), code(args.join(", "))]);
        }
        line.push(text("."));
        vec![Block::Para(line)]
    }

    fn point(&mut self, book: &Book<'n>, node: &'n Node) -> Vec<Block> {
        let mut line = vec![
            strong("Point of no return"),
            text(format!(": “{}”. From here on nothing above is taken back", node.text)),
        ];
        if let Some(when) = clause(node, "when") {
            line.extend([text(", if "), code(when), text(" (or it cannot be told) when something fails")]);
        }
        line.push(text("."));
        let mut blocks = vec![Block::Warning(line)];
        blocks.extend(self.calls(book, node));
        blocks
    }
}

/// Returns what is waited for, told or handed over.
fn said(book: &Book<'_>, node: &Node) -> Vec<Inline> {
    let (head, rest) = quoted(&node.text);
    let why = rest.map(|rest| text(format!(": “{rest}”")));
    match node.kind {
        Kind::Wait => [strong("Wait"), text(" "), value(head)].into_iter().chain(why).collect(),
        Kind::Notify => [strong("Tell"), text(" "), strong(head)].into_iter().chain(why).collect(),
        _ => {
            let mut line = vec![text("Hand over to "), strong(head)];
            line.extend(why);
            line.extend([text(". Stop, and "), book.back(), text(".")]);
            line
        }
    }
}

/// Returns what only has a name or is written down.
fn named(node: &Node) -> Vec<Inline> {
    let when = clause(node, "when").into_iter().flat_map(|when| [text(", when "), code(when)]);
    let parts = node.text.split_once(" = ").unwrap_or(("", &node.text));
    let mut line = match node.kind {
        Kind::Let => vec![strong("Note"), text(" "), code(parts.0), text(" = "), code(parts.1)],
        Kind::Output => vec![text("The result "), code(parts.0), text(" is "), code(parts.1)],
        Kind::Return => vec![text("It gives "), code(&node.text)],
        Kind::Show => vec![strong("Look"), text(" at "), code(&node.text)],
        _ => vec![strong("Write down"), text(": "), speech(&node.text)],
    };
    line.extend(when);
    line
}
