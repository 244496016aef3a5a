//! The files a check reads: the one that was asked for and every module it uses.
//!
//! Owns loading, parsing and the meaning of `use`. Never looks into a body. Each file is read
//! once, however often it is used; modules may use each other (their actions may not recurse).

use std::collections::HashMap;
use std::rc::Rc;

use super::loader::Loader;
use super::report::{Report, listed, near};
use super::stdlib;
use crate::diagnostic::Diagnostic;
use crate::program::native;
use crate::source::{SourceId, Sources, Span, Spanned};
use crate::syntax::{self, ast};

/// One file with what its names of modules mean.
#[derive(Debug)]
pub(super) struct Unit {
    pub source: SourceId,
    pub ast: Rc<ast::File>,
    /// Whether it came with the binary.
    pub library: bool,
    pub imports: HashMap<String, Import>,
    /// Names of the whole file: parameters, secrets, lets; as indices into the program's globals.
    pub globals: HashMap<String, u32>,
    /// Actions by name, as indices into the checker's signatures.
    pub actions: HashMap<String, usize>,
}

/// What a name after `use` stands for.
#[derive(Clone, Debug)]
pub(super) enum Import {
    /// A module of the binary, by its own name.
    Native(&'static str),
    Unit(usize),
    /// It could not be read, which has been said.
    Broken,
}

impl Unit {
    /// Returns the name a module gives itself.
    pub fn module_name(&self) -> Option<&str> {
        match &self.ast.head.node {
            ast::Head::Module { name, .. } => Some(&name.node),
            _ => None,
        }
    }
}

/// Reads files into units.
pub(super) struct Units<'a> {
    loader: &'a dyn Loader,
    pub sources: Sources,
    pub units: Vec<Unit>,
    /// What has been read already, by the name it is listed under.
    known: HashMap<String, Import>,
}

impl<'a> Units<'a> {
    /// Returns a reader that has read nothing; `sources`: what others have read.
    pub fn new(loader: &'a dyn Loader, sources: Sources) -> Self {
        Units { loader, sources, units: Vec::new(), known: HashMap::new() }
    }

    /// Reads a file and all it uses; the first unit is the file itself, if it could be read.
    pub fn read(&mut self, path: &str, report: &mut Report) {
        match self.loader.load(path) {
            Ok(text) => {
                self.add(path, text, false, report);
            }
            Err(why) => {
                self.sources.add(path, "");
                report.push(Diagnostic::error("unreadable-file", format!("cannot read `{path}`: {why}")));
            }
        }
        let mut next = 0;
        while next < self.units.len() {
            self.imports(next, report);
            next += 1;
        }
    }

    fn add(&mut self, name: &str, text: String, library: bool, report: &mut Report) -> Import {
        // What another file uses, too, is the same text.
        let known = self.sources.iter().find(|(_, source)| source.name == name).map(|(id, _)| id);
        let source = known.unwrap_or_else(|| self.sources.add(name, text));
        let text = self.sources.get(source).map_or_else(|| "".into(), |s| s.text.clone());
        let parsed = syntax::parse(source, &text);
        report.extend(parsed.diagnostics);
        let import = match parsed.file {
            Some(file) => {
                self.units.push(Unit {
                    source,
                    ast: Rc::new(file),
                    library,
                    imports: HashMap::new(),
                    globals: HashMap::new(),
                    actions: HashMap::new(),
                });
                Import::Unit(self.units.len() - 1)
            }
            None => Import::Broken,
        };
        self.known.insert(name.to_owned(), import.clone());
        import
    }

    fn imports(&mut self, unit: usize, report: &mut Report) {
        let file = Rc::clone(&self.units[unit].ast);
        let mut places: HashMap<String, Span> = HashMap::new();
        for import in file.uses() {
            let Some((name, found)) = self.import(unit, &import, report) else {
                continue;
            };
            if let Some(first) = places.insert(name.node.clone(), name.span) {
                report.push(
                    Diagnostic::error("bound-twice", format!("`{}` names two modules", name.node))
                        .at(name.span, "again here")
                        .at(first, "first here")
                        .help("give one of them another name with `as`"),
                );
                continue;
            }
            self.units[unit].imports.insert(name.node, found);
        }
    }

    fn import(
        &mut self,
        unit: usize,
        import: &Spanned<&ast::Use>,
        report: &mut Report,
    ) -> Option<(ast::Name, Import)> {
        match &import.node.source {
            ast::UseSource::Library(module) => {
                let name = import.node.alias.as_ref().unwrap_or(module).clone();
                Some((name, self.library(module, report)))
            }
            ast::UseSource::Path(path) => {
                let Some(written) = path.node.literal() else {
                    report.push(literal_only(path.span, "the path of a module"));
                    return None;
                };
                let found = self.file(unit, &written, path.span, report);
                let own = match found {
                    Import::Unit(index) => self.units[index].module_name().map(str::to_owned),
                    _ => None,
                };
                let name = match (&import.node.alias, own) {
                    (Some(alias), _) => alias.clone(),
                    (None, Some(own)) => Spanned::new(own, path.span),
                    (None, None) => Spanned::new(stem(&written), path.span),
                };
                Some((name, found))
            }
        }
    }

    fn library(&mut self, module: &ast::Name, report: &mut Report) -> Import {
        if let Some(native) = native::modules().find(|m| *m == module.node) {
            return Import::Native(native);
        }
        let listed_as = stdlib::source_name(&module.node);
        if let Some(found) = self.known.get(&listed_as) {
            return found.clone();
        }
        if let Some(text) = stdlib::text(&module.node) {
            return self.add(&listed_as, text.to_owned(), true, report);
        }
        if stdlib::PLANNED.contains(&module.node.as_str()) {
            report.not_yet(module.span, &format!("the module `{}`", module.node));
            return Import::Broken;
        }
        let all: Vec<_> = native::modules().chain(stdlib::names()).collect();
        let unknown = Diagnostic::error("unknown-module", format!("there is no module `{}`", module.node))
            .at(module.span, "")
            .note(format!("modules: {}", listed(all.iter().copied())));
        report.push(
            near(unknown, &module.node, all)
                .help(format!("a module of your own: `use \"./{0}.runbook\" as {0}`", module.node)),
        );
        Import::Broken
    }

    fn file(&mut self, unit: usize, written: &str, span: Span, report: &mut Report) -> Import {
        let from = self.sources.get(self.units[unit].source).map_or("", |s| s.name.as_str());
        let path = self.loader.relative(from, written);
        let found = match self.known.get(&path) {
            Some(found) => found.clone(),
            None => match self.loader.load(&path) {
                Ok(text) => self.add(&path, text, false, report),
                Err(why) => {
                    let module = native::modules().chain(stdlib::names()).any(|m| m == written);
                    let help = if module {
                        format!("write `use {written}`")
                    } else {
                        String::from("a path is relative to the file it stands in")
                    };
                    report.push(
                        Diagnostic::error("unreadable-file", format!("cannot read `{path}`: {why}"))
                            .at(span, "used here")
                            .help(help),
                    );
                    self.known.insert(path, Import::Broken);
                    return Import::Broken;
                }
            },
        };
        if let Import::Unit(index) = found
            && self.units[index].module_name().is_none()
        {
            report.push(
                Diagnostic::error("not-a-module", format!("`{path}` is not a module"))
                    .at(span, "used here")
                    .at(self.units[index].ast.head.span, "its first line")
                    .help("only files that begin with `module NAME` can be used"),
            );
            return Import::Broken;
        }
        found
    }
}

/// Says that a text cannot have values in it.
pub(super) fn literal_only(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error("literal-only", format!("{what} cannot have values in it"))
        .at(span, "")
        .help("write the text out, without `{{ }}`")
}

fn stem(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.strip_suffix(".runbook").unwrap_or(file).to_owned()
}
