//! Every image stands in the one list, with an exact version, and by digest where the list has it.
//!
//! Why: a tag that moves is another program after the next restart of a pod, on that node alone. One list is one place for
//! who updates, scans or mirrors.

use std::collections::BTreeSet;

use super::{Case, Report, Scope};
use crate::facts::Images;
use crate::object::{Look, Object};
use crate::workload::{Workload, workloads};

/// What operators run for a resource, and the field that says the whole image. Where it says a version only the name is
/// ECK's: `pkg/controller/common/container/container.go`.
const OPERATED: &[(&str, &str, &str)] = &[
    ("Elasticsearch", "spec.image", "docker.elastic.co/elasticsearch/elasticsearch"),
    ("Kibana", "spec.image", "docker.elastic.co/kibana/kibana"),
    ("Cluster", "spec.imageName", ""),
    ("Prometheus", "spec.image", ""),
];

/// `PostgreSQL`'s versions have two numbers.
const TWO_NUMBERS: &[&str] = &["ghcr.io/cloudnative-pg/postgresql"];

/// Holds every image against the list.
pub fn check(case: &Case<'_>, report: &mut Report) {
    for workload in workloads(case.manifests) {
        for container in workload.containers() {
            let image = container.value.at("image").text();
            // A container that only adds to what an operator makes has no image of its own.
            if !(workload.managed && image.is_empty()) {
                self::image(case, workload.object, &container.field("image"), image, report);
            }
            if !workload.managed {
                let policy = container.value.at("imagePullPolicy") == "IfNotPresent";
                let field = container.field("imagePullPolicy");
                report.expect(
                    policy,
                    workload.object,
                    field,
                    "is not IfNotPresent: an image that was loaded is not found",
                );
            }
        }
    }
    for (object, field, image) in operated(case) {
        self::image(case, object, field, &image, report);
    }
}

/// The images that operators start for a custom resource.
fn operated<'a>(case: &'a Case<'_>) -> Vec<(&'a Object, &'static str, String)> {
    let image = |object: &'a Object, field: &'static str, name: &str| match object.at(field).text() {
        "" => (object, "spec.version", format!("{name}:{}", object.at("spec.version").text())),
        image => (object, field, image.to_owned()),
    };
    let of_kind = |(kind, field, name): &(&'static str, &'static str, &'static str)| {
        let (field, name) = (*field, *name);
        case.manifests.of_kind(kind).map(move |object| image(object, field, name)).collect::<Vec<_>>()
    };
    OPERATED.iter().flat_map(of_kind).collect()
}

/// The names of all images of a rendering.
pub fn names(case: &Case<'_>) -> BTreeSet<String> {
    let containers = workloads(case.manifests);
    let containers = containers.iter().flat_map(Workload::containers);
    let images = containers.map(|container| container.value.at("image").text().to_owned());
    let operated = operated(case).into_iter().map(|(_, _, image)| image);
    images.chain(operated).map(|image| split(&image).0.to_owned()).filter(|name| !name.is_empty()).collect()
}

/// Entries of the list that nothing uses.
pub fn stale<'a>(list: &'a Images, used: &BTreeSet<String>) -> Vec<&'a str> {
    list.keys().filter(|name| !used.contains(*name)).map(String::as_str).collect()
}

fn image(case: &Case<'_>, object: &Object, field: &str, image: &str, report: &mut Report) {
    let (name, tag, digest) = split(image);
    let Some(listed) = case.facts.images.get(name) else {
        report.fault(object, field, format_args!("is {image:?}, which the list of images does not have"));
        return;
    };
    report.expect(
        is_exact(name, tag),
        object,
        field,
        format_args!("is {image:?}, which is no exact version"),
    );
    let message = format!("is {image:?}, and the list says {:?}", listed.tag);
    report.expect(tag == listed.tag || !is_exact(name, tag), object, field, message);
    match (&listed.digest, digest) {
        (Some(listed), "") if case.scope == Scope::Production => {
            report.fault(object, field, format_args!("is {image:?}, without the digest {listed}"));
        }
        (Some(listed), digest) if !digest.is_empty() && digest != listed => {
            report.fault(object, field, format_args!("is {image:?}, and the list says {listed}"));
        }
        _ => {}
    }
}

/// Name, tag and digest. A port of a registry is part of the name.
fn split(image: &str) -> (&str, &str, &str) {
    let (rest, digest) = image.split_once('@').unwrap_or((image, ""));
    match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag, digest),
        _ => (rest, "", digest),
    }
}

/// Three numbers at least: `8.19` moves, `8.19.4` and a date do not.
fn is_exact(name: &str, tag: &str) -> bool {
    let numbers = tag.split(|character: char| !character.is_ascii_digit());
    let least = if TWO_NUMBERS.contains(&name) { 2 } else { 3 };
    numbers.filter(|number| !number.is_empty()).count() >= least
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Listed;

    #[test]
    fn a_reference_has_a_name_a_tag_and_a_digest() {
        assert_eq!(split("a/b:1.2.3"), ("a/b", "1.2.3", ""));
        assert_eq!(split("host.example:5000/a@sha256:00"), ("host.example:5000/a", "", "sha256:00"));
        assert_eq!(split("a:1@sha256:00"), ("a", "1", "sha256:00"));
    }

    #[test]
    fn only_three_numbers_are_exact() {
        for (tag, exact) in [
            ("latest", false),
            ("", false),
            ("8", false),
            ("8.19", false),
            ("8.19.4", true),
            ("v1.2.3-debian", true),
            ("RELEASE.2025-09-07T16-13-09Z", true),
        ] {
            assert_eq!(is_exact("a", tag), exact, "{tag}");
        }
    }

    #[test]
    fn what_nothing_uses_is_stale() {
        let listed = || Listed { tag: "1.0.0".to_owned(), digest: None };
        let list = Images::from([("a".to_owned(), listed()), ("b".to_owned(), listed())]);
        assert_eq!(stale(&list, &BTreeSet::from(["b".to_owned(), "c".to_owned()])), ["a"]);
    }
}
