//! A service may finish its drain before it is killed.
//!
//! Why: the kubelet kills at the end of the grace period, whatever is in flight. A service goes on accepting for
//! `DRAIN_DELAY`, then finishes what it has within `DRAIN_TIMEOUT`, and needs a moment more to flush and to end.

use std::time::Duration;

use super::{Case, Report};
use crate::object::Look;
use crate::workload::workloads;

/// Kubernetes' grace period in seconds where nothing is said.
const GRACE: u64 = 30;
/// The kit's own, in a cluster: `crates/service-kit/src/settings/kit.rs`, held to it by a test of this crate.
pub const DRAIN_DELAY: Duration = Duration::from_secs(5);
/// The kit's own.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(20);

/// Holds the grace period of every pod with one of our services against what the service takes at most.
pub fn check(case: &Case<'_>, report: &mut Report) {
    for workload in workloads(case.manifests) {
        let grace = workload.pod().at("terminationGracePeriodSeconds").as_u64().unwrap_or(GRACE);
        for container in workload.containers().iter().filter(|container| container.service().is_some()) {
            let variables = container.environment(case.manifests, workload.object.namespace());
            let mut span = |name: &str, default: Duration| match variables.get(name).cloned().flatten() {
                None => default,
                Some(text) => humantime::parse_duration(&text).unwrap_or_else(|error| {
                    report.fault(workload.object, container.field(&format!("env[{name}]")), error);
                    default
                }),
            };
            let drain = span("DRAIN_DELAY", DRAIN_DELAY) + span("DRAIN_TIMEOUT", DRAIN_TIMEOUT);
            report.expect(
                Duration::from_secs(grace) > drain,
                workload.object,
                workload.pod_path("terminationGracePeriodSeconds"),
                format_args!(
                    "is {grace} s, not more than DRAIN_DELAY + DRAIN_TIMEOUT of {}, {} s",
                    container.name(),
                    drain.as_secs()
                ),
            );
        }
    }
}
