//! Every rule can fail: each file of `broken/` is one change to `broken/sound.yaml`, and says what is found then.

mod patch;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tests_manifests::facts::{Facts, gateway_classes, images, provided, variables};
use tests_manifests::object::{Manifests, documents};
use tests_manifests::rules::{ALL, Case, Scope, check, copies};

/// What is no change to the sound manifests.
const NO_CASES: &[&str] = &["sound.yaml", "images.yaml", "provided.yaml"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("broken")
}

fn read(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn facts() -> Facts {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    Facts {
        images: images(&read("images.yaml")).expect("the list"),
        provided: provided(&read("provided.yaml")).expect("the list"),
        gateway_classes: gateway_classes(&read("provided.yaml")).expect("the list"),
        variables: variables(&root).expect("the services' code"),
    }
}

fn findings(manifests: &Manifests, facts: &Facts) -> Vec<String> {
    let case = Case { manifests, facts, scope: Scope::Production };
    let mut found: Vec<_> = check(&case).iter().map(ToString::to_string).collect();
    found.sort();
    found
}

#[test]
fn the_sound_manifests_keep_every_rule() {
    let sound = Manifests::parse(&read("sound.yaml")).expect("objects");
    assert_eq!(findings(&sound, &facts()), [""; 0]);
}

#[test]
fn each_change_is_found_and_nothing_else() {
    let (facts, sound) = (facts(), documents(&read("sound.yaml")).expect("YAML"));
    let mut wrong = Vec::new();
    for name in cases() {
        let text = read(&name);
        let changes = documents(&text).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        let mut expected: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("# expect: ")).collect();
        expected.sort_unstable();
        let found = findings(&patch::apply(&sound, &changes), &facts);
        if found.is_empty() || found != expected {
            wrong.push(format!("{name}\n  expected: {expected:#?}\n  found: {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_is_broken_by_some_file() {
    let broken: BTreeSet<_> =
        cases().iter().filter_map(|name| Some(name.split_once('.')?.0.to_owned())).collect();
    let rules: BTreeSet<_> = ALL.iter().map(|rule| rule.name.to_owned()).collect();
    assert_eq!(broken, rules);
}

#[test]
fn what_an_overlay_may_not_hold_is_found() {
    let found = copies::find(&folder().join("copies")).expect("readable");
    assert_eq!(
        found,
        [
            "kustomize/overlays/prod/copy.yaml: spec.ports.appProtocol: \"http\" is neither a number nor a host: it belongs into \
             a component",
            "kustomize/overlays/prod/copy.yaml: spec.ports.targetPort: \"http\" is neither a number nor a host: it belongs into \
             a component",
            "kustomize/overlays/prod/copy.yaml: spec.selector.app.kubernetes.io/name: \"web-app\" is neither a number nor a \
             host: it belongs into a component",
            "kustomize/overlays/prod/kustomization.yaml: images: belongs into a base or a component",
            "kustomize/overlays/prod/kustomization.yaml: resources: \"copy.yaml\" is the overlay's own: it belongs into a \
             component",
            "kustomize/overlays/prod/kustomization.yaml: spec.template.spec.restartPolicy: \"Never\" is neither a number nor a \
             host: it belongs into a component",
            "kustomize/overlays/prod/copy.yaml: Service web-app: stands in k8s/service.yaml too",
        ]
    );
}

fn cases() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("the folder").flatten();
    let files = entries.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "yaml"));
    let names = files.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.filter(|name| !NO_CASES.contains(&name.as_str())).collect();
    names.sort();
    names
}
