//! The rows as CSV files, for other loaders to be compared with.
//!
//! 1. One file per part, such as `orders_2025_01.csv`.
//! 2. `steps/`: what psql has to be told to do as `seed` does, in the same order. Each file is a phase; its jobs, with an
//!    empty line between them, may be done at once.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

use super::steps;
use crate::shop::encode::Csv;
use crate::shop::schema::{FOREIGN, KEYS, Statement, TABLES};
use crate::shop::table::Rows;
use crate::shop::{Shop, Table, Unit};

/// Bytes that are written at once.
const CHUNK: usize = 1 << 20;

/// Writes all of `shop` into `folder`.
pub fn write(shop: &Shop, folder: &Path) -> anyhow::Result<()> {
    let steps = folder.join("steps");
    fs::create_dir_all(&steps).with_context(|| format!("cannot make {}", steps.display()))?;
    for unit in Unit::all(shop) {
        let path = folder.join(format!("{}.csv", unit.part.name()));
        write_unit(shop, &unit, &path).with_context(|| format!("cannot write {}", path.display()))?;
    }
    for (name, jobs) in phases(shop) {
        let path = steps.join(name);
        fs::write(&path, jobs.join("\n\n")).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// The phases of `seed`, as jobs for psql.
fn phases(shop: &Shop) -> Vec<(&'static str, Vec<String>)> {
    let of_parts = |file, edit: fn(&Statement) -> String| {
        let jobs = steps::parts(file, |_| true).into_iter();
        jobs.map(|job| job.iter().map(edit).collect::<Vec<_>>().join("\n")).collect::<Vec<_>>()
    };
    let of_wholes = |file| steps::wholes(file, |_| true).iter().map(whole).collect();
    let analyze = Table::ALL.into_iter().map(|table| format!("ANALYZE shop.{};", table.name()));
    vec![
        ("1-schema", vec![TABLES.replace("\n\n", "\n")]),
        ("2-rows", Unit::all(shop).iter().map(copy).collect()),
        ("3-keys", of_parts(KEYS, plain)),
        ("4-keys-of-partitioned", of_wholes(KEYS)),
        ("5-foreign-keys", vec![of_parts(FOREIGN, plain).join("\n")]),
        ("6-validation", of_parts(FOREIGN, |statement| format!("{};", steps::validation(statement)))),
        ("7-foreign-keys-of-partitioned", of_wholes(FOREIGN)),
        ("8-statistics", analyze.collect()),
    ]
}

fn copy(unit: &Unit) -> String {
    let (part, columns) = (unit.part.name(), unit.part.table.columns());
    format!(
        "BEGIN;\nTRUNCATE shop.{part};\n\\copy shop.{part} ({columns}) FROM '{part}.csv' WITH (FORMAT csv, FREEZE)\nCOMMIT;"
    )
}

fn plain(statement: &Statement) -> String {
    format!("{};", statement.sql)
}

fn whole(statement: &Statement) -> String {
    format!("{};", statement.sql.replace(" NOT VALID", ""))
}

fn write_unit(shop: &Shop, unit: &Unit, path: &Path) -> anyhow::Result<()> {
    let mut file = File::create(path)?;
    let mut rows = Rows::new(shop, unit);
    let mut csv = Csv::default();
    loop {
        let goes_on = rows.fill(&mut csv, |csv| csv.len() >= CHUNK);
        file.write_all(&csv.take())?;
        if !goes_on {
            return Ok(());
        }
    }
}
