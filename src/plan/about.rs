//! What a runbook says of itself, beside what it does.
//!
//! Owns no value of a secret: only where one is looked for.

use super::known::Known;
use crate::check::manual;
use crate::program::{GlobalSource, Program, SecretSource};
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
    /// Of it and of all that it may follow.
    pub secrets: Vec<Secret>,
    /// One run at a time with this key, and what a second one does.
    pub concurrency: Option<(String, String)>,
    pub prevention: Option<String>,
}

/// A secret: its name, and where it is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    pub name: String,
    pub description: String,
    /// In the order in which they are tried, as they are written.
    pub sources: Vec<String>,
}

impl About {
    pub(super) fn of(program: &Program, known: &Known<'_>) -> About {
        let fields = &program.fields;
        let mut secrets = Vec::new();
        for global in program.with_followed().flat_map(|one| &one.globals) {
            if let GlobalSource::Secret(sources) = &global.source {
                let secret = Secret {
                    name: global.slot.name.clone(),
                    description: global.description.clone(),
                    sources: sources.iter().map(source).collect(),
                };
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

fn source(source: &SecretSource) -> String {
    match source {
        SecretSource::Env(name) => format!("env(\"{name}\")"),
        SecretSource::File(path) => format!("file(\"{path}\")"),
        SecretSource::Command(command) => format!("command(\"{command}\")"),
    }
}
