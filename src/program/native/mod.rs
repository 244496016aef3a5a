//! The modules that are in the binary: names, parameters, types, effects and what help says of their functions.
//!
//! Owns signatures and their texts, in one place, as data for the checker, for `mainstay stdlib` and for
//! `docs/stdlib.md`; `net` carries them out. Never calls one.

mod file;
mod http;
mod network;
mod time;

use std::sync::{Arc, LazyLock};

use super::Effect;
use crate::value::{Type, Value};

/// A native function.
#[derive(Clone, Debug)]
pub struct Native {
    pub module: &'static str,
    pub name: &'static str,
    pub params: Vec<NativeParam>,
    pub returns: Type,
    pub effect: Effect,
    pub description: &'static str,
    /// The fields of what it returns, where that is a record, each with what it says.
    pub fields: Vec<(&'static str, &'static str)>,
    /// How the change is taken back; empty where it only reads.
    pub undo: &'static str,
    /// Statements of a `resolve` that call it.
    pub example: &'static str,
}

/// A parameter of a native function.
#[derive(Clone, Debug)]
pub struct NativeParam {
    pub name: &'static str,
    pub ty: Type,
    pub required: bool,
    /// Whether a secret may go into it.
    pub secret: bool,
    pub description: &'static str,
    /// What it is when it is not given, as it would be written; empty where there is no such value.
    pub default: &'static str,
}

impl Native {
    fn new(
        effect: Effect,
        module: &'static str,
        name: &'static str,
        returns: Type,
        description: &'static str,
    ) -> Self {
        Native {
            module,
            name,
            params: Vec::new(),
            returns,
            effect,
            description,
            fields: Vec::new(),
            undo: "",
            example: "",
        }
    }

    fn reads(module: &'static str, name: &'static str, returns: Type, description: &'static str) -> Self {
        Native::new(Effect::Reads, module, name, returns, description)
    }

    fn changes(module: &'static str, name: &'static str, returns: Type, description: &'static str) -> Self {
        Native::new(Effect::Changes, module, name, returns, description)
    }

    /// Adds a parameter that must be given.
    fn needs(mut self, name: &'static str, ty: Type, description: &'static str) -> Self {
        self.params.push(NativeParam { name, ty, required: true, secret: false, description, default: "" });
        self
    }

    /// Adds a parameter that may be left out.
    fn takes(
        mut self,
        name: &'static str,
        ty: Type,
        default: &'static str,
        description: &'static str,
    ) -> Self {
        self.params.push(NativeParam { name, ty, required: false, secret: false, description, default });
        self
    }

    /// Lets the parameter that was added last take a secret.
    fn secret(mut self) -> Self {
        if let Some(last) = self.params.last_mut() {
            last.secret = true;
        }
        self
    }

    /// Makes the result a record of these fields: name, type, what it says.
    fn gives(mut self, fields: &[(&'static str, Type, &'static str)]) -> Self {
        self.returns = record(fields);
        self.fields = fields.iter().map(|(name, _, text)| (*name, *text)).collect();
        self
    }

    fn undo(mut self, undo: &'static str) -> Self {
        self.undo = undo;
        self
    }

    fn example(mut self, example: &'static str) -> Self {
        self.example = example;
        self
    }
}

/// Returns the type of a record with these fields.
fn record(fields: &[(&'static str, Type, &'static str)]) -> Type {
    let fields = fields.iter().map(|(name, ty, _)| ((*name).to_owned(), ty.clone()));
    Type::Record(Some(Arc::new(fields.collect())))
}

fn list(of: Type) -> Type {
    Type::List(Box::new(of))
}

/// The native modules, each with one line about it.
const MODULES: &[(&str, &str)] = &[
    ("dns", "Names: what the servers of DNS say of them"),
    ("file", "Files and folders of this machine"),
    ("http", "Requests, and what servers answer"),
    ("tcp", "Ports: whether a connection can be made, and what a server says first"),
    ("time", "The clock, time zones, and times as text"),
    (
        "tls",
        "Certificates: until when, for which names, signed by whom, and whether this machine trusts them",
    ),
];

static ALL: LazyLock<Vec<Native>> = LazyLock::new(|| {
    let mut all = network::dns();
    all.extend(file::file());
    all.extend(http::http());
    all.extend(network::tcp());
    all.extend(time::time());
    all.extend(network::tls());
    all
});

/// Returns every native function, by module.
pub fn all() -> &'static [Native] {
    &ALL
}

/// Returns the function `module.name`.
pub fn find(module: &str, name: &str) -> Option<&'static Native> {
    ALL.iter().find(|n| n.module == module && n.name == name)
}

/// Returns the length that a parameter of a function has where none is given; none where there is no such.
pub fn default_of(module: &str, function: &str, param: &str) -> Value {
    let params = find(module, function).map_or(&[][..], |found| &found.params);
    let known = params.iter().find(|known| known.name == param);
    known.and_then(|known| crate::value::parse_duration(known.default).ok()).unwrap_or(Value::None)
}

/// Returns the names of the native modules.
pub fn modules() -> impl Iterator<Item = &'static str> + Clone {
    MODULES.iter().map(|(name, _)| *name)
}

/// Returns the one line about a native module.
pub fn about(module: &str) -> Option<&'static str> {
    MODULES.iter().find(|(name, _)| *name == module).map(|(_, about)| *about)
}
