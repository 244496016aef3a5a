//! Commands that are known to change something, where only reading is meant.
//!
//! Owns the short list of them: what hardly ever reads, under names that everybody knows. Never an error: what a
//! command does is known to its author alone.

use super::lower::Lower;
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::syntax::ast;

/// Programs, and the subcommands with which they change something; none: always.
const CHANGING: [(&str, &[&str]); 22] = [
    ("rm", &[]),
    ("mv", &[]),
    ("truncate", &[]),
    ("kill", &[]),
    ("pkill", &[]),
    ("killall", &[]),
    ("reboot", &[]),
    ("shutdown", &[]),
    ("umount", &[]),
    ("mkdir", &[]),
    ("chmod", &[]),
    ("chown", &[]),
    ("systemctl", &["start", "stop", "restart", "reload", "enable", "disable", "mask", "kill"]),
    ("service", &["start", "stop", "restart", "reload"]),
    (
        "kubectl",
        &["apply", "create", "delete", "scale", "patch", "drain", "cordon", "uncordon", "edit", "label"],
    ),
    ("helm", &["install", "upgrade", "rollback", "uninstall"]),
    ("docker", &["run", "rm", "stop", "start", "restart", "kill", "rmi"]),
    ("podman", &["run", "rm", "stop", "start", "restart", "kill", "rmi"]),
    ("apt-get", &["install", "remove", "upgrade", "purge"]),
    ("apt", &["install", "remove", "upgrade", "purge"]),
    ("dnf", &["install", "remove", "upgrade"]),
    ("git", &["push", "commit", "checkout", "reset", "pull"]),
];

/// Options that say that nothing is done.
const HARMLESS: [&str; 5] = ["--dry-run", "--help", "--version", "--simulate", "-0"];

impl Lower<'_> {
    /// Points at a command under `check` that is known to change something.
    pub fn changing_command(&mut self, template: &ast::Template, span: Span) {
        let Some(ast::Piece::Text(text)) = template.pieces.first().map(|piece| &piece.node) else {
            return;
        };
        let mut words = text.split_whitespace().skip_while(|word| *word == "sudo");
        let program = words.next().unwrap_or("");
        let name = program.rsplit('/').next().unwrap_or(program);
        let rest: Vec<&str> = words.take_while(|word| !matches!(*word, "|" | "&&" | "||" | ";")).collect();
        let harmless = rest.iter().any(|word| HARMLESS.contains(&word.split('=').next().unwrap_or(word)));
        let Some((_, subcommands)) = CHANGING.iter().find(|(known, _)| *known == name).filter(|_| !harmless)
        else {
            return;
        };
        let found = rest.iter().take(3).find(|word| subcommands.contains(word));
        let what = match (subcommands.is_empty(), found) {
            (true, _) => format!("`{name}`"),
            (false, Some(subcommand)) => format!("`{name} {subcommand}`"),
            (false, None) => return,
        };
        let written = self.one_line(span);
        self.c.report.push(
            Diagnostic::warning("check-changes", format!("{what} changes something, `check` only reads"))
                .at(span, "")
                .help(format!("write `run {written}`, and below it how it is taken back")),
        );
    }
}
