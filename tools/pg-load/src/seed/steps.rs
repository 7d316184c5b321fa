//! What makes a database of an empty one, each step only where it is not done yet.
//!
//! 1. Rows, by [`load`]: the largest units first.
//! 2. Keys and indexes: those of each part, many at once; then those of partitioned tables, which take the parts' over.
//! 3. Foreign keys: added without a look at the rows, then validated many at once; then those of partitioned tables.
//! 4. Statistics, and sequences that go on behind the last row.

use std::collections::BTreeMap;

use futures::FutureExt as _;

use super::error::Doing as _;
use super::manifest::{self, Entry};
use super::workers::each;
use super::{SeedError, Task, load};
use crate::connect::Connection;
use crate::shop::schema::{FOREIGN, KEYS, Part, Statement, statements};
use crate::shop::{Table, Unit};

/// Loads what the manifest does not name; gives the bytes sent.
pub async fn rows(task: &Task, entries: &BTreeMap<String, Entry>) -> Result<u64, SeedError> {
    let (done, missing): (Vec<_>, Vec<_>) =
        Unit::all(&task.shop).into_iter().partition(|unit| entries.contains_key(&unit.part.name()));
    if missing.is_empty() {
        return Ok(0);
    }
    let done = done.iter().map(|unit| unit.rows).sum();
    let phase = std::sync::Arc::new(task.progress.phase("rows", "rows", done, task.shop.rows));
    let shared = task.clone();
    let sent = each(task, missing, move |session, unit| {
        let (task, phase) = (shared.clone(), phase.clone());
        async move { load::load(session, &task.shop, &task.run, &unit, &phase).await }.boxed()
    });
    Ok(sent.await?.into_iter().sum())
}

/// Makes keys and indexes that are not there.
pub async fn keys(task: &Task, session: &Connection, made: &BTreeMap<String, bool>) -> Result<(), SeedError> {
    in_parallel(task, "keys", parts(KEYS, |statement| !made.contains_key(&statement.makes))).await?;
    for statement in wholes(KEYS, |statement| !made.contains_key(&statement.makes)) {
        run(session, &statement).await?;
    }
    Ok(())
}

/// Makes foreign keys that are not there, and validates those that are not sure of the rows.
pub async fn foreign_keys(
    task: &Task,
    session: &mut Connection,
    made: &BTreeMap<String, bool>,
) -> Result<(), SeedError> {
    let doing = "adding foreign keys";
    for statements in parts(FOREIGN, |statement| !made.contains_key(&statement.makes)) {
        // None of these looks at a row: one commit for all of a part's.
        let transaction = session.transaction().await.doing(doing)?;
        for statement in &statements {
            transaction.batch_execute(&statement.sql).await.doing(making(statement))?;
        }
        transaction.commit().await.doing(doing)?;
    }
    let validate = |statement: Statement| Statement { sql: validation(&statement), ..statement };
    let unsure = parts(FOREIGN, |statement| made.get(&statement.makes) != Some(&true));
    let unsure = unsure.into_iter().map(|statements| statements.into_iter().map(validate).collect());
    in_parallel(task, "foreign keys", unsure.collect()).await?;
    for mut statement in wholes(FOREIGN, |statement| !made.contains_key(&statement.makes)) {
        // It takes over those of its partitions, which are sure: it looks at no row either.
        statement.sql = statement.sql.replace(" NOT VALID", "");
        run(session, &statement).await?;
    }
    Ok(())
}

/// Gathers statistics of every table, its partitions included.
pub async fn statistics(task: &Task) -> Result<(), SeedError> {
    let mut tables = Table::ALL.to_vec();
    tables.sort_by_key(|table| std::cmp::Reverse(task.shop.rows_of(*table)));
    let phase = task.progress.phase("statistics", "tables", 0, tables.len() as u64);
    let phase = std::sync::Arc::new(phase);
    let analyze = each(task, tables, move |session, table| {
        let phase = phase.clone();
        async move {
            let sql = format!("ANALYZE shop.{}", table.name());
            session
                .batch_execute(&sql)
                .await
                .doing(format!("gathering statistics of shop.{}", table.name()))?;
            phase.add(1);
            Ok(())
        }
        .boxed()
    });
    analyze.await.map(|_| ())
}

/// Lets sequences go on behind the last row.
pub async fn sequences(task: &Task, session: &Connection) -> Result<(), SeedError> {
    let sizes = &task.shop.sizes;
    let last = [
        ("shop.customer_ids", sizes.customers),
        ("shop.address_ids", sizes.addresses),
        ("shop.order_ids", sizes.orders),
        ("shop.review_ids", sizes.reviews),
        ("shop.event_ids", sizes.events),
    ];
    for (name, last) in last {
        session
            .execute("SELECT setval($1::text::regclass, $2)", &[&name, &last.cast_signed()])
            .await
            .doing(format!("setting {name}"))?;
    }
    Ok(())
}

/// What makes sure that all rows keep to the foreign key that `statement` adds.
pub fn validation(statement: &Statement) -> String {
    format!("ALTER TABLE shop.{} VALIDATE CONSTRAINT {}", statement.part.name(), statement.makes)
}

/// The statements of `file` about what holds rows, for which `wanted` holds: those of one part together, since each waits
/// for the other's lock, and the largest part's first.
pub fn parts(file: &str, wanted: impl Fn(&Statement) -> bool) -> Vec<Vec<Statement>> {
    let parts = Table::ALL.into_iter().flat_map(Table::parts);
    let of_part = parts.map(|part| statements(file, part).into_iter().filter(|one| wanted(one)).collect());
    of_part.filter(|statements: &Vec<Statement>| !statements.is_empty()).collect()
}

/// The statements of `file` about partitioned tables as a whole, for which `wanted` holds.
pub fn wholes(file: &str, wanted: impl Fn(&Statement) -> bool) -> Vec<Statement> {
    let wholes = Table::ALL.into_iter().filter(|table| table.is_partitioned());
    let of_table = wholes.flat_map(|table| statements(file, Part { table, month: None }));
    of_table.filter(|statement| wanted(statement)).collect()
}

async fn in_parallel(
    task: &Task,
    name: &'static str,
    mut jobs: Vec<Vec<Statement>>,
) -> Result<(), SeedError> {
    if jobs.is_empty() {
        return Ok(());
    }
    let rows: BTreeMap<_, _> =
        Unit::all(&task.shop).into_iter().map(|unit| (unit.part.name(), unit.rows)).collect();
    jobs.sort_by_key(|job| std::cmp::Reverse(rows.get(&job[0].part.name()).copied().unwrap_or(0)));
    let total = jobs.iter().map(|job| job.len() as u64).sum();
    let phase = std::sync::Arc::new(task.progress.phase(name, "statements", 0, total));
    let all = each(task, jobs, move |session, job| {
        let phase = phase.clone();
        async move {
            for statement in &job {
                run(session, statement).await?;
                phase.add(1);
            }
            Ok(())
        }
        .boxed()
    });
    all.await.map(|_| ())
}

async fn run(session: &Connection, statement: &Statement) -> Result<(), SeedError> {
    session.batch_execute(&statement.sql).await.doing(making(statement))
}

fn making(statement: &Statement) -> String {
    format!("making {} of shop.{}", statement.makes, statement.part.name())
}

/// Whether nothing is left to do but to say so.
pub fn all_there(entries: &BTreeMap<String, Entry>, made: &BTreeMap<String, bool>, units: &[Unit]) -> bool {
    units.iter().all(|unit| entries.contains_key(&unit.part.name()))
        && manifest::all_made().iter().all(|name| made.get(name) == Some(&true))
}
