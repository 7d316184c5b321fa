//! Metrics in the Prometheus text format, which the original speaks whatever a scraper asks for.
//!
//! The kit writes `OpenMetrics`. The two differ little, so its text is taken line by line:
//!
//! 1. A counter's family is named like its samples, with `_total` (and an info's with `_info`).
//! 2. Types that the older format does not have become the ones it has.
//! 3. Units and the end mark are left out. Samples are the same in both; exemplars, which are not, nobody here records.

use axum::http::HeaderValue;
use memchr::memchr_iter;

/// The content type that `prometheus_client` 0.26 sends.
pub const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=1.0.0; charset=utf-8");

/// Rewrites `OpenMetrics` text.
pub fn from_openmetrics(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut help = None;
    let mut rest = text;
    while !rest.is_empty() {
        // Most lines are samples: those that stand together are taken over at once.
        let (samples, comments) = rest.split_at(next_comment(rest));
        out.push_str(samples);
        let (comment, after) = comments.split_once('\n').unwrap_or((comments, ""));
        if let Some(family) = comment.strip_prefix("# HELP ") {
            // The family's name depends on its type, which is told on the next line.
            help = family.split_once(' ').map(|(_, help)| help);
        } else if let Some(family) = comment.strip_prefix("# TYPE ") {
            let (name, kind) = family.split_once(' ').unwrap_or((family, "unknown"));
            push_family(&mut out, name, kind, help.take());
        }
        rest = after;
    }
    out
}

/// Where the first line that begins with `#` begins, which inside a line is a label's business; else the end.
fn next_comment(text: &str) -> usize {
    let begins_a_line = |at: &usize| *at == 0 || text.as_bytes()[at - 1] == b'\n';
    memchr_iter(b'#', text.as_bytes()).find(begins_a_line).unwrap_or(text.len())
}

fn push_family(out: &mut String, name: &str, kind: &str, help: Option<&str>) {
    let (suffix, kind) = match kind {
        "counter" => ("_total", "counter"),
        "info" => ("_info", "gauge"),
        "stateset" => ("", "gauge"),
        "gauge" | "histogram" | "summary" => ("", kind),
        _ => ("", "untyped"),
    };
    if let Some(help) = help {
        out.extend(["# HELP ", name, suffix, " ", help, "\n"]);
    }
    out.extend(["# TYPE ", name, suffix, " ", kind, "\n"]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_named_like_their_samples() {
        let openmetrics = "# HELP requests Requests, all.\n# TYPE requests counter\nrequests_total{a=\"# b\"} 1\n\
                           # HELP build Build.\n# TYPE build info\nbuild_info{version=\"1\"} 1\n\
                           # HELP lasted_seconds Time.\n# TYPE lasted_seconds histogram\n# UNIT lasted_seconds seconds\n\
                           lasted_seconds_bucket{le=\"+Inf\"} 2\n# TYPE odd unknown\nodd 3\n# EOF\n";
        let prometheus = "# HELP requests_total Requests, all.\n# TYPE requests_total counter\n\
                          requests_total{a=\"# b\"} 1\n# HELP build_info Build.\n# TYPE build_info gauge\n\
                          build_info{version=\"1\"} 1\n# HELP lasted_seconds Time.\n# TYPE lasted_seconds histogram\n\
                          lasted_seconds_bucket{le=\"+Inf\"} 2\n# TYPE odd untyped\nodd 3\n";
        assert_eq!(from_openmetrics(openmetrics), prometheus);
    }
}
