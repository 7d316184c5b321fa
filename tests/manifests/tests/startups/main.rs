//! Every container of ours starts with what its manifest tells it.
//!
//! 1. Each overlay is rendered; a container's variables are taken from it, and what is mounted is laid out in a folder.
//! 2. The service is started so. A setting that is wrong ends it with exit code 2 and a list, as it would in the cluster.
//! 3. Ports are any free ones, and whatever host is named is a port of the loopback where nobody listens: no test speaks to
//!    anybody else. A service whose store is away listens all the same.

mod scene;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use scene::{Scene, start};
use tests_manifests::facts::Facts;
use tests_manifests::object::Manifests;
use tests_manifests::render::{render, targets};
use tests_manifests::workload::workloads;

#[test]
#[ignore = "needs kubectl and the built services: tests/run manifests"]
fn every_container_of_ours_starts_with_its_settings() {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let facts = Facts::read(&root).expect("the lists and the code");
    let (mut started, mut wrong) = (BTreeSet::new(), Vec::new());
    for target in targets(&root).expect("the tree") {
        let yaml = render(&root, &target).unwrap_or_else(|error| panic!("{}: {error:#}", target.name));
        let manifests = Manifests::parse(&yaml).expect("objects");
        for workload in workloads(&manifests) {
            for container in workload.containers() {
                let Some(service) = container.service() else { continue };
                let scene = Scene::new(&manifests, &facts, &workload, &container);
                // Overlays have most containers in common.
                if started.insert((service.to_owned(), scene.told()))
                    && let Err(fault) = start(service, &scene)
                {
                    wrong.push(format!("{}: {}: {}: {fault}", target.name, workload.object, container.path));
                }
            }
        }
    }
    assert!(started.len() >= 5, "only {started:?}");
    assert!(wrong.is_empty(), "{} faults\n{}", wrong.len(), wrong.join("\n"));
}

/// The test sees a fault: a time without its unit.
#[test]
#[ignore = "needs the built services: tests/run manifests"]
fn a_setting_that_is_wrong_is_seen() {
    let scene = Scene::of_variables(&[("DRAIN_TIMEOUT", "20")]);
    let fault = start("web-app", &scene).expect_err("20 of what?");
    assert!(fault.contains("DRAIN_TIMEOUT"), "{fault}");
}
