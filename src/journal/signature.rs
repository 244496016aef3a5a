//! Signatures of a run's head by somebody's SSH key, as `ssh-keygen -Y` makes and verifies them.
//!
//! Owns the text that is signed, where text and signature lie, and the calls of `ssh-keygen`. Never sees a key: it is that program
//! that reads it, or asks an agent for it.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Head, JournalError, Sharing, read_file};

/// What a signature is for: one made for something else does not count here, nor this one there.
pub const NAMESPACE: &str = "mainstay";

/// The folder of a run's signatures, below the run's folder.
const FOLDER: &str = "signatures";

/// The first line of a signed text.
const FIRST: &str = "mainstay head 1";

/// Bytes of a text or a signature that are read.
const LIMIT: u64 = 64 * 1024;

/// What is signed. As text, a line each:
///
/// ```text
/// mainstay head 1
/// run 20261121-0142-k7f3
/// rows 57
/// hash 9f86…
/// outcome rolled_back
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub run: String,
    pub head: Head,
    /// The word of the outcome up to there; `open` where the run was not over.
    pub outcome: String,
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Statement { run, head, outcome } = self;
        writeln!(f, "{FIRST}\nrun {run}\nrows {}\nhash {}\noutcome {outcome}", head.seq, head.hash)
    }
}

impl Statement {
    /// Returns the statement that a text makes; `None` where it makes none, or says more.
    pub fn parse(text: &str) -> Option<Statement> {
        let mut lines = text.lines();
        let mut field = |name: &str| Some(lines.next()?.strip_prefix(name)?.strip_prefix(' ')?.to_owned());
        let (first, second) = FIRST.rsplit_once(' ')?;
        let _ = field(first).filter(|version| version == second)?;
        let run = field("run")?;
        let head = Head { seq: field("rows")?.parse().ok()?, hash: field("hash")? };
        let statement = Statement { run, head, outcome: field("outcome")? };
        (statement.to_string() == text).then_some(statement)
    }
}

/// A signature that lies beside a journal.
#[derive(Clone, Debug)]
pub struct Signature {
    /// The file of the signature, relative to the run's folder.
    pub file: String,
    /// What was signed; `None` where that cannot be understood.
    pub statement: Option<Statement>,
    signature: PathBuf,
}

/// Why something was not signed, or a signature does not hold.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    #[error("`ssh-keygen` cannot be started: {0}")]
    Tool(io::Error),
    #[error("`ssh-keygen` refuses: {0}")]
    Refused(String),
    #[error("the key `{0}` has signed this already")]
    Signed(String),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Has `ssh-keygen` sign the statement with a key, and keeps both in the run's folder. Returns the signature's file.
///
/// # Errors
/// When there is no `ssh-keygen`, it refuses the key, or the disk refuses.
pub fn sign(run_dir: &Path, statement: &Statement, key: &Path) -> Result<String, SignError> {
    let folder = run_dir.join(FOLDER);
    let fail = |path: &Path| {
        let path = path.to_owned();
        move |error: io::Error| SignError::Journal(JournalError::io(&path, &error))
    };
    let sharing = Sharing::of(run_dir).map_err(fail(run_dir))?;
    match sharing.create_folder(&folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(fail(&folder)(error)),
        _ => {}
    }
    // Named by what is signed and by which key, so that several may sign the same.
    let by = key.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let by: String = by.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let name = format!("{}-{by}", statement.head.seq);
    let (text, signature) = (folder.join(&name), folder.join(format!("{name}.sig")));
    if signature.exists() {
        return Err(SignError::Signed(key.display().to_string()));
    }
    // One that was cut off before its signature.
    let _ = fs::remove_file(&text);
    let written = sharing
        .create_file(&text)
        .and_then(|mut file| io::Write::write_all(&mut file, statement.to_string().as_bytes()));
    written.map_err(fail(&text))?;
    let words =
        [OsStr::new("sign"), OsStr::new("-n"), OsStr::new(NAMESPACE), OsStr::new("-f"), key.as_os_str()];
    // It asks for the key's passphrase at the terminal itself.
    let done = ssh_keygen(&words, Some(&text), "");
    if done.is_err() {
        let _ = fs::remove_file(&text);
    }
    done?;
    fs::set_permissions(&signature, std::os::unix::fs::PermissionsExt::from_mode(sharing.file_mode()))
        .map_err(fail(&signature))?;
    Ok(format!("{FOLDER}/{name}.sig"))
}

/// Returns the signatures beside a journal, in the order of their names.
pub fn signatures(run_dir: &Path) -> Vec<Signature> {
    let folder = run_dir.join(FOLDER);
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok()?.strip_suffix(".sig").map(str::to_owned))
        .collect();
    names.sort();
    let found = |name: String| {
        let (text, signature) = (folder.join(&name), folder.join(format!("{name}.sig")));
        let said = read_file(&text, LIMIT).ok().and_then(|text| String::from_utf8(text).ok());
        Signature {
            file: format!("{FOLDER}/{name}.sig"),
            statement: said.and_then(|text| Statement::parse(&text)),
            signature,
        }
    };
    names.into_iter().map(found).collect()
}

impl Signature {
    /// Returns whose signature it is, as the file of allowed signers names them.
    ///
    /// # Errors
    /// When none of them made it, or not of this text.
    pub fn verify(&self, allowed: &Path) -> Result<String, SignError> {
        let Some(statement) = &self.statement else {
            return Err(SignError::Refused("what is signed cannot be understood".to_owned()));
        };
        let find = [
            OsStr::new("find-principals"),
            OsStr::new("-s"),
            self.signature.as_os_str(),
            OsStr::new("-f"),
            allowed.as_os_str(),
        ];
        let found = ssh_keygen(&find, None, "")?;
        let Some(who) = found.lines().next().map(str::to_owned).filter(|who| !who.is_empty()) else {
            return Err(SignError::Refused("nobody of the allowed signers made it".to_owned()));
        };
        let verify = [
            OsStr::new("verify"),
            OsStr::new("-n"),
            OsStr::new(NAMESPACE),
            OsStr::new("-I"),
            OsStr::new(&who),
            OsStr::new("-s"),
            self.signature.as_os_str(),
            OsStr::new("-f"),
            allowed.as_os_str(),
        ];
        ssh_keygen(&verify, None, &statement.to_string())?;
        Ok(who)
    }
}

/// Runs `ssh-keygen -Y` with that to read; returns what it prints.
fn ssh_keygen(words: &[&OsStr], file: Option<&Path>, input: &str) -> Result<String, SignError> {
    let mut child = Command::new("ssh-keygen")
        .arg("-Y")
        .args(words)
        .args(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(SignError::Tool)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A few lines, which a pipe holds; one that refuses before it reads them says why.
        let _ = io::Write::write_all(&mut stdin, input.as_bytes());
    }
    let output = child.wait_with_output().map_err(SignError::Tool)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = [output.stderr, output.stdout].concat();
    let said = String::from_utf8_lossy(&said)
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("; ");
    Err(SignError::Refused(if said.is_empty() { output.status.to_string() } else { said }))
}
