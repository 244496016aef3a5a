//! `real`: see docs/architecture.md.
