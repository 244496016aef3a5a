//! Rooms import only from rooms listed above them in `src/lib.rs`; so there is no cycle either.
//!
//! Read are all paths that begin with `crate::`, in `use` lines and in the middle of code, grouped ones
//! (`use crate::{value, event}`) and those that climb to the root with `super::`. Comments and literals are skipped.
//! There is no list of exceptions.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[test]
fn rooms_import_only_from_rooms_above_them() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rooms = rooms(&read(&source.join("lib.rs")));
    assert!(rooms.len() > 10, "src/lib.rs lists its rooms: {rooms:?}");
    let mut violations = String::new();
    let mut seen = 0;
    for file in rust_files(&source) {
        let inside = file.strip_prefix(&source).expect("found below src");
        let Some(place) = place_of(inside) else {
            continue;
        };
        seen += 1;
        for (line, rule) in forbidden(&read(&file), &place, &rooms) {
            let _ = writeln!(violations, "src/{}:{line}: {rule}", inside.display());
        }
    }
    assert!(seen >= rooms.len(), "every room has a file");
    assert!(violations.is_empty(), "imports against the order of rooms in src/lib.rs:\n{violations}");
}

/// Returns the names of the `pub mod` lines, from the ground up.
fn rooms(lib: &str) -> Vec<String> {
    lib.lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .map(ToOwned::to_owned)
        .collect()
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("src can be listed") {
            let path = entry.expect("src can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Returns the module path of a file below `src`; `None` for the two roots, which wire everything.
fn place_of(file: &Path) -> Option<Vec<String>> {
    let mut place: Vec<_> =
        file.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if place.last().is_some_and(|last| last == "mod") {
        place.pop();
    }
    match place.as_slice() {
        [only] if only == "lib" || only == "main" => None,
        _ => Some(place),
    }
}

/// Returns line and rule of each import of `text`, the module at `place`, that the order of rooms forbids.
fn forbidden(text: &str, place: &[String], rooms: &[String]) -> Vec<(usize, String)> {
    let room = &place[0];
    let Some(own) = rooms.iter().position(|other| other == room) else {
        return vec![(1, format!("`{room}` is no room: src/lib.rs has no line `pub mod {room};`"))];
    };
    imports(text, place.len())
        .into_iter()
        .filter_map(|(line, name)| match rooms.iter().position(|other| *other == name) {
            Some(other) if other <= own => None,
            Some(_) => Some((
                line,
                format!(
                    "room `{room}` imports `crate::{name}`, but `{name}` is listed below `{room}`: \
                     a room imports only from rooms above it"
                ),
            )),
            None => Some((
                line,
                format!(
                    "room `{room}` imports `crate::{name}`, which is no room: \
                     what rooms share stands in a room"
                ),
            )),
        })
        .collect()
}

/// A word, `::`, or another sign of the source, with its line.
#[derive(Debug, PartialEq, Clone)]
struct Token {
    line: usize,
    text: String,
}

/// Returns the names that stand right behind the root of the crate, with their lines.
fn imports(text: &str, depth_of_file: usize) -> Vec<(usize, String)> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut braces = 0;
    // The depth of braces at which each inline module was opened.
    let mut modules: Vec<usize> = Vec::new();
    let at = |index: usize| tokens.get(index).map_or("", |token: &Token| token.text.as_str());
    let mut index = 0;
    while index < tokens.len() {
        match at(index) {
            "{" => {
                if index >= 2 && at(index - 2) == "mod" {
                    modules.push(braces);
                }
                braces += 1;
            }
            "}" => {
                braces = braces.saturating_sub(1);
                if modules.last() == Some(&braces) {
                    modules.pop();
                }
            }
            "crate" if at(index + 1) == "::" => names_behind(&tokens, index + 2, &mut found),
            "super" if index == 0 || at(index - 1) != "::" => {
                let mut climbed = 1;
                let mut next = index + 1;
                while at(next) == "::" && at(next + 1) == "super" {
                    climbed += 1;
                    next += 2;
                }
                if at(next) == "::" && climbed >= depth_of_file + modules.len() {
                    names_behind(&tokens, next + 1, &mut found);
                }
            }
            _ => {}
        }
        index += 1;
    }
    found
}

/// Adds the name at `start`, or the first name of each path of the group that begins there.
fn names_behind(tokens: &[Token], start: usize, found: &mut Vec<(usize, String)>) {
    let mut push = |token: &Token| {
        if is_word(&token.text) && token.text != "self" {
            found.push((token.line, token.text.clone()));
        }
    };
    match tokens.get(start) {
        Some(open) if open.text == "{" => {
            let mut depth = 0;
            for pair in tokens[start..].windows(2) {
                match pair[0].text.as_str() {
                    "{" => depth += 1,
                    "}" => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    return;
                }
                if depth == 1 && matches!(pair[0].text.as_str(), "{" | ",") {
                    push(&pair[1]);
                }
            }
        }
        Some(name) => push(name),
        None => {}
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// Returns the words and signs of Rust source without comments, strings and characters.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(length) = literal(rest) {
            length
        } else if is_word(rest) {
            let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            tokens.push(Token { line, text: rest[..length].to_owned() });
            length
        } else if rest.starts_with("::") {
            tokens.push(Token { line, text: "::".to_owned() });
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(Token { line, text: first.to_string() });
            }
            first.len_utf8()
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    tokens
}

/// Returns the length of the block comment at the start of `text`; they nest.
fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut index = 0;
    while index < text.len() {
        let rest = &text[index..];
        if rest.starts_with("/*") {
            depth += 1;
            index += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            index += 2;
            if depth == 0 {
                return index;
            }
        } else {
            index += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// Returns the length of the string or character at the start of `text`; a lifetime is neither.
fn literal(text: &str) -> Option<usize> {
    let unprefixed = text.trim_start_matches(['b', 'c']);
    if text.len() - unprefixed.len() <= 1 {
        if let Some(raw) = unprefixed.strip_prefix('r') {
            let hashes = raw.len() - raw.trim_start_matches('#').len();
            if raw[hashes..].starts_with('"') {
                let end = format!("\"{}", "#".repeat(hashes));
                let start = text.len() - raw.len() + hashes + 1;
                let body = &text[start..];
                return Some(body.find(&end).map_or(text.len(), |found| start + found + end.len()));
            }
        }
        if unprefixed.starts_with('"') {
            return Some(text.len() - unprefixed.len() + quoted(unprefixed, '"'));
        }
    }
    let inner = text.strip_prefix('\'')?;
    let mut characters = inner.char_indices();
    let (_, first) = characters.next()?;
    let closes = characters.next().is_some_and(|(_, second)| second == '\'');
    (first == '\\' || closes).then(|| quoted(text, '\''))
}

/// Returns the length of what `quote` opens at the start of `text`, up to its end, over escaped signs.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, sign) in text.char_indices().skip(1) {
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if sign == quote => return index + sign.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// The order that the checks of this file's own reading use.
fn order() -> Vec<String> {
    rooms("//! Rooms.\npub mod ground;\npub mod middle;\npub mod roof;\nmod hidden;\n")
}

fn lines_of(text: &str, place: &str) -> Vec<usize> {
    let place: Vec<_> = place.split('/').map(ToOwned::to_owned).collect();
    forbidden(text, &place, &order()).into_iter().map(|(line, _)| line).collect()
}

#[test]
fn the_order_is_that_of_the_public_modules() {
    assert_eq!(order(), ["ground", "middle", "roof"]);
    assert_eq!(place_of(Path::new("roof/mod.rs")), Some(vec!["roof".to_owned()]));
    assert_eq!(place_of(Path::new("roof/a.rs")).map(|place| place.len()), Some(2));
    assert_eq!(place_of(Path::new("main.rs")), None);
}

#[test]
fn a_room_may_import_from_itself_and_from_above() {
    assert!(lines_of("use crate::middle::x;\nuse crate::ground::{a, b};\n", "middle").is_empty());
}

#[test]
fn an_import_from_below_is_found_wherever_it_stands() {
    assert_eq!(lines_of("\nuse crate::roof::x;\n", "middle"), [2]);
    assert_eq!(lines_of("use crate::{\n  ground,\n  roof::{a, b},\n};\n", "middle"), [3]);
    assert_eq!(lines_of("fn f() -> crate::roof::X { todo() }\n", "ground"), [1]);
    assert_eq!(lines_of("pub(in crate::roof) fn f() {}\n", "ground"), [1]);
    assert_eq!(lines_of("use {crate::ground::x, crate::roof::y};\n", "middle"), [1]);
}

#[test]
fn climbing_to_the_root_is_found() {
    assert_eq!(lines_of("use super::roof::x;\n", "ground"), [1]);
    assert_eq!(lines_of("use super::{ground, roof};\n", "ground"), [1]);
    assert!(lines_of("use super::roof::x;\n", "ground/part").is_empty());
    assert_eq!(lines_of("use super::super::roof::x;\n", "ground/part"), [1]);
    assert!(lines_of("mod tests {\n  use super::roof;\n}\n", "ground").is_empty());
    assert_eq!(lines_of("mod tests {\n  use super::super::roof;\n}\nuse super::roof;\n", "ground"), [2, 4]);
}

#[test]
fn what_is_no_room_is_refused() {
    assert_eq!(lines_of("use crate::Thing;\n", "roof"), [1]);
    assert_eq!(forbidden("", &["attic".to_owned()], &order()).len(), 1);
}

#[test]
fn comments_and_literals_are_no_imports() {
    let text = "// use crate::roof;\n/* crate::roof /* */ crate::roof */\n//! crate::roof\n\
                let a = \"crate::roof \\\" crate::roof\";\nlet b = r#\"crate::roof \" crate::roof\"#;\n\
                let c = b\"crate::roof\";\nlet d: &'static str = 'x';\nlet e = '\\'';\nlet f = '\"';\n";
    assert!(lines_of(text, "ground").is_empty());
    assert_eq!(lines_of(&format!("{text}use crate::roof;\n"), "ground"), [10]);
}

#[test]
fn the_message_names_import_and_rule() {
    let found = forbidden("use crate::roof::x;\n", &["ground".to_owned()], &order());
    let (line, rule) = &found[0];
    assert_eq!(*line, 1);
    assert!(rule.contains("room `ground` imports `crate::roof`"), "{rule}");
    assert!(rule.contains("only from rooms above"), "{rule}");
}
