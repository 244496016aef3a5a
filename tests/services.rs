//! The services that other tests lean on do what those tests believe of them.

mod support;

use support::pgbouncer::PgBouncer;
use support::postgres::Postgres;

/// What psql says on the error output, as text.
fn error(output: &std::process::Output) -> String {
    assert!(!output.status.success(), "psql was expected to be refused");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_server_starts_answers_and_is_gone_when_it_is_dropped() {
    let server = Postgres::start();
    let url = server.url();
    assert_eq!(server.sql("select current_user, current_database()"), "postgres|shop");
    assert_eq!(server.sql("show max_connections"), "100");
    let port = server.port();
    drop(server);
    assert!(
        std::net::TcpStream::connect(("127.0.0.1", port)).is_err(),
        "something still listens where {url} was"
    );
}

#[test]
fn connections_are_really_exhausted_and_the_reserved_ones_let_the_operator_in() {
    let server = Postgres::with_max_connections(10);
    // Three of the ten are reserved.
    let leaked = server.hold_idle_in_transaction(7);
    assert_eq!(server.count("state = 'idle in transaction'"), leaked.len());

    let refused = error(&server.psql(&server.url_of("app"), "select 1"));
    assert!(refused.contains("remaining connection slots are reserved"), "{refused}");
    assert_eq!(server.sql("select 1"), "1");

    let operators: Vec<_> = (0..3).map(|_| server.session(&server.url())).collect();
    let refused = error(&server.psql(&server.url(), "select 1"));
    assert!(refused.contains("too many clients already"), "{refused}");

    drop(operators);
    drop(leaked);
    server.wait_for("select count(*) from pg_stat_activity where usename = 'app'", "0");
}

#[test]
fn a_terminated_session_is_told_at_its_next_statement() {
    let server = Postgres::with_max_connections(10);
    let mut sessions = server.hold_idle_in_transaction(2);
    server.sql(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity where state = 'idle in transaction' limit 1",
    );
    assert_eq!(server.sessions(), 1);
    let told = sessions.iter_mut().filter_map(|session| session.try_sql("select 1").err()).count();
    assert_eq!(told, 1, "exactly the terminated session fails");
}

#[test]
fn a_role_limit_refuses_new_connections_and_leaves_those_that_are_open() {
    let server = Postgres::with_max_connections(20);
    let mut open = server.hold_idle(4);
    server.sql("alter role app connection limit 2");
    for session in &mut open {
        assert_eq!(session.sql("select 1"), "1");
    }
    let refused = error(&server.psql(&server.url_of("app"), "select 1"));
    assert!(refused.contains("too many connections for role \"app\""), "{refused}");
}

#[test]
fn a_killed_server_takes_its_connections_with_it() {
    let mut server = Postgres::start();
    let mut sessions = server.hold_idle_in_transaction(2);
    server.kill();
    for session in &mut sessions {
        assert!(session.try_sql("select 1").is_err());
    }
    let refused = error(&server.psql(&server.url(), "select 1"));
    assert!(refused.contains("Connection refused"), "{refused}");
}

#[test]
fn a_disabled_pool_turns_new_clients_away_and_keeps_those_it_has() {
    let server = Postgres::start();
    let pooler = PgBouncer::start(&server);
    assert!(!pooler.is_disabled(&server));
    let mut client = server.session(&pooler.client_url());
    assert_eq!(client.sql("select current_user"), "app");

    assert!(pooler.console(&server, "disable shop").status.success());
    assert!(pooler.is_disabled(&server));
    let refused = error(&server.psql(&pooler.client_url(), "select 1"));
    assert!(refused.contains("database \"shop\" is disabled"), "{refused}");
    assert_eq!(client.sql("select 1"), "1", "a client that is in stays in");

    // Twice is as good as once.
    assert!(pooler.console(&server, "disable shop").status.success());
    assert!(pooler.console(&server, "enable \"shop\"").status.success());
    assert!(!pooler.is_disabled(&server));
    assert!(server.psql(&pooler.client_url(), "select 1").status.success());
}

#[test]
fn the_console_refuses_a_database_that_it_does_not_know() {
    let server = Postgres::start();
    let pooler = PgBouncer::start(&server);
    let refused = error(&pooler.console(&server, "disable \"nope\""));
    assert!(refused.contains("no such database: nope"), "{refused}");
}

#[test]
fn clients_of_the_pool_exhaust_the_server_behind_it() {
    let server = Postgres::with_max_connections(10);
    let pooler = PgBouncer::start(&server);
    let mut clients: Vec<_> = (0..7).map(|_| server.session(&pooler.client_url())).collect();
    for client in &mut clients {
        client.sql("begin;");
    }
    assert_eq!(server.count("usename = 'app'"), 7);
    let refused = error(&server.psql(&server.url_of("app"), "select 1"));
    assert!(refused.contains("remaining connection slots are reserved"), "{refused}");
}
