//! Every setting by name: what `-help` prints, and which variable a flag sets.

use std::fmt::Write as _;

/// One setting.
pub struct Setting {
    /// The flag, without its dash. s3www's spelling where s3www has it.
    pub flag: &'static str,
    /// The variable. s3www's code spells its own so.
    pub variable: &'static str,
    /// The variable as s3www's README spells it.
    pub alias: Option<&'static str>,
    /// What is used where nothing is said, in words.
    pub default: &'static str,
    /// What it does.
    pub help: &'static str,
    /// Whether the flag alone means true, as Go's boolean flags do.
    pub switch: bool,
}

const fn value(
    flag: &'static str,
    variable: &'static str,
    default: &'static str,
    help: &'static str,
) -> Setting {
    Setting { flag, variable, alias: None, default, help, switch: false }
}

const fn switch(
    flag: &'static str,
    variable: &'static str,
    default: &'static str,
    help: &'static str,
) -> Setting {
    Setting { switch: true, ..value(flag, variable, default, help) }
}

const fn also(setting: &Setting, alias: &'static str) -> Setting {
    Setting { alias: Some(alias), ..*setting }
}

/// What s3www 1.0 has, in its order.
pub const S3WWW: &[Setting] = &[
    value("endpoint", "S3WWW_ENDPOINT", "AWS, by region", "URL of the store"),
    value("bucket", "S3WWW_BUCKET", "none", "bucket to serve; needed unless SITES is set"),
    value("bucketPath", "S3WWW_BUCKET_PATH", "/", "prefix inside the bucket"),
    value("accessKey", "S3WWW_ACCESS_KEY", "AWS's chain, then anonymous", "access key"),
    value("accessKeyFile", "S3WWW_ACCESS_KEY_FILE", "none", "file that holds the access key"),
    value("secretKey", "S3WWW_SECRET_KEY", "AWS's chain, then anonymous", "secret key"),
    value("secretKeyFile", "S3WWW_SECRET_KEY_FILE", "none", "file that holds the secret key"),
    value(
        "address",
        "S3WWW_ADDRESS",
        "127.0.0.1:8080",
        "host:port to listen on; with -lets-encrypt its host is the domain",
    ),
    also(
        &value("ssl-cert", "S3WWW_SSL_CERT", "none", "PEM certificate chain; read again when it changes"),
        "S3WWW_TLS_CERT",
    ),
    also(&value("ssl-key", "S3WWW_SSL_KEY", "none", "PEM key of the certificate"), "S3WWW_TLS_KEY"),
    also(
        &value("spaFile", "S3WWW_SPA_FILE", "none", "served for navigations that find nothing"),
        "S3WWW_SPA",
    ),
    value(
        "allowed-cors-origins",
        "S3WWW_ALLOWED_CORS_ORIGINS",
        "none",
        "origins that may read, separated by commas; or *",
    ),
    switch("lets-encrypt", "S3WWW_LETS_ENCRYPT", "false", "get certificates by ACME (TLS-ALPN-01)"),
];

/// What goes beyond s3www.
pub const OWN: &[Setting] = &[
    value("region", "REGION", "us-east-1", "region that requests are signed for"),
    switch(
        "path-style",
        "PATH_STYLE",
        "true with an endpoint",
        "bucket in the path of the store's URLs, not in the host",
    ),
    value("store-ca-file", "STORE_CA_FILE", "none", "PEM certificates to trust beside the system's"),
    value(
        "store-connect-timeout",
        "STORE_CONNECT_TIMEOUT",
        "3s",
        "longest wait for a connection to the store",
    ),
    value("store-read-timeout", "STORE_READ_TIMEOUT", "10s", "longest wait for the store's next bytes"),
    value(
        "store-timeout",
        "STORE_TIMEOUT",
        "30s",
        "longest time of one request to the store, retries included",
    ),
    value("cache-ttl", "CACHE_TTL", "60s", "how long metadata is used before it is revalidated"),
    value("cache-negative-ttl", "CACHE_NEGATIVE_TTL", "5s", "how long a 404 is remembered"),
    value("cache-size", "CACHE_SIZE", "128MiB", "memory for cached objects"),
    value(
        "cache-object-max",
        "CACHE_OBJECT_MAX",
        "1MiB",
        "longest body that is kept; longer ones are streamed",
    ),
    value(
        "stale-if-error",
        "STALE_IF_ERROR",
        "10m",
        "how long past its time an object is served while the store fails",
    ),
    value(
        "stream-memory",
        "STREAM_MEMORY",
        "16MiB",
        "memory for reading ahead where the store is slow, all streams together",
    ),
    value("compress", "COMPRESS", "br,zstd,gzip", "codings made here, separated by commas; none for none"),
    value("compress-min", "COMPRESS_MIN", "512B", "shortest object that is compressed"),
    value(
        "compress-max",
        "COMPRESS_MAX",
        "1MiB",
        "longest object that is compressed; at most CACHE_OBJECT_MAX",
    ),
    value(
        "compress-types",
        "COMPRESS_TYPES",
        "text and the like",
        "media types to compress, separated by commas; text/* is a pattern",
    ),
    switch("siblings", "SIBLINGS", "true", "look for app.js.br, .zst and .gz beside app.js"),
    value("index-file", "INDEX_FILE", "index.html", "object that stands for its folder"),
    value("not-found-file", "NOT_FOUND_FILE", "404.html", "object that is the body of a 404"),
    switch("listing", "LISTING", "false", "list folders without an index"),
    switch(
        "missing-on-403",
        "MISSING_ON_403",
        "false",
        "answer 404 where the store denies, for a store that hides missing keys so",
    ),
    value(
        "cache-control",
        "CACHE_CONTROL",
        "none",
        "Cache-Control by path where the object has none: '*.html=no-cache; assets/**=max-age=3600'",
    ),
    value(
        "headers",
        "HEADERS",
        "none",
        "headers by path, as YAML or JSON: [{path: '*.pdf', set: {X-Robots-Tag: noindex}}]",
    ),
    value("headers-file", "HEADERS_FILE", "none", "file that holds HEADERS"),
    switch(
        "security-headers",
        "SECURITY_HEADERS",
        "true",
        "X-Content-Type-Options: nosniff and a Referrer-Policy",
    ),
    value(
        "sites",
        "SITES",
        "none",
        "several buckets by host or path, as YAML or JSON: [{host: a.example, bucket: a}]",
    ),
    value("sites-file", "SITES_FILE", "none", "file that holds SITES"),
    value(
        "acme-domains",
        "ACME_DOMAINS",
        "the host of -address",
        "domains to get certificates for, separated by commas",
    ),
    value("acme-contact", "ACME_CONTACT", "none", "mail address that the authority may write to"),
    value(
        "acme-cache",
        "ACME_CACHE",
        "none: kept in memory only",
        "folder that keeps the account and the certificates",
    ),
    value("acme-directory", "ACME_DIRECTORY", "Let's Encrypt", "URL of the authority's directory"),
    value(
        "acme-ca-file",
        "ACME_CA_FILE",
        "none",
        "PEM certificates to trust for the directory, and no others",
    ),
];

/// What every service has; read by the kit, here so that they are flags as well.
pub const SHARED: &[Setting] = &[
    value("admin-address", "ADMIN_ADDRESS", "0.0.0.0:9090", "health, metrics and POST /-/purge"),
    value(
        "drain-delay",
        "DRAIN_DELAY",
        "5s in a cluster, else 0s",
        "how long a stopping server goes on accepting",
    ),
    value("drain-timeout", "DRAIN_TIMEOUT", "20s", "how long what is in flight may take then"),
    value("http-body-timeout", "HTTP_BODY_TIMEOUT", "30s", "longest pause inside a request's body"),
    value("listen-host", "LISTEN_HOST", "none", "where to listen instead of every address"),
    value(
        "http-header-timeout",
        "HTTP_HEADER_TIMEOUT",
        "60s",
        "longest time for a request's head, and longest idle time",
    ),
    value("http-write-timeout", "HTTP_WRITE_TIMEOUT", "60s", "longest time in which a client takes nothing"),
    value("http-max-connections", "HTTP_MAX_CONNECTIONS", "16384", "connections at a time"),
    value("reload-interval", "RELOAD_INTERVAL", "1s", "how often followed files are looked at"),
    value("log-format", "LOG_FORMAT", "json; pretty on a terminal", "json or pretty"),
    value("rust-log", "RUST_LOG", "info", "what is logged"),
];

/// Every setting.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    [S3WWW, OWN, SHARED].into_iter().flatten()
}

/// The text of `-help`.
pub fn help() -> String {
    let mut text = String::from(
        "file-server serves a bucket over HTTP.\n\n\
         Each setting is a flag (-flag value, -flag=value, --flag value) or a variable; the flag wins.\n\
         Times are written 250ms, 5s, 10m; sizes 512KiB, 64MiB, 1GiB.\n",
    );
    for (title, settings) in
        [("As s3www has them:", S3WWW), ("Beyond s3www:", OWN), ("Of every service:", SHARED)]
    {
        text.push('\n');
        text.push_str(title);
        text.push('\n');
        for setting in settings {
            let alias = setting.alias.map(|alias| format!(", {alias}")).unwrap_or_default();
            // Writing into a String cannot fail.
            let _ = write!(
                text,
                "  -{} ({}{alias})\n        {} (default: {})\n",
                setting.flag, setting.variable, setting.help, setting.default
            );
        }
    }
    text
}
