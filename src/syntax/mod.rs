//! `syntax`: see docs/architecture.md.
