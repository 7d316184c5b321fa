//! Errors are counted by what the server says, and only what may succeed is tried again.

use crate::support::Postgres;
use crate::tool::Run;

#[test]
fn errors_are_told_apart_by_sqlstate() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let workload = "
version: 1
transactions:
  divides:
    draw: {n: {random: uniform, from: 0, to: 0}}
    statements: [\"select 1 / :n::int\"]
  refers:
    statements: [\"do $$ begin raise unique_violation; end $$\"]
  works:
    pipeline: true
    statements: [select 1, select 2]
  aborts:
    pipeline: true
    draw: {n: {random: uniform, from: 0, to: 0}}
    statements: [select 1, \"select 1 / :n::int\", select 2]
";
    let arguments = ["--clients", "2", "--warm-up", "0s", "--duration", "1s"];
    let result = Run::bench(&postgres.url(), &arguments).with_workload(workload).passed();
    let count = |name: &str| (result.transactions[name].committed, result.transactions[name].failed);
    let codes: Vec<_> = result.errors.values().flat_map(|class| class.codes.clone()).collect();
    let (divides, refers, aborts) = (count("divides"), count("refers"), count("aborts"));
    assert_eq!(
        (divides.0, refers.0, aborts.0),
        (0, 0, 0),
        "a failed transaction is not committed, pipelined or not"
    );
    assert_eq!(codes, [("22012".to_owned(), divides.1 + aborts.1), ("23505".to_owned(), refers.1)]);
    assert!(result.errors.contains_key("23 integrity constraint violation"), "{:?}", result.errors);
    let works = count("works");
    assert!(works.0 > 0 && works.1 == 0 && divides.1 > 0 && aborts.1 > 0 && refers.1 > 0);
    assert_eq!(result.retries, 0, "what fails again is not tried again");
    assert_eq!(result.connections_lost, 0, "an error costs no connection");
}

#[test]
fn serialization_failures_are_tried_again() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let session = postgres.connect().await;
        let table = "create table counter (id int primary key, value bigint not null); insert into counter values (1, 0)";
        session.batch_execute(table).await.expect("made");
    });
    let workload = "
version: 1
transactions:
  count:
    isolation: repeatable-read
    statements:
      - select value from counter where id = 1
      - update counter set value = value + 1 where id = 1
";
    let arguments = ["--clients", "4", "--warm-up", "0s", "--duration", "2s", "--max-tries", "1000"];
    let result = Run::bench(&postgres.url(), &arguments).with_workload(workload).passed();
    assert!(result.retries > 0, "four clients want one row");
    let value: i64 = runtime.block_on(async {
        let session = postgres.connect().await;
        session.query_one("select value from counter", &[]).await.expect("a value").get(0)
    });
    assert_eq!((result.committed, result.failed), (u64::try_from(value).expect("a count"), 0));
}

#[test]
fn values_are_bound_and_never_become_sql() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let evil = "'); drop table words; --";
    runtime.block_on(async {
        let session = postgres.connect().await;
        session.batch_execute("create table words (word text, part numeric, day date)").await.expect("made");
    });
    let workload = format!(
        "
version: 1
transactions:
  say:
    draw:
      word: {{random: choice, of: [\"{evil}\"]}}
      part: {{random: real, from: 0, to: 1}}
      day: {{random: choice, of: [\"2026-02-28\"]}}
    statements: [\"insert into words values (:word, :part, :day)\"]
"
    );
    let arguments = ["--clients", "1", "--warm-up", "0s", "--duration", "500ms"];
    let result = Run::bench(&postgres.url(), &arguments).with_workload(&workload).passed();
    let rows: i64 = runtime.block_on(async {
        let session = postgres.connect().await;
        let count =
            "select count(*) from words where word = $1 and part >= 0 and part < 1 and day = '2026-02-28'";
        session.query_one(count, &[&evil]).await.expect("the table is there").get(0)
    });
    assert_eq!(result.committed, u64::try_from(rows).expect("a count"));
}
