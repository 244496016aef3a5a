//! A real `PostgreSQL` in a folder of its own, and the sessions that exhaust it.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tempfile::TempDir;

use super::service::{Service, find_program, folder, unprivileged, wait_until};

/// The superuser that `initdb` makes: reserved connections are open to it only.
pub const SUPERUSER: &str = "postgres";

/// The role of the application: no superuser, so reserved connections are closed to it.
pub const APPLICATION: &str = "app";

/// The application's database.
pub const DATABASE: &str = "shop";

/// How long the state of the server is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server on loopback with the database [`DATABASE`], owned by the role [`APPLICATION`].
pub struct Postgres {
    // In this order: the server ends before its folder is deleted.
    service: Service,
    port: u16,
    psql: PathBuf,
    folder: TempDir,
}

impl Postgres {
    /// Starts a server that takes 100 connections.
    ///
    /// # Panics
    ///
    /// When this machine has no `PostgreSQL`, or it does not start.
    pub fn start() -> Self {
        Self::with_max_connections(100)
    }

    /// Starts a server that takes so many connections, three of them reserved for superusers.
    ///
    /// # Panics
    ///
    /// When this machine has no `PostgreSQL`, or it does not start.
    pub fn with_max_connections(connections: u16) -> Self {
        let folders = program_folders();
        let program = |name| find_program(name, &folders, "postgresql");
        let (initdb, postgres, psql) = (program("initdb"), program("postgres"), program("psql"));
        let folder = folder("mainstay-postgres-");
        let data = folder.path().join("data");
        let output = unprivileged(&initdb)
            .args(["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
            .args(["--username", SUPERUSER])
            .arg("--pgdata")
            .arg(&data)
            .current_dir(folder.path())
            .output()
            .expect("initdb runs");
        assert!(output.status.success(), "initdb failed: {}", String::from_utf8_lossy(&output.stderr));

        let (service, port) = Service::start(
            "PostgreSQL",
            Signal::INT,
            "database system is ready to accept connections",
            |port| {
                let mut command = unprivileged(&postgres);
                command.arg("-D").arg(&data).arg("-p").arg(port.to_string());
                command.args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]);
                command.arg("-c").arg(format!("unix_socket_directories={}", folder.path().display()));
                command.arg("-c").arg(format!("max_connections={connections}"));
                command.args(["-c", "superuser_reserved_connections=3"]);
                command.current_dir(folder.path());
                command
            },
        );
        let server = Self { service, port, psql, folder };
        // The database `postgres` exists from the start.
        server.sql_in("postgres", &format!("create role {APPLICATION} login"));
        server.sql_in("postgres", &format!("create database {DATABASE} owner {APPLICATION}"));
        server
    }

    /// Returns the connection string of the superuser to the application's database.
    pub fn url(&self) -> String {
        self.url_of(SUPERUSER)
    }

    /// Returns the connection string of a role to the application's database.
    pub fn url_of(&self, role: &str) -> String {
        format!("postgres://{role}@127.0.0.1:{}/{DATABASE}", self.port)
    }

    /// Returns the port on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns what the server wrote to its log until now.
    pub fn log(&self) -> String {
        self.service.log()
    }

    /// Runs SQL as the superuser and returns what it selects: a line for each row, fields parted by `|`.
    ///
    /// # Panics
    ///
    /// When it fails; with what `psql` says.
    pub fn sql(&self, sql: &str) -> String {
        self.sql_in(DATABASE, sql)
    }

    fn sql_in(&self, database: &str, sql: &str) -> String {
        let output = self.psql(&format!("postgres://{SUPERUSER}@127.0.0.1:{}/{database}", self.port), sql);
        assert!(output.status.success(), "`{sql}` failed: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("psql writes UTF-8").trim_end().to_owned()
    }

    /// Runs SQL over any connection string and returns how `psql` ended.
    pub fn psql(&self, url: &str, sql: &str) -> Output {
        self.client(url).args(["-c", sql]).stdin(Stdio::null()).output().expect("psql runs")
    }

    /// Returns how many clients of the application are connected.
    pub fn sessions(&self) -> usize {
        self.count(&format!("usename = '{APPLICATION}'"))
    }

    /// Returns how many sessions of clients a condition on `pg_stat_activity` holds for.
    pub fn count(&self, condition: &str) -> usize {
        let sql = format!(
            "select count(*) from pg_stat_activity where backend_type = 'client backend' and {condition}"
        );
        self.sql(&sql).parse().expect("a count is a number")
    }

    /// Waits until a query answers what is expected.
    ///
    /// # Panics
    ///
    /// When it still answers something else after half a minute.
    pub fn wait_for(&self, sql: &str, expected: &str) {
        let mut last = String::new();
        let deadline = Instant::now() + PATIENCE;
        let held = wait_until(deadline, || {
            last = self.sql(sql);
            last == expected
        });
        assert!(held, "`{sql}` is still `{last}` instead of `{expected}` after {PATIENCE:?}");
    }

    /// Opens so many sessions of the application, each idle in a transaction until it is dropped.
    ///
    /// # Panics
    ///
    /// When one of them cannot be opened; with what `psql` says.
    pub fn hold_idle_in_transaction(&self, sessions: usize) -> Vec<Session> {
        self.hold_idle_in_transaction_over(&self.url_of(APPLICATION), sessions)
    }

    /// Opens so many sessions over any connection string, each idle in a transaction until it is dropped.
    ///
    /// # Panics
    ///
    /// When one of them cannot be opened; with what `psql` says.
    pub fn hold_idle_in_transaction_over(&self, url: &str, sessions: usize) -> Vec<Session> {
        self.hold(url, "begin;", sessions, "idle in transaction")
    }

    /// Opens so many sessions of the application, each connected and idle until it is dropped.
    ///
    /// # Panics
    ///
    /// When one of them cannot be opened; with what `psql` says.
    pub fn hold_idle(&self, sessions: usize) -> Vec<Session> {
        self.hold(&self.url_of(APPLICATION), "", sessions, "idle")
    }

    /// Waits until every session that is idle in a transaction has been so for a second.
    ///
    /// # Panics
    ///
    /// When there is none, or after half a minute.
    pub fn wait_until_leaked(&self) {
        self.wait_for(
            "select min(clock_timestamp() - state_change) >= interval '1 second' from pg_stat_activity \
             where state = 'idle in transaction'",
            "t",
        );
    }

    /// Opens one session over any connection string, idle until it is dropped.
    ///
    /// # Panics
    ///
    /// When it cannot be opened; with what `psql` says.
    pub fn session(&self, url: &str) -> Session {
        Session::open(self.client(url), "worker")
    }

    fn hold(&self, url: &str, first: &str, sessions: usize, state: &str) -> Vec<Session> {
        let before = self.count(&format!("state = '{state}'"));
        let mut held: Vec<_> = (0..sessions).map(|_| self.session(url)).collect();
        for session in &mut held {
            session.sql(first);
        }
        // A session answers a moment before the server shows its new state.
        self.wait_for(
            &format!(
                "select count(*) from pg_stat_activity where backend_type = 'client backend' and state = '{state}'"
            ),
            &(before + sessions).to_string(),
        );
        held
    }

    /// Kills the server with all its processes at once, as a crash of the machine would.
    pub fn kill(&mut self) {
        let workers = children_of(self.service.pid().as_raw_nonzero().get());
        self.service.kill();
        for worker in workers {
            if let Some(pid) = rustix::process::Pid::from_raw(worker) {
                // Refused only when it has noticed the server's death before.
                let _ = rustix::process::kill_process(pid, Signal::KILL);
            }
        }
    }

    fn client(&self, url: &str) -> Command {
        let mut command = Command::new(&self.psql);
        command.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url]);
        command.env("PGCONNECT_TIMEOUT", "10").current_dir(self.folder.path());
        command
    }
}

/// A real client: a `psql` that sits at the other end of a pipe and keeps its connection until it is dropped.
pub struct Session {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Session {
    fn open(mut command: Command, application: &str) -> Self {
        let mut child = command
            .env("PGAPPNAME", application)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("psql runs");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut session = Self { child, input, output };
        session.sql("");
        session
    }

    /// Runs SQL in this session and returns what it selects, when it has run.
    ///
    /// # Panics
    ///
    /// When the session has ended; with what `psql` says.
    pub fn sql(&mut self, sql: &str) -> String {
        self.try_sql(sql).unwrap_or_else(|error| panic!("`{sql}` failed in an open session: {error}"))
    }

    /// Runs SQL in this session and returns what it selects, when it has run.
    ///
    /// # Errors
    ///
    /// What `psql` said when the statement failed or the connection was gone.
    pub fn try_sql(&mut self, sql: &str) -> Result<String, String> {
        const DONE: &str = "-- done --";
        let written = self.input.as_mut().map_or(Ok(()), |input| writeln!(input, "{sql}\n;\n\\echo {DONE}"));
        let mut seen = String::new();
        while written.is_ok() {
            let mut line = String::new();
            match self.output.read_line(&mut line) {
                Ok(0) | Err(_) => break,
                Ok(_) if line.trim_end() == DONE => return Ok(seen.trim_end().to_owned()),
                Ok(_) => seen.push_str(&line),
            }
        }
        let mut error = String::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            let _ = stderr.read_to_string(&mut error);
        }
        Err(error)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // psql ends at the end of its input.
        drop(self.input.take());
        let deadline = Instant::now() + PATIENCE;
        if !wait_until(deadline, || matches!(self.child.try_wait(), Ok(Some(_)))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Returns the folders with the server's programs, the newest version first.
fn program_folders() -> Vec<PathBuf> {
    let mut versions: Vec<u32> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    versions.sort_unstable_by(|one, other| other.cmp(one));
    versions.into_iter().map(|version| format!("/usr/lib/postgresql/{version}/bin").into()).collect()
}

/// Returns the process ids of the children of a process.
fn children_of(pid: i32) -> Vec<i32> {
    std::fs::read_dir("/proc")
        .expect("/proc is there")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|candidate| parent_of(*candidate) == Some(pid))
        .collect()
}

fn parent_of(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).ok()?;
    // The name in parentheses may hold anything; state and parent follow the last one.
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(1)?.parse().ok()
}
