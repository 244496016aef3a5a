//! The type of a function's result, from the types of its arguments.
//!
//! Owns the reasons why a function does not take an argument, as the checker tells them. Never
//! knows a function's parameters by heart: they stand in `signature`.

use super::signature::{Parameter, Returns, SecretUse, Shape, bind};
use super::types::{assignable, binary_type, common, contains_secret, plain};
use crate::program::BinaryOp;
use crate::value::Type;

/// Returns the type of `name(args…)`.
///
/// # Errors
/// There is no such function, or it does not take these arguments; the message says which.
pub fn result_type(name: &str, args: &[Type]) -> Result<Type, String> {
    result_type_with(name, args, &[])
}

/// Returns the type of `name(args…, named…)`.
///
/// # Errors
/// As [`result_type`].
pub fn result_type_with(name: &str, args: &[Type], named: &[(String, Type)]) -> Result<Type, String> {
    let (signature, bound) = bind(name, args.to_vec(), named.to_vec())?;
    let bound: Vec<Option<Type>> = bound.into_iter().map(|ty| ty.map(|ty| plain(&ty).clone())).collect();
    let secret = bound.iter().flatten().any(contains_secret);
    if secret && signature.secret == SecretUse::Refused {
        return Err(format!(
            "`{name}` takes no secret: a secret may go into a command or a request and nowhere else"
        ));
    }
    let mut t: Option<Type> = None;
    for (at, ty) in bound.iter().enumerate() {
        let Some(ty) = ty else { continue };
        let Some(parameter) = signature.parameters.get(at).or(signature.parameters.last()) else {
            continue;
        };
        fit(name, at, parameter, ty, &mut t)?;
    }
    let t = t.unwrap_or(Type::Any);
    let result = match &signature.returns {
        Returns::Of(ty) => ty.clone(),
        Returns::T => t,
        Returns::ListOfT => Type::List(Box::new(t)),
        Returns::Computed => return computed(name, &bound, &t),
    };
    check_t(name, &result, &bound)?;
    Ok(if secret && signature.secret == SecretUse::Derived { Type::Secret } else { result })
}

/// Adds what the argument says of `T`, or says why the parameter does not take it.
fn fit(name: &str, at: usize, parameter: &Parameter, ty: &Type, t: &mut Option<Type>) -> Result<(), String> {
    let mut join = |of: &Type| {
        *t = Some(t.take().map_or_else(|| of.clone(), |t| common(&t, of)));
    };
    let fits = match (&parameter.shape, ty) {
        (Shape::Any, _) => true,
        (Shape::T, ty) => {
            join(ty);
            true
        }
        (Shape::ListOfT, Type::List(of)) => {
            join(of);
            true
        }
        (Shape::ListOfT, Type::Any) => {
            join(&Type::Any);
            true
        }
        (Shape::ListOfT, _) => false,
        (Shape::Of(want), ty) => assignable(ty, want),
        (Shape::Either(wants), ty) => wants.iter().any(|want| assignable(ty, want)),
    };
    if fits {
        return Ok(());
    }
    let wants = match &parameter.shape {
        Shape::Of(want) => format!("`{want}`"),
        Shape::Either(wants) => {
            let names: Vec<String> = wants.iter().map(|w| format!("`{w}`")).collect();
            names.join(" or ")
        }
        _ => String::from("a list"),
    };
    Err(if at == 0 {
        format!("`{name}` takes {wants}, not `{ty}`")
    } else {
        format!("`{name}` takes {wants} as `{}`, not `{ty}`", parameter.name)
    })
}

/// Says why the items cannot be added, or the value has no sign.
fn check_t(name: &str, t: &Type, args: &[Option<Type>]) -> Result<(), String> {
    let numeric = |ty: &Type| {
        matches!(ty, Type::Any | Type::Int | Type::Number | Type::Percent | Type::Duration | Type::Size)
    };
    match name {
        "sum" | "abs" if !numeric(t) => Err(format!("`{name}` takes numbers, durations or sizes, not `{t}`")),
        "reverse" if !matches!(t, Type::Any | Type::List(_) | Type::Text | Type::Command) => {
            Err(format!("`reverse` takes a list or text, not `{t}`"))
        }
        "length" | "count" => match args.first().and_then(Option::as_ref) {
            Some(Type::Any | Type::List(_) | Type::Record(_) | Type::Text | Type::Command) | None => Ok(()),
            Some(other) => Err(format!("`{name}` takes a list, a record or text, not `{other}`")),
        },
        _ => Ok(()),
    }
}

fn computed(name: &str, args: &[Option<Type>], t: &Type) -> Result<Type, String> {
    let list = |of: Type| Type::List(Box::new(of));
    let first = args.first().and_then(Option::as_ref).unwrap_or(&Type::Any);
    Ok(match name {
        "min" | "max" => extreme(name, args)?,
        "round" => match t {
            Type::Int | Type::Number | Type::Any | Type::Percent => t.clone(),
            other => return Err(format!("`round` takes a number, not `{other}`")),
        },
        "default" => match args.get(1).and_then(Option::as_ref) {
            Some(or) if *first == Type::None => or.clone(),
            Some(or) => common(first, or),
            None => first.clone(),
        },
        "map" => list(Type::Any),
        "groupby" => list(Type::Record(Some(std::sync::Arc::new(
            [(String::from("grouper"), Type::Any), (String::from("list"), list(t.clone()))].into(),
        )))),
        "batch" | "slice" => list(list(t.clone())),
        "list" => match first {
            Type::List(_) => first.clone(),
            Type::Text | Type::Command | Type::Record(_) => list(Type::Text),
            Type::Any => list(Type::Any),
            other => {
                return Err(format!("`list` takes a list, a record or text, not `{other}`"));
            }
        },
        "parse_url" => url_type(contains_secret(first)),
        _ => Type::Any,
    })
}

fn extreme(name: &str, args: &[Option<Type>]) -> Result<Type, String> {
    let given: Vec<&Type> = args.iter().flatten().collect();
    let items: Vec<&Type> = match given.as_slice() {
        [Type::List(of)] => vec![of],
        [Type::Any] => return Ok(Type::Any),
        [other] => {
            return Err(format!("`{name}` takes a list, or at least two values, not `{other}`"));
        }
        several => several.to_vec(),
    };
    let mut result: Option<Type> = None;
    for ty in items {
        if let Some(so_far) = &result {
            binary_type(BinaryOp::Less, so_far, ty)?;
        }
        result = Some(result.map_or_else(|| ty.clone(), |r| common(&r, ty)));
    }
    let result = result.unwrap_or(Type::Any);
    binary_type(BinaryOp::Less, &result, &result)?;
    Ok(result)
}

fn url_type(secret: bool) -> Type {
    let text = |name: &str| (name.to_owned(), Type::Text);
    let mut fields: std::collections::BTreeMap<String, Type> =
        ["scheme", "host", "user", "password", "path", "query", "fragment"].map(text).into();
    fields.insert(String::from("port"), Type::Int);
    if secret {
        fields.insert(String::from("password"), Type::Secret);
    }
    Type::Record(Some(std::sync::Arc::new(fields)))
}
