//! The top level: first line, fields, imports, parameters, secrets, actions, sections.
//!
//! Owns the order of the items and what each is made of. Never decides which items a kind of file takes.

use super::clause::Host;
use super::grammar::Rule;
use super::reader::{Pair, Reader, first_word};
use crate::diagnostic::{Diagnostic, nearest};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{
    Action, ChecklistItem, Effect, File, Head, Item, Name, Param, Secret, SecretSource, Section, Template,
    Text, Use, UseSource,
};

impl<'i> Reader<'i> {
    /// Reads the whole file; `None` when nothing says what it is.
    pub fn file(&mut self, pair: Pair<'i>) -> Option<File> {
        let mut head = None;
        let mut items = Vec::new();
        let mut missing = true;
        let mut assumed = None;
        for part in pair.into_inner() {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::head => {
                    missing = false;
                    head = self.head(part).map(|head| Spanned::new(head, span));
                }
                Rule::mistake_head => {
                    missing = false;
                    self.explain_head(part.as_str().trim_end(), span);
                    assumed = Some(self.assumed_head(span));
                }
                Rule::comment | Rule::EOI => {}
                _ => {
                    if std::mem::take(&mut missing) {
                        self.no_head(self.word_span(&part));
                    }
                    items.extend(self.item(part, span).map(|item| Spanned::new(item, span)));
                }
            }
        }
        if missing && head.is_none() {
            self.no_head(self.place(0, 0));
        }
        if items.is_empty() && head.is_none() && !self.text.lines().any(super::head::is_head) {
            // It is no file of this language: the first message says enough.
            self.diagnostics.truncate(1);
            assumed = None;
        }
        self.fields_twice(&items);
        let unread = std::mem::take(&mut self.unread);
        head.or(assumed).map(|head| File { head, items, unread })
    }

    fn head(&mut self, pair: Pair<'i>) -> Option<Head> {
        let part = pair.into_inner().next()?;
        let rule = part.as_rule();
        let (mut name, mut text) = (None, None);
        for inner in part.into_inner() {
            match inner.as_rule() {
                Rule::name => name = Some(self.name(&inner)),
                Rule::text => text = Some(self.text(inner)),
                Rule::title_line => text = Some(self.title(inner)),
                _ => {}
            }
        }
        Some(match rule {
            Rule::head_runbook => Head::Runbook { title: text? },
            Rule::head_change => Head::Change { title: text? },
            Rule::head_checklist => Head::Checklist { title: text? },
            Rule::head_module => Head::Module { name: name?, description: text },
            _ => Head::Drills { file: text? },
        })
    }

    /// Returns whether this is the first line, below one that was told not to be it.
    fn is_second_head(&self, span: Span) -> bool {
        let told = self.diagnostics.first().is_some_and(|first| first.code == "unknown-file");
        told && super::head::is_head(self.slice(span))
    }

    fn item(&mut self, pair: Pair<'i>, span: Span) -> Option<Item> {
        let word = self.slice(self.word_span(&pair));
        if pair.as_rule() == Rule::phase || pair.as_rule() == Rule::symptom {
            self.told.open_section = false;
        }
        match pair.as_rule() {
            Rule::stray_brace if self.told.open_section => {
                self.told.open_section = false;
                return None;
            }
            Rule::stray_brace if self.told.braces > 0 => {
                self.told.braces -= 1;
                return None;
            }
            Rule::stray_brace => {
                self.report(
                    Diagnostic::error("stray-brace", "this `}` closes nothing")
                        .at(span, "")
                        .help("remove it, or look above for a block that was closed too early"),
                );
                return None;
            }
            Rule::misplaced => {
                let statement = pair.into_inner().next()?;
                let place = self.word_span(&statement);
                let word = self.slice(place);
                if !self.told.open_section {
                    let help =
                        "statements stand in a section such as `diagnose { … }` or `resolve \"…\" { … }`";
                    let message = format!("`{word}` stands outside every section");
                    self.report(Diagnostic::error("misplaced-statement", message).at(place, "").help(help));
                }
                self.note_unread(self.slice(span));
                self.statement(statement);
                return None;
            }
            Rule::invalid => {
                if !self.is_second_head(span) {
                    self.invalid(pair);
                }
                return None;
            }
            Rule::action | Rule::symptom | Rule::phase | Rule::section | Rule::drill => {}
            _ => self.trailing_of(&pair, word),
        }
        let trailing = pair.clone().into_inner().find(|part| part.as_rule() == Rule::trailing);
        self.cut_at(trailing.as_ref());
        let item = self.item_of(pair, span);
        self.cut = None;
        item
    }

    fn item_of(&mut self, pair: Pair<'i>, span: Span) -> Option<Item> {
        Some(match pair.as_rule() {
            Rule::field => Item::Field(self.field(pair)?),
            Rule::use_item => Item::Use(self.import(pair)?),
            Rule::param => Item::Param(self.param(pair)?),
            Rule::secret => Item::Secret(self.secret(pair)?),
            Rule::let_statement => {
                let mut parts =
                    pair.into_inner().filter(|p| matches!(p.as_rule(), Rule::name | Rule::expression));
                let name = self.name(&parts.next()?);
                Item::Let { name, value: self.expression(parts.next()?) }
            }
            Rule::action => Item::Action(self.action(pair)?),
            Rule::symptom => Item::Symptom(self.symptom(pair)),
            Rule::phase => Item::Phase(self.phase(pair)),
            Rule::prevention => Item::Prevention(self.first_text(pair)?),
            Rule::section => Item::Section(self.section(pair, span)),
            Rule::drill => Item::Drill(self.drill(pair, span)),
            _ => return None,
        })
    }

    fn import(&mut self, pair: Pair<'i>) -> Option<Use> {
        let mut source = None;
        let mut alias = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::text => source = Some(UseSource::Path(self.text(part))),
                Rule::name if source.is_none() => source = Some(UseSource::Library(self.name(&part))),
                Rule::name => alias = Some(self.name(&part)),
                _ => {}
            }
        }
        Some(Use { source: source?, alias })
    }

    /// Reads a `param` or an `action_param`.
    fn param(&mut self, pair: Pair<'i>) -> Option<Param> {
        let mut name = None;
        let mut kind = None;
        let mut description = None;
        let mut default = None;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.name(&part)),
                Rule::type_ => kind = Some(self.kind(part)),
                Rule::text => description = Some(self.text(part)),
                Rule::expression => default = Some(self.expression(part)),
                _ => {}
            }
        }
        Some(Param { name: name?, kind: kind?, description, default })
    }

    fn secret(&mut self, pair: Pair<'i>) -> Option<Secret> {
        let mut name: Option<Name> = None;
        let mut description = None;
        let mut sources = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.name(&part)),
                Rule::text => description = Some(self.text(part)),
                Rule::secret_source => sources.extend(self.secret_source(part)),
                _ => {}
            }
        }
        Some(Secret { name: name?, description, sources })
    }

    fn secret_source(&mut self, pair: Pair<'i>) -> Option<Spanned<SecretSource>> {
        let span = self.span(&pair);
        let mut parts = pair.into_inner();
        let word = parts.next()?;
        let place = self.span(&word);
        let text = self.text(parts.next()?);
        let source = match word.as_str() {
            "env" => SecretSource::Env(text),
            "file" => SecretSource::File(text),
            "command" => SecretSource::Command(text),
            other => {
                let diagnostic =
                    Diagnostic::error("unknown-source", format!("a secret cannot come from `{other}`"))
                        .at(place, "");
                self.report(match nearest(other, ["env", "file", "command"]) {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                    None => {
                        diagnostic.help("it comes from `env(\"NAME\")`, `file(\"PATH\")` or `command(\"…\")`")
                    }
                });
                return None;
            }
        };
        Some(Spanned::new(source, span))
    }

    fn action(&mut self, pair: Pair<'i>) -> Option<Action> {
        let span = self.span(&pair);
        let mut name: Option<Name> = None;
        let mut params = Vec::new();
        let mut returns = None;
        let mut effect = None;
        let mut body = Spanned::new(Vec::new(), span);
        for part in pair.into_inner() {
            let place = self.span(&part);
            match part.as_rule() {
                Rule::name => name = Some(self.name(&part)),
                Rule::action_param => params.extend(self.param(part).map(|param| Spanned::new(param, place))),
                Rule::type_ => returns = Some(self.kind(part)),
                Rule::w_reads => effect = Some(Spanned::new(Effect::Reads, place)),
                Rule::w_changes => effect = Some(Spanned::new(Effect::Changes, place)),
                Rule::block => body = self.block(part),
                _ => {}
            }
        }
        let name = name?;
        let effect = effect.unwrap_or_else(|| {
            let changes = self.slice(body.span).lines().any(|line| first_word(line.trim_start()) == "run");
            let (word, effect) =
                if changes { ("changes", Effect::Changes) } else { ("reads", Effect::Reads) };
            let head = self.text.get(span.start as usize..body.span.start as usize).unwrap_or("").trim_end();
            let help = format!("write `{head} {word} {{`");
            self.report(
                Diagnostic::error(
                    "missing-effect",
                    format!("action `{}` does not say what it does to the world", name.node),
                )
                .at(name.span, "")
                .help(help),
            );
            Spanned::new(effect, name.span)
        });
        Some(Action { name, params, returns, effect, body })
    }

    fn section(&mut self, pair: Pair<'i>, span: Span) -> Section {
        let mut title: Text = Spanned::new(Template::default(), span);
        let mut items = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::title => title = self.title(part),
                Rule::checklist_item => {
                    let place = self.span(&part);
                    items.push(Spanned::new(self.checklist_item(part), place));
                }
                Rule::unclosed => self.unclosed(&part, "section"),
                Rule::w_section | Rule::comment => {}
                Rule::invalid | Rule::mistake_clause => drop(self.statement(part)),
                _ => {
                    let place = self.word_span(&part);
                    let word = self.slice(place);
                    self.report(
                        Diagnostic::error(
                            "misplaced-statement",
                            format!("`{word}` stands outside every item"),
                        )
                        .at(place, "")
                        .help("a section holds items: `item \"…\" { … }`"),
                    );
                    self.statement(part);
                }
            }
        }
        Section { title, items }
    }

    pub fn checklist_item(&mut self, pair: Pair<'i>) -> ChecklistItem {
        let span = self.span(&pair);
        let mut weight = None;
        let mut critical = false;
        for part in pair.clone().into_inner() {
            match part.as_rule() {
                Rule::weight => {
                    let place = self.span(&part);
                    match &weight {
                        Some(Spanned { span: first, .. }) => self.given_twice("weight", place, *first),
                        None => weight = self.value(part),
                    }
                }
                Rule::w_critical => critical = true,
                _ => {}
            }
        }
        let headed = self.headed(pair, span, Host { word: "item", takes: &[] });
        ChecklistItem { title: headed.title, weight, critical, body: headed.body }
    }
}
