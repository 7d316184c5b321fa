//! Seeds a `PostgreSQL`, benchmarks it, and measures its failover.
