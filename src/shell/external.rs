//! Programs: which of their arguments are data, which are code for a second interpreter.
//!
//! Owns the way through wrappers (`sudo`, `env`, `timeout 5` …) to the command they run, at any depth, and the
//! reading of each known interpreter's options. The names are in `programs`.

use std::rc::Rc;

use super::plan::Start;
use super::positions::{Flow, ReadsCode, Stand, Walk};
use super::programs::{self, Interpreter, Operand, Wrapper};
use super::refusal::Refusal;
use super::tree::{Part, Word};
use super::words::is_name;

impl Walk<'_> {
    /// Walks a simple command, and returns whether its input is code. `outside`: another program runs it, so there are
    /// no builtins and no functions.
    pub fn run(&mut self, words: &[Word], flow: &Flow, outside: bool) -> ReadsCode {
        let (first, arguments) = words.split_first()?;
        self.refuse(first, &Refusal::command(), flow);
        if first.has_own_value() {
            // One message is enough.
            arguments
                .iter()
                .for_each(|word| self.word(word, &Stand::argument(), flow));
            return None;
        }
        let Some((name, path)) = program(first) else {
            self.refuse_all(arguments, &Refusal::unknown_command(), flow);
            return None;
        };
        if !outside && !path {
            if self.is_function(&name) {
                return self.call(&name, arguments, flow);
            }
            if name == "command"
                && arguments
                    .first()
                    .and_then(Word::literal)
                    .is_some_and(|o| ["-v", "-V"].contains(&o.as_str()))
            {
                arguments
                    .iter()
                    .for_each(|word| self.word(word, &Stand::builtin(false), flow));
                return None;
            }
            if programs::is_builtin(&name)
                && !["command", "builtin", "exec"].contains(&name.as_str())
            {
                return self.builtin(&name, words, flow);
            }
        }
        self.program(
            &name,
            words,
            flow,
            outside || !["command", "builtin"].contains(&name.as_str()),
        )
    }

    fn program(&mut self, name: &str, words: &[Word], flow: &Flow, outside: bool) -> ReadsCode {
        if let Some(wrapper) = programs::wrapper(name) {
            return self.wrapped(name, wrapper, words, flow, outside);
        }
        if programs::SHELLS.contains(&name) {
            return self.shell(name, words, flow);
        }
        if let Some(interpreter) = programs::interpreter(name) {
            return self.interpreter(name, interpreter, words, flow);
        }
        if let Some((_, help)) = programs::ALL_CODE.iter().find(|(n, _)| *n == name) {
            let refusal = Refusal::interpreter(name, *help);
            self.refuse_all(words.get(1..).unwrap_or_default(), &refusal, flow);
            return Some(refusal);
        }
        match name {
            "find" | "gfind" => self.find(words, flow),
            "ssh" | "autossh" => self.ssh(name, words, flow),
            _ if programs::CONTAINERS.contains(&name) => self.container(name, words, flow),
            _ => self.arguments(name, words, flow),
        }
    }

    /// Walks the arguments of a program that is not known.
    fn arguments(&mut self, name: &str, words: &[Word], flow: &Flow) -> ReadsCode {
        let echoes = ["echo", "printf"].contains(&name);
        let stand = Stand::Data {
            position: super::plan::Position::Argument,
            exposes: true,
            echoes,
            several: true,
        };
        let options = programs::CODE_OPTIONS
            .iter()
            .find(|(names, ..)| names.contains(&name));
        let mut start = Start::NotOption;
        let mut at = 1;
        while let Some(word) = words.get(at) {
            let rest = words.get(at..).unwrap_or_default();
            if begins_shell(rest) {
                return self.run(rest, flow, true);
            }
            if let Some((_, codes, help)) = options
                && let Some(attached) = codes.iter().find_map(|code| takes(word, code))
            {
                let refusal = Refusal::interpreter(name, *help);
                let until = at + if attached { 1 } else { 2 };
                self.refuse_all(
                    words.get(at..until.min(words.len())).unwrap_or_default(),
                    &refusal,
                    flow,
                );
                at = until;
                continue;
            }
            if word.literal().as_deref() == Some("--") {
                start = Start::Free;
            }
            if ["make", "gmake"].contains(&name) && word.prefix().contains('=') {
                let help = "use `with env { X: … }`, and `$(value X)` or `\"$$X\"` in the makefile";
                self.refuse(word, &Refusal::interpreter(name, help), flow);
            } else {
                self.guarded(word, &stand, start, flow);
            }
            at += 1;
        }
        None
    }

    fn argument(&mut self, word: &Word, flow: &Flow) {
        self.guarded(word, &Stand::argument(), Start::NotOption, flow);
    }

    fn wrapped(
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
                .iter()
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

    fn shell(&mut self, name: &str, words: &[Word], flow: &Flow) -> ReadsCode {
        let refusal = Refusal::interpreter(name, shell_help());
        let (mut command, mut stdin) = (false, false);
        let mut at = 1;
        while let Some(word) = words.get(at) {
            let prefix = word.prefix();
            if !prefix.starts_with(['-', '+']) || prefix.len() < 2 {
                break;
            }
            at += 1;
            if word.literal().as_deref() == Some("--") {
                break;
            }
            self.refuse(word, &refusal, flow);
            let long = prefix.starts_with("--");
            command |= !long && prefix.contains('c');
            stdin |= !long && prefix.contains('s');
            if (!long && prefix.ends_with(['o', 'O']))
                || ["--rcfile", "--init-file"].contains(&prefix.as_str())
            {
                words
                    .get(at)
                    .into_iter()
                    .for_each(|next| self.refuse(next, &refusal, flow));
                at += 1;
            }
        }
        let mut rest = words.get(at..).unwrap_or_default();
        if let Some((first, behind)) = rest.split_first().filter(|_| command || !stdin) {
            let refused = if command {
                refusal.clone()
            } else {
                Refusal::program(name)
            };
            self.refuse(first, &refused, flow);
            rest = behind;
            stdin = false;
        } else {
            stdin = true;
        }
        rest.iter()
            .for_each(|word| self.word(word, &Stand::argument(), flow));
        stdin.then_some(refusal)
    }

    fn interpreter(
        &mut self,
        name: &str,
        it: &Interpreter,
        words: &[Word],
        flow: &Flow,
    ) -> ReadsCode {
        let refusal = Refusal::interpreter(name, it.help);
        let mut reading = Options {
            it,
            code_given: false,
            operands: 0,
            ended: false,
            files: false,
            before: String::new(),
        };
        let mut at = 1;
        while let Some(word) = words.get(at) {
            let next = words.get(at + 1);
            let (here, behind) = reading.next(word);
            at += 1;
            self.taken(here, word, name, &refusal, flow);
            match behind {
                Behind::Nothing => {}
                Behind::One(taken) => {
                    at += 1;
                    next.into_iter()
                        .for_each(|next| self.taken(taken, next, name, &refusal, flow));
                }
                Behind::Pair => {
                    next.into_iter()
                        .for_each(|next| self.taken(Taken::Code, next, name, &refusal, flow));
                    words
                        .get(at + 1)
                        .into_iter()
                        .for_each(|value| self.word(value, &Stand::argument(), flow));
                    at += 2;
                }
            }
        }
        let dash = words
            .iter()
            .filter_map(Word::literal)
            .any(|l| ["-", "-f-", "--file=-", "/dev/stdin"].contains(&l.as_str()));
        (it.stdin && (dash || !reading.code_given)).then_some(refusal)
    }

    fn taken(&mut self, taken: Taken, word: &Word, name: &str, refusal: &Rc<Refusal>, flow: &Flow) {
        match taken {
            Taken::Code => self.refuse(word, refusal, flow),
            Taken::Program => self.refuse(word, &Refusal::program(name), flow),
            Taken::Data => self.argument(word, flow),
            Taken::Free => self.word(word, &Stand::argument(), flow),
        }
    }

    fn find(&mut self, words: &[Word], flow: &Flow) -> ReadsCode {
        let mut at = 1;
        let mut predicate = false;
        while let Some(word) = words.get(at) {
            let literal = word.literal().unwrap_or_default();
            at += 1;
            if ["-exec", "-execdir", "-ok", "-okdir"].contains(&literal.as_str()) {
                let rest = words.get(at..).unwrap_or_default();
                let ends = |w: &Word| w.literal().is_some_and(|l| l == ";" || l == "+");
                let length = rest.iter().position(ends).unwrap_or(rest.len());
                self.run(rest.get(..length).unwrap_or_default(), flow, true);
                at += length + 1;
                continue;
            }
            let start = if predicate {
                Start::NotOption
            } else {
                Start::NotExpression
            };
            self.guarded(word, &Stand::argument(), start, flow);
            predicate = literal.starts_with('-');
        }
        None
    }

    fn ssh(&mut self, name: &str, words: &[Word], flow: &Flow) -> ReadsCode {
        let refusal = Refusal::interpreter(name, "run it there with `on HOST { run $ … }`");
        let mut at = 1;
        while let Some(word) = words.get(at) {
            let prefix = word.prefix();
            at += 1;
            if !prefix.starts_with('-') || prefix.len() < 2 {
                self.argument(word, flow);
                break;
            }
            let proxy = |word: &Word, text: &str| {
                word.has_value() && (text.is_empty() || text.to_lowercase().contains("command"))
            };
            if prefix.starts_with("-o")
                && word.literal().as_deref() != Some("-o")
                && proxy(word, prefix.get(2..).unwrap_or_default())
            {
                self.refuse(word, &refusal, flow);
                continue;
            }
            self.argument(word, flow);
            if takes_next(word, &prefix, "BbcDEeFIiJLlmOopQRSWw", &[]) {
                if let Some(next) = words.get(at) {
                    if prefix.ends_with('o') && proxy(next, &next.prefix()) {
                        self.refuse(next, &refusal, flow);
                    } else {
                        self.argument(next, flow);
                    }
                }
                at += 1;
            }
        }
        let remote = words.get(at..).unwrap_or_default();
        self.refuse_all(remote, &refusal, flow);
        let text = remote
            .iter()
            .map(Word::prefix)
            .collect::<Vec<_>>()
            .join(" ");
        let reads = text
            .split(|c: char| c.is_whitespace() || ";|&(".contains(c))
            .map(basename)
            .any(reads_code);
        (remote.is_empty() || reads || remote.iter().any(|w| w.literal().is_none()))
            .then_some(refusal)
    }

    /// Walks a command that runs another one somewhere behind options that are not known.
    fn container(&mut self, name: &str, words: &[Word], flow: &Flow) -> ReadsCode {
        let literals: Vec<String> = words
            .iter()
            .map(|w| w.literal().unwrap_or_default())
            .collect();
        let runs = literals
            .iter()
            .any(|l| programs::RUNS.contains(&l.as_str()))
            || !["docker", "podman", "kubectl", "oc", "ip"].contains(&name);
        if !runs {
            return self.arguments(name, words, flow);
        }
        let dashes = literals.iter().position(|l| l == "--");
        let found = literals
            .iter()
            .enumerate()
            .skip(2)
            .position(|(_, l)| !l.is_empty() && reads_somehow(basename(l)));
        let nested = dashes
            .map(|d| d + 1)
            .or(found.map(|f| f + 2))
            .or_else(|| exec_command(&literals, words));
        let Some(nested) = nested.filter(|n| *n < words.len()) else {
            return self.arguments(name, words, flow);
        };
        let (before, command) = words.split_at(nested);
        before
            .iter()
            .skip(1)
            .for_each(|word| self.argument(word, flow));
        self.run(command, flow, true)
    }
}

/// Returns the position of the command in `docker exec [options] CONTAINER COMMAND`, whose options are few.
fn exec_command(literals: &[String], words: &[Word]) -> Option<usize> {
    let targets = [
        "docker",
        "podman",
        "nerdctl",
        "docker-compose",
        "podman-compose",
        "kubectl",
        "oc",
        "crictl",
        "lxc",
        "incus",
        "ip",
    ];
    let known = literals
        .first()
        .is_some_and(|l| targets.contains(&basename(l)));
    let exec = literals
        .iter()
        .position(|l| l == "exec")
        .filter(|_| known)?;
    let long = [
        "env",
        "user",
        "workdir",
        "env-file",
        "detach-keys",
        "index",
        "namespace",
        "container",
        "pod",
    ];
    let mut at = exec + 1;
    while let Some(word) = words.get(at) {
        let prefix = word.prefix();
        if !prefix.starts_with('-') {
            return Some(at + 1);
        }
        at += 1 + usize::from(takes_next(word, &prefix, "euwnc", &long));
    }
    None
}

/// How a word of an interpreter is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    Code,
    Program,
    /// Data where options are read.
    Data,
    /// Data where none are.
    Free,
}

/// What the word decides about those behind it.
enum Behind {
    Nothing,
    One(Taken),
    /// A name and a value.
    Pair,
}

/// The state of reading an interpreter's options.
struct Options<'a> {
    it: &'a Interpreter,
    code_given: bool,
    operands: usize,
    ended: bool,
    /// `perl -n`, which opens its operands in its own way.
    files: bool,
    /// The operand before.
    before: String,
}

impl Options<'_> {
    fn next(&mut self, word: &Word) -> (Taken, Behind) {
        let prefix = word.prefix();
        if self.ended || !prefix.starts_with('-') || prefix.len() < 2 {
            return (self.operand(word), Behind::Nothing);
        }
        if word.literal().as_deref() == Some("--") {
            self.ended = true;
            return (Taken::Free, Behind::Nothing);
        }
        if self.it.pairs.contains(&prefix.as_str()) {
            return (Taken::Code, Behind::Pair);
        }
        let (option, attached) = match prefix.split_once('=') {
            Some((option, _)) => (option, true),
            None => (prefix.as_str(), false),
        };
        let name = option.trim_start_matches('-');
        if self.it.long_code.contains(&name) {
            self.code_given = true;
            return (
                Taken::Code,
                if attached {
                    Behind::Nothing
                } else {
                    Behind::One(Taken::Code)
                },
            );
        }
        if option.starts_with("--") || self.it.long.contains(&name) && name.len() > 1 {
            return match (self.it.long.contains(&name), attached) {
                (true, false) => (Taken::Data, Behind::One(Taken::Data)),
                (_, true) => (Taken::Data, Behind::Nothing),
                (false, false) => {
                    self.code_given |= name == "from-file" || name == "file";
                    (Taken::Code, Behind::Nothing)
                }
            };
        }
        self.cluster(word, &prefix)
    }

    fn cluster(&mut self, word: &Word, prefix: &str) -> (Taken, Behind) {
        let last = prefix.chars().count() - 1;
        for (at, c) in prefix.chars().enumerate().skip(1) {
            let alone = at == last && word.literal().is_some();
            if self.it.loads.contains(c) {
                return (
                    Taken::Code,
                    if alone {
                        Behind::One(Taken::Code)
                    } else {
                        Behind::Nothing
                    },
                );
            }
            if self.it.short_code.contains(c) {
                self.code_given = true;
                self.ended |= self.it.stops && "cm".contains(c);
                return (
                    Taken::Code,
                    if alone {
                        Behind::One(Taken::Code)
                    } else {
                        Behind::Nothing
                    },
                );
            }
            if self.it.short.contains(c) || self.it.file.contains(c) {
                self.code_given |= self.it.file.contains(c);
                return (
                    Taken::Data,
                    if alone {
                        Behind::One(Taken::Data)
                    } else {
                        Behind::Nothing
                    },
                );
            }
            self.files |= self.it.names.contains(&"perl") && "np".contains(c);
        }
        // The rest of the word could be any option.
        (Taken::Code, Behind::Nothing)
    }

    fn operand(&mut self, word: &Word) -> Taken {
        let first = self.operands == 0;
        self.operands += 1;
        let given = self.code_given;
        let data = if self.ended { Taken::Free } else { Taken::Data };
        let taken = match self.it.operand {
            Operand::Code if first && !given => Taken::Code,
            // `yq eval 'expression'`
            Operand::Code
                if !given && ["eval", "e", "eval-all", "ea"].contains(&self.before.as_str()) =>
            {
                Taken::Code
            }
            Operand::CodeBehindEval if self.before.to_lowercase().starts_with("eval") => {
                Taken::Code
            }
            Operand::Program if first && !given => Taken::Program,
            Operand::CodeBehindFirst if !first => Taken::Code,
            _ if self.files => Taken::Code,
            _ => data,
        };
        self.before = word.literal().unwrap_or_default();
        let dash = self.before == "-";
        self.code_given |= (taken == Taken::Program && !dash)
            || (taken == Taken::Code && self.it.operand == Operand::CodeBehindFirst);
        self.ended |= self.it.stops;
        taken
    }
}

fn shell_help() -> &'static str {
    "hand it over as an argument behind the script, `sh -c '… \"$1\" …' sh {{ x }}`, or use `with env { X: … }` and `\"$X\"`"
}

/// Returns the name of the program a word names, and whether by a path.
fn program(word: &Word) -> Option<(String, bool)> {
    if let Some(literal) = word.literal() {
        return Some((basename(&literal).to_owned(), literal.contains('/')));
    }
    let Some(Part::Text { text, .. }) = word.parts.last() else {
        return None;
    };
    text.contains('/')
        .then(|| (basename(text).to_owned(), true))
}

fn basename(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns whether `words` are a shell with a `-c` behind it, or a shell alone.
fn begins_shell(words: &[Word]) -> bool {
    let Some((first, rest)) = words.split_first() else {
        return false;
    };
    let shell = first
        .literal()
        .is_some_and(|l| programs::SHELLS.contains(&basename(&l)));
    let options = rest.iter().take_while(|w| w.prefix().starts_with('-'));
    shell
        && (rest.is_empty()
            || options
                .into_iter()
                .any(|w| is_cluster(&w.prefix()) && w.prefix().contains('c')))
}

/// Returns whether the option word is short letters.
fn is_cluster(prefix: &str) -> bool {
    prefix.starts_with('-') && !prefix.starts_with("--") && prefix.len() > 1
}

/// Returns whether `word` is the option `option`, and then whether its argument is part of it.
fn takes(word: &Word, option: &str) -> Option<bool> {
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
fn takes_next(word: &Word, prefix: &str, short: &str, long: &[&str]) -> bool {
    if word.literal().is_none() {
        return false;
    }
    match prefix.strip_prefix("--") {
        Some(name) => long.contains(&name),
        None => {
            let letters = prefix.trim_start_matches('-');
            letters
                .find(|c| short.contains(c))
                .is_some_and(|at| at + 1 == letters.len())
        }
    }
}

/// Returns whether a program of this name takes code from its input when nothing else is said.
fn reads_code(name: &str) -> bool {
    programs::SHELLS.contains(&name)
        || name == "ssh"
        || programs::interpreter(name).is_some_and(|i| i.stdin)
}

/// Returns whether a program of this name takes code at all.
fn reads_somehow(name: &str) -> bool {
    reads_code(name)
        || programs::interpreter(name).is_some()
        || ["su", "sudo", "env", "eval", "xargs", "find"].contains(&name)
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
