//! `program`: see docs/architecture.md.
