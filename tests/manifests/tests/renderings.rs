//! Every overlay, every base and every component alone, held against the rules.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tests_manifests::facts::Facts;
use tests_manifests::object::Manifests;
use tests_manifests::render::{Target, render, targets};
use tests_manifests::rules::images::{names, stale};
use tests_manifests::rules::{Case, Finding, check, copies};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Everything that can be applied, as it is applied; rendered once.
fn renderings() -> &'static [(Target, Manifests)] {
    static RENDERED: OnceLock<Vec<(Target, Manifests)>> = OnceLock::new();
    RENDERED.get_or_init(|| {
        let targets = targets(&root()).expect("the tree");
        let rendered = targets.into_iter().map(|target| {
            let yaml = render(&root(), &target).unwrap_or_else(|error| panic!("{}: {error:#}", target.name));
            let manifests =
                Manifests::parse(&yaml).unwrap_or_else(|error| panic!("{}: {error:#}", target.name));
            (target, manifests)
        });
        rendered.collect()
    })
}

#[test]
#[ignore = "needs kubectl: tests/run manifests"]
fn every_rendering_keeps_every_rule() {
    let facts = Facts::read(&root()).expect("the lists and the code");
    let renderings = renderings();
    assert!(renderings.len() > 10, "only {} renderings", renderings.len());
    let mut wrong: Vec<String> = Vec::new();
    // What may be sound elsewhere, with the renderings in which it is not.
    let mut elsewhere: BTreeMap<Finding, usize> = BTreeMap::new();
    for (target, manifests) in renderings {
        for finding in check(&Case { manifests, facts: &facts, scope: target.scope }) {
            if finding.elsewhere {
                *elsewhere.entry(finding).or_default() += 1;
            } else {
                wrong.push(format!("{}: {finding}", target.name));
            }
        }
    }
    for (finding, count) in elsewhere {
        let has =
            |manifests: &Manifests| manifests.all().iter().any(|object| object.to_string() == finding.object);
        let all = renderings.iter().filter(|(_, manifests)| has(manifests)).count();
        if count == all {
            wrong.push(format!("all {all} renderings with it: {finding}"));
        }
    }
    assert!(wrong.is_empty(), "{} faults\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
#[ignore = "needs kubectl: tests/run manifests"]
fn the_list_of_images_has_no_stale_entry() {
    let facts = Facts::read(&root()).expect("the lists and the code");
    let renderings = renderings();
    let used: BTreeSet<String> = renderings
        .iter()
        .flat_map(|(target, manifests)| names(&Case { manifests, facts: &facts, scope: target.scope }))
        .collect();
    assert_eq!(stale(&facts.images, &used), [""; 0]);
}

#[test]
#[ignore = "needs kubectl: tests/run manifests"]
fn overlays_copy_nothing() {
    let faults = copies::find(&root()).expect("the tree");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
