//! Parameters: given with `-p` and `--params`, or asked for at the terminal.
//!
//! Owns how they are typed. Never evaluates a default: the run does, and writes it down.

use std::collections::BTreeMap;
use std::io::{BufRead as _, Write as _};
use std::path::Path;

use serde_json::Value as Json;

use super::failure::{Failure, INVALID};
use crate::diagnostic::nearest;
use crate::display::clean;
use crate::program::{Global, GlobalSource, Param, Program};
use crate::value::Value;

/// Returns the parameters that were given, and asks for those that are missing where somebody can be asked.
pub(super) fn gather(
    program: &Program,
    given: &[String],
    file: Option<&Path>,
    attended: bool,
) -> Result<Vec<(String, Value)>, Failure> {
    let mut values = self::given(program, given, file)?;
    let missing: Vec<(&Global, &Param)> = program
        .params()
        .filter(|(global, param)| param.default.is_none() && !values.contains_key(&global.slot.name))
        .collect();
    if !attended && !missing.is_empty() {
        return Err(missing_ones(&missing));
    }
    for (global, param) in missing {
        values.insert(global.slot.name.clone(), ask(global, param)?);
    }
    // In the order in which they are declared.
    Ok(program.params().filter_map(|(global, _)| values.remove_entry(&global.slot.name)).collect())
}

/// Returns the parameters that were given.
pub(super) fn given(
    program: &Program,
    given: &[String],
    file: Option<&Path>,
) -> Result<BTreeMap<String, Value>, Failure> {
    let mut values = BTreeMap::new();
    let mut wrong = Vec::new();
    if let Some(file) = file {
        for (name, json) in read(file)? {
            let value = find(program, &name).and_then(|(global, param)| {
                Value::from_json_as(&param.domain.ty, &json)
                    .and_then(|value| param.domain.accept(value))
                    .map_err(|why| invalid(global, &why))
            });
            match value {
                Ok(value) => drop(values.insert(name, value)),
                Err(failure) => wrong.push(failure.note(format!("it stands in `{}`", file.display()))),
            }
        }
    }
    for text in given {
        match one(program, text) {
            Ok((name, value)) => drop(values.insert(name, value)),
            Err(failure) => wrong.push(failure),
        }
    }
    if let Some(last) = wrong.pop() {
        // All of it at once; the last one ends the program.
        wrong.iter().for_each(Failure::tell);
        return Err(last);
    }
    Ok(values)
}

/// Reads one `name=value`.
fn one(program: &Program, text: &str) -> Result<(String, Value), Failure> {
    let Some((name, text)) = text.split_once('=') else {
        let failure = Failure::new(INVALID, format!("`{}` is no parameter", clean(text)));
        return Err(failure.help("write it as `-p name=value`"));
    };
    let (global, param) = find(program, name)?;
    let value = param.domain.parse(text).map_err(|why| invalid(global, &why))?;
    Ok((name.to_owned(), value))
}

fn find<'a>(program: &'a Program, name: &str) -> Result<(&'a Global, &'a Param), Failure> {
    if let Some(found) = program.params().find(|(global, _)| global.slot.name == name) {
        return Ok(found);
    }
    let failure = Failure::new(INVALID, format!("there is no parameter `{}`", clean(name)));
    let secret =
        program.globals.iter().find(|g| g.slot.name == name && matches!(g.source, GlobalSource::Secret(_)));
    if secret.is_some() {
        return Err(failure.help(format!(
            "`{name}` is a secret: it comes from where the runbook says, never from the command line"
        )));
    }
    let names: Vec<&str> = program.params().map(|(g, _)| g.slot.name.as_str()).collect();
    Err(match nearest(name, names.iter().copied()) {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None if names.is_empty() => failure.help("the runbook has no parameters"),
        None => failure.help(format!("the runbook has: {}", names.join(", "))),
    })
}

fn invalid(global: &Global, why: &str) -> Failure {
    let name = &global.slot.name;
    Failure::new(INVALID, format!("parameter `{name}`: {why}")).note(describe(global))
}

/// Returns `name: type "description"`, as it is declared.
fn describe(global: &Global) -> String {
    let GlobalSource::Param(param) = &global.source else {
        return global.slot.name.clone();
    };
    let kind = &param.domain;
    match global.description.as_str() {
        "" => format!("{}: {kind}", global.slot.name),
        text => format!("{}: {kind} \"{text}\"", global.slot.name),
    }
}

fn missing_ones(missing: &[(&Global, &Param)]) -> Failure {
    let names: Vec<String> = missing.iter().map(|(g, _)| format!("`{}`", g.slot.name)).collect();
    let message = match names.as_slice() {
        [one] => format!("parameter {one} is missing"),
        many => format!("parameters {} are missing", many.join(", ")),
    };
    let listed: Vec<String> = missing.iter().map(|(g, _)| describe(g)).collect();
    Failure::new(INVALID, message)
        .note(listed.join("\n"))
        .help("give each with `-p name=value`, or all with `--params FILE`")
}

/// Asks for a parameter at the terminal until the answer is one.
fn ask(global: &Global, param: &Param) -> Result<Value, Failure> {
    let mut lines = std::io::stdin().lock();
    loop {
        eprint!("{}\n{}: ", clean(&describe(global)), global.slot.name);
        let _ = std::io::stderr().flush();
        let mut line = String::new();
        match lines.read_line(&mut line) {
            Ok(0) | Err(_) => return Err(missing_ones(&[(global, param)])),
            Ok(_) => {}
        }
        let line = line.trim_end_matches(['\n', '\r']);
        if line.is_empty() {
            let name = &global.slot.name;
            eprintln!("it has no default: type a value; an empty text is given with `-p {name}=`");
            continue;
        }
        match param.domain.parse(line) {
            Ok(value) => return Ok(value),
            Err(why) => eprintln!("{}", clean(&why)),
        }
    }
}

/// Reads a file of parameters: JSON, or TOML.
fn read(path: &Path) -> Result<Vec<(String, Json)>, Failure> {
    let fail = |why: String| Failure::new(INVALID, format!("`{}`: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|e| fail(e.to_string().to_lowercase()))?;
    let json = match path.extension().and_then(|e| e.to_str()) {
        Some("json") => serde_json::from_str(&text).map_err(|e| fail(format!("is not JSON: {e}")))?,
        Some("toml") => {
            let table: toml::Table =
                toml::from_str(&text).map_err(|e| fail(format!("is not TOML: {}", e.message())))?;
            from_toml(toml::Value::Table(table))
        }
        _ => return Err(fail("is neither `.toml` nor `.json`".to_owned())),
    };
    match json {
        Json::Object(fields) => Ok(fields.into_iter().collect()),
        _ => Err(fail("is no object with a field for each parameter".to_owned())),
    }
}

fn from_toml(value: toml::Value) -> Json {
    match value {
        toml::Value::String(text) => Json::String(text),
        toml::Value::Integer(n) => n.into(),
        toml::Value::Float(n) => n.into(),
        toml::Value::Boolean(b) => b.into(),
        toml::Value::Datetime(time) => Json::String(time.to_string()),
        toml::Value::Array(items) => items.into_iter().map(from_toml).collect(),
        toml::Value::Table(fields) => {
            Json::Object(fields.into_iter().map(|(name, value)| (name, from_toml(value))).collect())
        }
    }
}
