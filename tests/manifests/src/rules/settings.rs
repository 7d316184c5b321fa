//! Every variable that our containers are given is one that the service reads.
//!
//! Why: a service ignores variables that it does not know, as every process does. A name with a letter wrong is the default
//! in production, and nothing says so.

use super::{Case, Report};
use crate::workload::workloads;

/// What the AWS SDK reads, for stores that give rights to an account instead of a key.
const SDK: &[&str] =
    &["AWS_REGION", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_SESSION_NAME", "AWS_CA_BUNDLE"];

/// Holds every variable's name against the code of its service.
pub fn check(case: &Case<'_>, report: &mut Report) {
    for workload in workloads(case.manifests) {
        for container in workload.containers() {
            let Some(service) = container.service() else { continue };
            let Some(known) = case.facts.variables.get(service) else {
                report.fault(
                    workload.object,
                    container.field("image"),
                    format_args!("there is no service {service}"),
                );
                continue;
            };
            for name in container.environment(case.manifests, workload.object.namespace()).into_keys() {
                report.expect(
                    known.contains(&name) || SDK.contains(&name.as_str()),
                    workload.object,
                    container.field(&format!("env[{name}]")),
                    format_args!("is nothing that {service} reads"),
                );
            }
        }
    }
}
