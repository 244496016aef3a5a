//! Statements as steps that a person can carry out by hand.
//!
//! Owns the sentences, and where each resolution and action stands on the page. An action's body is told where it is called first;
//! later calls lead there.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::super::page::{Block, Inline, code, quiet, strong, text};
use super::back::Back;
use super::said::{clause, clauses, lowered, polling, quoted, speech, step, value};
use crate::plan::{Kind, Node};

/// Gathers what has been told so far.
#[derive(Default)]
pub(super) struct Writer<'n> {
    books: usize,
    /// By the number of its runbook and its name.
    pub(super) actions: BTreeMap<(usize, &'n str), Told<'n>>,
    /// How often an action's body was told.
    pub(super) told: usize,
    pub(super) back: Back<'n>,
    /// Native functions that have been explained.
    pub(super) explained: BTreeSet<&'n str>,
    /// Other runbooks, by file and how they are named, with where they stand.
    followed: BTreeMap<(&'n str, &'n str), String>,
    waiting: VecDeque<(String, &'n Node)>,
}

/// An action whose body stands on the page.
pub(super) struct Told<'n> {
    /// The name of its place.
    pub id: String,
    pub body: &'n Node,
    /// Whether endings inside were left out, since another stands at the call.
    pub covered: bool,
    /// Whether something in it is taken back when its call is.
    pub goes_back: bool,
}

/// A runbook on the page: its places have names of their own.
pub(super) struct Book<'n> {
    pub(super) number: usize,
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
                let items = self.within(node, |writer| writer.scope(book, &node.children));
                vec![Block::Para(head), Block::Steps(items)]
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
        let items = self.within(node, |writer| writer.scope(book, &node.children));
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
        self.listed(node, &mut blocks);
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
