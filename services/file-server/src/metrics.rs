//! What the server counts beside what the kit and the bucket count: the cache, the encodings, the streams.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

service_kit::metrics! {
    /// What becomes of lookups, and what is in memory.
    pub struct CacheMetrics {
        /// Lookups answered from memory, without asking the store.
        pub cache_hits: Counter,
        /// Lookups for which the store was asked, or that waited for such a question.
        pub cache_misses: Counter,
        /// Lookups that waited for the store's answer to somebody else.
        pub cache_coalesced: Counter,
        /// Questions to the store whether a known object changed to which it said no.
        pub cache_revalidated: Counter,
        /// Answers with what was known before, because the store failed.
        pub cache_stale: Counter,
        /// Entries that gave way to others.
        pub cache_evictions: Counter,
        /// Entries that were forgotten at an operator's word.
        pub cache_purged: Counter,
        /// Bytes of what is kept, keys and headers included.
        pub cache_bytes: Gauge,
        /// Bytes of cached bodies in memory, those included that only a slow client still holds.
        pub cache_body_bytes: Gauge,
        /// Bytes of long objects read from the store that have not been written out yet.
        pub stream_bytes: Gauge,
        /// Long objects on their way to clients.
        pub streams_active: Gauge,
        /// Encoded forms that were made here.
        pub encodings_made: Counter,
        /// Bytes that the forms made here are shorter than their objects.
        pub encodings_saved_bytes: Counter,
    }
}
