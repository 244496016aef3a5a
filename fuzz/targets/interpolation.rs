//! What commands with values in them promise for any template and any values: no value is ever part of the code.
//!
//! Called by the fuzzer and by `tests/fuzz_corpus.rs`. Never starts a process. An input is a letter for what the template
//! is (`b` a fence of bash, `s` one of sh, all else one line), the template with `{{x}}` for a value and `{{x|raw}}`
//! for a pasted one, and behind 0x1e each of the values; one that begins with 0x1f is a list, its items divided by it.

use mainstay::shell::{
    Bound, CommandKind, CommandPlan, Form, Piece, Position, Shell, analyse, as_typed, bind,
};
use mainstay::source::{SourceId, Span};

/// Looks at one input; panics where the promise is broken.
pub fn interpolation(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    let kind = match kind {
        b'b' => CommandKind::Fence(Shell::Bash),
        b's' => CommandKind::Fence(Shell::Sh),
        _ => CommandKind::OneLine,
    };
    let mut parts = rest.split(|byte| *byte == 0x1e);
    let Some(Ok(template)) = parts.next().map(std::str::from_utf8) else { return };
    let pieces = pieces(template);
    let plan = match analyse(&pieces, kind) {
        Ok(plan) => plan,
        Err(messages) => {
            assert!(!messages.is_empty(), "refused without a word");
            for label in messages.iter().flat_map(|message| &message.labels) {
                assert!(template.get(label.span.range()).is_some(), "{label:?} is no place");
            }
            return;
        }
    };
    let count = pieces.iter().filter(|piece| matches!(piece, Piece::Value { .. })).count();
    let mut values: Vec<Bound> = parts.map(value).collect();
    values.resize(count, Bound::Text(String::from("a b")));
    let typed = as_typed(&plan, &values);
    let Ok(bound) = bind(&plan, &values) else { return };
    match &plan.form {
        Form::Direct { .. } => assert_words(template, &pieces, &values, &bound.argv, &typed),
        Form::Script { shell, .. } => assert_apart(&plan, *shell, &values, &bound.argv),
    }
}

/// Without a shell, the program gets the words of the template, each value in its place as it is; and what the log shows
/// has these words, too.
fn assert_words(template: &str, pieces: &[Piece], values: &[Bound], argv: &[String], typed: &str) {
    const MARK: &str = "\u{e000}";
    // Quotes and line ends that `shlex` does not know.
    if ["$'", "$\"", "\\\n", MARK].iter().any(|odd| template.contains(odd)) {
        return;
    }
    let mut marked = String::new();
    for piece in pieces {
        match piece {
            Piece::Text { text, .. } => marked.push_str(text),
            Piece::Value { index, .. } => marked.push_str(&format!("{MARK}{index}{MARK}")),
        }
    }
    let Some(words) = shlex::split(&marked) else {
        // For the shell it is only what it is.
        assert!(template.ends_with('\\'), "`{template}` has no words");
        return;
    };
    let mut expected = Vec::new();
    for word in words {
        let mut parts = word.split(MARK);
        let mut text = parts.next().unwrap_or_default().to_owned();
        let mut list = None;
        while let (Some(index), Some(rest)) = (parts.next(), parts.next()) {
            match &values[index.parse::<usize>().expect("the number of a value")] {
                Bound::Text(value) => text.push_str(value),
                Bound::List(items) => list = Some(items),
                Bound::Secret { .. } => {}
            }
            text.push_str(rest);
        }
        match list {
            // A list stands alone, or nothing is bound.
            Some(items) => {
                assert!(text.is_empty(), "`{template}`: a list in a word");
                expected.extend(items.iter().cloned());
            }
            None => expected.push(text),
        }
    }
    assert_eq!(argv, expected, "`{template}`");
    assert_eq!(shlex::split(typed).as_deref(), Some(argv), "`{typed}` is not what runs");
}

/// A script is the same whatever the values are, and they stand behind it, each as it is.
fn assert_apart(plan: &CommandPlan, shell: Shell, values: &[Bound], argv: &[String]) {
    let pasted = plan.bindings.iter().any(|binding| binding.position == Position::Raw);
    if pasted {
        return;
    }
    let other = |value: &Bound| match value {
        Bound::List(items) => Bound::List(vec![String::from("z"); items.len()]),
        _ => Bound::Text(String::from("z")),
    };
    let others: Vec<Bound> = values.iter().map(other).collect();
    let again = bind(plan, &others).expect("a plain word is taken where another value is").argv;
    let code = if shell == Shell::Bash { 6 } else { 4 };
    assert_eq!(argv[..code], again[..code], "the code depends on a value");
    let mut data = Vec::new();
    for binding in plan.bindings.iter().filter(|binding| binding.position != Position::Comment) {
        match &values[binding.index] {
            Bound::List(items) => data.extend(items.iter().cloned()),
            Bound::Text(text) => data.push(text.clone()),
            Bound::Secret { .. } => {}
        }
    }
    assert_eq!(argv[code..], data, "the values are not what was given");
    // With the references in place of values it is as whole as it was: no quote of one is left open.
    let script = [Piece::Text { text: argv[code - 2].clone(), span: Span::default() }];
    if let Err(messages) = analyse(&script, CommandKind::Fence(shell)) {
        panic!("`{}` cannot be read again: {}", argv[code - 2], messages[0].message);
    }
}

fn value(bytes: &[u8]) -> Bound {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match bytes.split_first() {
        Some((0x1f, items)) => Bound::List(items.split(|byte| *byte == 0x1f).map(text).collect()),
        _ => Bound::Text(text(bytes)),
    }
}

/// Returns the pieces of a template.
fn pieces(template: &str) -> Vec<Piece> {
    let span = |from: usize, to: usize| Span::new(SourceId(0), from, to);
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut index = 0;
    while let Some(open) = template[at..].find("{{x").map(|found| at + found) {
        let raw = template[open..].starts_with("{{x|raw}}");
        if !raw && !template[open..].starts_with("{{x}}") {
            // Kept as text, with its first brace only, so that the rest may be a value yet.
            pieces.push(Piece::Text { text: template[at..=open].to_owned(), span: span(at, open + 1) });
            at = open + 1;
            continue;
        }
        if open > at {
            pieces.push(Piece::Text { text: template[at..open].to_owned(), span: span(at, open) });
        }
        let close = open + if raw { "{{x|raw}}".len() } else { "{{x}}".len() };
        pieces.push(Piece::Value { index, span: span(open, close), raw });
        index += 1;
        at = close;
    }
    if at < template.len() {
        pieces.push(Piece::Text { text: template[at..].to_owned(), span: span(at, template.len()) });
    }
    pieces
}
