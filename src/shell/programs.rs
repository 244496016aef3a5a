//! What is known of programs: who runs other programs, and who reads code.
//!
//! Owns the tables, data only: lists are words between blanks. An entry more is a word or a line more; a program that is not here takes its arguments as data,
//! except that a shell with `-c` is found among the arguments of every program.

/// A program that runs the command behind its own options.
#[derive(Debug)]
pub(super) struct Wrapper {
    pub names: &'static str,
    /// Letters of options that take an argument.
    pub short: &'static str,
    pub long: &'static str,
    /// Options whose argument a shell reads, with their dashes.
    pub code: &'static str,
    /// Letters of options that hand the command to a shell.
    pub shell: &'static str,
    /// Operands before the command.
    pub operands: usize,
    /// `NAME=value` may stand before the command.
    pub assignments: bool,
    /// Without a command it is a shell.
    pub alone: bool,
}

const WRAPPER: Wrapper = Wrapper {
    names: "",
    short: "",
    long: "",
    code: "",
    shell: "",
    operands: 0,
    assignments: false,
    alone: false,
};

pub(super) const WRAPPERS: &[Wrapper] = &[
    Wrapper {
        names: "sudo",
        short: "ugUhpCTRDrtBa",
        long: "user group host prompt close-from command-timeout chroot chdir role type other-user",
        shell: "is",
        assignments: true,
        ..WRAPPER
    },
    Wrapper { names: "doas", short: "uCa", shell: "s", ..WRAPPER },
    Wrapper {
        names: "env",
        short: "uCa",
        long: "unset chdir argv0",
        code: "-S --split-string",
        assignments: true,
        ..WRAPPER
    },
    Wrapper {
        names: "su",
        short: "gGsw",
        long: "group supp-group shell whitelist-environment",
        code: "-c --command --session-command",
        operands: usize::MAX,
        alone: true,
        ..WRAPPER
    },
    Wrapper {
        names: "runuser",
        short: "ugGsw",
        long: "user group supp-group shell",
        code: "-c --command --session-command",
        ..WRAPPER
    },
    Wrapper { names: "nice", short: "n", long: "adjustment", ..WRAPPER },
    Wrapper { names: "ionice", short: "cnpPu", long: "class classdata pid", ..WRAPPER },
    Wrapper { names: "chrt", short: "TPDp", operands: 1, ..WRAPPER },
    Wrapper { names: "taskset", short: "p", operands: 1, ..WRAPPER },
    Wrapper {
        names: "numactl",
        short: "ipCNmlH",
        long: "interleave preferred physcpubind cpunodebind membind",
        ..WRAPPER
    },
    Wrapper { names: "timeout", short: "sk", long: "signal kill-after", operands: 1, ..WRAPPER },
    Wrapper { names: "time", short: "fo", long: "format output", ..WRAPPER },
    Wrapper { names: "stdbuf", short: "ioe", long: "input output error", ..WRAPPER },
    Wrapper { names: "strace ltrace", short: "eopsaIObPuEX", ..WRAPPER },
    Wrapper {
        names: "nohup setsid chronic unbuffer busybox toybox catchsegv torsocks ssh-agent \
            dbus-run-session tini dumb-init setarch linux64 caffeinate proxychains proxychains4",
        ..WRAPPER
    },
    Wrapper { names: "sshpass", short: "pfdP", ..WRAPPER },
    Wrapper {
        names: "setpriv",
        long: "reuid regid groups inh-caps ambient-caps bounding-set securebits pdeathsig \
            selinux-label apparmor-profile ruid euid rgid egid",
        ..WRAPPER
    },
    Wrapper { names: "chroot", long: "groups userspec", operands: 1, alone: true, ..WRAPPER },
    Wrapper { names: "gosu su-exec setuidgid", operands: 1, ..WRAPPER },
    Wrapper { names: "chpst", short: "uUbe/nmdopfcrtlL", ..WRAPPER },
    Wrapper { names: "nsenter", short: "tSGW", long: "target setuid setgid", alone: true, ..WRAPPER },
    Wrapper {
        names: "unshare",
        short: "SGRw",
        long: "setuid setgid root wd propagation setgroups",
        alone: true,
        ..WRAPPER
    },
    Wrapper {
        names: "systemd-run",
        short: "HMupE",
        long: "host machine unit property description slice uid gid nice working-directory setenv \
            on-active on-calendar",
        shell: "S",
        ..WRAPPER
    },
    Wrapper { names: "systemd-inhibit", long: "what who why mode", ..WRAPPER },
    Wrapper {
        names: "flock",
        short: "wEc",
        long: "timeout wait conflict-exit-code command",
        code: "-c --command",
        operands: 1,
        ..WRAPPER
    },
    Wrapper {
        names: "script",
        short: "EoImOBTt",
        code: "-c --command",
        operands: usize::MAX,
        alone: true,
        ..WRAPPER
    },
    Wrapper {
        names: "xargs",
        short: "aEdIiLlnPs",
        long: "arg-file delimiter replace max-lines max-args max-procs max-chars process-slot-var",
        ..WRAPPER
    },
    Wrapper { names: "exec", short: "a", ..WRAPPER },
    Wrapper { names: "command builtin", ..WRAPPER },
];

/// A program that reads code from some of its arguments, and perhaps its input.
#[derive(Debug)]
pub(super) struct Interpreter {
    pub names: &'static str,
    /// Letters of options whose argument is data, and of those whose argument is code.
    pub short: &'static str,
    pub short_code: &'static str,
    /// Letters of options whose argument is code that is only loaded.
    pub loads: &'static str,
    pub long: &'static str,
    pub long_code: &'static str,
    /// Letters of options whose argument names a file of code: then no operand is code.
    pub file: &'static str,
    /// Options that take a name and a value.
    pub pairs: &'static str,
    pub operand: Operand,
    /// Options end at the first operand.
    pub stops: bool,
    /// Without code among its arguments it reads it from its input.
    pub stdin: bool,
    pub help: &'static str,
}

/// What an interpreter's operands are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    Data,
    /// The first one is code, unless an option brought it.
    Code,
    /// The first one is a file of code, unless an option brought code.
    Program,
    /// All behind the first one are code.
    CodeBehindFirst,
    /// The one behind `eval` is.
    CodeBehindEval,
}

const INTERPRETER: Interpreter = Interpreter {
    names: "",
    short: "",
    short_code: "",
    loads: "",
    long: "",
    long_code: "",
    file: "",
    pairs: "",
    operand: Operand::Data,
    stops: false,
    stdin: false,
    help: "",
};

const SQL: &str = "hand the statement over with `with stdin`, its values through the `sql` filter: `with stdin \"… {{ x | sql }}\"`";

pub(super) const INTERPRETERS: &[Interpreter] = &[
    Interpreter {
        names: "awk gawk mawk nawk",
        short: "Fv",
        long: "field-separator assign",
        short_code: "e",
        long_code: "source",
        file: "f",
        operand: Operand::Code,
        help: "use `with env { X: … }` and read `ENVIRON[\"X\"]`",
        ..INTERPRETER
    },
    Interpreter {
        names: "sed gsed",
        short: "l",
        long: "line-length in-place",
        short_code: "e",
        long_code: "expression",
        file: "f",
        operand: Operand::Code,
        help: "sed takes no data: use `with env { X: … }` and `awk` with `ENVIRON[\"X\"]`, or `{{ text | replace(a, b) }}`",
        ..INTERPRETER
    },
    Interpreter {
        names: "perl",
        short: "I",
        short_code: "eE",
        loads: "Mm",
        operand: Operand::Program,
        stops: true,
        stdin: true,
        help: "use `with env { X: … }` and read `$ENV{X}`",
        ..INTERPRETER
    },
    Interpreter {
        names: "python python2 python3 pypy pypy3",
        short: "WXQ",
        short_code: "cm",
        operand: Operand::Program,
        stops: true,
        stdin: true,
        help: "use `with env { X: … }` and read `os.environ[\"X\"]`, or an argument behind the script and `sys.argv`",
        ..INTERPRETER
    },
    Interpreter {
        names: "ruby",
        short: "ICE",
        short_code: "e",
        loads: "r",
        operand: Operand::Program,
        stops: true,
        stdin: true,
        help: "use `with env { X: … }` and read `ENV[\"X\"]`",
        ..INTERPRETER
    },
    Interpreter {
        names: "node nodejs",
        short_code: "ep",
        loads: "r",
        long_code: "eval print require import",
        operand: Operand::Program,
        stops: true,
        stdin: true,
        help: "use `with env { X: … }` and read `process.env.X`",
        ..INTERPRETER
    },
    Interpreter {
        names: "php lua Rscript tclsh osascript pwsh powershell groovy expect gnuplot octave guile \
            elixir erl ghc jshell scala",
        short_code: "recCRB",
        long_code: "eval run Command",
        operand: Operand::Program,
        stops: true,
        stdin: true,
        help: "use `with env { X: … }` and read the environment there",
        ..INTERPRETER
    },
    Interpreter {
        names: "jq gojq jaq",
        short: "L",
        long: "indent",
        file: "f",
        pairs: "--arg --argjson --slurpfile --rawfile --argfile",
        operand: Operand::Code,
        help: "hand it over as a variable: `jq --arg name {{ x }} '… $name …'`",
        ..INTERPRETER
    },
    Interpreter {
        names: "yq",
        short: "opIs",
        long: "output-format input-format indent split-exp",
        pairs: "--arg --argjson",
        operand: Operand::Code,
        help: "use `with env { X: … }` and read `strenv(X)`",
        ..INTERPRETER
    },
    Interpreter {
        names: "psql",
        short: "dfhLopPRFTUv",
        long: "dbname file host log-file output port pset username set variable field-separator \
            record-separator table-attr",
        short_code: "c",
        long_code: "command",
        stdin: true,
        help: SQL,
        ..INTERPRETER
    },
    Interpreter {
        names: "mysql mariadb",
        short: "uhPpDS",
        long: "user host port database socket defaults-file",
        short_code: "e",
        long_code: "execute init-command",
        stdin: true,
        help: SQL,
        ..INTERPRETER
    },
    Interpreter {
        names: "sqlite3 sqlite",
        long: "separator nullvalue newline init vfs maxsize",
        long_code: "cmd",
        operand: Operand::CodeBehindFirst,
        stdin: true,
        help: SQL,
        ..INTERPRETER
    },
    Interpreter {
        names: "redis-cli valkey-cli",
        short: "hpasnuidrt",
        long: "user pass eval",
        operand: Operand::CodeBehindEval,
        stdin: true,
        help: "hand it over as an argument of the command, behind the script: `redis-cli eval '… ARGV[1]' 0 {{ x }}`",
        ..INTERPRETER
    },
    Interpreter {
        names: "duckdb",
        short_code: "cs",
        operand: Operand::CodeBehindFirst,
        stdin: true,
        help: SQL,
        ..INTERPRETER
    },
    Interpreter {
        names: "clickhouse-client clickhouse cqlsh sqlcmd sqlplus snowsql bq trino beeline cockroach \
            isql mongosh mongo influx gdb lldb dc ed ex vi vim nvim",
        short: "hUuPpdSAE",
        long: "host port user username password database",
        short_code: "qQec",
        long_code: "query execute eval queries-file ex cmd eval-command",
        stdin: true,
        help: "use `with env { X: … }`, or hand the whole script over with `with stdin`, its values through a quoting filter",
        ..INTERPRETER
    },
];

/// Shells that are started as programs.
pub(super) const SHELLS: &str = "sh bash dash zsh ksh mksh ash rbash fish csh tcsh yash";

/// Programs that hand all their words to a shell, with the way out.
pub(super) const ALL_CODE: &[(&str, &str)] = &[
    ("parallel", "use a loop of the runbook: `for x in xs, 4 at a time { … }`"),
    ("watch", "use `until … every` or `watch` of the runbook"),
    ("entr", "use `until … every` of the runbook"),
    ("tmux", "a run is kept alive by mainstay itself: start the command directly"),
    ("screen", "a run is kept alive by mainstay itself: start the command directly"),
    ("at", "use `wait` of the runbook"),
    ("batch", "use `wait` of the runbook"),
    ("crontab", "write a file and install it by its path"),
    ("ansible", "use `on HOST { … }`"),
    ("ansible-playbook", "hand it over in a file, with `--extra-vars @FILE`"),
    ("pdsh", "use `on HOST { … }` in a loop of the runbook"),
    ("pssh", "use `on HOST { … }` in a loop of the runbook"),
    ("parallel-ssh", "use `on HOST { … }` in a loop of the runbook"),
    ("salt", "use `on HOST { … }`"),
    ("salt-call", "use `on HOST { … }`"),
    ("socat", "use `nc`, or the `tcp` module"),
];

/// Options of other programs whose argument is run or read as code: program, options, the way out.
pub(super) const CODE_OPTIONS: &[(&str, &str, &str)] = &[
    (
        "git",
        "-c --exec -x --upload-pack --receive-pack --config --config-env --tree-filter \
            --index-filter --msg-filter --env-filter foreach run",
        "write it out, or use `with env { GIT_…: … }`",
    ),
    (
        "tar gtar bsdtar",
        "--checkpoint-action --to-command -I --use-compress-program --rsh-command --info-script \
            --new-volume-script",
        "write the command out",
    ),
    ("rsync", "-e --rsh --rsync-path", "write the command out"),
    ("scp sftp", "-o -S -D", "write the option out, or put it into an ssh configuration file"),
    ("zip", "-TT --unzip-command", "write the command out"),
    ("nc ncat", "-e -c --exec --sh-exec", "write the command out"),
    ("gcloud aws fly flyctl az", "--command -C --parameters --scripts", "use `on HOST { … }`"),
    ("vagrant multipass", "-c --command", "use `on HOST { … }`"),
    ("sort", "--compress-program", "write the program out"),
    ("split", "--filter", "write the command out"),
    ("man", "-P --pager", "write the command out"),
    ("deno bun", "eval run -e --eval", "use `with env { X: … }` and read `process.env.X`"),
    ("curl", "-K --config", "give the options themselves"),
];

/// Programs that run a command in a container or on another machine, behind options too many to know.
pub(super) const CONTAINERS: &str = "docker podman nerdctl docker-compose podman-compose kubectl oc k3s microk8s minikube crictl \
    ctr lxc lxc-attach lxc-execute incus machinectl nomad heroku systemd-nspawn ip flatpak snap \
    toolbox distrobox firejail bwrap poetry pipenv uv npx bundle nix nix-shell direnv op aws-vault \
    chamber doppler teller sops retry flyway";

/// Those whose `exec` takes a container, and then the command.
pub(super) const TARGETED: &str = "docker podman nerdctl docker-compose podman-compose kubectl oc \
    crictl lxc incus ip";

/// Options of `exec` of those that take an argument.
pub(super) const EXEC_OPTIONS: &str = "env user workdir env-file detach-keys index namespace \
    container pod";

/// Subcommands of those that run a command.
pub(super) const RUNS: &str = "exec run shell debug create exec-env exec-file enter";

/// Builtins of bash and dash, where they are not handled one by one.
pub(super) const OTHER_BUILTINS: &str = ". alias bg bind break caller compgen complete compopt continue dirs disown enable eval exit fc \
    fg getopts hash help history jobs let logout mapfile popd read readarray return shift shopt \
    source suspend times trap type ulimit umask unalias unset wait";

/// Builtins with rules of their own.
pub(super) const WORD_BUILTINS: &str =
    "printf test [ export readonly local declare typeset set command builtin exec";

/// Builtins that take data.
pub(super) const DATA_BUILTINS: &str = ": true false echo cd pushd pwd kill";

/// Variables that the shell or the loader reads as code, or as numbers.
pub(super) const SPECIAL_VARIABLES: &str = "ENV PS0 PS1 PS2 PS3 PS4 PROMPT_COMMAND SHELLOPTS RANDOM SRANDOM SECONDS LINENO OPTIND HISTCMD \
    EPOCHSECONDS EPOCHREALTIME UID EUID PPID IFS GLOBIGNORE CDPATH LD_PRELOAD LD_LIBRARY_PATH \
    LD_AUDIT GIT_SSH_COMMAND GIT_SSH GIT_EDITOR GIT_PAGER GIT_EXTERNAL_DIFF GIT_ASKPASS \
    GIT_PROXY_COMMAND EDITOR VISUAL PAGER MANPAGER LESSOPEN LESSCLOSE BROWSER PERL5OPT PERL5LIB \
    PERL5DB PYTHONSTARTUP PYTHONPATH RUBYOPT NODE_OPTIONS JAVA_TOOL_OPTIONS MAKEFLAGS TAR_OPTIONS \
    RSYNC_RSH SSH_ASKPASS SUDO_ASKPASS SHELL";
