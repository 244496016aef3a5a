//! `expression`: see docs/architecture.md.
