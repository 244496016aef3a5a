//! Commands as templates, held against real shells.
//!
//! `shell/refused` and `shell/accepted` hold cases as text: drop a line in, run with `SNAPSHOTS=overwrite`, and read
//! what was written below it. The rest is properties: what a program receives is the value, and nothing else runs.

#[path = "shell/cases.rs"]
mod cases;
#[path = "shell/hostile.rs"]
mod hostile;
#[path = "shell/received.rs"]
mod received;
#[path = "shell/binding.rs"]
mod binding;
#[path = "shell/template.rs"]
mod template;
