//! A budget lets a drain go on, and what has several pods has one budget.
//!
//! Why: a budget of which nothing may be taken blocks the drain of a node until somebody deletes it by night. Broken pods
//! that count as needed block it too, unless `unhealthyPodEvictionPolicy` says otherwise. Without a budget a drain takes all
//! pods of a node at once; with two budgets over one pod the eviction API refuses every eviction.
//! <https://kubernetes.io/docs/tasks/run-application/configure-pdb/>

use serde_json::Value;

use super::{Case, Report, Scope};
use crate::object::{Look, Object};
use crate::workload::{Workload, workloads};

/// Looks at every budget, and at every workload with more than one pod.
pub fn check(case: &Case<'_>, report: &mut Report) {
    let workloads = workloads(case.manifests);
    let budgets: Vec<_> = case.manifests.of_kind("PodDisruptionBudget").collect();
    let covers = |budget: &Object, workload: &Workload<'_>| {
        workload.is_selected(budget.namespace(), budget.at("spec.selector"))
    };
    for budget in &budgets {
        let policy = budget.at("spec.unhealthyPodEvictionPolicy") == "AlwaysAllow";
        let field = "spec.unhealthyPodEvictionPolicy";
        report.expect(policy, budget, field, "is not AlwaysAllow: a broken pod blocks a drain");
        for workload in workloads.iter().filter(|workload| covers(budget, workload)) {
            room(budget, workload, workload.replicas(case.manifests).0, report);
        }
    }
    for workload in workloads.iter().filter(|workload| !workload.ends() && !workload.managed) {
        let (least, _) = workload.replicas(case.manifests);
        let count = budgets.iter().filter(|budget| covers(budget, workload)).count();
        // The component that makes them several and the one that brings budgets are two.
        if (least > 1 && case.scope >= Scope::Replicated) || count > 1 {
            let message = format!("has {least} pods and {count} budgets, not one");
            report.expect(count == 1, workload.object, "spec.selector", message);
        }
    }
}

/// Whether one pod of `replicas` may go, and not all of them.
fn room(budget: &Object, workload: &Workload<'_>, replicas: u64, report: &mut Report) {
    let of = format!("of the {replicas} of {}", workload.object);
    let mut check = |field: &str, may_go: &dyn Fn(u64) -> u64| {
        let value = budget.at(field);
        match count(value, replicas).map(may_go) {
            None => {
                report.fault(budget, field, format_args!("is neither a number nor a percentage: {value}"));
            }
            Some(0) => report.fault(
                budget,
                field,
                format_args!("is {value}: none {of} may go, which blocks a drain"),
            ),
            Some(gone) if gone >= replicas && replicas > 1 => {
                report.fault(budget, field, format_args!("is {value}: all {of} may go at once"));
            }
            Some(_) => {}
        }
    };
    if budget.at("spec.minAvailable").is_given() {
        check("spec.minAvailable", &|stay| replicas.saturating_sub(stay));
    } else {
        check("spec.maxUnavailable", &|go| go);
    }
}

/// A number of pods; the budget's controller rounds percentages up.
fn count(value: &Value, replicas: u64) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => {
            let percent: u64 = text.strip_suffix('%')?.parse().ok()?;
            Some((percent * replicas).div_ceil(100))
        }
        _ => None,
    }
}
