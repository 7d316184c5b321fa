//! The batcher by itself. Time stands still but for those who wait for it, so nothing here depends on the machine.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use review_api::batch::{BatchMetrics, BatchSettings, Batcher, Outcome, Patience, Receipt, retry, weight};
use review_api::dead::{Dead, DeadMetrics, DeadSettings};
use review_api::review::Document;
use review_api::store::ReviewStore;
use service_kit::Metrics;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::double::Double;
use crate::support::document;

/// Far longer than anything here takes.
const LONG: Duration = Duration::from_hours(1);

struct Bench {
    store: Arc<Double>,
    batcher: Batcher,
    shutdown: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

impl Bench {
    fn new(settings: BatchSettings) -> Self {
        let store = Double::new();
        let behind: Arc<dyn ReviewStore> = store.clone();
        let metrics = Metrics::default();
        let (batch, dead) =
            metrics.with(|registry| (BatchMetrics::register(registry), DeadMetrics::register(registry)));
        let dead =
            Dead::open(DeadSettings { dir: None, max: 1 << 20 }, Arc::clone(&behind), dead).expect("opened");
        let shutdown = CancellationToken::new();
        let (batcher, dispatcher) = Batcher::new(behind, Arc::new(dead), settings, batch, shutdown.clone());
        Self { store, batcher, shutdown, running: tokio::spawn(dispatcher.run()) }
    }

    fn push(&self, document: Arc<Document>, patience: Patience) -> Receipt {
        let room = self.batcher.try_room(weight(&document)).expect("there is room");
        self.batcher.push(room, document, patience)
    }

    /// Pushes one that is tried for ever.
    fn send(&self, id: &str) -> Receipt {
        self.push(document(id), Patience::Forever)
    }

    /// Waits until a batch is with the store.
    async fn in_flight(&self, batches: usize) {
        while self.store.in_flight() < batches {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

fn within(time: Duration) -> Patience {
    Patience::Until(Instant::now() + time)
}

fn count(count: usize) -> BatchSettings {
    BatchSettings { count, wait: LONG, ..BatchSettings::default() }
}

#[tokio::test(start_paused = true)]
async fn a_batch_goes_when_it_is_full_or_has_waited() {
    let bench = Bench::new(BatchSettings { count: 10, ..BatchSettings::default() });
    let begun = Instant::now();
    let receipts: Vec<_> = (0..25).map(|index| bench.send(&format!("r-{index}"))).collect();
    assert_eq!(join_all(receipts).await, vec![Outcome::Created; 25]);
    let sizes: Vec<_> = bench.store.batches().iter().map(Vec::len).collect();
    assert_eq!(sizes, [10, 10, 5]);
    assert!(begun.elapsed() >= BatchSettings::default().wait, "the last five waited for more");
    let order: Vec<_> = bench.store.batches().concat();
    assert_eq!(order, (0..25).map(|index| format!("r-{index}")).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_batch_has_no_more_bytes_than_it_may_but_always_one_document() {
    let each = weight(&document("r-1"));
    let bench = Bench::new(BatchSettings { bytes: each * 3, ..BatchSettings::default() });
    let receipts: Vec<_> = (1..=7).map(|index| bench.send(&format!("r-{index}"))).collect();
    join_all(receipts).await;
    assert_eq!(bench.store.batches().iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
    let bench = Bench::new(BatchSettings { bytes: 1, ..BatchSettings::default() });
    assert_eq!(bench.send("r-1").await, Outcome::Created);
}

#[tokio::test(start_paused = true)]
async fn the_second_of_two_at_once_is_a_duplicate_and_is_not_sent() {
    let bench = Bench::new(BatchSettings::default());
    let both = join_all([bench.send("same"), bench.send("same"), bench.send("other")]).await;
    assert_eq!(both, [Outcome::Created, Outcome::Duplicate, Outcome::Created]);
    assert_eq!(bench.store.batches(), [["same", "other"]]);
    bench.store.hold(true);
    let first = bench.send("late");
    bench.in_flight(1).await;
    let second = bench.send("late");
    tokio::time::sleep(Duration::from_secs(1)).await;
    bench.store.hold(false);
    assert_eq!((first.await, second.await), (Outcome::Created, Outcome::Duplicate));
    assert_eq!(bench.store.batches().len(), 2, "the second came while the first was on its way");
    assert_eq!(bench.send("late").await, Outcome::Duplicate);
    assert_eq!(bench.store.batches().len(), 3, "once the first is done with, the store is asked");
}

#[tokio::test(start_paused = true)]
async fn one_with_the_same_id_but_another_time_asks_the_store_itself() {
    let bench = Bench::new(BatchSettings::default());
    let mut other = Document::clone(&document("same"));
    other.review.written_at = Timestamp::UNIX_EPOCH;
    let first = bench.send("same");
    let second = bench.push(Arc::new(other), Patience::Forever);
    assert_eq!((first.await, second.await), (Outcome::Created, Outcome::Duplicate));
    assert_eq!(bench.store.batches(), [["same"], ["same"]]);
}

#[tokio::test(start_paused = true)]
async fn who_waited_for_a_first_that_failed_takes_its_place() {
    let bench = Bench::new(BatchSettings::default());
    bench.store.behave(|manner| manner.away = true);
    let first = bench.push(document("same"), within(Duration::from_secs(2)));
    let second = bench.send("same");
    assert!(matches!(first.await, Outcome::Retry(_)));
    bench.store.behave(|manner| manner.away = false);
    assert_eq!(second.await, Outcome::Created);
}

#[tokio::test(start_paused = true)]
async fn what_was_put_off_is_tried_again_alone() {
    let bench = Bench::new(BatchSettings::default());
    let receipts = ["a", "again2-b", "c"].map(|id| bench.send(id));
    assert_eq!(join_all(receipts).await, vec![Outcome::Created; 3]);
    let batches = bench.store.batches();
    assert_eq!(batches[0], ["a", "again2-b", "c"]);
    assert_eq!(batches[1..], [["again2-b"], ["again2-b"]]);
}

/// As where a request meets three full queues of four: each time one of them has room for its part.
#[tokio::test(start_paused = true)]
async fn what_meets_full_queues_comes_back_together_as_long_as_some_of_it_is_taken() {
    let bench = Bench::new(BatchSettings::default());
    let begun = Instant::now();
    let ids = ["a", "busy1-b", "busy2-c", "busy3-d", "busy3-e"];
    assert_eq!(join_all(ids.map(|id| bench.send(id))).await, vec![Outcome::Created; 5]);
    let mut batches = bench.store.batches();
    for batch in &mut batches {
        batch.sort();
    }
    assert_eq!(batches, [&ids[..], &ids[1..], &ids[2..], &ids[3..]]);
    let most = BatchSettings::default().wait + 3 * retry::FIRST;
    assert!(begun.elapsed() <= most, "none waited longer than a first time: {:?}", begun.elapsed());
}

/// Where nothing is taken there is nothing to hope for soon.
#[tokio::test(start_paused = true)]
async fn what_meets_full_queues_in_vain_waits_longer_each_time() {
    let bench = Bench::new(BatchSettings::default());
    let patience = within(Duration::from_mins(1));
    assert!(matches!(bench.push(document("busy999-a"), patience).await, Outcome::Retry(_)));
    let tries = bench.store.batches().len();
    assert!(tries < 80, "{tries} in a minute");
}

#[tokio::test(start_paused = true)]
async fn what_is_put_off_beyond_patience_is_given_up() {
    let bench = Bench::new(BatchSettings::default());
    let begun = Instant::now();
    let outcome = bench.push(document("again999-a"), within(Duration::from_secs(3))).await;
    assert!(
        matches!(&outcome, Outcome::Retry(reason) if reason.contains("rejected_execution")),
        "{outcome:?}"
    );
    assert!(begun.elapsed() <= Duration::from_secs(3));
    assert!(bench.store.batches().len() > 3);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_too_large_is_halved_and_the_next_ones_are_smaller() {
    let bench = Bench::new(count(64));
    bench.store.behave(|manner| manner.documents_max = Some(5));
    let receipts: Vec<_> = (0..64).map(|index| bench.send(&format!("r-{index}"))).collect();
    assert_eq!(join_all(receipts).await, vec![Outcome::Created; 64]);
    let sizes: Vec<_> = bench.store.batches().iter().map(Vec::len).collect();
    assert_eq!(sizes[..5], [64, 32, 16, 8, 4]);
    assert_eq!(
        bench.store.batches().iter().filter(|batch| batch.len() <= 5).map(Vec::len).sum::<usize>(),
        64
    );
}

#[tokio::test(start_paused = true)]
async fn one_document_that_is_too_large_is_a_dead_letter() {
    let bench = Bench::new(BatchSettings::default());
    let receipts = ["a", "huge-b", "c"].map(|id| bench.send(id));
    let outcomes = join_all(receipts).await;
    assert!(
        matches!(&outcomes[1], Outcome::Rejected(reason) if reason.contains("too large")),
        "{outcomes:?}"
    );
    assert_eq!((&outcomes[0], &outcomes[2]), (&Outcome::Created, &Outcome::Created));
    assert_eq!(bench.store.buried(), ["huge-b"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_buried_before_anybody_is_told() {
    let bench = Bench::new(BatchSettings::default());
    let outcome = bench.send("refused-a").await;
    assert_eq!(outcome, Outcome::Rejected("the mapping does not allow it".to_owned()));
    assert_eq!(bench.store.buried(), ["refused-a"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_buried_is_not_rejected() {
    let bench = Bench::new(BatchSettings::default());
    bench.store.behave(|manner| manner.no_burials = true);
    let impatient = bench.push(document("refused-a"), within(LONG)).await;
    assert!(matches!(impatient, Outcome::Retry(_)), "{impatient:?}");
    let kept = bench.send("refused-b");
    while bench.store.batches().len() < 4 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    bench.store.behave(|manner| manner.no_burials = false);
    assert!(matches!(kept.await, Outcome::Rejected(_)));
    assert_eq!(bench.store.buried(), ["refused-b"]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_is_known_to_be_and_found_again() {
    let bench = Bench::new(BatchSettings::default());
    bench.store.behave(|manner| manner.away = true);
    let kept = bench.send("kept");
    let begun = Instant::now();
    let outcome = bench.push(document("impatient"), within(Duration::from_secs(5))).await;
    assert!(matches!(outcome, Outcome::Retry(_)));
    assert!(begun.elapsed() < Duration::from_secs(6));
    assert!(bench.batcher.store_is_away());
    tokio::time::sleep(LONG).await;
    let attempts = bench.store.batches().len();
    assert!((600..6_000).contains(&attempts), "{attempts} attempts in an hour");
    bench.store.behave(|manner| manner.away = false);
    assert_eq!(kept.await, Outcome::Created);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!bench.batcher.store_is_away());
    assert!(!bench.store.has("impatient"));
}

#[tokio::test(start_paused = true)]
async fn an_idle_store_is_looked_after() {
    let bench = Bench::new(BatchSettings::default());
    assert!(!bench.batcher.store_is_away());
    bench.store.behave(|manner| manner.away = true);
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(bench.batcher.store_is_away());
    bench.store.behave(|manner| manner.away = false);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!bench.batcher.store_is_away());
    assert_eq!(bench.store.batches().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_overloaded_store_gets_the_pause_it_asks_for() {
    let bench = Bench::new(BatchSettings::default());
    let pause = Duration::from_secs(20);
    bench.store.behave(|manner| manner.overloaded = Some((2, pause)));
    let begun = Instant::now();
    assert_eq!(bench.send("a").await, Outcome::Created);
    assert!(begun.elapsed() >= 2 * pause, "{:?}", begun.elapsed());
    assert!(!bench.batcher.store_is_away(), "it is there, and busy");
    assert_eq!(bench.store.batches().len(), 3);
    // The pause is over with the first success.
    let begun = Instant::now();
    assert_eq!(bench.send("b").await, Outcome::Created);
    assert!(begun.elapsed() < pause);
}

#[tokio::test(start_paused = true)]
async fn an_answer_with_too_few_verdicts_is_none() {
    let bench = Bench::new(BatchSettings::default());
    bench.store.behave(|manner| manner.forgetful = true);
    let receipts = ["a", "b"].map(|id| bench.send(id));
    while bench.store.batches().len() < 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    bench.store.behave(|manner| manner.forgetful = false);
    // The store has kept them the first time: they are there, and they are there once.
    assert_eq!(join_all(receipts).await, vec![Outcome::Duplicate; 2]);
    assert_eq!(bench.store.stored(), 2);
}

#[tokio::test(start_paused = true)]
async fn batches_in_flight_grow_to_the_most_and_no_further() {
    let bench = Bench::new(BatchSettings { count: 1, concurrency: 3, ..BatchSettings::default() });
    bench.store.hold(true);
    let first: Vec<_> = (0..8).map(|index| bench.send(&format!("first-{index}"))).collect();
    bench.in_flight(1).await;
    tokio::time::sleep(LONG).await;
    assert_eq!(bench.store.in_flight(), 1, "it begins with one");
    bench.store.hold(false);
    join_all(first).await;
    tokio::time::sleep(LONG).await;
    bench.store.hold(true);
    let second: Vec<_> = (0..50).map(|index| bench.send(&format!("second-{index}"))).collect();
    bench.in_flight(3).await;
    tokio::time::sleep(LONG).await;
    assert_eq!(bench.store.in_flight(), 3);
    bench.store.hold(false);
    join_all(second).await;
    assert_eq!(bench.store.most_in_flight(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_says_so_and_keeps_a_quarter_for_those_who_cannot_wait() {
    let each = weight(&document("r-00"));
    let bench = Bench::new(BatchSettings { queue_bytes: each * 8, ..BatchSettings::default() });
    bench.store.hold(true);
    let mut receipts = Vec::new();
    for index in 0..6 {
        let room = bench.batcher.room(each).await;
        receipts.push(bench.batcher.push(room, document(&format!("r-0{index}")), Patience::Forever));
    }
    let waiting = tokio::time::timeout(LONG, bench.batcher.room(each)).await;
    assert!(waiting.is_err(), "those who wait have three quarters");
    receipts.extend(["r-06", "r-07"].map(|id| bench.send(id)));
    assert!(bench.batcher.try_room(each).is_none(), "now it is full");
    bench.store.hold(false);
    assert_eq!(join_all(receipts).await, vec![Outcome::Created; 8]);
    assert!(bench.batcher.try_room(each * 8).is_some(), "all room is given back");
}

#[tokio::test(start_paused = true)]
async fn at_the_end_everything_is_tried_once_more_and_told() {
    let bench = Bench::new(BatchSettings { wait: LONG, ..BatchSettings::default() });
    let waiting = bench.send("waiting");
    tokio::time::sleep(Duration::from_secs(1)).await;
    bench.shutdown.cancel();
    assert_eq!(waiting.await, Outcome::Created);
    bench.running.await.expect("no panic").expect("a clean end");

    let bench = Bench::new(BatchSettings::default());
    bench.store.behave(|manner| manner.away = true);
    let (kept, put_off) = (bench.send("kept"), bench.send("again9-b"));
    tokio::time::sleep(Duration::from_mins(1)).await;
    bench.shutdown.cancel();
    assert!(matches!(kept.await, Outcome::Retry(_)));
    assert!(matches!(put_off.await, Outcome::Retry(_)));
    assert!(matches!(bench.send("late").await, Outcome::Retry(_)));
    bench.running.await.expect("no panic").expect("a clean end");
}

#[tokio::test(start_paused = true)]
async fn what_nobody_waits_for_any_more_is_not_tried_for_ever() {
    let bench = Bench::new(BatchSettings::default());
    bench.store.behave(|manner| manner.away = true);
    drop(bench.push(document("gone"), within(LONG)));
    tokio::time::sleep(Duration::from_secs(30)).await;
    let all = BatchSettings::default().queue_bytes;
    assert!(bench.batcher.try_room(all).is_some(), "its room is given back");
}
