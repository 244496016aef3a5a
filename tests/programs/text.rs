//! Runbooks made by chance: every statement that acts, waits, asks or branches, in each other, always free of errors.
//!
//! A runbook is a function of a list of numbers, so that a shorter list, or smaller numbers, is a simpler
//! runbook. Never knows how it is run.

use std::fmt::Write as _;

/// Returns the text of the runbook that these numbers choose.
pub fn runbook(choices: &[u16]) -> String {
    let mut maker = Maker { choices, taken: 0, names: 0, lines: String::new(), depth: 0, left: 14 };
    maker.whole();
    maker.lines
}

/// What may stand where a statement is made.
#[derive(Clone, Default)]
struct Place {
    /// Nesting of blocks.
    depth: usize,
    /// Names with one value for each iteration or attempt, that make calls differ.
    differ: String,
    /// In an undo or a rollback: changes there need not say how they are taken back.
    back: bool,
    /// In an action or an undo: neither more actions of the file nor an escalation.
    inside: bool,
}

struct Maker<'a> {
    choices: &'a [u16],
    taken: usize,
    names: usize,
    lines: String,
    depth: usize,
    /// Statements that may still be made.
    left: usize,
}

const ROLES: [&str; 3] = ["oncall", "lead", "boss"];

impl Maker<'_> {
    /// Returns a number below `n`; 0 when the choices are used up.
    fn pick(&mut self, n: u16) -> u16 {
        let choice = self.choices.get(self.taken).copied().unwrap_or(0);
        self.taken += 1;
        choice % n
    }

    fn one_in(&mut self, n: u16) -> bool {
        self.pick(n) == n - 1
    }

    fn of<'t>(&mut self, words: &[&'t str]) -> &'t str {
        words[usize::from(self.pick(u16::try_from(words.len()).expect("a few words")))]
    }

    fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    fn line(&mut self, text: impl AsRef<str>) {
        let indent = "  ".repeat(self.depth);
        writeln!(self.lines, "{indent}{}", text.as_ref()).expect("text");
    }

    /// A line that continues the statement above.
    fn more(&mut self, text: impl AsRef<str>) {
        self.depth += 1;
        self.line(text);
        self.depth -= 1;
    }

    fn open(&mut self, text: impl AsRef<str>) {
        self.line(format!("{} {{", text.as_ref()));
        self.depth += 1;
    }

    fn close(&mut self) {
        self.depth -= 1;
        self.line("}");
    }

    fn whole(&mut self) {
        self.line("runbook \"By chance\"\n");
        self.line("param hosts: list of text \"Hosts\" = [\"a\", \"b\", \"c\"]\n");
        self.actions();
        let symptom = self.one_in(3);
        if symptom {
            self.symptom();
        }
        let two = self.one_in(3);
        if two || self.one_in(4) {
            self.diagnose(two);
        }
        let within = self.of(&["", " within 1h", " within 40s"]);
        self.open(format!("resolve \"A\"{within}"));
        let place = Place::default();
        let count = 1 + self.pick(5);
        self.block(&place, count);
        if self.one_in(3) {
            self.doomed();
        }
        self.close();
        if two {
            self.open("resolve \"B\"");
            self.left = self.left.max(4);
            self.block(&place, 2);
            self.close();
        }
        if self.one_in(2) {
            self.open("rollback");
            self.left = self.left.max(3);
            self.block(&Place { back: true, ..place }, 2);
            self.close();
        }
    }

    fn actions(&mut self) {
        self.lines.push_str(
            "action seen(name: text) -> text reads {\n  check first = $ seen {{ name }}\n  \
             check second = $ seen-again {{ name }}\n  return second.stdout\n}\n\n",
        );
        self.lines.push_str(
            "action pair(name: text) changes {\n  run $ left {{ name }}\n    undo $ left-back {{ name }}\n  \
             run $ right {{ name }}\n    undo $ right-back {{ name }}\n      safe\n}\n\n",
        );
        self.lines.push_str(
            "action locked(name: text) -> text changes {\n  run $ lock {{ name }}\n    finally $ unlock {{ name }}\n  \
             run pair(name)\n  check after = seen(name)\n  return after\n}\n\n",
        );
        self.open("action own(name: text) changes");
        self.left = 3;
        let place = Place { inside: true, differ: " {{ name }}".to_owned(), depth: 1, ..Place::default() };
        self.block(&place, 2);
        self.close();
        self.left = 14;
    }

    fn symptom(&mut self) {
        self.open("symptom \"It is bad\"");
        self.line("check bad = $ bad");
        self.line("when bad.stdout == \"1\"");
        match self.pick(3) {
            0 => {}
            1 => self.line("cleared when bad.stdout == \"0\" within 1m every 20s"),
            _ => self.line("cleared when bad.stdout == \"0\" for 10s within 1m every 10s"),
        }
        self.close();
    }

    fn diagnose(&mut self, two: bool) {
        self.open("diagnose");
        self.line("check why = $ why");
        self.line("finding \"because of {{ why.stdout }}\" when why.stdout == \"1\"");
        if two {
            self.open("decide");
            self.line("when why.stdout == \"1\" -> resolve \"A\"");
            self.line("when seen(\"which\") == \"0\" -> resolve \"B\"");
            let otherwise = self.of(&["resolve \"B\"", "escalate to boss \"nobody knows\""]);
            self.line(format!("otherwise -> {otherwise}"));
            self.close();
        }
        self.close();
    }

    /// What fails mostly, so that there is something to take back.
    fn doomed(&mut self) {
        let name = self.name("end");
        self.line(format!("check {name} = $ {name}"));
        self.line(format!("verify {name}.stdout == \"0\""));
    }

    fn block(&mut self, place: &Place, count: u16) {
        for _ in 0..count {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            self.statement(place);
        }
    }

    /// A block that has at least one statement.
    fn body(&mut self, place: &Place) {
        let count = 1 + self.pick(3);
        self.left = self.left.max(1);
        self.block(&Place { depth: place.depth + 1, ..place.clone() }, count);
    }

    fn statement(&mut self, place: &Place) {
        let nested = place.depth < 3;
        match self.pick(24) {
            0..=5 => self.run(place),
            6 => self.run_action(place),
            7 => self.check(place),
            8 => self.verify(place),
            9 => self.said(),
            10 => self.wait(),
            11 => self.approve(place),
            12 => self.ask(place),
            13 => self.manual(place),
            14 if !place.inside && self.one_in(2) => {
                let name = self.name("r");
                self.line(format!("check {name} = $ {name}{}", place.differ));
                self.open(format!("if {name}.stdout == \"0\""));
                self.line("escalate to boss \"help\"");
                self.close();
            }
            14 => self.line("notify engineers \"it goes on\""),
            15 if nested => self.branch(place),
            16..=18 if nested => self.step(place),
            19 | 20 if nested => self.looping(place),
            21 | 22 if nested => self.parallel(place),
            23 if nested => self.decide(place),
            _ => self.run(place),
        }
    }

    fn run(&mut self, place: &Place) {
        let name = self.name("c");
        let differ = place.differ.clone();
        let bound = if self.one_in(4) { format!("{name} = ") } else { String::new() };
        let tried = if !bound.is_empty() && self.one_in(3) { "try " } else { "" };
        self.line(format!("run {bound}{tried}$ {name}{differ}"));
        if self.one_in(4) {
            self.more("timeout 20s");
        }
        if bound.is_empty() && self.one_in(6) {
            self.more(format!("done when seen(\"{name}\") == \"1\""));
        }
        if self.one_in(6) {
            // Something must come between a change and its end.
            self.more(format!("finally $ {name}-end{differ}"));
            self.statement(place);
            return;
        }
        self.ending(place, &name);
    }

    /// How the change above is taken back.
    fn ending(&mut self, place: &Place, name: &str) {
        let differ = &place.differ;
        if place.back {
            return;
        }
        match self.pick(9) {
            0..=3 => self.more(format!("undo $ {name}-back{differ}")),
            4 => {
                self.more(format!("undo $ {name}-back{differ}"));
                self.depth += 1;
                self.more("safe");
                self.depth -= 1;
            }
            5 => {
                self.depth += 1;
                self.open("undo");
                self.line(format!("run $ {name}-back{differ}"));
                let inner = Place { back: true, inside: true, depth: 3, ..place.clone() };
                self.left = self.left.max(1);
                self.block(&inner, 1);
                self.close();
                self.depth -= 1;
            }
            6 => {
                let role = self.of(&ROLES);
                self.more(format!(
                    "undo manual \"take {name} back\" by {role} within 30m on silence continue"
                ));
            }
            7 => self.more("leave \"it is harmless\""),
            _ => self.more("irreversible \"there is no way back\""),
        }
    }

    fn run_action(&mut self, place: &Place) {
        let name = self.name("a");
        let value = if place.differ.contains("host") {
            format!("\"{name}\" ~ {}", host(place))
        } else {
            format!("\"{name}\"")
        };
        let action = match self.pick(3) {
            0 => "pair",
            1 => "locked",
            _ if place.inside => "pair",
            _ => "own",
        };
        let bound = if action == "locked" { format!("{name} = ") } else { String::new() };
        self.line(format!("run {bound}{action}({value})"));
        if self.one_in(4) {
            self.more("timeout 50s");
        }
        if !place.back && self.one_in(3) {
            self.more(format!("undo $ {name}-back{}", place.differ));
        }
    }

    fn check(&mut self, place: &Place) {
        let name = self.name("r");
        let tried = if self.one_in(5) { "try " } else { "" };
        let call =
            if self.one_in(3) { format!("seen(\"{name}\")") } else { format!("$ {name}{}", place.differ) };
        self.line(format!("check {name} = {tried}{call}"));
        if tried.is_empty() && self.one_in(3) {
            let value = if call.starts_with('$') { format!("{name}.stdout") } else { name };
            self.more(format!("until {value} == \"1\" within 50s every 20s"));
        } else if !tried.is_empty() {
            self.line(format!("show {name}.ok"));
        }
    }

    fn verify(&mut self, _: &Place) {
        let name = self.name("v");
        let polled =
            self.of(&["", " within 50s every 20s", " for 30s every 15s", " for 20s within 1m every 10s"]);
        self.line(format!("verify seen(\"{name}\") == \"1\"{polled}"));
    }

    fn said(&mut self) {
        let name = self.name("n");
        match self.pick(3) {
            0 => self.line(format!("let {name} = length(hosts)")),
            1 => self.line(format!("finding \"{name} of {{{{ length(hosts) }}}}\"")),
            _ => self.line(format!("show length(hosts) + {}", self.names)),
        }
    }

    fn wait(&mut self) {
        let time = self.of(&["10s", "1s", "45s", "5s"]);
        self.line(format!("wait {time}"));
    }

    fn silence(&mut self) -> &'static str {
        self.of(&["abort", "continue", "escalate to boss"])
    }

    fn approve(&mut self, _: &Place) {
        let name = self.name("question ");
        let silence = self.silence();
        let by = self.of(&["oncall", "oncall or lead", "any 2 of lead, oncall"]);
        self.line(format!("approve \"{name}\" by {by} within 5m on silence {silence}"));
    }

    fn ask(&mut self, place: &Place) {
        let name = self.name("q");
        let silence = self.of(&["\"x\"", "abort", "escalate to boss"]);
        let role = self.of(&ROLES);
        self.line(format!(
            "ask {name} \"Which?\" one of \"x\", \"y\" by {role} within 5m on silence {silence}"
        ));
        if self.one_in(2) {
            self.line(format!("run $ {name}{} {{{{ {name} }}}}", place.differ));
            if !place.back {
                self.more("leave \"it is what was asked for\"");
            }
        }
    }

    fn manual(&mut self, place: &Place) {
        let name = self.name("m");
        let silence = self.of(&["abort", "continue"]);
        let role = self.of(&ROLES);
        self.line(format!("manual \"do {name}\" by {role} within 10m on silence {silence}"));
        if self.one_in(3) {
            self.more(format!("until seen(\"{name}\") == \"1\" every 1m"));
        }
        if place.back {
            return;
        }
        match self.pick(3) {
            0 => self.more(format!("undo manual \"undo {name}\" by {role} within 30m on silence continue")),
            1 => self.more("leave \"it is harmless\""),
            _ => self.more(format!("undo $ {name}-back{}", place.differ)),
        }
    }

    fn branch(&mut self, place: &Place) {
        let name = self.name("r");
        self.line(format!("check {name} = $ {name}{}", place.differ));
        self.open(format!("if {name}.stdout == \"1\""));
        self.body(place);
        self.depth -= 1;
        self.line("} else {");
        self.depth += 1;
        self.body(place);
        self.close();
    }

    fn step(&mut self, place: &Place) {
        let name = self.name("Step ");
        let timeout = self.of(&["", " timeout 30s", " timeout 5m"]);
        let within = self.of(&["", "", " within 10m", " within 1m"]);
        let retry = self.of(&["", " retry 1", " retry 2 every 1s..5s"]);
        let failure = self.of(&["", "", " on failure continue", " on failure ask"]);
        self.open(format!("step \"{name}\"{timeout}{within}{retry}{failure}"));
        let mut inner = place.clone();
        if !inner.differ.contains("attempt") && !inner.inside {
            inner.differ.push_str(" {{ attempt }}");
        }
        self.body(&inner);
        self.close();
    }

    fn looping(&mut self, place: &Place) {
        let host = self.name("host");
        let batch = self.of(&["", ", 2 at a time", ", all at once", ", 50% at a time"]);
        let apart = self.of(&["", ", 10s apart"]);
        let apart = if batch == ", all at once" { "" } else { apart };
        let stop = self.of(&["", ", stop after 2 failures"]);
        let keep = self.of(&["", ", keep finished"]);
        self.open(format!("for {host} in hosts, at most 5{batch}{apart}{stop}{keep}"));
        let mut inner = place.clone();
        write!(inner.differ, " {{{{ {host} }}}}").expect("text");
        self.body(&inner);
        self.close();
    }

    fn parallel(&mut self, place: &Place) {
        self.open("parallel");
        for _ in 0..2 + self.pick(2) {
            let name = self.name("Arm ");
            self.open(format!("step \"{name}\""));
            self.body(place);
            self.close();
        }
        self.close();
    }

    fn decide(&mut self, place: &Place) {
        let name = self.name("d");
        self.open("decide");
        self.open(format!("when seen(\"{name}\") == \"1\" ->"));
        self.body(place);
        self.close();
        self.open("otherwise ->");
        self.body(place);
        self.close();
        self.close();
    }
}

/// Returns the name of the innermost loop.
fn host(place: &Place) -> &str {
    let words: Vec<&str> = place.differ.split_whitespace().filter(|word| word.starts_with("host")).collect();
    words.last().copied().unwrap_or("hosts")
}
