use secrecy::ExposeSecret as _;

use super::*;

const STORE: [(&str, &str); 4] = [
    ("S3_ENDPOINT", "http://127.0.0.1:9000"),
    ("S3_BUCKET", "site"),
    ("S3_ACCESS_KEY", "key"),
    ("S3_SECRET_KEY", "hunter2"),
];
const ONE: [(&str, &str); 2] = [("SOURCE_URL", "https://example.org/a?sig=hunter2"), ("OBJECT_KEY", "a")];

fn read(pairs: &[(&str, &str)]) -> Result<Settings, Faults> {
    service_kit::testing::settings(pairs)
}

fn sound(more: &[(&str, &str)]) -> Settings {
    let pairs = [&STORE[..], &ONE, more].concat();
    read(&pairs).unwrap_or_else(|faults| panic!("{faults}"))
}

/// The names of the faults that `more` brings.
fn faulty(more: &[(&str, &str)]) -> Vec<String> {
    let mut environment = Environment::from_pairs([&STORE[..], &ONE].concat());
    for (name, value) in more {
        environment.set(*name, *value);
    }
    let mut faults = Faults::default();
    assert!(
        Settings::from_environment(&environment, &mut faults).is_none() || !faults.is_empty(),
        "{more:?}"
    );
    assert!(!faults.to_string().contains("hunter2"), "{faults}");
    faults.iter().map(|fault| fault.name.clone()).collect()
}

#[test]
fn little_is_needed() {
    let settings = sound(&[]);
    let Wanted::One(item) = &settings.wanted else { panic!("one item: {:?}", settings.wanted) };
    assert_eq!((item.url.to_string().as_str(), item.key.as_str()), ("https://example.org/a?...", "a"));
    assert_eq!((settings.part_size, settings.parts_in_flight), (8 * 1024 * 1024, 4));
    assert_eq!(settings.mode, Mode::Once);
    assert_eq!((settings.prune, settings.create_bucket), (None, false));
    assert!(settings.bucket.path_style);
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn everything_missing_is_told_at_once() {
    let faults = read(&[]).expect_err("nothing is set");
    let names: Vec<_> = faults.iter().map(|fault| fault.name.as_str()).collect();
    assert_eq!(names, ["SOURCE_URL", "MANIFEST", "OBJECT_KEY", "S3_BUCKET"]);
}

#[test]
fn each_faulty_variable_is_named() {
    for (name, value) in [
        ("SOURCE_URL", "ftp://hunter2/"),
        ("SOURCE_URL", "https://u:hunter2@example.org/"),
        ("OBJECT_KEY", "../a"),
        ("SHA256", "hunter2"),
        ("CONTENT_TYPE", "a\nb"),
        ("CACHE_CONTROL", ""),
        ("ALLOW_CIDRS", "10.0.0.0/8,x"),
        ("CONNECT_TIMEOUT", "5"),
        ("IDLE_TIMEOUT", "x"),
        ("TOTAL_TIMEOUT", "-1s"),
        ("MAX_REDIRECTS", "-1"),
        ("MAX_ATTEMPTS", "0"),
        ("MAX_SIZE", "big"),
        ("PART_SIZE", "4MiB"),
        ("PART_SIZE", "2GiB"),
        ("PARTS_IN_FLIGHT", "0"),
        ("ITEMS_IN_FLIGHT", "65"),
        ("MODE", "twice"),
        ("PRUNE", "maybe"),
        ("SOURCE_CA_FILE", "does/not/exist"),
        ("S3_ENDPOINT", "//hunter2@"),
        ("S3_BUCKET", "No"),
        ("S3_PREFIX", "a\0b"),
        ("S3_ANONYMOUS", "true"),
        ("S3_PAYLOAD_SIGNING", "sometimes"),
    ] {
        assert_eq!(faulty(&[(name, value)]), [name], "{value}");
    }
    assert_eq!(faulty(&[("MODE", "watch"), ("INTERVAL", "0s")]), ["INTERVAL"]);
}

#[test]
fn a_manifest_stands_alone() {
    let pairs = [&STORE[..], &[("MANIFEST", "/etc/fetch/manifest.yaml")]].concat();
    let settings = read(&pairs).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(settings.wanted, Wanted::Manifest(PathBuf::from("/etc/fetch/manifest.yaml")));
    assert_eq!(faulty(&[("MANIFEST", "m"), ("SHA256", "x")]), ["SOURCE_URL", "OBJECT_KEY", "SHA256"]);
}

#[test]
fn modes_and_pruning() {
    let watch =
        sound(&[("MODE", "watch"), ("INTERVAL", "1m"), ("START_FAILURE_BUDGET", "0"), ("PRUNE", "true")]);
    let settings =
        WatchSettings { interval: Duration::from_mins(1), start_failure_budget: 0, failure_budget: 3 };
    assert_eq!(watch.mode, Mode::Watch(settings));
    assert_eq!(watch.prune, Some(PruneSettings { max: 1000, whole_bucket: false }));
}

#[test]
fn networks_are_a_list() {
    let settings = sound(&[("ALLOW_CIDRS", "127.0.0.0/8,::1/128")]);
    for address in ["127.0.0.1", "::1"] {
        assert_eq!(settings.source.policy.check(address.parse().expect("an address")), Ok(()));
    }
}

#[test]
fn credentials_by_name_by_file_or_by_awss_chain() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("secret");
    std::fs::write(&path, "from-a-file\n").expect("written");
    let path = path.to_str().expect("UTF-8");
    let base = [("S3_BUCKET", "site"), ONE[0], ONE[1]];
    let with = |more: &[(&str, &str)]| read(&[&base[..], more].concat()).map(|settings| settings.bucket);
    let by_file = with(&[("S3_ACCESS_KEY", "key"), ("S3_SECRET_KEY_FILE", path)]).expect("sound");
    let bucket::Credentials::Static { access_key, secret_key, .. } = by_file.credentials else {
        panic!("a key")
    };
    assert_eq!((access_key.as_str(), secret_key.expose_secret()), ("key", "from-a-file"));
    let chain = with(&[("AWS_REGION", "eu-central-1")]).expect("sound");
    assert!(matches!(chain.credentials, bucket::Credentials::Chain));
    assert_eq!((chain.region.as_str(), chain.path_style), ("eu-central-1", false));
    let anonymous =
        with(&[("S3_ANONYMOUS", "true"), ("S3_REGION", "r"), ("AWS_REGION", "x")]).expect("sound");
    assert!(matches!(anonymous.credentials, bucket::Credentials::Anonymous));
    assert_eq!(anonymous.region, "r");
    let half = with(&[("S3_ACCESS_KEY", "key")]).expect_err("half a key");
    assert_eq!(half.iter().map(|fault| fault.name.as_str()).collect::<Vec<_>>(), ["S3_SECRET_KEY"]);
}
