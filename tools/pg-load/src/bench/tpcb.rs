//! pgbench's tables, made by the server itself: what `pgbench -i -I dtGvp` does.
//!
//! 1. Tables of the wanted scale are kept. Others are replaced only where that is asked for.
//! 2. All rows are made by `generate_series` in one transaction; keys and a VACUUM ANALYZE follow.

use anyhow::{Context as _, bail};

use crate::connect::Connection;

/// Accounts of one branch.
const ACCOUNTS: i64 = 100_000;

const TABLES: &str = "
    drop table if exists pgbench_accounts, pgbench_branches, pgbench_history, pgbench_tellers;
    create table pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));
    create table pgbench_tellers (tid int not null, bid int, tbalance int, filler char(84)) with (fillfactor = 100);
    create table pgbench_accounts (aid int not null, bid int, abalance int, filler char(84)) with (fillfactor = 100);
    create table pgbench_branches (bid int not null, bbalance int, filler char(88)) with (fillfactor = 100)";
const BRANCHES: &str =
    "insert into pgbench_branches (bid, bbalance) select n, 0 from generate_series(1, $1::bigint) n";
const TELLERS: &str = "insert into pgbench_tellers (tid, bid, tbalance)
    select n, (n - 1) / 10 + 1, 0 from generate_series(1, $1::bigint * 10) n";
const ROWS: &str = "insert into pgbench_accounts (aid, bid, abalance, filler)
    select n, (n - 1) / 100000 + 1, 0, '' from generate_series(1, $1::bigint * 100000) n";
const KEYS: &str = "
    alter table pgbench_branches add primary key (bid);
    alter table pgbench_tellers add primary key (tid);
    alter table pgbench_accounts add primary key (aid)";
const VACUUM: [&str; 4] = [
    "vacuum analyze pgbench_branches",
    "vacuum analyze pgbench_tellers",
    "vacuum analyze pgbench_accounts",
    "vacuum analyze pgbench_history",
];
const PRESENT: &str =
    "select to_regclass('pgbench_branches') is not null and to_regclass('pgbench_accounts') is not null
    and to_regclass('pgbench_tellers') is not null and to_regclass('pgbench_history') is not null";
const SCALE: &str = "select (select count(*) from pgbench_branches), (select count(*) from pgbench_accounts)";

/// Makes tables of this scale, or sees that they are there. Whether it made them.
pub async fn make(connection: &mut Connection, scale: u32, replace: bool) -> anyhow::Result<bool> {
    let scale = i64::from(scale);
    if connection.query_one(PRESENT, &[]).await?.try_get::<_, bool>(0)? {
        let row = connection.query_one(SCALE, &[]).await?;
        let (branches, accounts): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
        if branches == scale && accounts == scale * ACCOUNTS {
            return Ok(false);
        }
        if !replace {
            bail!(
                "pgbench's tables are there with {branches} branches and {accounts} accounts; \
                 --init-scale {scale} means others: add --replace to lose those"
            );
        }
    }
    let transaction = connection.transaction().await?;
    transaction.batch_execute(TABLES).await.context("cannot make pgbench's tables")?;
    for insert in [BRANCHES, TELLERS, ROWS] {
        transaction.execute(insert, &[&scale]).await.context("cannot fill pgbench's tables")?;
    }
    transaction.batch_execute(KEYS).await.context("cannot make the keys")?;
    transaction.commit().await?;
    for vacuum in VACUUM {
        connection.batch_execute(vacuum).await.context("cannot vacuum pgbench's tables")?;
    }
    Ok(true)
}
