//! The content of a folder, for sites that have it switched on.
//!
//! 1. One page of the store's own listing, five hundred entries at most; the next is asked for with the token that this
//!    one ends with. Nothing is gathered in memory.
//! 2. The token comes from outside: one that the store did not give is a 400, and all else that fails is the store's.
//! 3. Hidden files are hidden here as well.
//! 4. For people HTML, every name escaped and every link relative; for programs JSON. The type is negotiated by Accept.
//! 5. Nothing below the prefix is a 404: folders exist by what is in them.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bucket::{ListRequest, Listing};
use http::HeaderMap;
use http::header::{self, HeaderValue};
use serde::Serialize;
use url::form_urlencoded;

use crate::http::path::encode_key;
use crate::sites::Site;
use crate::store::StoreError;

/// Entries of one page.
const PAGE: u32 = 500;
/// The longest token that is passed on to the store, in bytes: theirs have a few hundred.
const TOKEN_MAX: usize = 2048;
/// The page holds no script and loads nothing.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
);

/// A page as programs get it.
#[derive(Debug, Serialize)]
struct Page<'a> {
    prefix: &'a str,
    folders: Vec<&'a str>,
    objects: Vec<File<'a>>,
    /// What to ask the next page with, as `?page=`.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct File<'a> {
    name: &'a str,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modified: Option<String>,
}

/// The page of the folder `prefix` (empty, or with its slash) that `query` asks for; None where there is no such folder.
pub async fn answer(
    site: &Arc<Site>,
    prefix: &str,
    query: Option<&str>,
    json: bool,
) -> Result<Option<Response>, StoreError> {
    let token = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).find(|(name, _)| name == "page");
    let token = token.map(|(_, token)| token.into_owned());
    if token.as_ref().is_some_and(|token| token.len() > TOKEN_MAX) {
        return Err(StoreError::NoSuchPage);
    }
    let request = ListRequest {
        prefix: prefix.to_owned(),
        delimiter: Some("/".to_owned()),
        continuation: token.clone(),
        max_keys: Some(PAGE),
    };
    let listing = site.store.list(&request).await?;
    if listing.objects.is_empty() && listing.folders.is_empty() && token.is_none() {
        return Ok(None);
    }
    let page = Page::of(prefix, &listing);
    let mut response = if json { Json(&page).into_response() } else { html(&page) };
    let headers = response.headers_mut();
    site.headers.write_common(headers);
    negotiated(headers);
    Ok(Some(response))
}

fn negotiated(headers: &mut HeaderMap) {
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
}

impl<'a> Page<'a> {
    fn of(prefix: &'a str, listing: &'a Listing) -> Self {
        let shown = |name: &&str| {
            !name.is_empty() && (!name.starts_with('.') || (prefix.is_empty() && *name == ".well-known/"))
        };
        let below = |key: &'a str| key.strip_prefix(prefix).unwrap_or(key);
        let folders = listing.folders.iter().map(|folder| below(folder)).filter(shown).collect();
        let objects = listing.objects.iter().map(|object| File {
            name: below(object.key.as_str()),
            size: object.size,
            etag: object.etag.as_ref().map(bucket::ETag::as_str),
            last_modified: object.last_modified.map(httpdate::fmt_http_date),
        });
        let objects = objects.filter(|file| shown(&file.name)).collect();
        Self { prefix, folders, objects, next: listing.continuation.as_deref() }
    }
}

fn html(page: &Page<'_>) -> Response {
    let mut text = String::with_capacity(4096);
    // Writing into a String cannot fail.
    let _ = write_html(&mut text, page);
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response
}

fn write_html(text: &mut String, page: &Page<'_>) -> std::fmt::Result {
    let title = escape(&format!("/{}", page.prefix));
    write!(
        text,
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <style>body{{font-family:sans-serif}}td{{padding:0 1em 0 0}}td+td{{text-align:right}}</style>\n\
         <h1>{title}</h1>\n<table>\n"
    )?;
    if !page.prefix.is_empty() {
        text.push_str("<tr><td><a href=\"../\">../</a>\n");
    }
    for folder in &page.folders {
        writeln!(text, "<tr><td><a href=\"{}\">{}</a>", link(folder), escape(folder))?;
    }
    for file in &page.objects {
        let time = file.last_modified.as_deref().unwrap_or_default();
        writeln!(
            text,
            "<tr><td><a href=\"{}\">{}</a><td>{}<td>{time}",
            link(file.name),
            escape(file.name),
            file.size
        )?;
    }
    text.push_str("</table>\n");
    if let Some(next) = page.next {
        let query: String =
            form_urlencoded::Serializer::new(String::new()).append_pair("page", next).finish();
        writeln!(text, "<p><a rel=\"next\" href=\"?{}\">more</a>", escape(&query))?;
    }
    Ok(())
}

/// A relative link: `./` in front, so that no name is read as a scheme or a host.
fn link(name: &str) -> String {
    escape(&format!("./{}", encode_key(name)))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use bucket::{Key, Listed};

    use super::*;

    fn listed(key: &str) -> Listed {
        Listed { key: Key::parse(key).expect("a key"), size: 7, etag: None, last_modified: None }
    }

    #[test]
    fn names_are_text_and_never_markup() {
        let listing = Listing {
            objects: vec![
                listed("f/<script>alert(1)</script>\"'&"),
                listed("f/javascript:x"),
                listed("f/.env"),
            ],
            folders: vec!["f/a b/".to_owned(), "f/.git/".to_owned()],
            continuation: Some("a&b=\"<".to_owned()),
        };
        let mut text = String::new();
        write_html(&mut text, &Page::of("f/", &listing)).expect("written");
        assert!(!text.contains("<script>") && text.contains("&lt;script&gt;"), "{text}");
        assert!(text.contains("href=\"./javascript:x\"") && text.contains("href=\"./a%20b/\""), "{text}");
        assert!(text.contains("href=\"?page=a%26b%3D%22%3C\""), "{text}");
        assert!(!text.contains(".env") && !text.contains(".git"), "{text}");
    }

    #[test]
    fn only_well_known_is_not_hidden() {
        let listing =
            Listing { folders: vec![".well-known/".to_owned(), ".x/".to_owned()], ..Listing::default() };
        assert_eq!(Page::of("", &listing).folders, [".well-known/"]);
    }
}
