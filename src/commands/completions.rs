//! `mainstay completions`: the script that a shell needs to complete.
//!
//! Owns the three scripts. They ask `mainstay complete` each time, so they know nothing that could grow old, and
//! throw away whatever it might say to standard error. Never writes into anybody's configuration.

use clap::ValueEnum;

use super::failure::Failure;
use super::print;

const AFTER: &str = "\
Examples:
  source <(mainstay completions bash)         # in ~/.bashrc
  source <(mainstay completions zsh)          # in ~/.zshrc, below compinit
  mainstay completions fish | source          # in ~/.config/fish/config.fish";

/// Print the script that completes `mainstay` in a shell
///
/// It completes subcommands, options, runbooks, parameters of the runbook on the line, values that are one of
/// a few, and runs, the newest first.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

/// A shell that completes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
}

const BASH: &str = r#"# Completes mainstay in bash: source <(mainstay completions bash)
_mainstay() {
    mapfile -t COMPREPLY < <(PROGRAM complete bash -- "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null)
    # Behind `name=` and a folder's `/` the word goes on.
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=/] ]] && compopt -o nospace
}
complete -o nosort -F _mainstay mainstay
"#;

const ZSH: &str = r#"#compdef mainstay
# Completes mainstay in zsh: source <(mainstay completions zsh)
_mainstay() {
    local line
    local -a found goes_on whole any
    found=("${(@f)$(PROGRAM complete zsh -- "${(@Q)words[1,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
    for line in "${found[@]}"; do
        [[ -z $line ]] && continue
        # Behind `name=` and a folder's `/` the word goes on.
        if [[ ${line%%:*} == *[=/] ]]; then goes_on+=("$line"); else whole+=("$line"); fi
    done
    # The last part of a run's id stands for all of it.
    [[ -n ${whole[1]} && ${whole[1]} != ${(Q)PREFIX}* ]] && any=(-U)
    (( ${#goes_on} )) && _describe -V 'mainstay' goes_on -S ''
    (( ${#whole} )) && _describe -V 'mainstay' whole "${any[@]}"
}
if [[ ${funcstack[1]} == _mainstay ]]; then _mainstay "$@"; else compdef _mainstay mainstay; fi
"#;

const FISH: &str = r"# Completes mainstay in fish: mainstay completions fish | source
complete --command mainstay --no-files --keep-order --arguments \
    '(PROGRAM complete fish -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --cut-at-cursor --current-token) 2>/dev/null)'
";

pub(super) fn completions(args: &Args) -> Result<u8, Failure> {
    let script = match args.shell {
        Shell::Bash => BASH,
        Shell::Zsh => ZSH,
        Shell::Fish => FISH,
    };
    print(&script.replace("PROGRAM", &program(args.shell)))?;
    Ok(0)
}

/// Returns this very program as a word of the shell.
fn program(shell: Shell) -> String {
    let path = std::env::current_exe().ok().and_then(|path| path.into_os_string().into_string().ok());
    let path = path.unwrap_or_else(|| "mainstay".to_owned());
    let plain = path.chars().all(|sign| sign.is_ascii_alphanumeric() || "/._-+".contains(sign));
    match shell {
        _ if plain => path,
        // Inside single quotes already.
        Shell::Fish => path
            .chars()
            .map(|sign| if plain_sign(sign) { sign.to_string() } else { format!("\\\\{sign}") })
            .collect(),
        Shell::Bash | Shell::Zsh => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

fn plain_sign(sign: char) -> bool {
    sign.is_alphanumeric() || "/._-+".contains(sign)
}
