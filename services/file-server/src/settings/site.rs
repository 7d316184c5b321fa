//! The sites: one from s3www's own settings, more from `SITES`.
//!
//! 1. All sites share the store, its credentials and its region; each has a bucket and a prefix of its own.
//! 2. What a site leaves out it takes from the variables.
//! 3. With `S3WWW_BUCKET` and `SITES`, the bucket is the site of all that no other takes.

use std::collections::BTreeSet;
use std::path::PathBuf;

use bucket::{BucketName, BucketSettings, Credentials, Prefix, Timeouts};
use secrecy::ExposeSecret;
use serde::Deserialize;
use service_kit::Faults;
use url::Url;

use super::topics::{Shown, StoreTopic};
use crate::cors::Cors;
use crate::headers::{HeaderRules, RuleText};
use crate::sites::Site;
use crate::store::Store;

/// A site that is still to be opened.
#[derive(Debug)]
pub struct SiteSettings {
    /// For logs and for purging; unique.
    pub name: String,
    /// The host, in lower case.
    pub host: Option<String>,
    /// Empty, or folders with a slash at the end.
    pub path_prefix: String,
    /// The bucket.
    pub bucket: BucketSettings,
    /// The object that stands for its folder.
    pub index: String,
    /// The body of a 404.
    pub not_found_page: Option<String>,
    /// Served for navigations that find nothing.
    pub spa_file: Option<String>,
    /// Whether folders without an index are listed.
    pub listing: bool,
    /// Whether the store's "denied" means "not there".
    pub missing_on_403: bool,
    /// Which other origins may read.
    pub cors: Cors,
    /// Headers by path.
    pub headers: HeaderRules,
}

impl SiteSettings {
    /// The site, its bucket opened.
    pub(crate) fn open(self, id: u32, store: Store) -> Site {
        Site {
            id,
            name: self.name,
            host: self.host,
            path_prefix: self.path_prefix,
            index: self.index,
            not_found_page: self.not_found_page,
            spa_file: self.spa_file,
            listing: self.listing,
            missing_on_403: self.missing_on_403,
            cors: self.cors,
            headers: self.headers,
            store,
        }
    }
}

/// A site as `SITES` has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteText {
    name: Option<String>,
    host: Option<String>,
    path_prefix: Option<String>,
    bucket: String,
    #[serde(default)]
    prefix: String,
    index_file: Option<String>,
    not_found_file: Option<String>,
    spa_file: Option<String>,
    listing: Option<bool>,
    missing_on_403: Option<bool>,
    cors_origins: Option<String>,
    cache_control: Option<String>,
    headers: Option<Vec<RuleText>>,
}

/// Makes every site; None with at least one fault.
pub(super) fn read(store: &StoreTopic, shown: &Shown, faults: &mut Faults) -> Option<Vec<SiteSettings>> {
    let base = base(store, faults);
    let common = common(shown, faults);
    let texts: Option<Vec<SiteText>> = match &shown.sites {
        None => Some(Vec::new()),
        Some(text) => faults.check(
            "SITES",
            serde_norway::from_str(text).map_err(|error| format!("is no list of sites: {error}")),
        ),
    };
    let own = match &store.s3www_bucket {
        None if shown.sites.is_some() => None,
        bucket => {
            let name = faults.require("S3WWW_BUCKET", bucket.as_deref());
            let name = name.and_then(|name| faults.check("S3WWW_BUCKET", BucketName::parse(name)));
            let prefix = faults.check("S3WWW_BUCKET_PATH", Prefix::parse(&store.s3www_bucket_path));
            name.zip(prefix)
        }
    };
    let (base, common) = (base?, common?);
    let mut sites = Vec::new();
    for (at, text) in texts?.into_iter().enumerate() {
        match listed_site(text, &base, shown, &common) {
            Ok(site) => sites.push(site),
            Err(reason) => faults.add("SITES", format_args!("site {}: {reason}", at + 1)),
        }
    }
    if let Some((name, prefix)) = own {
        sites.push(default_site(base.of(name, prefix), shown, &common));
    }
    unambiguous(&sites, faults);
    if sites.is_empty() {
        faults.add("SITES", "names no site");
    }
    Some(sites)
}

/// The store that all sites share.
struct Base {
    endpoint: Option<Url>,
    region: String,
    path_style: Option<bool>,
    credentials: Credentials,
    ca_file: Option<PathBuf>,
    timeouts: Timeouts,
}

impl Base {
    fn of(&self, bucket: BucketName, prefix: Prefix) -> BucketSettings {
        let mut settings = BucketSettings::new(self.endpoint.clone(), bucket);
        settings.prefix = prefix;
        settings.region.clone_from(&self.region);
        settings.credentials = self.credentials.clone();
        settings.ca_file.clone_from(&self.ca_file);
        settings.timeouts = self.timeouts;
        settings.path_style = self.path_style.unwrap_or(settings.path_style);
        settings
    }
}

fn base(store: &StoreTopic, faults: &mut Faults) -> Option<Base> {
    let endpoint = store.s3www_endpoint.as_deref().map(|text| endpoint(text, faults));
    let credentials = match (&store.s3www_access_key, &store.s3www_secret_key) {
        (Some(access), Some(secret)) => Some(Credentials::Static {
            access_key: access.expose_secret().to_owned(),
            secret_key: secret.clone(),
            session_token: None,
        }),
        (None, None) => Some(Credentials::Chain),
        (Some(_), None) => faults.require("S3WWW_SECRET_KEY", None),
        (None, Some(_)) => faults.require("S3WWW_ACCESS_KEY", None),
    };
    let endpoint = match endpoint {
        Some(sound) => Some(sound?),
        None => None,
    };
    Some(Base {
        endpoint,
        region: store.region.clone(),
        path_style: store.path_style.map(|switch| switch.0),
        credentials: credentials?,
        ca_file: store.store_ca_file.clone(),
        timeouts: Timeouts {
            connect: store.store_connect_timeout.get(),
            read: store.store_read_timeout.get(),
            operation: store.store_timeout.get(),
            ..Timeouts::default()
        },
    })
}

/// What the URL holds is not shown: people put passwords into it.
fn endpoint(text: &str, faults: &mut Faults) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or("is not an http or https URL, like https://store.example:9000")
        .map_or_else(|reason| faults.check("S3WWW_ENDPOINT", Err(reason)), Some)
}

/// What a site takes from the variables where it says nothing itself.
struct Common {
    cors: Cors,
    headers: HeaderRules,
}

fn common(shown: &Shown, faults: &mut Faults) -> Option<Common> {
    let cors = faults.check("S3WWW_ALLOWED_CORS_ORIGINS", Cors::parse(&shown.s3www_allowed_cors_origins));
    let headers = HeaderRules::default().with_security(shown.security_headers.0);
    // A fault here does not hide one there: what is made meanwhile is thrown away with the rest.
    let headers =
        faults.check("CACHE_CONTROL", headers.with_cache_control(&shown.cache_control)).unwrap_or_default();
    let headers = match &shown.headers {
        Some(text) => faults.check("HEADERS", headers.with_rules(text)),
        None => Some(headers),
    };
    Some(Common { cors: cors?, headers: headers? })
}

/// The site of s3www's own settings.
fn default_site(bucket: BucketSettings, shown: &Shown, common: &Common) -> SiteSettings {
    SiteSettings {
        name: "default".to_owned(),
        host: None,
        path_prefix: String::new(),
        bucket,
        index: shown.index_file.clone(),
        not_found_page: some_key(&shown.not_found_file),
        spa_file: shown.s3www_spa_file.as_deref().and_then(some_key),
        listing: shown.listing.0,
        missing_on_403: shown.missing_on_403.0,
        cors: common.cors.clone(),
        headers: common.headers.clone(),
    }
}

/// A site of `SITES`.
fn listed_site(text: SiteText, base: &Base, shown: &Shown, common: &Common) -> Result<SiteSettings, String> {
    let name = BucketName::parse(&text.bucket).map_err(|error| error.to_string())?;
    let prefix = Prefix::parse(&text.prefix).map_err(|error| error.to_string())?;
    let mut site = default_site(base.of(name, prefix), shown, common);
    site.host = text.host.as_deref().map(host).transpose()?;
    site.path_prefix = match Prefix::parse(text.path_prefix.as_deref().unwrap_or_default()) {
        Ok(prefix) => prefix.to_string(),
        Err(error) => return Err(format!("path_prefix: {error}")),
    };
    let default_name = format!("{}/{}", site.host.as_deref().unwrap_or_default(), site.path_prefix);
    site.name = text.name.unwrap_or(default_name);
    site.index = text.index_file.unwrap_or(site.index);
    site.not_found_page = text.not_found_file.as_deref().map_or(site.not_found_page, some_key);
    site.spa_file = text.spa_file.as_deref().map_or(site.spa_file, some_key);
    site.listing = text.listing.unwrap_or(site.listing);
    site.missing_on_403 = text.missing_on_403.unwrap_or(site.missing_on_403);
    if let Some(origins) = text.cors_origins {
        site.cors = Cors::parse(&origins).map_err(|reason| format!("cors_origins: {reason}"))?;
    }
    if let Some(rules) = text.headers {
        site.headers = site.headers.with_parsed(rules).map_err(|reason| format!("headers: {reason}"))?;
    }
    if let Some(rules) = text.cache_control {
        let headers = site.headers.with_cache_control_before(&rules);
        site.headers = headers.map_err(|reason| format!("cache_control: {reason}"))?;
    }
    Ok(site)
}

/// A key as a setting names it; a slash in front is how people write it.
fn some_key(text: &str) -> Option<String> {
    let key = text.trim_start_matches('/');
    (!key.is_empty()).then(|| key.to_owned())
}

fn host(text: &str) -> Result<String, String> {
    match url::Host::parse(text) {
        Ok(host) => Ok(host.to_string()),
        Err(_) => Err(format!("host: {text:?} is not a host's name")),
    }
}

/// Two sites for the same requests, or of the same name, would hide one another.
fn unambiguous(sites: &[SiteSettings], faults: &mut Faults) {
    let mut places = BTreeSet::new();
    let mut names = BTreeSet::new();
    for site in sites {
        if !places.insert((&site.host, &site.path_prefix)) {
            let host = site.host.as_deref().unwrap_or("any host");
            faults.add("SITES", format_args!("two sites answer {host} under /{}", site.path_prefix));
        } else if !names.insert(&site.name) {
            faults.add("SITES", format_args!("two sites are named {:?}", site.name));
        }
    }
}
