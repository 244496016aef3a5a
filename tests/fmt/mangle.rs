//! Texts as authors in a hurry leave them: the same runbook with other blanks, breaks and comments.
//!
//! Works on lines, and knows of the language only what hides from it: texts, scripts and commands of several lines.

/// Numbers by chance, from a seed.
pub struct Chance(pub u64);

impl Chance {
    /// Returns a number below `n` (SplitMix64).
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// What a line is.
#[derive(Clone, Copy, PartialEq)]
enum Line {
    /// A line of its own, and the next one too.
    Whole,
    /// It begins a text or a script that goes on, or a command.
    Begins,
    /// Inside a text or a script, or its end.
    Inside,
    /// Of a command that goes on from the line above.
    Continued,
}

/// Tells what each line is.
fn kinds(text: &str) -> Vec<(Line, &str)> {
    let mut open: Option<&str> = None;
    let mut continued = false;
    let mut kinds = Vec::new();
    for line in text.lines() {
        let comment = line.trim_start().starts_with('#');
        let kind = if let Some(end) = open {
            if line.contains(end) {
                open = None;
            }
            Line::Inside
        } else if continued {
            continued = line.ends_with('\\');
            Line::Continued
        } else if comment {
            Line::Whole
        } else if line.contains("$ ") {
            continued = line.ends_with('\\');
            if continued { Line::Begins } else { Line::Whole }
        } else {
            open = ["\"\"\"", "```"].into_iter().find(|quotes| line.matches(quotes).count() % 2 == 1);
            if open.is_some() { Line::Begins } else { Line::Whole }
        };
        kinds.push((kind, line));
    }
    kinds
}

/// Where what is hidden in a line begins: a text, a command, a script, a comment.
fn shown(line: &str) -> usize {
    line.find(['"', '$', '`', '#']).unwrap_or(line.len())
}

const BLOCKS: [&str; 13] = [
    "step", "if", "for", "resolve", "diagnose", "drill", "symptom", "action", "rollback", "parallel",
    "watch", "on", "decide",
];

/// Returns a text of the layout with other indentation, blanks and empty lines, and other breaks where there is one
/// layout for them.
pub fn blanks(text: &str, chance: &mut Chance) -> String {
    let mut out = String::new();
    let mut shift = 0;
    let end = if chance.one_in(4) { "\r\n" } else { "\n" };
    let lines = kinds(text);
    for (at, (kind, line)) in lines.iter().copied().enumerate() {
        match kind {
            Line::Continued => out.push_str(line),
            Line::Inside if line.trim().is_empty() => out.push_str(&" ".repeat(chance.below(9) as usize)),
            Line::Inside => {
                out.push_str(&" ".repeat(shift));
                out.push_str(line);
            }
            Line::Whole | Line::Begins if line.is_empty() => {
                for _ in 0..chance.below(3) {
                    out.push_str(["", "  ", "\t"][chance.below(3) as usize]);
                    out.push_str(end);
                }
            }
            Line::Whole | Line::Begins => {
                shift = chance.below(7) as usize;
                let indent = [" ", "\t"][chance.below(2) as usize].repeat(chance.below(9) as usize);
                out.push_str(&indent);
                out.push_str(&spaced(line.trim_start(), chance, end));
                if kind == Line::Whole && !line.trim_start().starts_with('#') {
                    out.push_str(&" ".repeat(chance.below(3) as usize));
                }
            }
        }
        // Two sentences may share a line.
        let simple = |line: &str| {
            ["expect ", "finding ", "show "].iter().any(|word| line.trim_start().starts_with(word))
        };
        let both = simple(line)
            && lines.get(at + 1).is_some_and(|(kind, next)| *kind == Line::Whole && simple(next));
        let joins = kind == Line::Whole && both && !line.contains('#') && chance.one_in(2);
        out.push_str(if joins { " ; " } else { end });
    }
    out
}

/// Returns a line with other blanks before what is hidden in it, and maybe its block's brace in the next line.
fn spaced(line: &str, chance: &mut Chance, end: &str) -> String {
    let mut out = String::new();
    let (seen, hidden) = line.split_at(shown(line));
    for c in seen.chars() {
        out.push(c);
        if c == ' ' {
            out.push_str(&" ".repeat(chance.below(3) as usize));
        }
    }
    out.push_str(hidden);
    let first = line.split(' ').next().unwrap_or("");
    if !hidden.contains(['$', '#']) && (BLOCKS.contains(&first) || first == "}") && chance.one_in(3) {
        if let Some(head) = out.strip_suffix('{') {
            out = format!("{head}{end}{end}{{");
        }
        if let Some(rest) = out.strip_prefix("} ").filter(|rest| rest.trim_start().starts_with("else")) {
            out = format!("}}{end}{rest}");
        }
    }
    out
}

/// Returns the text with comments and breaks of its lines, and the comments in their order.
pub fn commented(text: &str, chance: &mut Chance) -> (String, Vec<String>) {
    let mut out = String::new();
    let mut comments = Vec::new();
    let mut comment = |out: &mut String, before: &str| {
        comments.push(format!("# remark {},", comments.len()));
        out.push_str(before);
        out.push_str(comments.last().map_or("", String::as_str));
    };
    for (kind, line) in kinds(text) {
        let own = matches!(kind, Line::Whole | Line::Begins);
        if own && !out.is_empty() && chance.one_in(6) {
            comment(&mut out, ["", "      ", "\n\n"][chance.below(3) as usize]);
            out.push('\n');
        }
        let breaks = own && !line.trim_start().starts_with(['#', '"']) && !line.starts_with("window");
        let seen = if breaks { shown(line) } else { 0 };
        let (seen, hidden) = line.split_at(seen);
        for (at, c) in seen.char_indices() {
            out.push(c);
            let here = c == '(' || c == ',' || c == '[';
            if here && seen[at..].len() > 1 && chance.one_in(4) {
                if chance.one_in(2) {
                    comment(&mut out, " ");
                }
                out.push('\n');
            }
        }
        out.push_str(hidden);
        if kind == Line::Whole && !line.is_empty() && !line.contains(['#', '$', '`']) && chance.one_in(8) {
            comment(&mut out, " ");
        }
        out.push('\n');
    }
    (out, comments)
}
