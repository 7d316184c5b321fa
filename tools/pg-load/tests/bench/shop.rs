//! The workloads over the seeded shop.

use std::process::Command;

use crate::support::Postgres;
use crate::tool::{PROGRAM, Run, told};

#[test]
fn every_transaction_of_the_shop_runs_without_an_error() {
    let Some(postgres) = Postgres::start(&[]) else { return };
    let seeded =
        Command::new(PROGRAM).args(["seed", "--rows", "20000"]).env("DATABASE_URL", postgres.url()).output();
    let seeded = seeded.expect("it starts");
    assert!(seeded.status.success(), "{}", told(&seeded));
    let arguments =
        ["--workload", "mixed=1,read=1,write=1", "--clients", "4", "--warm-up", "0s", "--duration", "8s"];
    let result = Run::bench(&postgres.url(), &arguments).passed();
    assert_eq!((result.failed, &result.errors), (0, &std::collections::BTreeMap::new()));
    assert_eq!(result.transactions.len(), 8);
    for (name, kind) in &result.transactions {
        assert!(kind.committed > 0, "{name} never ran");
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (orders, whole): (i64, i64) = runtime.block_on(async {
        let session = postgres.connect().await;
        let placed = "select count(*), count(*) filter (where net_cents > 0
                and exists (select from shop.payments p where p.order_id = o.id and p.amount_cents = o.total_cents)
                and 2 = (select count(*) from shop.order_items i where i.order_id = o.id and i.placed_at = o.placed_at))
            from shop.orders o where placed_at > now() - interval '1 hour'";
        let row = session.query_one(placed, &[]).await.expect("orders");
        (row.get(0), row.get(1))
    });
    let placed = i64::try_from(result.transactions["place-order"].committed).expect("a count");
    assert!(orders > 0 && orders <= placed, "{orders} of {placed}");
    assert_eq!(orders, whole, "an order has its items and its payment");
}
