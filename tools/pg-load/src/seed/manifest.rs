//! What a database says it was seeded with.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use tokio_postgres::{Client, Transaction};

use super::SeedError;
use super::error::Doing as _;
use crate::shop::encode::Digest;
use crate::shop::schema::{FOREIGN, KEYS, TABLES, statements};
use crate::shop::{Shop, Table};

const MANIFEST: &str = include_str!("manifest.sql");
/// Drops what TABLES makes, and nothing else that may be in the schema; what refers to it goes with it.
const DROP: &str = include_str!("drop.sql");

/// Which rows a database holds, or is to hold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Run {
    /// See [`Shop::schema_hash`].
    pub schema_hash: String,
    /// The seed.
    pub seed: u64,
    /// The rows of all tables.
    pub rows: u64,
}

/// One line of the manifest.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// Which rows it is of.
    pub run: Run,
    /// The checksum, as [`Digest`] prints it. `run.rows` is the part's own number of rows.
    pub checksum: String,
}

/// What there is.
#[derive(Debug)]
pub enum State {
    /// Nothing of ours.
    Empty,
    /// A run, whose last step may be done.
    Begun {
        /// Which.
        run: Run,
        /// Whether keys, foreign keys and statistics are there too.
        finished: bool,
    },
}

impl Run {
    /// That of `shop`.
    pub fn of(shop: &Shop) -> Self {
        Self { schema_hash: shop.schema_hash(), seed: shop.seed, rows: shop.rows }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} rows of seed {} (schema {})", self.rows, self.seed, self.schema_hash)
    }
}

/// What there is.
pub async fn state(client: &Client) -> Result<State, SeedError> {
    let tables = client
        .query("SELECT relname::text FROM pg_class WHERE relnamespace = to_regnamespace('shop') AND relkind IN ('r', 'p')", &[])
        .await
        .doing("looking for the schema shop")?;
    let tables: BTreeSet<String> = tables.iter().map(|row| row.get(0)).collect();
    if !tables.contains("seed_run") {
        let ours = Table::ALL.into_iter().map(Table::name).find(|name| tables.contains(*name));
        return ours.map_or(Ok(State::Empty), |name| Err(SeedError::Foreign(name.to_owned())));
    }
    let row = client
        .query_opt("SELECT schema_hash, seed, rows, finished_at IS NOT NULL FROM shop.seed_run", &[])
        .await
        .doing("reading shop.seed_run")?;
    let Some(row) = row else { return Err(SeedError::Foreign("seed_run".to_owned())) };
    let run = Run {
        schema_hash: row.get(0),
        seed: row.get::<_, i64>(1).cast_unsigned(),
        rows: row.get::<_, i64>(2).cast_unsigned(),
    };
    Ok(State::Begun { run, finished: row.get(3) })
}

/// Makes the schema for `run`; with `replace` drops the one that is there, all in one transaction.
pub async fn make_schema(client: &mut Client, run: &Run, replace: bool) -> Result<(), SeedError> {
    let doing = "making the schema shop";
    let transaction = client.transaction().await.doing(doing)?;
    if replace {
        transaction.batch_execute(DROP).await.doing("dropping the tables of the schema shop")?;
    }
    transaction.batch_execute(TABLES).await.doing(doing)?;
    transaction.batch_execute(MANIFEST).await.doing(doing)?;
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
        [&run.schema_hash, &run.seed.cast_signed(), &run.rows.cast_signed()];
    transaction
        .execute("INSERT INTO shop.seed_run (schema_hash, seed, rows) VALUES ($1, $2, $3)", &values)
        .await
        .doing(doing)?;
    transaction.commit().await.doing(doing)
}

/// The manifest, by part.
pub async fn entries(client: &Client) -> Result<BTreeMap<String, Entry>, SeedError> {
    let rows = client
        .query("SELECT part, schema_hash, seed, rows, checksum FROM shop.seed_manifest", &[])
        .await
        .doing("reading shop.seed_manifest")?;
    let entry = |row: &tokio_postgres::Row| {
        let run = Run {
            schema_hash: row.get(1),
            seed: row.get::<_, i64>(2).cast_unsigned(),
            rows: row.get::<_, i64>(3).cast_unsigned(),
        };
        (row.get(0), Entry { run, checksum: row.get(4) })
    };
    Ok(rows.iter().map(entry).collect())
}

/// Whether the transaction may go on with `run`, and `part` is not loaded yet. Until it ends nobody replaces the run.
pub async fn may_load(transaction: &Transaction<'_>, run: &Run, part: &str) -> Result<bool, SeedError> {
    let doing = || format!("looking whether shop.{part} is loaded");
    let current = transaction
        .query_opt("SELECT schema_hash, seed, rows FROM shop.seed_run FOR SHARE", &[])
        .await
        .doing(doing())?;
    let is_ours = current.is_some_and(|row| {
        row.get::<_, String>(0) == run.schema_hash
            && row.get::<_, i64>(1) == run.seed.cast_signed()
            && row.get::<_, i64>(2) == run.rows.cast_signed()
    });
    if !is_ours {
        return Err(SeedError::Overtaken);
    }
    let loaded = transaction
        .query_opt("SELECT FROM shop.seed_manifest WHERE part = $1", &[&part])
        .await
        .doing(doing())?;
    Ok(loaded.is_none())
}

/// Writes down that `part` was loaded with `digest`.
pub async fn record(
    transaction: &Transaction<'_>,
    run: &Run,
    part: &str,
    digest: Digest,
) -> Result<(), SeedError> {
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
        [&part, &run.schema_hash, &run.seed.cast_signed(), &digest.rows.cast_signed(), &digest.to_string()];
    transaction
        .execute(
            "INSERT INTO shop.seed_manifest (part, schema_hash, seed, rows, checksum) VALUES ($1, $2, $3, $4, $5)",
            &values,
        )
        .await
        .doing(format!("writing down that shop.{part} is loaded"))?;
    Ok(())
}

/// Marks the run as done.
pub async fn finish(client: &Client) -> Result<(), SeedError> {
    client
        .execute("UPDATE shop.seed_run SET finished_at = now() WHERE finished_at IS NULL", &[])
        .await
        .doing("marking the run as done")?;
    Ok(())
}

/// The keys, indexes and foreign keys that are there, each with whether it is sure of the rows.
pub async fn made(client: &Client) -> Result<BTreeMap<String, bool>, SeedError> {
    let rows = client
        .query(
            "SELECT c.relname::text, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
             WHERE c.relnamespace = to_regnamespace('shop') \
             UNION ALL \
             SELECT conname::text, bool_and(convalidated) FROM pg_constraint \
             WHERE connamespace = to_regnamespace('shop') AND contype = 'f' GROUP BY conname",
            &[],
        )
        .await
        .doing("reading the catalog of the schema shop")?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Every name that [`made`] gives when a run is done.
pub fn all_made() -> BTreeSet<String> {
    let tables = Table::ALL.into_iter();
    let parts = tables.flat_map(|table| {
        let whole = table.is_partitioned().then_some(crate::shop::schema::Part { table, month: None });
        table.parts().into_iter().chain(whole)
    });
    parts
        .flat_map(|part| [statements(KEYS, part), statements(FOREIGN, part)].concat())
        .map(|statement| statement.makes)
        .collect()
}

/// A part that holds no row, of those that `names` says hold some.
pub async fn emptied<'a>(
    client: &Client,
    names: impl Iterator<Item = &'a str>,
) -> Result<Option<String>, SeedError> {
    // The names were checked against our own: they are no one's words.
    let questions: Vec<_> =
        names.map(|name| format!("SELECT '{name}' WHERE NOT EXISTS (SELECT FROM shop.{name})")).collect();
    if questions.is_empty() {
        return Ok(None);
    }
    let row = client
        .query_opt(&format!("SELECT * FROM ({}) AS empty LIMIT 1", questions.join(" UNION ALL ")), &[])
        .await
        .doing("looking whether all parts hold rows")?;
    Ok(row.map(|row| row.get(0)))
}
