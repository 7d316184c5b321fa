//! What the variables must be to one another.

use service_kit::{Faults, Size};

use super::topics::{CacheSettings, Compression, CompressionSettings, Server};
use super::{Acme, Address, Tls, list};
use crate::http::accept_encoding::Coding;

/// Below this a cache holds too little to be worth its name, and above 4 GiB a body is not for memory.
const CACHE_SIZE_MIN: u64 = 1024 * 1024;
/// What one stream needs to read ahead of at least one client.
const STREAM_MEMORY_MIN: u64 = 1024 * 1024;

pub(super) fn address(server: &Server, faults: &mut Faults) -> Option<Address> {
    let text = server.s3www_address.as_deref().unwrap_or("127.0.0.1:8080");
    faults.check("S3WWW_ADDRESS", Address::parse(text, server.s3www_lets_encrypt.0))
}

/// The outer None stands for a fault, the inner for no TLS.
#[expect(
    clippy::option_option,
    reason = "a fault and a choice are two things; the outer one is gone with `?`"
)]
pub(super) fn tls(server: &Server, address: Option<&Address>, faults: &mut Faults) -> Option<Option<Tls>> {
    let files = match (&server.s3www_ssl_cert, &server.s3www_ssl_key) {
        (Some(chain), Some(key)) => Some(Tls::Files { chain: chain.clone(), key: key.clone() }),
        (None, None) => None,
        (Some(_), None) => return none(faults, "S3WWW_SSL_KEY", "must be set with S3WWW_SSL_CERT"),
        (None, Some(_)) => return none(faults, "S3WWW_SSL_CERT", "must be set with S3WWW_SSL_KEY"),
    };
    if !server.s3www_lets_encrypt.0 {
        return Some(files);
    }
    if files.is_some() {
        return none(faults, "S3WWW_LETS_ENCRYPT", "and S3WWW_SSL_CERT exclude each other");
    }
    let mut domains: Vec<String> = server
        .acme_domains
        .as_deref()
        .map(|text| list(text).map(str::to_owned).collect())
        .unwrap_or_default();
    if domains.is_empty() {
        domains.extend(address.and_then(|address| address.domain.clone()));
    }
    if domains.is_empty() {
        return none(faults, "ACME_DOMAINS", "must name a domain, unless S3WWW_ADDRESS does");
    }
    let contact = server.acme_contact.as_deref();
    if contact.is_some_and(|contact| !contact.contains('@')) {
        faults.add("ACME_CONTACT", "is not a mail address");
    }
    let contact = contact.map(|contact| match contact.strip_prefix("mailto:") {
        Some(_) => contact.to_owned(),
        None => format!("mailto:{contact}"),
    });
    Some(Some(Tls::Acme(Acme {
        domains,
        contact,
        cache: server.acme_cache.clone(),
        directory: server.acme_directory.clone(),
        ca_file: server.acme_ca_file.clone(),
    })))
}

pub(super) fn cache(cache: &CacheSettings, compression: &Compression, faults: &mut Faults) {
    let least = |size: Size, least: u64| {
        if size.get() < least { Err(format!("is less than {least} bytes")) } else { Ok(()) }
    };
    faults.check("CACHE_SIZE", least(cache.cache_size, CACHE_SIZE_MIN));
    faults.check("STREAM_MEMORY", least(cache.stream_memory, STREAM_MEMORY_MIN));
    if cache.cache_object_max > cache.cache_size {
        faults.add("CACHE_OBJECT_MAX", "is more than CACHE_SIZE");
    }
    if cache.cache_object_max.get() > u64::from(u32::MAX) {
        faults.add("CACHE_OBJECT_MAX", "is 4 GiB or more");
    }
    let max = compression.compress_max;
    if max.is_some_and(|max| max > cache.cache_object_max) {
        faults.add("COMPRESS_MAX", "is more than CACHE_OBJECT_MAX: what is compressed here is kept here");
    }
}

pub(super) fn compression(read: &Compression, faults: &mut Faults) -> Option<CompressionSettings> {
    let codings = list(&read.compress).filter(|name| *name != "none").map(|name| {
        Coding::from_name(name)
            .filter(|coding| *coding != Coding::Identity)
            .ok_or_else(|| format!("{name:?} is none of br, zstd, gzip, none"))
    });
    let codings = faults.check("COMPRESS", codings.collect::<Result<Vec<_>, _>>());
    let types: Vec<_> = list(&read.compress_types).map(str::to_ascii_lowercase).collect();
    if let Some(wrong) = types.iter().find(|kind| !kind.contains('/')) {
        faults.add("COMPRESS_TYPES", format_args!("{wrong:?} is not a media type"));
    }
    let max = read.compress_max.map_or(1024 * 1024, Size::get);
    Some(CompressionSettings {
        codings: codings?,
        min: read.compress_min.get(),
        max,
        types,
        siblings: read.siblings.0,
    })
}

#[expect(clippy::option_option, reason = "what `tls` returns on a fault")]
fn none(faults: &mut Faults, name: &str, reason: &str) -> Option<Option<Tls>> {
    faults.add(name, reason);
    None
}
