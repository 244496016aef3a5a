//! What stands below a call and qualifies it: `with …`, `timeout`, `allow exit`.
//!
//! Owns which of them a call can have, and what they take. Never knows what is called.

use super::lower::Lower;
use super::types::constant;
use crate::diagnostic::Diagnostic;
use crate::program::{Call, Expr};
use crate::source::Span;
use crate::syntax::ast;
use crate::value::{Type, Value};

impl Lower<'_> {
    /// Reads what stands below a call.
    pub fn qualify(&mut self, call: &mut Call, written: &ast::Qualifiers, shell: bool) {
        if let Some(env) = &written.env {
            self.only_for_commands(shell, env.span, "with env");
            call.env = self.environment(&env.node);
        }
        if let Some(dir) = &written.dir {
            self.only_for_commands(shell, dir.span, "with dir");
            call.dir = Some(Box::new(self.plain_of(dir, &Type::Text, "`with dir`")));
        }
        if let Some(user) = &written.user {
            self.only_for_commands(shell, user.span, "with user");
            call.user = Some(Box::new(self.plain_of(user, &Type::Text, "`with user`")));
        }
        if let Some(stdin) = &written.stdin {
            self.only_for_commands(shell, stdin.span, "with stdin");
            let value = self.plain(stdin, "`with stdin`");
            self.expect_bindable(&value, false);
            call.stdin = Some(Box::new(value));
        }
        if let Some(timeout) = &written.timeout {
            call.timeout = Some(Box::new(self.plain_of(timeout, &Type::Duration, "`timeout`")));
        }
        for exit in &written.allow_exit {
            self.only_for_commands(shell, exit.span, "allow exit");
            let value = self.plain_of(exit, &Type::Int, "`allow exit`");
            match constant(&value) {
                Some(Value::Int(n)) if (0..=255).contains(&n) => {
                    call.allow_exit.push(i32::try_from(n).unwrap_or(0));
                }
                _ => self.c.report.push(
                    Diagnostic::error("out-of-range", "an exit status is a number from 0 to 255")
                        .at(exit.span, ""),
                ),
            }
        }
    }

    fn only_for_commands(&mut self, shell: bool, span: Span, clause: &str) {
        if !shell {
            self.c.report.push(
                Diagnostic::error(
                    "clause-not-here",
                    format!("`{clause}` qualifies a command, not an action"),
                )
                .at(span, "")
                .help("hand the value over as an argument"),
            );
        }
    }

    fn environment(&mut self, entries: &[ast::Entry]) -> Vec<(String, Expr)> {
        let mut env: Vec<(String, Expr)> = Vec::new();
        for entry in entries {
            let key = &entry.key;
            let value = self.plain(&entry.value, "`with env`");
            self.expect_bindable(&value, false);
            let fits = !key.node.is_empty() && !key.node.contains(['=', '\0']);
            if !fits {
                let message = format!("`{}` cannot name an environment variable", key.node);
                self.c.report.push(Diagnostic::error("bad-variable-name", message).at(key.span, ""));
            }
            env.push((key.node.clone(), value));
        }
        env
    }
}
