//! One unit's transaction.
//!
//! 1. The run is still ours, and the unit is not loaded yet: see [`manifest::may_load`].
//! 2. TRUNCATE and COPY FREEZE: rows are frozen as they come, no vacuum has to come back for them, and with
//!    `wal_level = minimal` they are not logged.
//! 3. Rows are made a chunk at a time, while the one before is on its way.
//! 4. The manifest's row goes with them: after COMMIT both are there, before it neither.

use std::pin::pin;

use bytes::Bytes;
use futures::SinkExt as _;

use super::SeedError;
use super::error::Doing as _;
use super::manifest::{self, Run};
use super::progress::Phase;
use crate::connect::Connection;
use crate::shop::encode::Binary;
use crate::shop::encode::binary::{END, HEADER};
use crate::shop::table::Rows;
use crate::shop::{Shop, Unit};

/// Bytes of a chunk; a row that begins below may end above.
const CHUNK: usize = 256 << 10;
/// Room for the row that ends above.
const ROOM: usize = CHUNK + (4 << 10);

/// Loads `unit` where it is not loaded yet; gives how many bytes were sent.
pub async fn load(
    session: &mut Connection,
    shop: &Shop,
    run: &Run,
    unit: &Unit,
    phase: &Phase,
) -> Result<u64, SeedError> {
    let part = unit.part.name();
    let doing = || format!("loading shop.{part}");
    let transaction = session.transaction().await.doing(doing())?;
    if !manifest::may_load(&transaction, run, &part).await? {
        return Ok(0);
    }
    transaction.batch_execute(&format!("TRUNCATE shop.{part}")).await.doing(doing())?;
    let columns = unit.part.table.columns();
    let copy = format!("COPY shop.{part} ({columns}) FROM STDIN (FORMAT binary, FREEZE)");
    let mut sink = pin!(transaction.copy_in::<_, Bytes>(&copy).await.doing(doing())?);
    let mut rows = Rows::new(shop, unit);
    let mut binary = Binary::default();
    let (mut sent, mut told) = (HEADER.len() + END.len(), 0);
    sink.feed(Bytes::from_static(HEADER)).await.doing(doing())?;
    loop {
        let goes_on = rows.fill(&mut binary, |binary| binary.len() >= CHUNK);
        sent += binary.len();
        sink.feed(Bytes::from(binary.take(ROOM))).await.doing(doing())?;
        let made = binary.digest().rows;
        phase.add(made - told);
        told = made;
        if !goes_on {
            break;
        }
    }
    sink.feed(Bytes::from_static(END)).await.doing(doing())?;
    let taken = sink.finish().await.doing(doing())?;
    if taken != unit.rows || told != unit.rows {
        return Err(SeedError::Count { part, sent: told, taken });
    }
    manifest::record(&transaction, run, &part, binary.digest()).await?;
    transaction.commit().await.doing(doing())?;
    Ok(sent as u64)
}
