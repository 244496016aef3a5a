//! `given`: see docs/architecture.md.
