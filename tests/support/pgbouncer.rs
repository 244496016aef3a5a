//! A real `PgBouncer` in front of a [`Postgres`], with its admin console open to one user.

use std::path::PathBuf;
use std::process::Output;

use rustix::process::Signal;
use tempfile::TempDir;

use super::postgres::{APPLICATION, DATABASE, Postgres, SUPERUSER};
use super::service::{Service, find_program, folder, give_to_account, unprivileged};

/// The user that the admin console, the database `pgbouncer`, is open to.
pub const ADMINISTRATOR: &str = "pooler";

/// A pooler on loopback that knows one database, [`DATABASE`].
pub struct PgBouncer {
    // In this order: the pooler ends before its folder is deleted.
    service: Service,
    port: u16,
    _folder: TempDir,
}

impl PgBouncer {
    /// Starts a pooler in front of a server.
    ///
    /// # Panics
    ///
    /// When this machine has no `PgBouncer`, or it does not start.
    pub fn start(server: &Postgres) -> Self {
        let program = find_program("pgbouncer", &[PathBuf::from("/usr/sbin")], "pgbouncer");
        let folder = folder("mainstay-pgbouncer-");
        let users = folder.path().join("users.txt");
        let list: String =
            [ADMINISTRATOR, APPLICATION, SUPERUSER].iter().map(|user| format!("\"{user}\" \"\"\n")).collect();
        std::fs::write(&users, list).expect("the folder can be written to");
        give_to_account(&users);
        let (service, port) = Service::start("PgBouncer", Signal::INT, "process up: PgBouncer", |port| {
            let file = folder.path().join("pgbouncer.ini");
            let settings = format!(
                "[databases]\n\
                 {DATABASE} = host=127.0.0.1 port={server}\n\
                 [pgbouncer]\n\
                 listen_addr = 127.0.0.1\n\
                 listen_port = {port}\n\
                 unix_socket_dir =\n\
                 auth_type = trust\n\
                 auth_file = {users}\n\
                 admin_users = {ADMINISTRATOR}\n\
                 pool_mode = session\n",
                server = server.port(),
                users = users.display(),
            );
            std::fs::write(&file, settings).expect("the folder can be written to");
            give_to_account(&file);
            let mut command = unprivileged(&program);
            command.arg(&file).current_dir(folder.path());
            command
        });
        Self { service, port, _folder: folder }
    }

    /// Returns the connection string that the runbooks want: the pooler, its administrator, and the database that is
    /// switched off and on.
    pub fn url(&self) -> String {
        self.url_of(ADMINISTRATOR, DATABASE)
    }

    /// Returns the connection string of the admin console.
    pub fn console_url(&self) -> String {
        self.url_of(ADMINISTRATOR, "pgbouncer")
    }

    /// Returns the connection string of a client of the application.
    pub fn client_url(&self) -> String {
        self.url_of(APPLICATION, DATABASE)
    }

    fn url_of(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// Returns what the pooler wrote to its log until now.
    pub fn log(&self) -> String {
        self.service.log()
    }

    /// Runs a command on the admin console.
    pub fn console(&self, server: &Postgres, command: &str) -> Output {
        server.psql(&self.console_url(), command)
    }

    /// Returns whether new clients of the database are turned away, as `SHOW DATABASES` has it.
    ///
    /// # Panics
    ///
    /// When the console cannot be asked, or does not know the database.
    pub fn is_disabled(&self, server: &Postgres) -> bool {
        let output = self.console(server, "show databases");
        assert!(output.status.success(), "no console: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("psql writes UTF-8");
        let row = text
            .lines()
            .find(|row| row.split('|').next() == Some(DATABASE))
            .unwrap_or_else(|| panic!("the pooler does not know `{DATABASE}`:\n{text}"));
        // The last column, `disabled`, is 0 or 1.
        row.ends_with("|1")
    }
}
