//! What may stand in the file. Everything wrong is reported at once, each at its place.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use toml::Spanned as Toml;
use toml::de::{DeTable, DeValue};

use super::{Config, ConfigError, Role};
use crate::diagnostic::{Diagnostic, nearest};
use crate::source::{SourceId, Sources, Span, Spanned};

/// Every key of the file; `docs/config.md` lists them.
const KEYS: [&str; 3] = ["state", "roles", "review_days"];

/// Reads the text of the file at `path`.
pub(super) fn parse(path: &Path, text: &str) -> Result<Config, ConfigError> {
    let mut sources = Sources::default();
    let source = sources.add(path.display().to_string(), text);
    let mut file = File { path, source, wrong: Vec::new() };
    let config = match DeTable::parse(text) {
        Ok(table) => file.table(table.get_ref()),
        Err(error) => {
            let span = file.span(&error.span().unwrap_or(0..0));
            file.wrong.push(Diagnostic::error("", format!("not TOML: {}", error.message())).at(span, ""));
            Config::default()
        }
    };
    if file.wrong.is_empty() {
        return Ok(Config { sources, ..config });
    }
    file.wrong.sort_by_key(|diagnostic| diagnostic.span().map(|span| span.start));
    Err(ConfigError { diagnostics: file.wrong, sources })
}

struct File<'a> {
    path: &'a Path,
    source: SourceId,
    wrong: Vec<Diagnostic>,
}

impl File<'_> {
    fn span(&self, range: &Range<usize>) -> Span {
        Span::new(self.source, range.start, range.end)
    }

    fn wrong(&mut self, message: String, at: &Range<usize>, label: &str, help: impl Into<String>) {
        let span = self.span(at);
        self.wrong.push(Diagnostic::error("", message).at(span, label).help(help));
    }

    fn table(&mut self, table: &DeTable<'_>) -> Config {
        let mut config = Config { path: Some(self.path.to_owned()), ..Config::default() };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "state" => config.state = self.state(value),
                "roles" => config.roles = self.roles(value),
                "review_days" => config.review_days = self.review_days(value),
                other => {
                    let help = match nearest(other, KEYS) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("there are: {}", KEYS.join(", ")),
                    };
                    self.wrong(format!("there is no key `{other}`"), &key.span(), "", help);
                }
            }
        }
        config
    }

    fn state(&mut self, value: &Toml<DeValue<'_>>) -> Option<std::path::PathBuf> {
        const HELP: &str = "such as `state = \"/srv/mainstay\"`";
        let Some(text) = value.get_ref().as_str() else {
            self.kind("`state` is the path of a folder", value, HELP);
            return None;
        };
        if text.is_empty() || text.contains('\0') {
            self.wrong("`state` is the path of a folder".to_owned(), &value.span(), "", HELP);
            return None;
        }
        if text.starts_with('~') || text.starts_with('$') {
            let message = format!("`{text}` is taken as it is: no variable, no `~`");
            self.wrong(message, &value.span(), "", "write the path itself, or set MAINSTAY_STATE");
            return None;
        }
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let path = folder.join(text);
        Some(std::path::absolute(&path).unwrap_or(path))
    }

    fn review_days(&mut self, value: &Toml<DeValue<'_>>) -> Option<u32> {
        let days = value.get_ref().as_integer().and_then(|n| u32::from_str_radix(n.as_str(), n.radix()).ok());
        if days.is_none() {
            self.kind(
                "`review_days` is a number of days",
                value,
                "such as `review_days = 90`; 0: no review is ever overdue",
            );
        }
        days
    }

    fn roles(&mut self, value: &Toml<DeValue<'_>>) -> BTreeMap<String, Role> {
        let mut roles = BTreeMap::new();
        let Some(table) = value.get_ref().as_table() else {
            self.kind(
                "`roles` is a table",
                value,
                "such as `[roles]`, and below it `oncall = [\"dana\", \"@sre\"]`",
            );
            return roles;
        };
        for (name, who) in table {
            if name.get_ref().trim().is_empty() {
                self.wrong("a role has a name".to_owned(), &name.span(), "", "such as `oncall`");
                continue;
            }
            let place = Spanned::new((), self.span(&name.span()));
            roles
                .insert(name.get_ref().to_string(), Role { name: place, who: self.who(name.get_ref(), who) });
        }
        roles
    }

    fn who(&mut self, role: &str, value: &Toml<DeValue<'_>>) -> Vec<Spanned<String>> {
        let help = format!(
            "such as `{role} = [\"dana\", \"@sre\"]`: names of users, `@` before the name of a group"
        );
        let Some(list) = value.get_ref().as_array() else {
            self.kind(&format!("role `{role}` is a list of names"), value, &help);
            return Vec::new();
        };
        let mut who = Vec::new();
        for name in list.iter() {
            match name.get_ref().as_str() {
                Some(text) => who.push(Spanned::new(text.to_owned(), self.span(&name.span()))),
                None => self.kind(&format!("role `{role}` is a list of names"), name, &help),
            }
        }
        who
    }

    fn kind(&mut self, message: &str, found: &Toml<DeValue<'_>>, help: &str) {
        let label = format!("this is of type {}", found.get_ref().type_str());
        self.wrong(message.to_owned(), &found.span(), &label, help);
    }
}
