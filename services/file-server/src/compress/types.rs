//! Which objects are worth compressing: by their media type, never by their content.

use crate::http::accept_encoding::Coding;

/// What compresses well beside `text/*`, `*+json` and `*+xml`.
const USUAL: &[&str] = &[
    "application/javascript",
    "application/json",
    "application/manifest+json",
    "application/wasm",
    "application/x-javascript",
    "application/xml",
    "application/vnd.ms-fontobject",
    "font/otf",
    "font/ttf",
    "image/bmp",
    "image/x-icon",
    "image/vnd.microsoft.icon",
];

/// Whether the key is a compressed sibling's, or an archive's: its bytes are what the client asked for.
pub(super) fn is_compressed(key: &str) -> bool {
    [Coding::Brotli, Coding::Zstd, Coding::Gzip]
        .into_iter()
        .filter_map(Coding::suffix)
        .any(|end| key.ends_with(end))
}

/// Whether objects of this type are compressed: the operator's list where there is one, else the usual ones.
pub(super) fn is_compressible(key: &str, content_type: Option<&str>, listed: &[String]) -> bool {
    let told = content_type.filter(|told| !told.is_empty() && *told != "binary/octet-stream");
    let told = told.or_else(|| mime_guess::from_path(key).first_raw()).unwrap_or_default();
    let kind = told.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if listed.is_empty() {
        return kind.starts_with("text/")
            || kind.ends_with("+json")
            || kind.ends_with("+xml")
            || USUAL.contains(&kind.as_str());
    }
    listed.iter().any(|wanted| match wanted.strip_suffix('*') {
        Some(start) => kind.starts_with(start),
        None => kind == *wanted,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        let usual = |kind| is_compressible("x", Some(kind), &[]);
        for kind in [
            "text/html; charset=utf-8",
            "TEXT/CSS",
            "image/svg+xml",
            "application/json",
            "application/ld+json",
        ] {
            assert!(usual(kind), "{kind}");
        }
        for kind in ["image/png", "application/zip", "video/mp4", "", ";", "font/woff2"] {
            assert!(!usual(kind), "{kind}");
        }
        assert!(is_compressible("a.css", Some("binary/octet-stream"), &[]), "the bucket was told nothing");
        assert!(is_compressible("a.css", None, &[]));
        let listed = ["text/*".to_owned(), "application/pdf".to_owned()];
        assert!(
            is_compressible("x", Some("text/csv"), &listed)
                && is_compressible("x", Some("application/pdf"), &listed)
        );
        assert!(!is_compressible("x", Some("application/json"), &listed));
        assert!(
            is_compressed("a.js.br")
                && is_compressed("b.tar.gz")
                && is_compressed("c.zst")
                && !is_compressed("d.js")
        );
    }
}
