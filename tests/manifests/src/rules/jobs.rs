//! A Job comes to an end, and goes away.
//!
//! Why: without a deadline a Job that hangs runs for ever, without a back-off limit it is tried for ever, and without a time
//! to live finished ones pile up, each with its pod, until somebody cleans the cluster by hand.

use serde_json::Value;

use super::{Case, Report};
use crate::object::{Look, Object};

/// Looks at Jobs and at those that a `CronJob` makes.
pub fn check(case: &Case<'_>, report: &mut Report) {
    for job in case.manifests.of_kind("Job") {
        bounds(job, "spec", job.at("spec"), report);
    }
    for cron in case.manifests.of_kind("CronJob") {
        bounds(cron, "spec.jobTemplate.spec", cron.at("spec.jobTemplate.spec"), report);
        let policy = cron.at("spec.concurrencyPolicy").text();
        report.expect(
            matches!(policy, "Forbid" | "Replace"),
            cron,
            "spec.concurrencyPolicy",
            "lets a slow run and the next one run at once",
        );
        // Without one, a hundred missed starts end a CronJob for good.
        let deadline = cron.at("spec.startingDeadlineSeconds").as_u64();
        report.expect(deadline.is_some(), cron, "spec.startingDeadlineSeconds", "is not given");
    }
}

fn bounds(object: &Object, path: &str, spec: &Value, report: &mut Report) {
    for (field, message) in [
        ("ttlSecondsAfterFinished", "is not given: it is never removed"),
        ("activeDeadlineSeconds", "is not given: it may run for ever"),
        ("backoffLimit", "is not given"),
    ] {
        report.expect(spec.at(field).as_u64().is_some(), object, format_args!("{path}.{field}"), message);
    }
    let policy = spec.at("template.spec.restartPolicy").text();
    let field = format!("{path}.template.spec.restartPolicy");
    report.expect(matches!(policy, "Never" | "OnFailure"), object, field, "is neither Never nor OnFailure");
}
