//! Texts with values in them.
//!
//! Owns `{{ }}` in texts; those of commands are the matter of `commands`. Never calls anything.

use super::expressions::{literal, make};
use super::lower::{Lower, push_text};
use crate::expression;
use crate::program::{Expr, ExprKind, Template, TemplatePart};
use crate::source::Span;
use crate::syntax::ast;
use crate::value::{Type, Value};

impl Lower<'_> {
    /// Returns a text in an expression.
    pub fn text_literal(&mut self, template: &ast::Template, span: Span) -> Expr {
        self.shell_names(template);
        if let Some(text) = template.literal() {
            return literal(Value::text(text), Type::Text, span);
        }
        let template = self.pieces(template, span);
        let secret = template
            .parts
            .iter()
            .any(|p| matches!(p, TemplatePart::Value(e) if expression::contains_secret(&e.ty)));
        let ty = if secret { Type::Secret } else { Type::Text };
        make(ExprKind::Template(template), ty, span)
    }

    /// Returns a text with its values.
    pub fn template(&mut self, text: &ast::Text) -> Template {
        self.shell_names(&text.node);
        self.pieces(&text.node, text.span)
    }

    fn pieces(&mut self, template: &ast::Template, span: Span) -> Template {
        let mut parts = Vec::with_capacity(template.pieces.len());
        for piece in &template.pieces {
            match &piece.node {
                ast::Piece::Text(text) => push_text(&mut parts, text),
                ast::Piece::Interpolation(e) => {
                    let value = self.plain(e, "`{{ }}`");
                    parts.push(TemplatePart::Value(value));
                }
            }
        }
        Template { parts, span }
    }
}
