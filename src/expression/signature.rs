//! The functions by name: their parameters, what they return, whether they take a secret.
//!
//! Owns one table that the checker, the help and the call at run time all read, so that a
//! function cannot be typed one way and called another. Never computes anything.

use crate::diagnostic::nearest;
use crate::value::Type;

/// What a parameter accepts.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Any value.
    Any,
    /// Values of one type, which the result may name.
    T,
    /// A list of that type.
    ListOfT,
    /// Values of this type.
    Of(Type),
    /// Values of one of these types.
    Either(Vec<Type>),
}

/// A parameter of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub name: &'static str,
    pub shape: Shape,
    pub optional: bool,
}

/// What a function does with a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretUse {
    /// It takes none: what comes of it could be shown.
    Refused,
    /// It takes one, and what comes of it is secret.
    Derived,
    /// It takes lists and records that hold one, without looking into it.
    Carried,
}

/// What a function returns.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Returns {
    Of(Type),
    T,
    ListOfT,
    /// Depends on the arguments: see `computed`.
    Computed,
}

/// A function: `x | f(a)` is `f(x, a)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    pub name: &'static str,
    pub parameters: Vec<Parameter>,
    /// Whether the last parameter may be given any number of times.
    pub variadic: bool,
    pub secret: SecretUse,
    pub(super) returns: Returns,
    /// One sentence for the reference and the help.
    pub description: &'static str,
}

/// A row of the table: name, parameters (`?` at the end: optional), result, secrets, description.
/// Types are written as users know them; `T` and `[T]` stand for one type.
type Row = (&'static str, &'static [(&'static str, &'static str)], &'static str, SecretUse, &'static str);

use SecretUse::{Carried, Derived, Refused};

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // Units and kinds.
    ("bytes", &[("n", "number")], "size", Refused, "Makes a size of a number of bytes."),
    ("seconds", &[("n", "number")], "duration", Refused, "Makes a duration of a number of seconds."),
    ("percent", &[("n", "number")], "percent", Refused, "Makes a percentage of a number: `percent(91)` is 91%."),
    ("in_bytes", &[("size", "size")], "int", Refused, "Returns a size as a number of bytes."),
    ("in_seconds", &[("duration", "duration")], "number", Refused, "Returns a duration as a number of seconds."),
    ("number", &[("x", "any")], "number", Refused, "Makes a number of text."),
    ("int", &[("x", "any")], "int", Refused, "Makes a whole number of text or of a number, towards zero."),
    ("float", &[("x", "any")], "number", Refused, "Makes a number of text."),
    ("bool", &[("x", "any")], "bool", Refused, "Makes true or false of text: true, yes, on, 1 or false, no, off, 0."),
    ("text", &[("x", "any")], "text", Derived, "Returns a value as it is shown."),
    ("string", &[("x", "any")], "text", Derived, "Returns a value as it is shown."),
    ("time", &[("x", "text|time")], "time", Refused, "Reads a time."),
    ("duration", &[("x", "text|duration")], "duration", Refused, "Reads a duration."),
    ("size", &[("x", "text|size")], "size", Refused, "Reads a size."),
    ("age", &[("time", "text|time")], "duration", Refused, "Returns how long ago a time was."),
    ("abs", &[("n", "T")], "T", Refused, "Returns the value without its sign."),
    ("round", &[("n", "T"), ("digits", "int?")], "computed", Refused, "Rounds to that many digits behind the point; a percentage in points."),
    // Text.
    ("upper", &[("text", "text")], "text", Derived, "Returns the text in upper case."),
    ("lower", &[("text", "text")], "text", Derived, "Returns the text in lower case."),
    ("title", &[("text", "text")], "text", Derived, "Returns the text with each word's first letter in upper case."),
    ("capitalize", &[("text", "text")], "text", Derived, "Returns the text with its first letter in upper case, the rest in lower case."),
    ("trim", &[("text", "text"), ("chars", "text?")], "text", Derived, "Removes white space, or these characters, from both ends."),
    ("replace", &[("text", "text"), ("from", "text"), ("to", "text")], "text", Derived, "Replaces every occurrence."),
    ("indent", &[("text", "text"), ("width", "int"), ("first", "bool?"), ("blank", "bool?")], "text", Derived, "Indents every line but the first."),
    ("split", &[("text", "text"), ("separator", "text?"), ("times", "int?")], "list of text", Refused, "Splits at the separator, or at white space."),
    ("lines", &[("text", "text")], "list of text", Refused, "Returns the lines."),
    ("format", &[("pattern", "text"), ("values", "any*")], "text", Refused, "Fills a printf pattern: `\"%.1f\" | format(x)`."),
    ("capture", &[("text", "text"), ("regex", "text")], "text", Derived, "Returns the first group of the first match, or the whole match."),
    ("urlencode", &[("x", "any")], "text", Derived, "Percent-encodes text, or a record as a query; `/` stays."),
    ("url", &[("x", "any")], "text", Derived, "Percent-encodes a component of an address; `/` is encoded too."),
    ("sql", &[("x", "any")], "text", Derived, "Returns a literal of SQL: text in quotes, numbers as they are."),
    ("sql_name", &[("name", "text")], "text", Derived, "Returns a quoted identifier of SQL."),
    ("tojson", &[("x", "any"), ("indent", "int?")], "text", Derived, "Returns the value as JSON."),
    ("parse_json", &[("text", "text")], "any", Refused, "Reads JSON."),
    ("parse_url", &[("text", "text")], "computed", Derived, "Takes an address apart: scheme host port user password path query fragment."),
    // Lists and records.
    ("length", &[("x", "any")], "int", Carried, "Returns how many items, fields or characters there are."),
    ("count", &[("x", "any")], "int", Carried, "The same as `length`."),
    ("default", &[("x", "any"), ("or", "any")], "computed", Carried, "Returns the value, or `or` when it is missing or none."),
    ("first", &[("list", "[T]")], "T", Carried, "Returns the first item."),
    ("last", &[("list", "[T]")], "T", Carried, "Returns the last item."),
    ("take", &[("list", "[T]"), ("n", "int")], "[T]", Carried, "Returns the first n items, or all when there are fewer."),
    ("min", &[("values", "any*")], "computed", Refused, "Returns the smallest of its arguments, or of a list."),
    ("max", &[("values", "any*")], "computed", Refused, "Returns the largest of its arguments, or of a list."),
    ("sum", &[("list", "[T]")], "T", Refused, "Adds the items."),
    ("sort", &[("list", "[T]"), ("attribute", "text?"), ("reverse", "bool?"), ("case_sensitive", "bool?")], "[T]", Refused, "Sorts the items; equal ones keep their order."),
    ("unique", &[("list", "[T]"), ("attribute", "text?")], "[T]", Refused, "Removes items that came before."),
    ("reverse", &[("x", "T")], "T", Carried, "Returns a list, or a text, from its end."),
    ("join", &[("list", "[T]"), ("separator", "text?")], "text", Derived, "Joins the items to one text."),
    ("map", &[("list", "[T]"), ("attribute", "text?"), ("filter", "text?"), ("default", "any?")], "computed", Carried, "Returns that field of each item, or what the filter makes of it."),
    ("attr", &[("x", "any"), ("name", "text")], "any", Carried, "Returns the field of that name, which may be a path `a.b`."),
    ("select", &[("list", "[T]"), ("test", "text?"), ("value", "any?")], "[T]", Refused, "Keeps the items for which the test holds."),
    ("reject", &[("list", "[T]"), ("test", "text?"), ("value", "any?")], "[T]", Refused, "Drops the items for which the test holds."),
    ("selectattr", &[("list", "[T]"), ("attribute", "text"), ("test", "text?"), ("value", "any?")], "[T]", Refused, "Keeps the items for whose field the test holds."),
    ("rejectattr", &[("list", "[T]"), ("attribute", "text"), ("test", "text?"), ("value", "any?")], "[T]", Refused, "Drops the items for whose field the test holds."),
    ("groupby", &[("list", "[T]"), ("attribute", "text")], "computed", Refused, "Returns a record {grouper, list} for each value of the field, in order."),
    ("batch", &[("list", "[T]"), ("size", "int"), ("fill", "any?")], "computed", Carried, "Cuts the list into lists of that size."),
    ("slice", &[("list", "[T]"), ("count", "int"), ("fill", "any?")], "computed", Carried, "Cuts the list into that many lists."),
    ("list", &[("x", "any")], "computed", Carried, "Makes a list: the names of a record, the characters of a text."),
    ("items", &[("record", "record")], "list of list", Carried, "Returns the fields as lists [name, value]."),
    ("dictsort", &[("record", "record")], "list of list", Carried, "Returns the fields as lists [name, value], sorted by name."),
    ("keys", &[("record", "record")], "list of text", Carried, "Returns the names of the fields."),
    ("values", &[("record", "record")], "list", Carried, "Returns the values of the fields."),
    ("chain", &[("list", "[T]"), ("other", "[T]")], "[T]", Carried, "Returns the items of both lists."),
    ("zip", &[("list", "list"), ("other", "list")], "list of list", Carried, "Pairs the items of both lists, as long as both last."),
    ("range", &[("start", "int"), ("end", "int?")], "list of int", Refused, "Returns the whole numbers from start up to, without, end; with one argument from 0."),
];

/// Returns the names of all functions.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|row| row.0)
}

/// Returns the function of that name.
pub fn signature(name: &str) -> Option<Signature> {
    let (name, parameters, returns, secret, description) = TABLE.iter().find(|row| row.0 == name)?;
    Some(Signature {
        name,
        parameters: parameters.iter().map(|(n, ty)| parameter(n, ty)).collect(),
        variadic: parameters.iter().any(|(_, ty)| ty.ends_with('*')),
        secret: *secret,
        returns: match *returns {
            "computed" => Returns::Computed,
            "T" => Returns::T,
            "[T]" => Returns::ListOfT,
            ty => Returns::Of(type_of(ty)),
        },
        description,
    })
}

fn parameter(name: &'static str, ty: &str) -> Parameter {
    let bare = ty.trim_end_matches(['?', '*']);
    Parameter {
        name,
        optional: ty.ends_with('?'),
        shape: match bare {
            "any" => Shape::Any,
            "T" => Shape::T,
            "[T]" => Shape::ListOfT,
            _ if bare.contains('|') => Shape::Either(bare.split('|').map(type_of).collect()),
            _ => Shape::Of(type_of(bare)),
        },
    }
}

fn type_of(name: &str) -> Type {
    match name {
        "bool" => Type::Bool,
        "int" => Type::Int,
        "number" => Type::Number,
        "percent" => Type::Percent,
        "text" => Type::Text,
        "duration" => Type::Duration,
        "size" => Type::Size,
        "time" => Type::Time,
        "record" => Type::Record(None),
        "list" => Type::List(Box::new(Type::Any)),
        "list of text" => Type::List(Box::new(Type::Text)),
        "list of int" => Type::List(Box::new(Type::Int)),
        "list of list" => Type::List(Box::new(Type::List(Box::new(Type::Any)))),
        _ => Type::Any,
    }
}

/// Returns the arguments in the order of the parameters; those of a variadic one follow each other.
///
/// # Errors
/// There is no such function or parameter, or one is missing, given twice or too much.
pub(super) fn bind<X>(
    name: &str,
    args: Vec<X>,
    named: Vec<(String, X)>,
) -> Result<(Signature, Vec<Option<X>>), String> {
    let Some(signature) = signature(name) else {
        let hint = nearest(name, names()).map_or(String::new(), |n| format!(": did you mean `{n}`?"));
        return Err(format!("there is no function `{name}`{hint}"));
    };
    let parameters = &signature.parameters;
    if args.len() > parameters.len() && !signature.variadic {
        return Err(format!("`{name}` takes {}, not {}", count(parameters.len()), args.len()));
    }
    let mut bound: Vec<Option<X>> = args.into_iter().map(Some).collect();
    while bound.len() < parameters.len() {
        bound.push(None);
    }
    for (key, value) in named {
        let Some(at) = parameters.iter().position(|p| p.name == key) else {
            let known: Vec<&str> = parameters.iter().map(|p| p.name).collect();
            let hint = nearest(&key, known.iter().copied())
                .map_or(String::new(), |n| format!(": did you mean `{n}`?"));
            return Err(format!("`{name}` has no argument `{key}`{hint}"));
        };
        if bound[at].replace(value).is_some() {
            return Err(format!("`{name}` is given `{key}` twice"));
        }
    }
    for (at, parameter) in parameters.iter().enumerate() {
        if bound[at].is_none() && !parameter.optional {
            return Err(format!("`{name}` needs the argument `{}`", parameter.name));
        }
    }
    Ok((signature, bound))
}

fn count(n: usize) -> String {
    if n == 1 { String::from("1 argument") } else { format!("{n} arguments") }
}
