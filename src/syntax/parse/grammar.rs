//! The recogniser that pest makes of `grammar/mainstay.pest`.
//!
//! Owns nothing but the derived code. Never used outside the parser.

/// Recognises runbooks.
#[derive(pest_derive::Parser)]
#[grammar = "../grammar/mainstay.pest"]
pub(super) struct Grammar;
