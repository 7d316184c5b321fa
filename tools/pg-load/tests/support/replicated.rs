//! A primary and its standbys, by streaming replication.

use std::process::{Command, Stdio};

use pg_load::connect::{Connection, Endpoint, Target};

use super::postgres::{Postgres, programs};
use super::wait_until;

/// Servers of one cluster: the first begins as the primary.
#[derive(Debug)]
pub struct Replicated {
    /// All of them, the killed ones too.
    pub servers: Vec<Postgres>,
}

impl Replicated {
    /// A primary and `standbys` standbys, all streaming. With `synchronous`, such as `ANY 1 (*)`, a commit waits for as
    /// many of them.
    pub fn start(standbys: usize, synchronous: &str, parameters: &[(&str, &str)]) -> Option<Self> {
        let programs = programs()?;
        let mut all = vec![("max_wal_senders", "10"), ("max_replication_slots", "10"), ("hot_standby", "on")];
        all.extend_from_slice(parameters);
        let mut servers = vec![Postgres::start(&all)?];
        for number in 1..=standbys {
            let source = format!(
                "host=127.0.0.1 port={} user=postgres application_name=standby{number}",
                servers[0].port()
            );
            servers.push(Postgres::make(programs.clone(), &all, |server| {
                let mut command = Command::new(server.programs().path("pg_basebackup"));
                command.args([
                    "--dbname",
                    &source,
                    "--write-recovery-conf",
                    "--checkpoint=fast",
                    "--no-sync",
                ]);
                command.args(["--wal-method=stream", "--create-slot", "--slot", &format!("standby{number}")]);
                command.arg("--pgdata").arg(server.data()).current_dir("/").stdin(Stdio::null());
                server.account().apply(&mut command);
                let output = command.output().expect("pg_basebackup starts");
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            }));
        }
        let replicated = Self { servers };
        wait_until("all standbys stream", || replicated.streaming() == standbys);
        if !synchronous.is_empty() {
            replicated.set(0, "synchronous_standby_names", synchronous);
        }
        Some(replicated)
    }

    /// A URL that names all of them, and leads to whichever takes writes.
    pub fn url(&self) -> String {
        let hosts: Vec<_> =
            self.servers.iter().map(|server| format!("127.0.0.1:{}", server.port())).collect();
        format!("postgresql://postgres@{}/postgres?target_session_attrs=read-write", hosts.join(","))
    }

    /// A session with whichever takes writes.
    pub async fn connect(&self) -> Connection {
        let endpoint = Endpoint::new(&Target::at(self.url())).expect("a sound URL");
        endpoint.connect().await.expect("a connection")
    }

    /// Makes standby `index` the primary, and waits until it is. The other standbys still follow the old one: see
    /// [`follow`](Self::follow).
    pub fn promote(&self, index: usize) {
        assert_eq!(self.psql(index, "SELECT pg_promote()"), "t");
        wait_until("it takes writes", || self.psql(index, "SELECT pg_is_in_recovery()") == "f");
    }

    /// Has standby `index` follow server `primary` from now on. The slot it had is not there: it needs none.
    pub fn follow(&self, index: usize, primary: usize) {
        let source = format!(
            "host=127.0.0.1 port={} user=postgres application_name=standby{index}",
            self.servers[primary].port()
        );
        self.set(index, "primary_slot_name", "");
        self.set(index, "primary_conninfo", &source);
    }

    /// Sets `parameter` of server `index` where a reload is enough for it, and waits until it counts.
    pub fn set(&self, index: usize, parameter: &str, value: &str) {
        let quoted = value.replace('\'', "''");
        self.psql(index, &format!("ALTER SYSTEM SET {parameter} = '{quoted}'"));
        self.psql(index, "SELECT pg_reload_conf()");
        wait_until("the reload is done", || self.psql(index, &format!("SHOW {parameter}")) == value);
    }

    /// The answer of server `index` to a statement, as psql prints it without decoration.
    pub fn psql(&self, index: usize, statement: &str) -> String {
        let output = Command::new("psql")
            .args(["--no-psqlrc", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"])
            .args(["--dbname", &self.servers[index].url(), "--command", statement])
            .output()
            .expect("psql starts");
        assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn streaming(&self) -> usize {
        let count = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'";
        self.psql(0, count).parse().expect("a number")
    }
}
