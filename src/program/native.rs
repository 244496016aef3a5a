//! The modules that are in the binary: names, parameters, types and effects of their functions.
//!
//! Signatures only, as data for the checker and for help; `net` carries them out.

use super::Effect;
use crate::value::Type;

/// A native function.
#[derive(Clone, Debug)]
pub struct Native {
    pub module: &'static str,
    pub name: &'static str,
    pub params: Vec<NativeParam>,
    pub returns: Type,
    pub effect: Effect,
    pub description: &'static str,
}

/// A parameter of a native function.
#[derive(Clone, Debug)]
pub struct NativeParam {
    pub name: &'static str,
    pub ty: Type,
    pub required: bool,
    /// Whether a secret may go into it.
    pub secret: bool,
}

fn param(name: &'static str, ty: Type, required: bool, secret: bool) -> NativeParam {
    NativeParam { name, ty, required, secret }
}

fn http(name: &'static str, effect: Effect, body: bool, description: &'static str) -> Native {
    let mut params = vec![param("url", Type::Text, true, true)];
    if body {
        params.push(param("body", Type::Text, false, true));
        params.push(param("json", Type::Any, false, false));
    }
    params.push(param("headers", Type::Record(None), false, true));
    params.push(param("timeout", Type::Duration, false, false));
    params.push(param("redirects", Type::Int, false, false));
    params.push(param("ca", Type::Text, false, false));
    Native { module: "http", name, params, returns: Type::Response, effect, description }
}

fn file(
    name: &'static str,
    params: Vec<NativeParam>,
    returns: Type,
    effect: Effect,
    description: &'static str,
) -> Native {
    Native { module: "file", name, params, returns, effect, description }
}

/// Returns every native function.
pub fn all() -> Vec<Native> {
    use Effect::{Changes, Reads};
    let path = || param("path", Type::Text, true, false);
    let text = || param("text", Type::Text, true, false);
    vec![
        http("get", Reads, false, "Returns the response of a GET."),
        http("head", Reads, false, "Returns the response of a HEAD."),
        http("post", Changes, true, "Sends a POST."),
        http("put", Changes, true, "Sends a PUT."),
        http("patch", Changes, true, "Sends a PATCH."),
        http("delete", Changes, true, "Sends a DELETE."),
        file("exists", vec![path()], Type::Bool, Reads, "Whether a file or folder is there."),
        file("read", vec![path()], Type::Text, Reads, "Returns the text of a file."),
        file(
            "size",
            vec![path()],
            Type::Size,
            Reads,
            "Returns the size of a file, or of all files below a folder.",
        ),
        file("modified", vec![path()], Type::Time, Reads, "Returns when a file was last written."),
        file(
            "list",
            vec![path()],
            Type::List(Box::new(Type::Text)),
            Reads,
            "Returns the paths in a folder, sorted.",
        ),
        file(
            "write",
            vec![path(), text()],
            Type::None,
            Changes,
            "Writes a file whole: a new file takes the old one's place.",
        ),
        file(
            "append",
            vec![path(), text()],
            Type::None,
            Changes,
            "Appends to a file, which is made when missing.",
        ),
        file(
            "copy",
            vec![path(), param("to", Type::Text, true, false)],
            Type::None,
            Changes,
            "Copies a file.",
        ),
        file(
            "move",
            vec![path(), param("to", Type::Text, true, false)],
            Type::None,
            Changes,
            "Moves a file.",
        ),
        file("remove", vec![path()], Type::None, Changes, "Removes a file, or an empty folder."),
        file("make_folder", vec![path()], Type::None, Changes, "Makes a folder with its parents."),
    ]
}

/// Returns the function `module.name`.
pub fn find(module: &str, name: &str) -> Option<Native> {
    all().into_iter().find(|n| n.module == module && n.name == name)
}

/// Returns the names of the native modules.
pub fn modules() -> Vec<&'static str> {
    let mut names: Vec<_> = all().iter().map(|n| n.module).collect();
    names.dedup();
    names
}
