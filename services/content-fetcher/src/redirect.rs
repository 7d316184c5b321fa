//! Where a redirect leads, and whether it is followed (RFC 9110 section 15.4).
//!
//! 1. The Location is resolved against the URL that was asked.
//! 2. It must be a URL that could have been a source itself: http or https, no credentials.
//! 3. What began under TLS stays under TLS.
//!
//! The number of hops and the address of each are checked where the request is made, in [`source`](crate::source).

use http::{HeaderValue, StatusCode};

use crate::item::{SourceUrl, UrlFault};

/// A redirect that is not followed. Asking again gets the same answer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RedirectFault {
    /// More hops than allowed: a loop, or `MAX_REDIRECTS` is too low.
    #[error("more than {0} redirects")]
    TooMany(usize),
    /// A redirect that does not say where to.
    #[error("a redirect without a Location that can be read")]
    NoLocation,
    /// From https to http.
    #[error("a redirect from https to http")]
    Downgrade,
    /// To something that is no source.
    #[error("a redirect to a URL that {0}")]
    Location(UrlFault),
}

/// Whether `status` redirects a GET.
pub fn redirects(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// The next hop.
pub fn next(current: &SourceUrl, location: Option<&HeaderValue>) -> Result<SourceUrl, RedirectFault> {
    let location = location.and_then(|value| value.to_str().ok()).ok_or(RedirectFault::NoLocation)?;
    let next = current.join(location).map_err(RedirectFault::Location)?;
    if current.get().scheme() == "https" && next.get().scheme() != "https" {
        return Err(RedirectFault::Downgrade);
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn from(current: &str, location: &str) -> Result<String, RedirectFault> {
        let location = HeaderValue::from_str(location).expect("a header");
        next(&current.parse().expect("a URL"), Some(&location)).map(|url| url.get().to_string())
    }

    #[test]
    fn locations_are_resolved() {
        for (location, expected) in [
            ("https://b.example/x", "https://b.example/x"),
            ("//b.example/x#part", "https://b.example/x"),
            ("/x?y", "https://a.example/x?y"),
            ("x", "https://a.example/dir/x"),
            ("../x", "https://a.example/x"),
        ] {
            assert_eq!(from("https://a.example/dir/file", location).as_deref(), Ok(expected), "{location}");
        }
        assert_eq!(from("http://a.example/", "https://a.example/").as_deref(), Ok("https://a.example/"));
    }

    #[test]
    fn what_is_not_followed_says_why() {
        let url = "https://a.example/";
        assert_eq!(from(url, "http://a.example/"), Err(RedirectFault::Downgrade));
        assert_eq!(from(url, "file:///etc/passwd"), Err(RedirectFault::Location(UrlFault::Scheme)));
        assert_eq!(from(url, "gopher://a.example/"), Err(RedirectFault::Location(UrlFault::Scheme)));
        assert_eq!(from(url, "https://u:p@a.example/"), Err(RedirectFault::Location(UrlFault::Credentials)));
        assert!(matches!(from(url, "https://["), Err(RedirectFault::Location(UrlFault::Syntax(_)))));
        assert_eq!(next(&url.parse().expect("a URL"), None), Err(RedirectFault::NoLocation));
    }

    proptest! {
        #[test]
        fn any_location_leads_to_a_source_or_nowhere(
            location in prop_oneof![".*", "[a-z]{0,6}:?/{0,3}[a-z0-9.:@\\[\\]%#?\\\\]{0,30}"],
        ) {
            let Ok(location) = HeaderValue::from_str(&location) else { return Ok(()) };
            let current: SourceUrl = "https://a.example/dir/file?query".parse().expect("a URL");
            if let Ok(next) = next(&current, Some(&location)) {
                let next = next.get();
                prop_assert_eq!((next.scheme(), next.username(), next.password()), ("https", "", None));
                prop_assert!(next.has_host() && next.fragment().is_none());
            }
        }
    }

    #[test]
    fn only_redirections_with_a_target_redirect() {
        let statuses = [200, 300, 301, 302, 303, 304, 305, 307, 308, 404];
        let redirecting = statuses.map(|status| StatusCode::from_u16(status).is_ok_and(redirects));
        assert_eq!(redirecting, [false, false, true, true, true, false, false, true, true, false]);
    }
}
