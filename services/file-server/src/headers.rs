//! The headers that an operator adds to answers, by path.
//!
//! 1. A pattern is a glob on the key. One without a slash is about the file's name in any folder (`*.html`), one with a
//!    slash about the whole key (`assets/**`), where `*` stays within a folder.
//! 2. Cache-Control by pattern is for objects that carry none of their own; the first pattern that matches is taken.
//! 3. Headers by pattern are set whatever the object says; of several rules for one header the last wins.
//! 4. What describes the message itself (lengths, codings, validators, connection) cannot be set.
//! 5. All of it is done once, when an object enters the cache.

use std::collections::BTreeMap;

use glob::{MatchOptions, Pattern};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

/// Headers that say how this very message is to be read; a rule for one of them would make it a lie.
const OWN: &[HeaderName] = &[
    header::ACCEPT_RANGES,
    header::AGE,
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::DATE,
    header::ETAG,
    header::LAST_MODIFIED,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::VARY,
];

/// `*` stays within a folder; a dot is a letter as any other.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// The rules of one site.
#[derive(Clone, Debug, Default)]
pub struct HeaderRules {
    rules: Vec<(Pattern, Vec<(HeaderName, HeaderValue)>)>,
    cache_control: Vec<(Pattern, HeaderValue)>,
    security: bool,
}

/// One rule as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleText {
    /// The pattern.
    path: String,
    /// The headers to set.
    set: BTreeMap<String, String>,
}

impl HeaderRules {
    /// Whether the security headers that harm nobody are set: `nosniff`, and a referrer that tells other origins
    /// no path.
    #[must_use]
    pub fn with_security(mut self, on: bool) -> Self {
        self.security = on;
        self
    }

    /// Takes rules as YAML or JSON: a list of `{path, set: {Name: value}}`.
    pub fn with_rules(self, text: &str) -> Result<Self, String> {
        let rules: Vec<RuleText> = serde_norway::from_str(text)
            .map_err(|error| format!("is not a list of {{path, set}}: {error}"))?;
        self.with_parsed(rules)
    }

    /// Takes rules that were part of a larger document.
    pub fn with_parsed(mut self, rules: Vec<RuleText>) -> Result<Self, String> {
        for rule in rules {
            let matcher = pattern(&rule.path)?;
            let set =
                rule.set.iter().map(|(name, value)| one_header(name, value)).collect::<Result<_, _>>()?;
            self.rules.push((matcher, set));
        }
        Ok(self)
    }

    /// As [`with_cache_control`](Self::with_cache_control), before the rules that are there: a site's own go first.
    pub fn with_cache_control_before(self, text: &str) -> Result<Self, String> {
        let mut first = Self::default().with_cache_control(text)?;
        first.cache_control.extend(self.cache_control);
        Ok(Self { cache_control: first.cache_control, ..self })
    }

    /// Takes Cache-Control by pattern: `*.html=no-cache; assets/**=public, max-age=3600`.
    pub fn with_cache_control(mut self, text: &str) -> Result<Self, String> {
        for entry in text.split([';', '\n']).map(str::trim).filter(|entry| !entry.is_empty()) {
            let (path, value) =
                entry.split_once('=').ok_or_else(|| format!("{entry:?} is not pattern=value"))?;
            let value = HeaderValue::from_str(value.trim())
                .map_err(|_| format!("{entry:?} holds no header value"))?;
            self.cache_control.push((pattern(path.trim())?, value));
        }
        Ok(self)
    }

    /// Sets what is set on every answer, also one without an object.
    pub fn write_common(&self, headers: &mut HeaderMap) {
        if self.security {
            headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
            headers
                .insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
        }
    }

    /// Sets what the rules say for the object `key`, whose own headers are there already.
    pub fn write(&self, key: &str, headers: &mut HeaderMap) {
        self.write_common(headers);
        if !headers.contains_key(header::CACHE_CONTROL)
            && let Some((_, value)) =
                self.cache_control.iter().find(|(pattern, _)| pattern.matches_with(key, OPTIONS))
        {
            headers.insert(header::CACHE_CONTROL, value.clone());
        }
        for (_, set) in self.rules.iter().filter(|(pattern, _)| pattern.matches_with(key, OPTIONS)) {
            for (name, value) in set {
                headers.insert(name.clone(), value.clone());
            }
        }
    }
}

fn pattern(path: &str) -> Result<Pattern, String> {
    if path.is_empty() {
        return Err("a path pattern is empty".to_owned());
    }
    let anchored =
        if path.contains('/') { path.trim_start_matches('/').to_owned() } else { format!("**/{path}") };
    Pattern::new(&anchored).map_err(|error| format!("{path:?} is not a pattern: {}", error.msg))
}

fn one_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let parsed =
        HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{name:?} is not a header's name"))?;
    if OWN.contains(&parsed) || parsed == "cache-status" || parsed == "keep-alive" {
        return Err(format!("{name} describes the message itself and cannot be set"));
    }
    let value =
        HeaderValue::from_str(value).map_err(|_| format!("the value for {name} is not a header's value"))?;
    Ok((parsed, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(rules: &HeaderRules, key: &str) -> Vec<String> {
        let mut headers = HeaderMap::new();
        rules.write(key, &mut headers);
        headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().expect("text"))).collect()
    }

    #[test]
    fn patterns_match_names_or_whole_keys() {
        let rules = HeaderRules::default()
            .with_cache_control("*.html=no-cache; assets/**=public, max-age=3600\n/top.js=no-store")
            .expect("sound");
        for (key, value) in [
            ("a.html", Some("no-cache")),
            ("x/y/a.html", Some("no-cache")),
            ("assets/a/b.js", Some("public, max-age=3600")),
            ("assets/a.html", Some("no-cache")),
            ("x/assets/a.js", None),
            ("top.js", Some("no-store")),
            ("x/top.js", None),
        ] {
            let expected: Vec<_> = value.map(|value| format!("cache-control: {value}")).into_iter().collect();
            assert_eq!(written(&rules, key), expected, "{key}");
        }
    }

    #[test]
    fn the_last_rule_wins_and_the_object_keeps_its_cache_control() {
        let rules = HeaderRules::default()
            .with_rules("[{path: '**', set: {X-A: one}}, {path: 'b/*', set: {X-A: two}}]")
            .and_then(|rules| rules.with_cache_control("*=no-cache"))
            .expect("sound");
        assert_eq!(written(&rules, "a"), ["cache-control: no-cache", "x-a: one"]);
        assert_eq!(written(&rules, "b/c"), ["cache-control: no-cache", "x-a: two"]);
        let mut headers =
            HeaderMap::from_iter([(header::CACHE_CONTROL, HeaderValue::from_static("private"))]);
        rules.write("a", &mut headers);
        assert_eq!(headers[header::CACHE_CONTROL], "private");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for wrong in [
            "nonsense",
            "[{path: '**', set: {Content-Length: '1'}}]",
            "[{path: '**', set: {'a b': '1'}}]",
            "[{path: '**', set: {X-A: \"a\\nb\"}}]",
            "[{path: '', set: {X-A: a}}]",
            "[{path: '[', set: {X-A: a}}]",
            "[{path: '**', set: {X-A: a}, more: 1}]",
        ] {
            assert!(HeaderRules::default().with_rules(wrong).is_err(), "{wrong}");
        }
        for wrong in ["no-pattern", "=x", "[=x"] {
            assert!(HeaderRules::default().with_cache_control(wrong).is_err(), "{wrong}");
        }
    }
}
