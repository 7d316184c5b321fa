//! Every workload has an account of its own, and no token.
//!
//! Why: what all share, `default`, gets every right that anyone binds to it; and a token in a pod that calls no API is a
//! present for whoever breaks in.

use std::collections::BTreeMap;

use super::{Case, Report};
use crate::object::Look;
use crate::workload::{Workload, workloads};

/// Looks for shared accounts and for tokens. That an account exists is the rule `references`'.
pub fn check(case: &Case<'_>, report: &mut Report) {
    let mut owners: BTreeMap<(String, String), String> = BTreeMap::new();
    // Where there is no template, and for a Pooler, the operator makes the account: its manager in the pod watches the API.
    let own = |workload: &&Workload<'_>| workload.template.is_given() && workload.object.kind() != "Pooler";
    for workload in workloads(case.manifests).iter().filter(own) {
        let object = workload.object;
        let account = workload.pod().at("serviceAccountName").text();
        let field = workload.pod_path("serviceAccountName");
        if account.is_empty() || account == "default" {
            report.fault(object, field, "is not an account of its own");
        } else {
            let key = (object.namespace().to_owned(), account.to_owned());
            let owner = owners.entry(key).or_insert_with(|| object.to_string());
            let message = format!("is the account of {owner} too");
            report.expect(*owner == object.to_string(), object, field, message);
        }
        let token = workload.pod().at("automountServiceAccountToken") == false;
        report.expect(token, object, workload.pod_path("automountServiceAccountToken"), "is not false");
    }
    for account in case.manifests.of_kind("ServiceAccount") {
        let token = account.at("automountServiceAccountToken") == false;
        report.expect(token, account, "automountServiceAccountToken", "is not false");
    }
}
