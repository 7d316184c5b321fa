//! A script becomes a workload: the server is asked for the bounds it is to know.
//!
//! 1. Each bound that is a query is prepared, which allows one statement only, and yields one whole number.
//! 2. The numbers are checked against each other; draws are made.
//! 3. The weight on the command line is shared among the file's transactions by their own weights.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::plan::{Statement, Transaction, Workload};
use super::script::{Bound, Declared, Planned, Script};
use super::zipf::Zipf;
use super::{Draw, WorkloadError};
use crate::connect::describe;

/// Makes one workload of scripts with their weights.
pub async fn bind(scripts: &[(Script, f64)], client: &Client) -> Result<Workload, WorkloadError> {
    let mut transactions = Vec::new();
    for (script, weight) in scripts {
        let total: f64 = script.transactions.iter().map(|planned| planned.weight).sum();
        for planned in &script.transactions {
            let share = weight * planned.weight / total;
            let bound = transaction(planned, share, client).await;
            transactions.push(bound.map_err(|reason| WorkloadError::Database {
                workload: script.workload.clone(),
                reason: format!("{}: {reason}", planned.name),
            })?);
        }
    }
    Ok(Workload::new(transactions))
}

async fn transaction(planned: &Planned, share: f64, client: &Client) -> Result<Transaction, String> {
    let mut draws = Vec::with_capacity(planned.draws.len());
    for (name, declared) in &planned.draws {
        draws.push(draw(declared, client).await.map_err(|reason| format!(":{name}: {reason}"))?);
    }
    let plain = |sql: &str| Statement { sql: sql.to_owned(), uses: Vec::new() };
    let mut statements: Vec<_> = planned
        .statements
        .iter()
        .map(|(sql, uses)| Statement { sql: sql.clone(), uses: uses.clone() })
        .collect();
    if let Some(begin) = planned.begin {
        statements.insert(0, plain(begin));
        statements.push(plain("commit"));
    }
    Ok(Transaction {
        name: planned.name.clone(),
        share,
        draws,
        statements,
        wrapped: planned.begin.is_some(),
        pipeline: planned.pipeline,
    })
}

async fn draw(declared: &Declared, client: &Client) -> Result<Draw, String> {
    Ok(match declared {
        Declared::Uniform { from, to } => {
            let (from, to) = ends(from, to, client).await?;
            Draw::Uniform { from, to }
        }
        Declared::Zipf { from, to, exponent } => {
            let (from, to) = ends(from, to, client).await?;
            let elements = to.abs_diff(from).saturating_add(1);
            Draw::Zipf { from, law: Zipf::new(elements, *exponent) }
        }
        Declared::Gaussian { from, to, deviations } => {
            let (from, to) = ends(from, to, client).await?;
            Draw::Gaussian { from, to, deviations: *deviations }
        }
        Declared::Unique { from } => {
            Draw::Unique { next: Arc::new(AtomicI64::new(ask(from, client).await?)) }
        }
        Declared::Real { from, to } => Draw::Real { from: *from, to: *to },
        Declared::Choice { of } => Draw::Choice(of.iter().map(|text| Arc::from(text.as_str())).collect()),
        Declared::Letters { length } => Draw::Letters(*length),
    })
}

async fn ends(from: &Bound, to: &Bound, client: &Client) -> Result<(i64, i64), String> {
    let (from, to) = (ask(from, client).await?, ask(to, client).await?);
    match to.checked_sub(from) {
        Some(0..) => Ok((from, to)),
        _ => Err(format!("there is nothing from {from} to {to}")),
    }
}

async fn ask(bound: &Bound, client: &Client) -> Result<i64, String> {
    let query = match bound {
        Bound::Number(number) => return Ok(*number),
        Bound::Asked { query } => query.as_str(),
    };
    let row = client.query_one(query, &[]).await.map_err(|error| format!("{query}: {}", describe(&error)))?;
    let number = match row.columns().first().map(tokio_postgres::Column::type_) {
        Some(&Type::INT8) => row.try_get::<_, Option<i64>>(0),
        Some(&Type::INT4) => row.try_get::<_, Option<i32>>(0).map(|number| number.map(i64::from)),
        _ => return Err(format!("{query}: yields no bigint or integer")),
    };
    let number = number.map_err(|error| format!("{query}: {}", describe(&error)))?;
    number.ok_or_else(|| format!("{query}: yields nothing: is the database seeded?"))
}
