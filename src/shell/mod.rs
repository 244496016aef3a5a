//! Commands as templates: where values may stand in shell text, and how they get there.
//!
//! Owns the reading of shell text (`$` lines, `bash` and `sh` fences) with `{{ }}` in it, the rule that data is
//! never code (`docs/language.md`, "Binding, not pasting"), and the argument vector that comes of it. Never runs
//! anything, never reads a file or the environment, never sees a secret: a secret is the name of an environment
//! variable here. Where the reading is not sure, it refuses: positions are on a list of allowed ones.

mod bind;
mod builtins;
mod carriers;
mod cells;
mod changes;
mod changing;
mod commands;
mod emit;
mod external;
mod given;
mod interpreters;
mod names;
mod plan;
mod positions;
mod programs;
mod quote;
mod reader;
mod redirections;
mod refusal;
mod tree;
mod values;
mod words;
mod wrappers;

pub use bind::{BindError, Bound, Invocation, bind};
pub use plan::{
    Binding, CommandKind, CommandPlan, Form, Piece, Position, Quoting, ScriptPart, Shell, Start, Word,
    WordPart,
};
pub use quote::{as_far_as_known, as_typed, quote};

use crate::diagnostic::Diagnostic;

use carriers::Carriers;
use positions::{Flow, Placed, Walk};
use reader::{Fault, Reader};
use refusal::Refusal;

/// Returns how a command with values in it is run, or what is wrong with it.
///
/// # Errors
///
/// `unsafe-position` and `second-interpreter` where a value would be read as code, `unterminated-quote`,
/// `unterminated-substitution`, `unterminated-here-document`, `shell-syntax`, `empty-command`.
pub fn analyse(pieces: &[Piece], kind: CommandKind) -> Result<CommandPlan, Vec<Diagnostic>> {
    read(pieces, kind, None)
}

/// Does the same for a command that is meant to read, and adds to `changes` what its programs are known to change, in
/// their order: "`kubectl delete` changes something".
///
/// # Errors
///
/// As [`analyse`].
pub fn analyse_reading(
    pieces: &[Piece],
    kind: CommandKind,
    changes: &mut Vec<String>,
) -> Result<CommandPlan, Vec<Diagnostic>> {
    read(pieces, kind, Some(changes))
}

fn read(
    pieces: &[Piece],
    kind: CommandKind,
    changes: Option<&mut Vec<String>>,
) -> Result<CommandPlan, Vec<Diagnostic>> {
    let shell = match kind {
        CommandKind::OneLine => Shell::Bash,
        CommandKind::Fence(shell) => shell,
    };
    let mut reader = Reader::new(cells::cells(pieces));
    let script = match reader.whole_script() {
        Ok(script) => script,
        Err(fault) => return without_tree(pieces, shell, &reader.cells, &fault),
    };
    if script.pipelines.is_empty() {
        let empty = Diagnostic::error("empty-command", "there is no command here");
        return Err(vec![placed_at(empty, pieces, 0..reader.cells.len()).help("write one behind `$`")]);
    }
    if let Some(found) = changes {
        *found = changes::changes(&script, pieces);
    }
    // Without a value there is nothing to find a place for.
    let values = pieces.iter().any(|p| matches!(p, Piece::Value { .. }));
    let (bindings, guards) =
        if values { placed(&script, &reader, shell, pieces)? } else { Default::default() };
    let raw = pieces.iter().any(|p| matches!(p, Piece::Value { raw: true, .. }));
    let words =
        if kind == CommandKind::OneLine && !raw { emit::direct(&script, &guards, pieces) } else { None };
    let form = match words {
        Some(words) if reader.comments.is_empty() => Form::Direct { words },
        _ => emit::script(shell, &reader.cells, &reader.documents, &bindings, &guards, pieces),
    };
    Ok(CommandPlan { form, bindings, template: emit::template(pieces) })
}

/// What each value becomes, and the words that a value begins, with what they may begin with.
type Found = (Vec<Binding>, Vec<(tree::Word, Start)>);

/// Finds a place for each value.
fn placed(
    script: &tree::Script,
    reader: &Reader,
    shell: Shell,
    pieces: &[Piece],
) -> Result<Found, Vec<Diagnostic>> {
    let carriers = Carriers::of(script, &reader.documents);
    let mut walk = Walk::new(shell, &reader.documents, &carriers);
    walk.script(script, &Flow::default());
    walk.again();
    walk.script(script, &Flow::default());
    for hole in &reader.comments {
        // Pasted text may hold the end of the line, and with it of the comment.
        let pasted = matches!(pieces.get(hole.piece), Some(Piece::Value { raw: true, .. }));
        let position = if pasted { Position::Raw } else { Position::Comment };
        walk.placed.push(Placed { hole: *hole, position, several: false, exposed: false });
    }
    walk.finish();
    let refused = refused(&walk, pieces);
    if refused.is_empty() { Ok((bindings(&walk.placed, pieces), walk.guards)) } else { Err(refused) }
}

/// Returns the plan of a text that could not be read: the shell's business when there is no value in it and it is not
/// plainly unfinished.
fn without_tree(
    pieces: &[Piece],
    shell: Shell,
    cells: &[cells::Cell],
    fault: &Fault,
) -> Result<CommandPlan, Vec<Diagnostic>> {
    let values = pieces.iter().any(|p| matches!(p, Piece::Value { .. }));
    if values || fault.code != "shell-syntax" {
        let diagnostic = Diagnostic::error(fault.code, fault.message.clone());
        return Err(vec![placed_at(diagnostic, pieces, fault.at..fault.at + 1).help(fault.help.clone())]);
    }
    let form = emit::script(shell, cells, &[], &[], &[], pieces);
    Ok(CommandPlan { form, bindings: Vec::new(), template: emit::template(pieces) })
}

fn placed_at(diagnostic: Diagnostic, pieces: &[Piece], cells: std::ops::Range<usize>) -> Diagnostic {
    match cells::span(pieces, cells) {
        Some(span) => diagnostic.at(span, ""),
        None => diagnostic,
    }
}

/// Returns a diagnostic for each value that stands where none may, and for each the walk did not come to.
fn refused(walk: &Walk<'_>, pieces: &[Piece]) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for (number, piece) in pieces.iter().enumerate() {
        let Piece::Value { span, .. } = piece else {
            continue;
        };
        let found = walk.refused.iter().find(|r| r.piece == number);
        if let Some(found) = found {
            diagnostics.push(found.refusal.diagnostic(*span, found.through.as_deref()));
        } else if !walk.placed.iter().any(|p| p.hole.piece == number) {
            let refusal = Refusal::shell(
                "in this place",
                "hand it over as an argument, or use `with env` or `with stdin`",
            );
            diagnostics.push(refusal.diagnostic(*span, None));
        }
    }
    diagnostics
}

/// Returns a binding for each value, named so that no text of the script has that name.
fn bindings(placed: &[Placed], pieces: &[Piece]) -> Vec<Binding> {
    let mut prefix = String::from("__m");
    let texts =
        || pieces.iter().filter_map(|p| if let Piece::Text { text, .. } = p { Some(text) } else { None });
    while texts().any(|text| text.contains(&prefix)) {
        prefix.push('_');
    }
    let mut bindings: Vec<Binding> = Vec::new();
    for placed in placed {
        let index = emit::index(pieces, placed.hole.piece);
        if bindings.iter().any(|b| b.index == index) {
            continue;
        }
        bindings.push(Binding {
            index,
            variable: format!("{prefix}{}", index + 1),
            position: placed.position,
            several: placed.several,
            exposed: placed.exposed,
            quoting: placed.hole.quoting,
            backquotes: placed.hole.backquotes,
        });
    }
    bindings.sort_by_key(|b| b.index);
    bindings
}
