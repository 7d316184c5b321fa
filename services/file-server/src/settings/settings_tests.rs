use std::collections::BTreeSet;

use service_kit::testing::variables;
use service_kit::{KitSettings, Topic};

use super::topics::{Compression, Server, Shown, StoreTopic};
use super::*;

fn read(pairs: &[(&str, &str)]) -> (Option<Settings>, Faults) {
    let mut faults = Faults::default();
    let settings = Settings::from_environment(&Environment::from_pairs(pairs.iter().copied()), &mut faults);
    (settings, faults)
}

fn sound(pairs: &[(&str, &str)]) -> Settings {
    let (settings, faults) = read(pairs);
    assert!(faults.is_empty(), "{faults}");
    settings.expect("no faults")
}

#[test]
fn s3wwws_own_settings_make_one_site() {
    let settings = sound(&[
        ("S3WWW_ENDPOINT", "http://127.0.0.1:9000"),
        ("S3WWW_BUCKET", "site"),
        ("S3WWW_BUCKET_PATH", "/a/b"),
        ("S3WWW_ACCESS_KEY", "key"),
        ("S3WWW_SECRET_KEY", "hunter2"),
        ("S3WWW_SPA", "/app.html"),
    ]);
    assert_eq!(settings.address.socket.to_string(), "127.0.0.1:8080");
    assert!(settings.tls.is_none());
    let [site] = settings.sites.as_slice() else { panic!("one site") };
    assert_eq!((site.bucket.bucket.as_str(), site.bucket.prefix.as_str()), ("site", "a/b/"));
    assert_eq!(site.bucket.endpoint.as_ref().map(Url::as_str), Some("http://127.0.0.1:9000/"));
    assert!(site.bucket.path_style);
    assert_eq!((site.index.as_str(), site.spa_file.as_deref()), ("index.html", Some("app.html")));
    assert_eq!(site.not_found_page.as_deref(), Some("404.html"));
    assert!(!site.listing && !site.missing_on_403);
    assert!(!format!("{site:?}").contains("hunter2"));
}

#[test]
fn every_fault_is_told_at_once_and_no_secret() {
    let (settings, faults) = read(&[
        ("S3WWW_ENDPOINT", "ftp://user:hunter2@store"),
        ("S3WWW_BUCKET", "No"),
        ("S3WWW_ACCESS_KEY", "hunter2"),
        ("S3WWW_ADDRESS", "nowhere"),
        ("S3WWW_SSL_CERT", "c.pem"),
        ("S3WWW_LETS_ENCRYPT", "perhaps"),
        ("S3WWW_ALLOWED_CORS_ORIGINS", "null"),
        ("CACHE_TTL", "60"),
        ("CACHE_SIZE", "1kB"),
        ("CACHE_OBJECT_MAX", "1GiB"),
        ("COMPRESS", "br,lzma"),
        ("COMPRESS_TYPES", "text"),
        ("CACHE_CONTROL", "no-pattern"),
        ("HEADERS", "[{path: a}]"),
        ("SITES", "{"),
        ("STREAM_MEMORY", "1kB"),
        ("STORE_TIMEOUT", "soon"),
    ]);
    assert!(settings.is_none());
    let report = faults.to_string();
    for name in [
        "S3WWW_ENDPOINT",
        "S3WWW_BUCKET",
        "S3WWW_SECRET_KEY",
        "S3WWW_ADDRESS",
        "S3WWW_SSL_KEY",
        "S3WWW_LETS_ENCRYPT",
        "S3WWW_ALLOWED_CORS_ORIGINS",
        "CACHE_TTL",
        "CACHE_SIZE",
        "CACHE_OBJECT_MAX",
        "COMPRESS",
        "COMPRESS_TYPES",
        "CACHE_CONTROL",
        "HEADERS",
        "SITES",
        "STREAM_MEMORY",
        "STORE_TIMEOUT",
    ] {
        assert!(report.contains(&format!("\n  {name}: ")), "{name} is missing in: {report}");
    }
    assert!(!report.contains("hunter2"), "{report}");
}

#[test]
fn a_bucket_must_be_named_unless_sites_are() {
    let (_, faults) = read(&[]);
    assert!(faults.to_string().contains("S3WWW_BUCKET: must be set"), "{faults}");
    let settings = sound(&[("SITES", "[{host: A.example, bucket: aaa}]")]);
    assert_eq!(settings.sites.len(), 1);
    assert_eq!(settings.sites[0].host.as_deref(), Some("a.example"));
}

#[test]
fn sites_take_from_the_variables_what_they_leave_out() {
    let text = r#"
        - {host: a.example, bucket: aaa, prefix: /x, listing: true, spa_file: s.html}
        - {path_prefix: /docs/, bucket: bbb, not_found_file: ""}
        - {name: c, host: a.example, path_prefix: docs, bucket: ccc, cors_origins: "*", cache_control: "*=no-store",
           headers: [{path: "**", set: {X-Site: c}}]}
    "#;
    let settings = sound(&[
        ("SITES", text),
        ("S3WWW_BUCKET", "rest"),
        ("S3WWW_SPA_FILE", "d.html"),
        ("CACHE_CONTROL", "*=no-cache"),
    ]);
    let names: Vec<_> = settings.sites.iter().map(|site| site.name.as_str()).collect();
    assert_eq!(names, ["a.example/", "/docs/", "c", "default"]);
    let [a, b, c, rest] = settings.sites.as_slice() else { panic!("four sites") };
    assert_eq!((a.bucket.prefix.as_str(), a.listing, a.spa_file.as_deref()), ("x/", true, Some("s.html")));
    assert_eq!(
        (b.path_prefix.as_str(), b.not_found_page.as_deref(), b.spa_file.as_deref()),
        ("docs/", None, Some("d.html"))
    );
    assert_eq!(c.cors, crate::cors::Cors::Any);
    assert_eq!(
        (rest.bucket.bucket.as_str(), rest.host.as_deref(), rest.path_prefix.as_str()),
        ("rest", None, "")
    );
    let mut headers = ::http::HeaderMap::new();
    c.headers.write("a", &mut headers);
    assert_eq!(
        (&headers["cache-control"], &headers["x-site"]),
        (&"no-store".parse().unwrap(), &"c".parse().unwrap())
    );
}

#[test]
fn sites_that_hide_one_another_are_faults() {
    for text in [
        "[{bucket: aaa}, {bucket: bbb}]",
        "[{host: a, bucket: aaa}, {host: A, bucket: bbb}]",
        "[{name: x, host: a, bucket: aaa}, {name: x, host: b, bucket: bbb}]",
        "[{bucket: aaa, buket: bbb}]",
        "[{host: 'a b', bucket: aaa}]",
        "[{host: a, bucket: Aaa}]",
        "[]",
    ] {
        let (_, faults) = read(&[("SITES", text)]);
        assert!(faults.to_string().contains("\n  SITES: "), "{text}: {faults}");
    }
}

#[test]
fn the_domain_for_acme_is_where_s3www_has_it() {
    let settings =
        sound(&[("S3WWW_BUCKET", "site"), ("S3WWW_LETS_ENCRYPT", "1"), ("S3WWW_ADDRESS", "a.example")]);
    let Some(Tls::Acme(acme)) = settings.tls else { panic!("ACME") };
    assert_eq!(acme.domains, ["a.example"]);
    assert_eq!(settings.address.socket.to_string(), "0.0.0.0:443");
    let (_, faults) = read(&[("S3WWW_BUCKET", "site"), ("S3WWW_LETS_ENCRYPT", "1")]);
    assert!(faults.to_string().contains("ACME_DOMAINS"), "{faults}");
}

#[test]
fn help_names_what_is_read_and_nothing_else() {
    let named: BTreeSet<String> = table::all().map(|setting| setting.variable.to_owned()).collect();
    let topics = [
        variables::<Server>(),
        variables::<StoreTopic>(),
        variables::<Shown>(),
        variables::<CacheSettings>(),
        variables::<Compression>(),
        variables::<KitSettings>(),
    ];
    let secrets = [StoreTopic::SECRETS, Shown::SECRETS].concat();
    let files = secrets.iter().map(|name| format!("{name}_FILE"));
    let mut read: BTreeSet<String> = topics.into_iter().flatten().chain(files).collect();
    // Kubernetes sets it, and nobody else should.
    assert!(read.remove("KUBERNETES_SERVICE_HOST"));
    // The log reads it, before there are settings.
    assert!(read.insert("RUST_LOG".to_owned()));
    assert_eq!(named, read);
}
