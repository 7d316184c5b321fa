//! Rights are named one by one.
//!
//! Why: a `*` holds for what is invented tomorrow too; and who may escalate, bind or impersonate has every right there is.

use super::{Case, Report};
use crate::object::{Look, Object};

/// Verbs that give their owner rights that the rule does not name.
const POWERS: &[&str] = &["bind", "escalate", "impersonate"];
/// Groups that hold everybody.
const EVERYBODY: &[&str] = &["system:authenticated", "system:unauthenticated", "system:serviceaccounts"];

/// Looks at roles and at who gets them.
pub fn check(case: &Case<'_>, report: &mut Report) {
    for object in case.manifests.all() {
        match object.kind() {
            "Role" | "ClusterRole" => role(object, report),
            "RoleBinding" | "ClusterRoleBinding" => binding(object, report),
            _ => {}
        }
    }
}

fn role(object: &Object, report: &mut Report) {
    for (index, rule) in object.at("rules").items().iter().enumerate() {
        for list in ["apiGroups", "resources", "verbs", "nonResourceURLs"] {
            for word in rule.at(list).items() {
                let field = format!("rules[{index}].{list}");
                report.expect(
                    !word.text().contains('*'),
                    object,
                    &field,
                    format_args!("has a wildcard: {word}"),
                );
                let power = list == "verbs" && POWERS.contains(&word.text());
                report.expect(!power, object, &field, format_args!("gives every right: {word}"));
            }
        }
    }
}

fn binding(object: &Object, report: &mut Report) {
    let role = object.at("roleRef.name").text();
    let power = matches!(role, "cluster-admin" | "admin" | "edit");
    report.expect(!power, object, "roleRef.name", format_args!("is {role}, which is every right"));
    for (index, subject) in object.at("subjects").items().iter().enumerate() {
        let name = subject.at("name").text();
        let everybody = EVERYBODY.iter().any(|group| name.starts_with(group))
            || (subject.at("kind") == "ServiceAccount" && name == "default");
        report.expect(
            !everybody,
            object,
            format_args!("subjects[{index}].name"),
            format_args!("is {name}, which is everybody"),
        );
    }
}
