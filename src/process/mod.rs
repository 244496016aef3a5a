//! `process`: see docs/architecture.md.
