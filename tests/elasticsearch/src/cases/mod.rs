//! What review-api does with real nodes: its store alone, and the whole service as a process under load.
//!
//! 1. [`SINGLE`]: the contract of both stores, installation, what an operator may do to an index, who is let in, and the
//!    service that is killed again and again.
//! 2. [`TIGHT`]: a node that takes little at once.
//! 3. [`THREE`]: nodes that are lost, hang, are restarted, and come back.
//! 4. [`ANYWHERE`]: what leaves a cluster that is somebody else's as it was.

mod indices;
mod install;
mod service;
mod tight;

use service::{access, busy, dead, ends, flood, lost, replicas};

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use review_api::review::{Document, Review, ReviewId};
use review_api::store::elasticsearch::{ElasticsearchMetrics, ElasticsearchStore, IndexPrefix, Options};
use review_api::store::{ReviewStore, Verdict, WriteError};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::cluster::Cluster;
use crate::runner::Case;

/// Names cases by their function.
macro_rules! cases {
    ($($module:ident: $($name:ident)+;)+) => { &[$($((
        concat!(stringify!($module), "::", stringify!($name)),
        |cluster| Box::pin($module::$name(cluster)),
    ),)+)+] };
}

/// One node as it comes.
pub const SINGLE: &[Case] = cases! {
    contract: both_stores_keep_it;
    install:
        eight_at_once_make_one_template
        what_is_there_already_is_left_alone
        a_newer_template_is_left_alone
        a_foreign_template_of_the_same_rank_is_a_refusal
        a_month_is_made_as_we_want_it_though_nobody_installed
        a_template_that_went_away_is_made_again;
    indices:
        every_id_is_kept_as_it_is
        a_repeat_is_a_duplicate_whoever_sends_it
        a_document_that_the_mapping_refuses_is_refused_alone
        a_read_only_index_is_tried_again
        a_closed_index_is_tried_again
        a_month_that_may_not_be_made_is_tried_again
        one_id_in_two_months_is_two_copies;
    replicas:
        five_at_once_make_one_of_everything
        five_at_once_make_one_policy;
    access:
        secrets_come_from_files_and_go_over_tls
        a_wrong_key_and_a_strange_authority_are_told;
    dead: a_mapping_conflict_is_kept_and_comes_back;
    flood: a_flood_stage_is_waited_out;
    ends:
        memory_stays_flat_while_it_loads
        a_hundred_ends_lose_and_double_nothing;
};

/// One node with a write queue of one and requests of at most 64 KiB.
pub const TIGHT: &[Case] = cases! {
    tight:
        a_batch_beyond_the_limit_is_too_large
        a_full_queue_is_tried_again_and_nothing_is_lost;
    busy: a_full_queue_costs_time_and_nothing_else;
};

/// Three nodes.
pub const THREE: &[Case] = cases! {
    lost:
        the_master_is_killed
        the_master_hangs
        all_are_restarted_one_by_one
        the_cluster_is_away_for_a_minute;
};

/// A cluster that others use too: indices of its own names, and nothing else.
pub const ANYWHERE: &[Case] = cases! {
    contract: both_stores_keep_it;
    replicas: five_at_once_make_one_of_everything;
    dead: a_mapping_conflict_is_kept_and_comes_back;
    ends:
        memory_stays_flat_while_it_loads
        a_hundred_ends_lose_and_double_nothing;
};

mod contract {
    use super::{Arc, Cluster, Mutex, ReviewStore, store};

    pub(super) async fn both_stores_keep_it(cluster: Arc<Mutex<Cluster>>) {
        let cluster = cluster.lock().await;
        let store = Arc::new(store(&cluster, "contract"));
        store.install().await.expect("installed");
        assert!(reviews_contract::run("contract", store, &[]).await, "see above");
    }
}

/// A store of its own on the cluster, without replicas where there is no second node.
fn store(cluster: &Cluster, prefix: &str) -> ElasticsearchStore {
    let replicas = u32::from(cluster.nodes.len() > 1);
    let index = IndexPrefix::parse(&cluster.name(prefix)).expect("a prefix");
    let timeout = Duration::from_secs(30);
    let options = cluster.access().options(cluster.urls());
    let options = Options { index, replicas, timeout, query_timeout: timeout, ..options };
    ElasticsearchStore::open(options, &ElasticsearchMetrics::default()).expect("a store")
}

/// A review that was written at `time` and taken now.
fn document(id: &str, time: &str) -> Arc<Document> {
    let review = Review {
        id: ReviewId::parse(id).expect("an id"),
        delivery_id: "delivery".to_owned(),
        text: "the milk was warm".to_owned(),
        rating: Some(2),
        language: Some("en".to_owned()),
        written_at: time.parse().expect("a time"),
        hub: Some("north".to_owned()),
        tour: None,
        tags: Vec::new(),
    };
    Arc::new(Document { review, received_at: Timestamp::now() })
}

/// Writes until every document has a verdict that is final, as the batcher does.
async fn write_all(store: &ElasticsearchStore, mut batch: Vec<Arc<Document>>) -> Vec<(ReviewId, Verdict)> {
    let deadline = Instant::now() + Duration::from_mins(3);
    let (mut done, mut why) = (Vec::new(), Vec::new());
    while !batch.is_empty() {
        assert!(Instant::now() < deadline, "{} documents have no verdict: {why:?}", batch.len());
        match store.write(&batch).await {
            Ok(verdicts) => {
                let mut again = Vec::new();
                for (document, verdict) in batch.into_iter().zip(verdicts) {
                    match verdict {
                        Verdict::Busy(reason) | Verdict::Again(reason) => {
                            why.push(reason);
                            again.push(document);
                        }
                        verdict => done.push((document.review.id.clone(), verdict)),
                    }
                }
                batch = again;
            }
            Err(error @ (WriteError::Away(_) | WriteError::Overloaded { .. })) => why.push(error.to_string()),
            Err(error) => panic!("{error}"),
        }
        why.dedup();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    done
}

/// One verdict for one document.
async fn write_one(store: &ElasticsearchStore, document: &Arc<Document>) -> Verdict {
    store.write(std::slice::from_ref(document)).await.expect("verdicts").remove(0)
}

/// Reviews in the indices of a prefix, once everything is searchable.
async fn count(cluster: &Cluster, prefix: &str) -> u64 {
    cluster.refresh(&format!("{prefix}-20*")).await;
    let path = format!("/{prefix}-20*/_count");
    cluster.call(reqwest::Method::GET, &path, None).await["count"].as_u64().expect("a number")
}
