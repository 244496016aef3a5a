//! What a runbook says of itself, beside what it does.
//!
//! Owns of a secret its name and what it is, and neither its value nor where that lies: pages are read by more people than runbooks.

use super::known::Known;
use crate::check::manual;
use crate::program::{GlobalSource, Program};
use crate::value::Value;

/// What stands at the top and at the end of a runbook.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The comment above the first line, in paragraphs.
    pub introduction: Vec<String>,
    pub reviewed: Option<String>,
    pub impact: Option<String>,
    pub tags: Vec<String>,
    /// Programs that it needs.
    pub tools: Vec<String>,
    /// Values that are made at the top of the file, for all of it.
    pub made: Vec<Made>,
    /// Of it and of all that it may follow.
    pub secrets: Vec<Secret>,
    /// One run at a time with this key, and what a second one does.
    pub concurrency: Option<(String, String)>,
    pub prevention: Option<String>,
}

/// A value that a `let` at the top makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub name: String,
    /// As it is written.
    pub how: String,
}

impl Made {
    /// Returns those of a program.
    pub(super) fn of(known: &Known<'_>) -> Vec<Made> {
        let globals = known.program.globals.iter();
        let made = globals.filter_map(|global| match &global.source {
            GlobalSource::Let(expr) => Some(Made { name: global.slot.name.clone(), how: known.source(expr) }),
            _ => None,
        });
        made.collect()
    }
}

/// A secret, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    pub name: String,
    pub description: String,
}

impl About {
    pub(super) fn of(program: &Program, known: &Known<'_>) -> About {
        let fields = &program.fields;
        let mut secrets = Vec::new();
        for global in program.with_followed().flat_map(|one| &one.globals) {
            if let GlobalSource::Secret(_) = &global.source {
                let secret =
                    Secret { name: global.slot.name.clone(), description: global.description.clone() };
                if !secrets.contains(&secret) {
                    secrets.push(secret);
                }
            }
        }
        let text = program.sources.iter().next().map_or("", |(_, source)| &source.text);
        About {
            introduction: manual::introduction(text),
            reviewed: fields.reviewed.clone(),
            impact: fields.impact.clone(),
            tags: fields.tags.clone(),
            tools: program.tools.clone(),
            made: Made::of(known),
            secrets,
            concurrency: fields.concurrency.as_ref().map(|one| {
                let then = match one.wait {
                    Some(wait) => format!("a second run waits, for {} at most", Value::Duration(wait)),
                    None => "a second run is refused".to_owned(),
                };
                (known.text(&one.key), then)
            }),
            prevention: program.prevention.as_ref().map(|text| known.text(text)),
        }
    }
}
