//! What network policies let through, worked out as a network plugin does.
//!
//! 1. A direction of a pod is closed once a policy of that direction selects it; without one everything passes.
//! 2. What passes is the union of the rules of all policies that select it: peers and ports, both of one rule.
//! 3. A port's name stands for the port of that name of the pod that is connected to.
//!
//! <https://kubernetes.io/docs/concepts/services-networking/network-policies/>

use serde_json::{Map, Value};

use crate::object::{Look, Manifests, Object, selects};
use crate::workload::Workload;

/// Which way a connection is looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    /// To the pod.
    Ingress,
    /// From the pod.
    Egress,
}

/// Whom a pod speaks to or is spoken to by: as much of it as a rule may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Peer<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its labels.
    pub labels: &'a Map<String, Value>,
}

impl Direction {
    /// As policies spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingress => "Ingress",
            Self::Egress => "Egress",
        }
    }

    fn list(self) -> &'static str {
        match self {
            Self::Ingress => "spec.ingress",
            Self::Egress => "spec.egress",
        }
    }

    fn peers(self) -> &'static str {
        match self {
            Self::Ingress => "from",
            Self::Egress => "to",
        }
    }
}

/// The policies that close this direction of a workload's pods.
pub fn policies<'a>(
    manifests: &'a Manifests,
    workload: &Workload<'_>,
    direction: Direction,
) -> Vec<&'a Object> {
    let closes = |policy: &&Object| {
        let types = policy.at("spec.policyTypes").items();
        // Where nothing is said it is Ingress, and Egress with it if there are rules for it.
        let closes = match (types.is_empty(), direction) {
            (true, Direction::Ingress) => true,
            (true, Direction::Egress) => policy.at("spec.egress").is_given(),
            (false, _) => types.iter().any(|kind| kind == direction.name()),
        };
        closes && workload.is_selected(policy.namespace(), policy.at("spec.podSelector"))
    };
    manifests.of_kind("NetworkPolicy").filter(closes).collect()
}

/// The rules of a direction, each with its policy.
pub fn rules<'a>(
    manifests: &'a Manifests,
    workload: &Workload<'_>,
    direction: Direction,
) -> Vec<(&'a Object, &'a Value)> {
    let policies = policies(manifests, workload, direction);
    policies
        .into_iter()
        .flat_map(|policy| policy.at(direction.list()).items().iter().map(move |rule| (policy, rule)))
        .collect()
}

/// Whether the pods may speak with `peer`, at `port` (TCP) of the pod that is connected to, `server`.
pub fn lets(
    manifests: &Manifests,
    workload: &Workload<'_>,
    direction: Direction,
    peer: Peer<'_>,
    server: &Workload<'_>,
    port: u64,
) -> bool {
    policies(manifests, workload, direction).is_empty()
        || rules(manifests, workload, direction).iter().any(|(policy, rule)| {
            has_port(rule, "TCP", |given| port_of(server, given) == Some(port))
                && has_peer(manifests, policy, rule.at(direction.peers()), peer)
        })
}

/// Whether a rule lets a port through; `is` says whether a given one is the port.
pub fn has_port(rule: &Value, protocol: &str, is: impl Fn(&Value) -> bool) -> bool {
    let ports = rule.at("ports").items();
    let said = |port: &Value| port.at("protocol").as_str().unwrap_or("TCP") == protocol;
    ports.is_empty()
        || ports.iter().any(|port| said(port) && (!port.at("port").is_given() || is(port.at("port"))))
}

/// The number behind a port of a pod: a number is itself, a name is looked up.
pub fn port_of(workload: &Workload<'_>, port: &Value) -> Option<u64> {
    port.as_u64().or_else(|| workload.containers().iter().find_map(|container| container.port(port)))
}

fn has_peer(manifests: &Manifests, policy: &Object, peers: &Value, peer: Peer<'_>) -> bool {
    let peers = peers.items();
    peers.is_empty()
        || peers.iter().any(|given| {
            let pods = given.get("podSelector").is_none_or(|selector| selects(selector, peer.labels));
            let namespace = match given.get("namespaceSelector") {
                Some(selector) => selects(selector, &manifests.namespace_labels(peer.namespace)),
                None => peer.namespace == policy.namespace(),
            };
            // A block of addresses is for what is outside; pods' addresses are nobody's to know.
            !given.at("ipBlock").is_given() && pods && namespace
        })
}
