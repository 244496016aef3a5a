//! `world`: see docs/architecture.md.
