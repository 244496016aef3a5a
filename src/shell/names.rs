//! Finding a name in the tables of `programs`.
//!
//! Owns the index over them: a runbook names thousands of programs, and each is looked up several times. Never knows
//! what a program does.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::programs::{
    CONTAINERS, DATA_BUILTINS, INTERPRETERS, Interpreter, OTHER_BUILTINS, SHELLS, SPECIAL_VARIABLES,
    WORD_BUILTINS, WRAPPERS, Wrapper,
};

/// What the tables say of one name.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    wrapper: Option<&'static Wrapper>,
    interpreter: Option<&'static Interpreter>,
    shell: bool,
    builtin: bool,
    container: bool,
}

static KNOWN: LazyLock<HashMap<&'static str, Known>> = LazyLock::new(|| {
    let mut known: HashMap<&str, Known> = HashMap::new();
    let mut note = |names: &'static str, what: &dyn Fn(&mut Known)| {
        names.split_whitespace().for_each(|name| what(known.entry(name).or_default()));
    };
    WRAPPERS.iter().for_each(|wrapper| note(wrapper.names, &|k| k.wrapper = Some(wrapper)));
    INTERPRETERS
        .iter()
        .for_each(|interpreter| note(interpreter.names, &|k| k.interpreter = Some(interpreter)));
    note(SHELLS, &|k| k.shell = true);
    note(CONTAINERS, &|k| k.container = true);
    [OTHER_BUILTINS, DATA_BUILTINS, WORD_BUILTINS]
        .iter()
        .for_each(|names| note(names, &|k| k.builtin = true));
    known
});

fn known(name: &str) -> Known {
    KNOWN.get(name).copied().unwrap_or_default()
}

/// Returns whether the blank-separated `list` has `word`.
pub(super) fn lists(list: &str, word: &str) -> bool {
    // Hardly any word is on any list.
    list.contains(word) && list.split_whitespace().any(|l| l == word)
}

/// Returns the wrapper called `name`.
pub(super) fn wrapper(name: &str) -> Option<&'static Wrapper> {
    known(name).wrapper
}

/// Returns the interpreter called `name`, also with a version behind it: `python3.12`.
pub(super) fn interpreter(name: &str) -> Option<&'static Interpreter> {
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    known(name).interpreter.or_else(|| known(plain).interpreter)
}

/// Returns whether `name` is a shell that is started as a program.
pub(super) fn is_shell(name: &str) -> bool {
    known(name).shell
}

/// Returns whether `name` runs a command in a container or on another machine.
pub(super) fn is_container(name: &str) -> bool {
    known(name).container
}

/// Returns whether the shell runs `name` itself.
pub(super) fn is_builtin(name: &str) -> bool {
    known(name).builtin
}

/// Returns whether the shell reads the variable `name` by itself.
pub(super) fn is_special_variable(name: &str) -> bool {
    lists(SPECIAL_VARIABLES, name) || name.starts_with("BASH_") || name == "BASHPID" || name == "BASHOPTS"
}
