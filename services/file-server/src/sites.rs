//! Which bucket answers a request.
//!
//! 1. A site is a bucket (or a folder of one) with the rules of how it is shown.
//! 2. It is found by Host, by the first folders of the path, or by both; the one that says most wins: a host before
//!    none, then the longest path prefix. A site that names neither takes what is left.
//! 3. Paths are compared once decoded, so that no other spelling of a prefix leads past it.

use crate::cors::Cors;
use crate::headers::HeaderRules;
use crate::store::Store;
use std::sync::Arc;

/// A bucket and how it is shown.
pub struct Site {
    /// Tells sites apart in the cache.
    pub(crate) id: u32,
    /// For logs and for purging.
    pub name: String,
    /// The host it answers, in lower case and without a port; None: every host.
    pub host: Option<String>,
    /// The folders it lies under, with a slash at the end; empty for the root.
    pub path_prefix: String,
    /// The object that stands for its folder.
    pub index: String,
    /// The object that is the body of a 404.
    pub not_found_page: Option<String>,
    /// The object that is served for navigations that find nothing.
    pub spa_file: Option<String>,
    /// Whether folders without an index are listed.
    pub listing: bool,
    /// Whether the store's "denied" means "not there".
    pub missing_on_403: bool,
    /// Which other origins may read.
    pub cors: Cors,
    /// Headers by path.
    pub headers: HeaderRules,
    /// Where the objects are.
    pub store: Store,
}

/// Every site of this server.
pub struct Sites {
    /// The one that says most first.
    by_weight: Vec<Arc<Site>>,
    /// With one site for everything there is nothing to look for.
    only: bool,
}

/// The site of a request.
pub struct Located<'a> {
    /// The site.
    pub site: &'a Arc<Site>,
    /// What is to be cut off the key: empty, or with its slash.
    pub prefix: &'a str,
    /// The key is the prefix without its slash: the folder is meant, and a redirect leads there.
    pub bare: bool,
}

impl Sites {
    /// Puts sites in the order in which they are tried.
    pub fn new(mut sites: Vec<Site>) -> Self {
        sites.sort_by_key(|site| (site.host.is_none(), std::cmp::Reverse(site.path_prefix.len())));
        let only = matches!(sites.as_slice(), [site] if site.host.is_none() && site.path_prefix.is_empty());
        Self { by_weight: sites.into_iter().map(Arc::new).collect(), only }
    }

    /// The site for `host` (as the client wrote it, port included) and the decoded path without its first slash.
    pub fn find(&self, host: Option<&str>, key: &str) -> Option<Located<'_>> {
        if self.only {
            let site = self.by_weight.first()?;
            return Some(Located { site, prefix: "", bare: false });
        }
        let host = host.map(without_port);
        self.by_weight.iter().find_map(|site| {
            let prefix = site.path_prefix.as_str();
            let bare = !prefix.is_empty() && prefix.strip_suffix('/') == Some(key);
            let mine = site
                .host
                .as_deref()
                .is_none_or(|own| host.is_some_and(|host| host.eq_ignore_ascii_case(own)));
            (mine && (bare || key.starts_with(prefix))).then_some(Located { site, prefix, bare })
        })
    }

    /// Every site.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Site>> {
        self.by_weight.iter()
    }
}

/// A host as it is compared: no port, no dot at the end (`a.example.` is `a.example`).
fn without_port(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name.strip_suffix('.').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_lose_their_port() {
        for (host, name) in [
            ("a.example", "a.example"),
            ("a:80", "a"),
            ("a.:80", "a"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
            ("", ""),
        ] {
            assert_eq!(without_port(host), name);
        }
    }
}
