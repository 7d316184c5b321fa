//! The servers that the other tests use do what is said of them.

mod support;

use pg_load::connect::{ConnectError, Connection, Endpoint, Target};
use support::{Postgres, Replicated};

async fn keep(session: &Connection) {
    session.batch_execute("CREATE TABLE kept (number int); INSERT INTO kept VALUES (7)").await.expect("done");
}

async fn is_kept(session: Connection) {
    let row = session.query_one("SELECT number FROM kept", &[]).await.expect("it is there");
    assert_eq!(row.get::<_, i32>(0), 7);
    session.close().await;
}

#[test]
fn a_killed_server_starts_again_with_all_that_was_committed() {
    let Some(mut postgres) = Postgres::start(&[]) else { return };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async { keep(&postgres.connect().await).await });
    postgres.kill();
    postgres.start_again();
    runtime.block_on(async { is_kept(postgres.connect().await).await });
}

#[test]
fn a_promoted_standby_has_what_was_acknowledged() {
    let Some(mut replicated) = Replicated::start(2, "ANY 1 (*)", &[]) else { return };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async { keep(&replicated.connect().await).await });
    replicated.servers[0].kill();
    // Either may be the one that has it: the one that received more is promoted, as an operator would.
    let received = |index| {
        let wal = replicated.psql(index, "SELECT pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0')");
        wal.parse::<f64>().expect("a number")
    };
    let (next, other) = if received(1) >= received(2) { (1, 2) } else { (2, 1) };
    replicated.promote(next);
    replicated.follow(other, next);
    runtime.block_on(async { is_kept(replicated.connect().await).await });
}

#[test]
fn of_several_hosts_the_first_that_will_do_is_taken() {
    let Some(mut replicated) = Replicated::start(1, "", &[]) else { return };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let ports = [0, 1].map(|index| replicated.servers[index].port());
    // Nobody listens on port 1; the standby takes no writes.
    let url = format!(
        "postgresql://postgres@127.0.0.1:1,127.0.0.1:{},127.0.0.1:{}/postgres?connect_timeout=1",
        ports[1], ports[0]
    );
    let any = Endpoint::new(&Target::at(url)).expect("a sound URL");
    let led_to = |endpoint: &Endpoint| {
        runtime.block_on(async { endpoint.connect().await.map(|session| session.host().to_owned()) })
    };
    assert_eq!(led_to(&any).expect("the standby"), format!("127.0.0.1:{}", ports[1]));
    let primary = format!("127.0.0.1:{}", ports[0]);
    assert_eq!(led_to(&any.clone().writable()).expect("the primary"), primary);
    // A frozen host takes connections and says nothing: it holds up the next one for its second only.
    replicated.servers[1].freeze();
    assert_eq!(led_to(&any).expect("the primary"), primary);
    replicated.servers[0].freeze();
    let error = led_to(&any).expect_err("nobody answers");
    assert!(error.is_passing(), "it may pass");
    let ConnectError::All(each) = error else { panic!("{error}") };
    assert!(
        matches!(
            each[..],
            [ConnectError::Unreachable { .. }, ConnectError::Silent { .. }, ConnectError::Silent { .. }]
        ),
        "{each:?}"
    );
}
