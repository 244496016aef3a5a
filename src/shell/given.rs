//! The arguments of a program, as far as they tell whether it changes something.
//!
//! Owns options, operands, statements of SQL and methods of requests. Never knows which programs there are (`changing`
//! does), and where they stand in a text (`changes` does).

use super::changing::{Changes, FUNCTIONS, STATEMENTS, Tool};
use super::names::lists;
use super::tree::Word;
use super::wrappers::takes;

/// Programs whose arguments follow rules of their own.
pub(super) const RULES: [&str; 4] = ["dd", "sysctl", "curl", "wget"];

/// Programs that put a packed or an unpacked file beside the one they are given.
pub(super) const PACKERS: [&str; 13] = [
    "gzip", "gunzip", "bzip2", "bunzip2", "xz", "unxz", "zstd", "unzstd", "unzip", "tar", "gtar", "bsdtar",
    "pigz",
];

/// Files that are no files.
pub(super) const NOWHERE: [&str; 6] =
    ["/dev/null", "/dev/std", "/dev/fd/", "/dev/tty", "/dev/tcp/", "/dev/udp/"];

/// Returns whether the list names the option: `-i*` every one that begins so.
pub(super) fn is_one_of(options: &str, option: &str) -> bool {
    let name = option.split('=').next().unwrap_or(option);
    options.split_whitespace().any(|known| match known.strip_suffix('*') {
        Some(begin) => option.starts_with(begin),
        None => name == known,
    })
}

/// The arguments of a program, sorted.
#[derive(Default)]
pub(super) struct Given<'w> {
    pub options: Vec<String>,
    /// What stands behind an option that takes a statement.
    statements: Vec<&'w Word>,
    pub operands: Vec<&'w Word>,
}

impl<'w> Given<'w> {
    /// Sorts them as the program would.
    pub fn of(tool: &Tool, arguments: &'w [Word]) -> Self {
        let statements = if let Changes::Sql(options) = tool.changes { options } else { "" };
        let mut given = Given::default();
        let mut ended = false;
        let mut at = 0;
        while let Some(word) = arguments.get(at) {
            at += 1;
            let text = word.literal().unwrap_or_else(|| word.prefix());
            if ended || !text.starts_with('-') {
                given.operands.push(word);
            } else if text == "--" {
                ended = true;
            } else {
                let told = statements.split_whitespace().find(|option| takes(word, option) == Some(false));
                let behind = told.is_some() || lists(tool.takes, &text);
                if let Some(next) = arguments.get(at).filter(|_| behind) {
                    given.statements.extend(told.map(|_| next));
                    at += 1;
                }
                given.options.push(text);
            }
        }
        given
    }

    /// Returns an operand in lower case; empty where there is none or it is not known.
    pub fn operand(&self, at: usize) -> String {
        self.operands.get(at).and_then(|word| word.literal()).unwrap_or_default().to_lowercase()
    }

    /// Returns the last operand, if there is one.
    pub fn last(&self) -> &[&'w Word] {
        self.operands.get(self.operands.len().saturating_sub(1)..).unwrap_or_default()
    }

    /// Returns the word with which a statement changes something.
    pub fn sql(&self, options: &str) -> Option<String> {
        let attached = self.options.iter().filter_map(|option| option.split_once('='));
        let attached = attached.filter(|(option, _)| lists(options, option)).map(|(_, text)| text.to_owned());
        let among = if options.is_empty() { self.operands.as_slice() } else { &[] };
        let texts =
            self.statements.iter().chain(among).map(|word| word.literal().unwrap_or_else(|| word.prefix()));
        texts.chain(attached).find_map(|text| statement(&text))
    }
}

/// Returns the word of a text of SQL that changes something.
fn statement(text: &str) -> Option<String> {
    let lower = without_texts(&text.to_lowercase());
    let first = lower.split(';').find_map(|one| {
        let word: String = one.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
        lists(STATEMENTS, &word).then(|| word.to_uppercase())
    });
    first.or_else(|| {
        FUNCTIONS.split_whitespace().find(|name| lower.contains(&format!("{name}("))).map(str::to_owned)
    })
}

/// Returns SQL without what stands in quotes and in comments.
fn without_texts(sql: &str) -> String {
    let mut bare = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(c) = rest.chars().next() {
        let end = match c {
            '\'' | '"' => Some((1, c.to_string())),
            '-' if rest.starts_with("--") => Some((2, "\n".to_owned())),
            '/' if rest.starts_with("/*") => Some((2, "*/".to_owned())),
            _ => None,
        };
        let Some((begin, end)) = end else {
            bare.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        };
        let inside = rest.get(begin..).unwrap_or_default();
        rest = inside.split_once(end.as_str()).map_or("", |(_, behind)| behind);
        bare.push(' ');
    }
    bare
}

/// Returns what a program does whose arguments follow rules of their own, if that changes something.
pub(super) fn by_its_own_rules(name: &str, arguments: &[Word]) -> Option<String> {
    let texts: Vec<String> =
        arguments.iter().map(|word| word.literal().unwrap_or_else(|| word.prefix())).collect();
    match name {
        "dd" => {
            let to = texts.iter().find_map(|text| text.strip_prefix("of="))?;
            let nowhere = NOWHERE.iter().any(|nowhere| to.starts_with(nowhere));
            (!nowhere).then(|| String::from("`dd of=` changes something"))
        }
        "sysctl" => {
            let sets = texts.iter().any(|text| !text.starts_with('-') && text.contains('='));
            sets.then(|| String::from("`sysctl NAME=VALUE` changes something"))
        }
        "curl" | "wget" => {
            let method = method(name, &texts)?.to_uppercase();
            let asks = method == "POST" && texts.iter().any(|text| SEARCHES.contains(&last_of_path(text)));
            let changes = ["POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()) && !asks;
            changes.then(|| format!("`{name}` with `{method}` changes something"))
        }
        _ => None,
    }
}

/// Returns what a packer writes to or beside, where it writes files: empty for the folder in which it runs.
pub(super) fn packed<'w>(name: &str, arguments: &'w [Word]) -> Option<Vec<&'w Word>> {
    let texts: Vec<String> =
        arguments.iter().map(|word| word.literal().unwrap_or_else(|| word.prefix())).collect();
    let is_tar = name.ends_with("tar");
    // Letters whose argument is the next word, or the rest of this one.
    let (letters, only_reads, folder) = match name {
        _ if is_tar => ("fCTXIbgKHFLNV", "tO", "C"),
        "unzip" => ("dP", "ltpcvZz", "d"),
        "zstd" | "unzstd" => ("oDMTS", "ctlb", "o"),
        _ => ("SFTMCb", "ctl", ""),
    };
    let (mut flags, mut operands, mut into) = (String::new(), Vec::new(), None);
    let mut at = 0;
    while let (Some(word), Some(text)) = (arguments.get(at), texts.get(at)) {
        at += 1;
        let cluster = match text.strip_prefix('-') {
            Some(cluster) if !cluster.is_empty() && !cluster.starts_with('-') => cluster,
            None if is_tar && at == 1 => text.as_str(),
            None => {
                operands.push(word);
                continue;
            }
            Some(_) => continue,
        };
        let taking = cluster.find(|c| letters.contains(c));
        flags.push_str(cluster.get(..taking.unwrap_or(cluster.len())).unwrap_or_default());
        let Some(taking) = taking else { continue };
        if taking + 1 == cluster.len() || !text.starts_with('-') {
            into = arguments.get(at).filter(|_| cluster.get(taking..) == Some(folder)).or(into);
            at += 1;
        }
    }
    let long = |names: &str| texts.iter().any(|text| lists(names, text.split('=').next().unwrap_or(text)));
    let reads = flags.contains(|c| only_reads.contains(c))
        || long("--stdout --to-stdout --test --list --info --help --version --to-command");
    let writes = match is_tar {
        true => flags.contains('x') || long("--extract --get"),
        false => !operands.is_empty(),
    };
    let touched = || into.map_or(if is_tar { Vec::new() } else { operands.clone() }, |into| vec![into]);
    (writes && !reads).then(touched)
}

/// Ends of paths that are asked by `POST` and change nothing.
const SEARCHES: [&str; 8] =
    ["_search", "_msearch", "_count", "search", "query", "query_range", "graphql", "series"];

/// Returns what stands behind the last `/` of a path.
fn last_of_path(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or(url).trim_end_matches('/');
    path.rsplit_once('/').map_or("", |(_, last)| last)
}

/// Returns the method of a request, where one is written or its options mean one.
fn method(name: &str, texts: &[String]) -> Option<String> {
    let data = match name {
        "curl" => "-d* -F* --data* --json --form*",
        _ => "--post-data --post-file --body-data --body-file",
    };
    let sends = |text: &String| {
        let option = text.split('=').next().unwrap_or(text);
        is_one_of(data, option)
    };
    let asks = texts.iter().any(|text| text == "-G" || text == "--get");
    let meant = (texts.iter().any(sends) && !asks).then(|| String::from("POST"));
    written_method(texts).or(meant)
}

fn written_method(texts: &[String]) -> Option<String> {
    texts.iter().enumerate().find_map(|(at, text)| match text.as_str() {
        "-T" | "--upload-file" => Some(String::from("PUT")),
        "--request" | "--method" => texts.get(at + 1).cloned(),
        long if long.starts_with("--") => {
            long.strip_prefix("--request=").or(long.strip_prefix("--method=")).map(str::to_owned)
        }
        short => match short.strip_prefix('-')?.split_once('X')? {
            (_, "") => texts.get(at + 1).cloned(),
            (_, method) => Some(method.to_owned()),
        },
    })
}
