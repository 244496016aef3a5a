//! `display`: see docs/architecture.md.
