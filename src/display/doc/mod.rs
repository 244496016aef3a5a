//! A runbook as a page that a person reads when the program is not at hand.
//!
//! Owns the order of the page: *Severity, Owner, Last updated, Symptom, Impact, Diagnosis steps, Resolution steps, Rollback,
//! Prevention*, and between them what one needs before beginning. What is done is read from the plan, never from the program.

mod back;
mod calls;
mod index;
mod module;
mod people;
mod said;
mod steps;

use super::page::{Block, Inline, Page, code, heading, is_readable, joined, marked, quiet, strong, text};
use super::plan::{Chart, length};
use crate::plan::{ALWAYS, Kind, Node, Plan};
use crate::value::Value;
use steps::{Book, Writer};

pub use index::{Entry, Index, index_html, index_markdown};
pub(super) use module::parts as module_parts;
pub use module::{html as module_html, markdown as module_markdown};

/// Which command writes these pages; each page says so.
pub const BY: &str = "mainstay doc";

/// Returns the page of a runbook as Markdown. The plan is a [told](Plan::told) one; `drills`: how many drill it.
pub fn markdown(plan: &Plan, drills: usize) -> String {
    super::page::markdown(&page(plan, drills))
}

/// Returns the page of a runbook as HTML.
///
/// # Errors
/// When the template cannot be rendered: a mistake of this program.
pub fn html(plan: &Plan, drills: usize) -> Result<String, minijinja::Error> {
    super::page::html(&page(plan, drills))
}

fn page(plan: &Plan, drills: usize) -> Page {
    let about = &plan.about;
    let mut blocks = vec![Block::Facts(facts(plan, drills))];
    blocks.extend(about.introduction.iter().map(|text| Block::Para(marked(text))));
    let mut writer = Writer::default();
    let book = writer.book(&plan.phases, about.prevention.is_some());
    symptom(&mut writer, &book, &plan.phases, 2, &mut blocks);
    if let Some(impact) = &about.impact {
        blocks.push(heading(2, "impact", "Impact"));
        blocks.push(Block::Para(vec![text(impact)]));
    }
    blocks.push(heading(2, "before", "Before you begin"));
    before(plan, &mut blocks);
    body(&mut writer, &book, &plan.phases, 2, &mut blocks);
    if let Some(prevention) = &about.prevention {
        blocks.push(heading(2, "prevention", "Prevention"));
        blocks.push(Block::Para(vec![text(prevention.trim())]));
    }
    followed(&mut writer, &mut blocks);
    Page { title: plan.title.clone(), by: BY, from: plan.file.clone(), blocks }
}

/// Returns what stands below the title.
fn facts(plan: &Plan, drills: usize) -> Vec<(&'static str, Vec<Inline>)> {
    let about = &plan.about;
    let mut facts = Vec::new();
    let mut said = |name, value: &Option<String>| {
        facts.extend(value.as_ref().map(|value| (name, vec![text(value)])));
    };
    said("Severity", &plan.severity);
    said("Owner", &plan.owner);
    said("Last updated", &about.reviewed);
    let tags = (!about.tags.is_empty()).then(|| about.tags.join(", "));
    said("Tags", &tags);
    let worst = match plan.worst.total_ns {
        Some(_) => length(&plan.worst),
        None => format!("{}: {}", length(&plan.worst), plan.worst.made),
    };
    facts.push(("Worst case", vec![text(worst)]));
    if let Some(rto) = plan.rto_ns {
        facts.push(("RTO", vec![text(format!("gone within {}", Value::Duration(rto)))]));
    }
    if let Some((key, then)) = &about.concurrency {
        facts.push(("One at a time", vec![code(key), text(format!("; {then}"))]));
    }
    if drills > 0 {
        facts.push(("Drills", vec![text(drills.to_string())]));
    }
    facts
}

/// Adds what one wants to know and to have before the first step.
fn before(plan: &Plan, blocks: &mut Vec<Block>) {
    let about = &plan.about;
    blocks.push(Block::Para(vec![
        text("What stands in "),
        code("{{ }}"),
        text(" is a value that you put there: a parameter, a value made of others, or what was read under that name. In a command it is put there as one word, in quotes where it holds blanks or signs: "),
        code("'two words'"),
        text("; inside quotes that stand there already it needs no others, in double ones only a backslash before what a shell would read. A list is a word for each of its items."),
    ]));
    if plan.phases.iter().any(is_pasted) {
        blocks.push(Block::Para(vec![
            text("Where it says "),
            code("| raw"),
            text(" it is put there as it is, without quotes: the shell reads whatever stands in it."),
        ]));
    }
    blocks.push(Block::Para(vec![
        text("Commands only read where it says "),
        strong("read"),
        text(", and change something where it says "),
        strong("run"),
        text(". What a step says of taking it back counts before what stands inside the actions it uses."),
    ]));
    if !plan.params.is_empty() {
        let rows = plan.params.iter().map(|param| {
            let default = param.default.as_ref().map_or_else(|| text("must be given"), code);
            vec![vec![code(&param.name)], marked(&param.description), vec![default], vec![code(&param.ty)]]
        });
        blocks.push(heading(3, "", "Parameters"));
        blocks.push(Block::Table {
            head: vec!["name", "what it is", "without a value", "type"],
            rows: rows.collect(),
        });
    }
    made_values(about.made.iter().map(|made| (made.name.as_str(), made.how.as_str())), blocks);
    if !about.secrets.is_empty() {
        let rows = about.secrets.iter();
        let rows = rows.map(|secret| vec![vec![code(&secret.name)], marked(&secret.description)]);
        blocks.push(heading(3, "", "Secrets"));
        blocks.push(Block::Table { head: vec!["name", "what it is"], rows: rows.collect() });
    }
    if !about.tools.is_empty() {
        let tools = joined(about.tools.iter().map(|tool| vec![code(tool)]), &text(", "));
        blocks.push(heading(3, "", "Tools"));
        blocks.push(Block::Para(tools));
    }
    people::asked(&plan.phases, blocks);
    times(plan, blocks);
    let chart = Chart::of(plan);
    blocks.push(heading(3, "flow", "Flow"));
    match is_readable(&chart) {
        true => blocks.push(Block::Flow(chart)),
        false => {
            let count = chart.boxes.len();
            blocks.push(Block::Para(vec![text(format!("It has {count} boxes, too many for a picture."))]));
        }
    }
}

/// Adds the values that are made of others, in the order in which they are.
fn made_values<'a>(made: impl Iterator<Item = (&'a str, &'a str)>, blocks: &mut Vec<Block>) {
    let rows: Vec<_> = made.map(|(name, how)| vec![vec![code(name)], vec![code(how)]]).collect();
    if !rows.is_empty() {
        blocks.push(heading(3, "", "Values made of others"));
        blocks.push(Block::Table { head: vec!["name", "how it is made"], rows });
    }
}

/// Adds how long each way may take, and from where on there is no way back.
fn times(plan: &Plan, blocks: &mut Vec<Block>) {
    let rows = plan.ways.iter().map(|way| {
        let points = way.no_return.iter().map(|point| {
            let why = match point.declared {
                true if point.why == ALWAYS => String::new(),
                true => format!(", when {}", point.why),
                false => format!(": {}", point.why),
            };
            vec![code(&point.text), text(why)]
        });
        let mut points = joined(points, &Inline::Break);
        if points.is_empty() {
            points.push(text("nowhere: all of it can be taken back, or may stay"));
        }
        let title = if way.title.is_empty() { "all of it" } else { way.title.as_str() };
        vec![vec![text(title)], vec![text(length(&way.forward))], vec![text(length(&way.back))], points]
    });
    blocks.push(heading(3, "", "How long it takes at most"));
    blocks.push(Block::Table {
        head: vec!["through", "forward", "all of it back", "no way back from"],
        rows: rows.collect(),
    });
}

fn of_kind(phases: &[Node], kind: Kind) -> impl Iterator<Item = &Node> {
    phases.iter().filter(move |node| node.kind == kind)
}

/// Adds how one sees that there is something to do.
fn symptom<'n>(
    writer: &mut Writer<'n>,
    book: &Book<'n>,
    phases: &'n [Node],
    level: usize,
    blocks: &mut Vec<Block>,
) {
    let all: Vec<&Node> = of_kind(phases, Kind::Symptom).collect();
    if all.is_empty() {
        return;
    }
    blocks.push(heading(level, book.id("symptom"), "Symptom"));
    for node in &all {
        blocks.push(Block::Para(vec![strong(&node.text)]));
        if let Some(alert) = said::clause(node, "alert") {
            blocks.push(Block::Para(vec![text("The alert "), code(alert), text(" leads here.")]));
        }
        let mut items = writer.items(book, &node.children);
        for when in node.children.iter().filter(|child| child.kind == Kind::When) {
            let mut item = vec![Block::Para(vec![text("It holds when "), code(&when.text), text(".")])];
            item.extend(writer.calls(book, when));
            items.push(item);
        }
        blocks.push(Block::Steps(items));
    }
    let none = if all.len() == 1 { "If it does not hold" } else { "If none of them holds" };
    blocks.push(Block::Para(vec![text(format!("{none}, there is nothing to do."))]));
}

/// Adds the phases from the diagnosis to the way back.
fn body<'n>(
    writer: &mut Writer<'n>,
    book: &Book<'n>,
    phases: &'n [Node],
    level: usize,
    blocks: &mut Vec<Block>,
) {
    let mut ways_back = Vec::new();
    let mut phase = |writer: &mut Writer<'n>, node: &'n Node, place: String, blocks: &mut Vec<Block>| {
        let (items, back) = writer.noted(book, node);
        blocks.extend(said::phase(node));
        blocks.push(Block::Steps(items));
        let title = if node.kind == Kind::Diagnose { "Diagnosis steps" } else { node.text.as_str() };
        ways_back.push((Inline::Link { to: place, text: title.to_owned() }, back));
    };
    for node in of_kind(phases, Kind::Diagnose) {
        blocks.push(heading(level, book.id("diagnosis"), "Diagnosis steps"));
        phase(writer, node, book.id("diagnosis"), blocks);
    }
    let resolves: Vec<&Node> = of_kind(phases, Kind::Resolve).collect();
    if !resolves.is_empty() {
        blocks.push(heading(level, book.id("resolution"), "Resolution steps"));
    }
    for node in resolves {
        blocks.push(heading(level + 1, book.resolve(&node.text), &node.text));
        phase(writer, node, book.resolve(&node.text), blocks);
    }
    for node in of_kind(phases, Kind::Clearing) {
        blocks.push(heading(level + 1, book.id("cleared"), "See that it is gone"));
        blocks.push(Block::Para(vec![text("Read the symptom again, as at the beginning.")]));
        let mut items = writer.items(book, &node.children);
        if book.prevention {
            items.push(vec![Block::Para(vec![
                text("It is gone: read what would "),
                book.link("prevention", "prevent it"),
                text("."),
            ])]);
        }
        items.push(vec![Block::Para(vec![text("It is not: "), book.back(), text(".")])]);
        blocks.push(Block::Steps(items));
    }
    blocks.push(heading(level, book.id("rollback"), "Rollback"));
    blocks.push(Block::Para(vec![text(
        "When a step fails, takes longer than it may, or is refused, or when you stop:",
    )]));
    let unless =
        if phases.iter().any(has_point) { ", unless you have passed a point of no return" } else { "" };
    let mut first = vec![Block::Para(vec![text(format!(
        "Take back what was changed, the last change first, as it says at each of them{unless}. When something cannot be \
         taken back, go on with the others and write down what still stands."
    ))])];
    for (way, back) in ways_back.into_iter().filter(|(_, back)| !back.is_empty()) {
        let head = vec![text("Of "), way, text(", as far as you have come, from the top down:")];
        first.extend([Block::Para(head), Block::Steps(back)]);
    }
    let mut items = vec![first];
    for node in of_kind(phases, Kind::Rollback) {
        items.extend(writer.back(book, &node.children));
    }
    if of_kind(phases, Kind::Symptom).next().is_some() {
        items.push(vec![Block::Para(vec![text("Read the symptom again, and tell how it stands.")])]);
    }
    blocks.push(Block::Steps(items));
}

/// Returns whether a value stands in a command without quotes.
fn is_pasted(node: &Node) -> bool {
    node.text.contains(" | raw }}") || node.children.iter().any(is_pasted)
}

fn has_point(node: &Node) -> bool {
    node.kind == Kind::Point || node.children.iter().any(has_point)
}

/// Adds the other runbooks that are followed.
fn followed<'n>(writer: &mut Writer<'n>, blocks: &mut Vec<Block>) {
    while let Some((id, node)) = writer.next_followed() {
        let file = node.text.trim_matches('"');
        let title = said::clause(node, "title").unwrap_or(file);
        let book = writer.book(&node.children, false);
        blocks.push(Block::Heading { level: 2, id, text: vec![text(title), quiet(format!(" ({file})"))] });
        blocks.push(Block::Para(vec![text("Another runbook, which this one follows.")]));
        let made = said::clauses(node, "let").filter_map(|one| one.split_once(" = "));
        made_values(made, blocks);
        symptom(writer, &book, &node.children, 3, blocks);
        body(writer, &book, &node.children, 3, blocks);
    }
}
