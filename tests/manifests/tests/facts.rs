//! What the rules take for facts of the services is what the services say themselves.

use std::collections::BTreeSet;
use std::path::Path;

use service_kit::testing::variables;
use service_kit::{Environment, Faults, KitSettings};
use tests_manifests::facts;
use tests_manifests::rules::shutdown::{DRAIN_DELAY, DRAIN_TIMEOUT};

fn read() -> std::collections::BTreeMap<String, BTreeSet<String>> {
    facts::variables(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).expect("the services' code")
}

#[test]
fn the_times_of_a_drain_are_the_kits() {
    let mut faults = Faults::default();
    let environment = Environment::from_pairs([("KUBERNETES_SERVICE_HOST", "192.0.2.1")]);
    let settings: KitSettings = environment.read(&mut faults);
    assert_eq!((settings.drain_delay(), settings.drain_timeout.get()), (DRAIN_DELAY, DRAIN_TIMEOUT));
}

/// file-server names all that it reads, which a test of its own holds to its code.
#[test]
fn the_variables_of_file_server_are_those_of_its_help() {
    let help: BTreeSet<_> =
        file_server::settings::table::all().map(|setting| setting.variable.to_owned()).collect();
    assert_eq!(read()["file-server"], help);
}

#[test]
fn the_variables_of_web_app_are_its_topics() {
    let topics = [variables::<web_app::Settings>(), variables::<KitSettings>()];
    let mut all: BTreeSet<_> = topics.into_iter().flatten().collect();
    all.insert("RUST_LOG".to_owned());
    all.remove("KUBERNETES_SERVICE_HOST");
    assert_eq!(read()["web-app"], all);
}

/// Each way in which a service reads variables is understood.
#[test]
fn variables_of_every_service_are_found() {
    for (service, names) in [
        ("work-app", ["GREETING_FILE", "FAIL_RATE", "PORT", "LOG_FORMAT"]),
        ("review-api", ["ELASTICSEARCH_PASSWORD_FILE", "SPOOL_DIR", "WRITE_TOKENS_FILE", "DRAIN_DELAY"]),
        ("content-fetcher", ["S3_SECRET_KEY_FILE", "SOURCE_URL_FILE", "MANIFEST", "AWS_REGION"]),
    ] {
        let read = &read()[service];
        for name in names {
            assert!(read.contains(name), "{service}: {name} is not among {read:?}");
        }
    }
}

/// The schemas are those of the operators that `kustomize/operators` installs.
#[test]
fn the_schemas_are_of_the_versions_that_are_installed() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| {
        std::fs::read_to_string(here.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    let (install, operators) = (read("install"), read("../../kustomize/operators/kustomization.yaml"));
    for (module, place) in [
        ("sigs.k8s.io/gateway-api@v", "Gateway API "),
        ("github.com/cert-manager/cert-manager@v", "/cert-manager/cert-manager/releases/download/v"),
        ("github.com/prometheus-operator/prometheus-operator@v", "/prometheus-operator/releases/download/v"),
        ("github.com/elastic/cloud-on-k8s/v3@v", "/downloads/eck/"),
        ("github.com/cloudnative-pg/cloudnative-pg@v", "/cloudnative-pg/releases/download/v"),
        ("github.com/cloudnative-pg/plugin-barman-cloud@v", "/plugin-barman-cloud/releases/download/v"),
    ] {
        let (ours, installed) = (version(&install, module), version(&operators, place));
        assert!(
            ours == installed && !ours.is_empty(),
            "{module}: schemas of {ours}, and {installed} is installed"
        );
    }
}

/// The version behind the first `place` in a text.
fn version<'a>(text: &'a str, place: &str) -> &'a str {
    let rest = text.split_once(place).map_or("", |(_, rest)| rest);
    let end =
        rest.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(rest.len());
    rest[..end].trim_end_matches('.')
}
