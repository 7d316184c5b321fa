//! What every rendering must keep. One file a rule; each says why, and has files in `broken/` that break it.
//!
//! 1. A [`Rule`] looks at a [`Case`], a rendering with what is known beside it.
//! 2. It says each fault with object and field to a [`Report`].
//! 3. [`ALL`] is the list.

use std::fmt::{self, Display};

use crate::facts::Facts;
use crate::object::{Manifests, Object};

pub mod accounts;
pub mod autoscaling;
pub mod availability;
pub mod copies;
pub mod disruption;
pub mod images;
pub mod jobs;
pub mod network;
pub mod pod_security;
pub mod probes;
pub mod quota;
pub mod rbac;
pub mod references;
pub mod resources;
pub mod selectors;
pub mod settings;
pub mod shutdown;

/// One rule over one rendering.
pub struct Rule {
    /// Its name, which its files in `broken/` begin with.
    pub name: &'static str,
    /// Looks for faults.
    pub check: fn(&Case<'_>, &mut Report),
}

/// A rendering and what is known beside it.
pub struct Case<'a> {
    /// The objects.
    pub manifests: &'a Manifests,
    /// What they are held against.
    pub facts: &'a Facts,
    /// How much of everything the rendering is.
    pub scope: Scope,
}

/// How much a rendering has to have.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Scope {
    /// One component's base: what it talks to may be elsewhere.
    Part,
    /// All that a namespace needs.
    Whole,
    /// All, and it survives the loss of a node.
    Replicated,
    /// All that, with what only a registry and operators give.
    Production,
}

/// One fault.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// The object: kind, namespace, name.
    pub object: String,
    /// The field, from the object's root.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
    /// A component may serve what not every overlay has: it is enough that the field is sound in one rendering.
    pub elsewhere: bool,
}

impl Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}: {}: {}", self.rule, self.object, self.field, self.message)
    }
}

/// What the rules found.
#[derive(Debug, Default)]
pub struct Report {
    rule: &'static str,
    findings: Vec<Finding>,
}

impl Report {
    /// A fault of `field` of `object`.
    pub fn fault(&mut self, object: &Object, field: impl Display, message: impl Display) {
        self.push(object, &field, &message, false);
    }

    /// A fault unless the field is sound in another rendering.
    pub fn fault_here(&mut self, object: &Object, field: impl Display, message: impl Display) {
        self.push(object, &field, &message, true);
    }

    fn push(&mut self, object: &Object, field: &dyn Display, message: &dyn Display, elsewhere: bool) {
        let (object, field, message) = (object.to_string(), field.to_string(), message.to_string());
        self.findings.push(Finding { rule: self.rule, object, field, message, elsewhere });
    }

    /// A fault of `field`, if there is one.
    pub fn expect(&mut self, sound: bool, object: &Object, field: impl Display, message: impl Display) {
        if !sound {
            self.fault(object, field, message);
        }
    }
}

/// All rules.
pub const ALL: &[Rule] = &[
    Rule { name: "accounts", check: accounts::check },
    Rule { name: "autoscaling", check: autoscaling::check },
    Rule { name: "availability", check: availability::check },
    Rule { name: "disruption", check: disruption::check },
    Rule { name: "images", check: images::check },
    Rule { name: "jobs", check: jobs::check },
    Rule { name: "network", check: network::check },
    Rule { name: "pod-security", check: pod_security::check },
    Rule { name: "probes", check: probes::check },
    Rule { name: "quota", check: quota::check },
    Rule { name: "rbac", check: rbac::check },
    Rule { name: "references", check: references::check },
    Rule { name: "resources", check: resources::check },
    Rule { name: "selectors", check: selectors::check },
    Rule { name: "settings", check: settings::check },
    Rule { name: "shutdown", check: shutdown::check },
];

/// Holds a rendering against all rules.
pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut report = Report::default();
    for rule in ALL {
        report.rule = rule.name;
        (rule.check)(case, &mut report);
    }
    report.findings.sort();
    report.findings.dedup();
    report.findings
}
