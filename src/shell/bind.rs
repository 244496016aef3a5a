//! Plan and values → argument vector.
//!
//! Owns the last look before a command starts: what no argument can hold, what would be taken for an option.
//! Never sees a secret's bytes, and never quotes: values travel as arguments of the shell, or by its environment.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::plan::{Binding, CommandPlan, Form, Position, ScriptPart, Shell, Start, Word, WordPart};

/// The longest argument Linux takes, its closing NUL included, in bytes (`MAX_ARG_STRLEN`, execve(2)).
const LONGEST: usize = 128 * 1024;

/// A value as it reaches a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    Text(String),
    List(Vec<String>),
    /// A secret called `name` in the runbook. Its bytes stand in the environment variable `env`, made for this
    /// command: the script takes it out of the environment before anything else starts.
    Secret {
        env: String,
        name: String,
    },
}

/// A command ready to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The program and its arguments; for a script `bash -o pipefail -c TEXT bash VALUES…`.
    pub argv: Vec<String>,
    /// The environment variables that must hold secrets.
    pub secrets: BTreeSet<String>,
}

/// Why a command cannot start with these values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    #[error("the value has a NUL byte, which no argument can hold")]
    NulByte { index: usize },
    #[error("the value has {bytes} bytes, an argument holds {}", LONGEST - 1)]
    TooLong { index: usize, bytes: usize },
    #[error("the script has {bytes} bytes, an argument holds {}", LONGEST - 1)]
    ScriptTooLong { bytes: usize },
    #[error("`{word}` begins with `{start}` and would be read as an option or an expression")]
    LeadingSign { index: usize, word: String, start: char },
    #[error("a list stands where only one word can")]
    List { index: usize },
    #[error(
        "the secret `{name}` would stand in an argument list, where every user of the machine can read it"
    )]
    SecretInArguments { index: usize, name: String },
    #[error("`{env}` cannot name an environment variable")]
    EnvironmentName { index: usize, env: String },
    #[error("there is no value for interpolation {index}")]
    Missing { index: usize },
}

impl BindError {
    /// Returns the interpolation at fault, `None` when it is the script as a whole.
    pub fn index(&self) -> Option<usize> {
        match self {
            BindError::NulByte { index }
            | BindError::TooLong { index, .. }
            | BindError::LeadingSign { index, .. }
            | BindError::List { index }
            | BindError::SecretInArguments { index, .. }
            | BindError::EnvironmentName { index, .. }
            | BindError::Missing { index } => Some(*index),
            BindError::ScriptTooLong { .. } => None,
        }
    }

    /// Returns the stable code of the message.
    pub fn code(&self) -> &'static str {
        match self {
            BindError::NulByte { .. } => "nul-byte",
            BindError::TooLong { .. } | BindError::ScriptTooLong { .. } => "argument-too-long",
            BindError::LeadingSign { .. } => "leading-dash",
            BindError::List { .. } => "list-in-word",
            BindError::SecretInArguments { .. } => "secret-in-arguments",
            BindError::EnvironmentName { .. } | BindError::Missing { .. } => "internal",
        }
    }

    /// Returns what to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            BindError::NulByte { .. } => "hand it over with `with stdin`",
            BindError::TooLong { .. } => "hand it over with `with stdin`",
            BindError::ScriptTooLong { .. } => "put the script into a file, and its data into `with stdin`",
            BindError::LeadingSign { start: '-', .. } => {
                "put `--` before it, or text: `./{{ x }}`, `--name={{ x }}`"
            }
            BindError::LeadingSign { .. } => "put text before it: `./{{ x }}`",
            BindError::List { .. } => {
                "let it stand alone as a word, outside quotes, or join it: `{{ xs | join(\",\") }}`"
            }
            BindError::SecretInArguments { .. } => "use `with env { NAME: … }` or `with stdin`",
            BindError::EnvironmentName { .. } | BindError::Missing { .. } => {
                "this is a mistake in mainstay, please report it"
            }
        }
    }
}

/// Returns the command to start, `values[i]` standing for interpolation `i`.
///
/// # Errors
///
/// A value that no argument can hold, a list glued to other text, a word that a value makes look like an option,
/// a secret where it would be seen.
pub fn bind(plan: &CommandPlan, values: &[Bound]) -> Result<Invocation, BindError> {
    for binding in &plan.bindings {
        look_at(binding, value(values, binding.index)?)?;
    }
    match &plan.form {
        Form::Direct { words } => direct(words, values),
        Form::Script { shell, text, guards } => {
            for word in guards {
                look_at_start(word, values)?;
            }
            script(*shell, text, &plan.bindings, values)
        }
    }
}

fn value(values: &[Bound], index: usize) -> Result<&Bound, BindError> {
    values.get(index).ok_or(BindError::Missing { index })
}

/// Looks at one value by itself.
fn look_at(binding: &Binding, value: &Bound) -> Result<(), BindError> {
    let index = binding.index;
    match value {
        Bound::Text(text) => look_at_text(index, text),
        Bound::List(_) if !binding.several && binding.position != Position::Raw => {
            Err(BindError::List { index })
        }
        Bound::List(items) => items.iter().try_for_each(|item| look_at_text(index, item)),
        Bound::Secret { name, .. } if binding.exposed => {
            Err(BindError::SecretInArguments { index, name: name.clone() })
        }
        Bound::Secret { env, .. } if !is_name(env) => {
            Err(BindError::EnvironmentName { index, env: env.clone() })
        }
        Bound::Secret { .. } => Ok(()),
    }
}

fn look_at_text(index: usize, text: &str) -> Result<(), BindError> {
    if text.contains('\0') {
        return Err(BindError::NulByte { index });
    }
    if text.len() >= LONGEST {
        return Err(BindError::TooLong { index, bytes: text.len() });
    }
    Ok(())
}

/// Returns whether `name` can name a shell variable.
fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Refuses a word whose first character comes from a value, or is laid bare by an empty one, and means something.
fn look_at_start(word: &Word, values: &[Bound]) -> Result<(), BindError> {
    let signs = match word.start {
        Start::Free => return Ok(()),
        Start::NotOption => "-",
        Start::NotExpression => "-()!,",
    };
    let mut blame = None;
    for part in &word.parts {
        let texts: Vec<&str> = match part {
            WordPart::Literal(text) => vec![text],
            WordPart::Value(index) => {
                blame = blame.or(Some(*index));
                match value(values, *index)? {
                    Bound::Text(text) => vec![text],
                    Bound::List(items) => items.iter().map(String::as_str).collect(),
                    // Its bytes are not known here, and it is not allowed where this matters.
                    Bound::Secret { .. } => return Ok(()),
                }
            }
        };
        let Some(index) = blame else { return Ok(()) };
        if let Some(text) = texts.iter().find(|t| t.starts_with(|c| signs.contains(c))) {
            let start = text.chars().next().unwrap_or('-');
            return Err(BindError::LeadingSign { index, word: shortened(text), start });
        }
        if texts.iter().any(|t| !t.is_empty()) {
            return Ok(());
        }
    }
    Ok(())
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn direct(words: &[Word], values: &[Bound]) -> Result<Invocation, BindError> {
    let mut argv = Vec::new();
    for word in words {
        look_at_start(word, values)?;
        if let [WordPart::Value(index)] = word.parts.as_slice()
            && let Bound::List(items) = value(values, *index)?
        {
            argv.extend(items.iter().cloned());
            continue;
        }
        let mut text = String::new();
        let mut last = None;
        for part in &word.parts {
            match part {
                WordPart::Literal(literal) => text.push_str(literal),
                WordPart::Value(index) => {
                    last = Some(*index);
                    match value(values, *index)? {
                        Bound::Text(t) => text.push_str(t),
                        Bound::List(_) => return Err(BindError::List { index: *index }),
                        Bound::Secret { name, .. } => {
                            return Err(BindError::SecretInArguments { index: *index, name: name.clone() });
                        }
                    }
                }
            }
        }
        match last {
            _ if text.len() < LONGEST => argv.push(text),
            Some(index) => {
                return Err(BindError::TooLong { index, bytes: text.len() });
            }
            None => return Err(BindError::ScriptTooLong { bytes: text.len() }),
        }
    }
    Ok(Invocation { argv, secrets: BTreeSet::new() })
}

fn script(
    shell: Shell,
    parts: &[ScriptPart],
    bindings: &[Binding],
    values: &[Bound],
) -> Result<Invocation, BindError> {
    let mut arguments = Vec::new();
    let mut secrets = BTreeSet::new();
    let mut text = prelude(bindings, values, &mut arguments, &mut secrets)?;
    for part in parts {
        match part {
            ScriptPart::Text(t) => text.push_str(t),
            ScriptPart::Value(index) => match value(values, *index)? {
                Bound::Text(t) => text.push_str(t),
                Bound::List(items) => text.push_str(&items.join(" ")),
                Bound::Secret { name, .. } => {
                    return Err(BindError::SecretInArguments { index: *index, name: name.clone() });
                }
            },
        }
    }
    if text.len() >= LONGEST {
        return Err(BindError::ScriptTooLong { bytes: text.len() });
    }
    let name = shell.program().to_owned();
    let mut argv = vec![name.clone()];
    if shell == Shell::Bash {
        argv.extend(["-o", "pipefail"].map(str::to_owned));
    }
    argv.extend(["-c".to_owned(), text, name]);
    argv.extend(arguments);
    Ok(Invocation { argv, secrets })
}

/// Returns the assignments that stand before the script. They are on its first line, so that the shell's own messages
/// count lines as the runbook does, and they leave no positional parameters behind.
fn prelude(
    bindings: &[Binding],
    values: &[Bound],
    arguments: &mut Vec<String>,
    secrets: &mut BTreeSet<String>,
) -> Result<String, BindError> {
    let mut text = String::new();
    for binding in bindings {
        if matches!(binding.position, Position::Raw | Position::Comment) {
            continue;
        }
        let first = arguments.len() + 1;
        let right = match value(values, binding.index)? {
            Bound::Text(t) => {
                arguments.push(t.clone());
                format!("${{{first}}}")
            }
            Bound::List(items) => {
                arguments.extend(items.iter().cloned());
                format!("${{@:{first}:{}}}", items.len())
            }
            Bound::Secret { env, .. } => {
                secrets.insert(env.clone());
                format!("${env}")
            }
        };
        let name = &binding.variable;
        // Writing into a `String` cannot fail.
        let _ = if binding.several {
            write!(text, "{name}=(\"{right}\"); ")
        } else {
            write!(text, "{name}={right}; ")
        };
    }
    for env in &*secrets {
        let _ = write!(text, "unset -v {env}; ");
    }
    if !arguments.is_empty() {
        text.push_str("set --; ");
    }
    Ok(text)
}
