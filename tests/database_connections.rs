//! `runbooks/incidents/database-connections.runbook` against a real `PostgreSQL` whose connections are exhausted, with a
//! real `PgBouncer` in front of it.

mod support;

use std::path::Path;

use support::pgbouncer::PgBouncer;
use support::postgres::{Postgres, Session};
use support::sandbox::{Finished, Sandbox, in_checkout};
use support::terminal::{NO, Terminal, YES};

/// Takes 17 connections of the application, and three more of superusers only.
const CONNECTIONS: u16 = 20;
const FREE: usize = 17;

/// Stands in the secrets, and must never stand anywhere else.
const PASSWORD: &str = "correct-horse-battery-staple";

/// A server, its pooler, and an operator's home.
struct Incident {
    server: Postgres,
    pooler: PgBouncer,
    sandbox: Sandbox,
}

impl Incident {
    fn new() -> Self {
        let server = Postgres::with_max_connections(CONNECTIONS);
        let pooler = PgBouncer::start(&server);
        let with_password = |url: String| url.replacen('@', &format!(":{PASSWORD}@"), 1);
        let sandbox = Sandbox::new()
            .with_env("DATABASE_URL", with_password(server.url()))
            .with_env("POOL_URL", with_password(pooler.url()));
        Self { server, pooler, sandbox }
    }

    /// Clients of the pool take every connection and leave their transactions open.
    fn leak(&self) -> Vec<Session> {
        let url = self.pooler.client_url();
        let sessions = self.server.hold_idle_in_transaction_over(&url, FREE);
        self.server.wait_until_leaked();
        let refused = self.server.psql(&self.server.url_of("app"), "select 1").status;
        assert!(!refused.success(), "the connections are not exhausted");
        sessions
    }

    /// One client takes every connection and does nothing with them.
    fn hoard(&self) -> Vec<Session> {
        self.server.hold_idle(FREE)
    }

    fn arguments(extra: &[&str]) -> Vec<String> {
        let file = in_checkout("runbooks/incidents/database-connections.runbook");
        let mut arguments = vec!["run".to_owned(), file.display().to_string()];
        // Quick for a test; what is given comes later and wins.
        for parameter in ["idle=1s", "settle=1s", "patience=6s", "noisy=10", "cap=5"] {
            let name = parameter.split('=').next().unwrap_or_default();
            if !extra.iter().any(|given| given.starts_with(&format!("{name}="))) {
                arguments.extend(["-p".to_owned(), parameter.to_owned()]);
            }
        }
        for argument in extra {
            if argument.contains('=') {
                arguments.push("-p".to_owned());
            }
            arguments.push((*argument).to_owned());
        }
        arguments
    }

    fn at_terminal(&self, extra: &[&str]) -> Terminal {
        self.sandbox.at_terminal(Self::arguments(extra))
    }

    fn without_terminal(&self, extra: &[&str]) -> Finished {
        self.sandbox.run(Self::arguments(extra))
    }

    fn role_limit(&self) -> String {
        self.server.sql("select rolconnlimit from pg_roles where rolname = 'app'")
    }

    #[track_caller]
    fn assert_untouched(&self) {
        assert_eq!(self.server.sessions(), FREE, "every session is still there:\n{}", self.server.log());
        assert_eq!(self.role_limit(), "-1");
        assert!(!self.pooler.is_disabled(&self.server), "clients are let in:\n{}", self.pooler.log());
        assert!(!self.pooler.log().contains("DISABLE"), "nobody was turned away:\n{}", self.pooler.log());
    }
}

/// Returns the record of the end of a run from its stream of events.
#[track_caller]
fn ended(finished: &Finished) -> serde_json::Value {
    finished
        .json_lines()
        .into_iter()
        // The fact itself, or the record of the journal around it.
        .map(|record| record.get("body").unwrap_or(&record).clone())
        .find(|body| body["fact"] == "ended")
        .unwrap_or_else(|| panic!("no event says how the run ended:\n{}", finished.stdout))
}

/// Returns the files below a folder whose bytes contain the text.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if let Ok(bytes) = std::fs::read(&path)
            && bytes.windows(text.len()).any(|window| window == text.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn leaked_sessions_are_terminated_and_the_symptom_is_gone() {
    let incident = Incident::new();
    let _sessions = incident.leak();
    let mut terminal = incident.at_terminal(&["max_kill=10"]);
    terminal.wait_for("Terminate 10 of 17 leaked sessions?");
    incident.assert_untouched();
    terminal.type_line(YES);
    let finished = terminal.finish().expect_code(0);

    assert_eq!(incident.server.sessions(), FREE - 10);
    assert!(!incident.pooler.is_disabled(&incident.server));
    assert!(incident.pooler.log().contains("DISABLE"), "new clients were held back meanwhile");
    let client = incident.server.psql(&incident.pooler.client_url(), "select 1");
    assert!(client.status.success(), "clients get in again");

    assert!(!finished.stdout.contains(PASSWORD), "{}", finished.stdout);
    assert!(incident.sandbox.state().is_dir(), "the run's journal is kept");
    let leaks = files_with(incident.sandbox.home(), PASSWORD);
    assert!(leaks.is_empty(), "the password stands in {leaks:?}");
    incident
        .sandbox
        .run(["runs"])
        .expect_code(0)
        .expect_output("Database connections exhausted")
        .expect_output("resolved");
}

#[test]
fn a_refused_approval_changes_nothing() {
    let incident = Incident::new();
    let _sessions = incident.leak();
    let mut terminal = incident.at_terminal(&[]);
    terminal.wait_for("leaked sessions?");
    terminal.type_line(NO);
    terminal.finish().expect_code(4);
    incident.assert_untouched();
}

#[test]
fn an_unanswered_approval_escalates_and_changes_nothing() {
    let incident = Incident::new();
    let _sessions = incident.leak();
    let mut terminal = incident.at_terminal(&["answer=1s"]);
    terminal.wait_for("leaked sessions?");
    terminal.finish().expect_code(5).expect_output("dba");
    incident.assert_untouched();
}

#[test]
fn unattended_silence_decides_at_once() {
    let incident = Incident::new();
    let _sessions = incident.leak();
    let finished = incident.without_terminal(&["--format", "json", "--unattended"]).expect_code(5);
    let ended = ended(&finished);
    assert_eq!(ended["outcome"], "escalated");
    for list in ["changed", "taken_back", "standing", "left"] {
        assert_eq!(ended[list], serde_json::json!([]), "{list} of {ended}");
    }
    assert!(!finished.stdout.contains(PASSWORD));
    incident.assert_untouched();
}

#[test]
fn without_the_symptom_nothing_is_done() {
    let incident = Incident::new();
    let finished = incident.without_terminal(&["--format", "json"]).expect_code(6);
    assert_eq!(ended(&finished)["outcome"], "not_needed");
}

#[test]
fn too_few_terminated_sessions_do_not_clear_the_symptom() {
    let incident = Incident::new();
    let _sessions = incident.leak();
    let mut terminal = incident.at_terminal(&["max_kill=1"]);
    terminal.wait_for("Terminate 1 of 17 leaked sessions?");
    terminal.type_line(YES);
    terminal.finish().expect_code(3).expect_output("dba");
    assert_eq!(incident.server.sessions(), FREE - 1);
    assert!(!incident.pooler.is_disabled(&incident.server));
}

#[test]
fn a_limit_that_does_not_help_is_taken_back() {
    let incident = Incident::new();
    let _sessions = incident.hoard();
    let mut terminal = incident.at_terminal(&[]);
    terminal.wait_for("Cap app (17 connections) at 5?");
    terminal.type_line(YES);
    incident.server.wait_for("select rolconnlimit from pg_roles where rolname = 'app'", "5");
    terminal.finish().expect_code(3).expect_output("app does not give its connections back");
    incident.assert_untouched();
}

#[test]
fn a_database_that_dies_before_the_change_leaves_the_pooler_as_it_was() {
    let mut incident = Incident::new();
    let _sessions = incident.leak();
    let mut terminal = incident.at_terminal(&[]);
    terminal.wait_for("leaked sessions?");
    incident.server.kill();
    terminal.type_line(YES);
    let finished = terminal.finish();
    assert!(matches!(finished.code, Some(1 | 3)), "exit code {:?}:\n{}", finished.code, finished.stdout);
    assert!(finished.stdout.contains("onnection refused"), "psql says why: {}", finished.stdout);
    assert!(!incident.pooler.is_disabled(&incident.server), "{}", incident.pooler.log());
    assert!(incident.pooler.log().contains("DISABLE"), "the change had begun");
}

#[test]
fn a_database_that_dies_in_the_middle_leaves_an_exact_list_of_what_stands() {
    let mut incident = Incident::new();
    let _sessions = incident.hoard();
    let mut terminal = incident.at_terminal(&["patience=20s"]);
    terminal.wait_for("Cap app (17 connections) at 5?");
    terminal.type_line(YES);
    incident.server.wait_for("select rolconnlimit from pg_roles where rolname = 'app'", "5");
    incident.server.kill();
    terminal.finish().expect_code(1).expect_output("onnection refused").expect_output("set_role_limit");
}
