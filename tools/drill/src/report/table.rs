//! A report for people: a table of the targets, the failures, the steps, the limits and the verdict.

use std::fmt::Write as _;
use std::time::Duration;

use owo_colors::{OwoColorize as _, Style};

use super::{Report, Verdict};
use crate::limits::Judged;

/// Seconds by which a request may be sent late without a word about it.
const LATE: f64 = 0.1;

/// Draws it. `colour` marks what failed.
pub fn draw(report: &Report, colour: bool) -> String {
    let paint =
        |text: &str, style: Style| if colour { text.style(style).to_string() } else { text.to_owned() };
    let mut out = String::new();
    let place = match (&report.context, &report.namespace) {
        (Some(context), Some(namespace)) => format!(" in {context}/{namespace}"),
        _ => String::new(),
    };
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}{place}, {}, {}", report.scenario, report.began, seconds(report.took_seconds));
    let _ = writeln!(out);
    out.push_str(&grid(&targets(report)));
    reasons(&mut out, report);
    if !report.timeline.is_empty() {
        let _ = writeln!(out);
        let row = |event: &crate::step::execute::Event| {
            vec![format!("+{}", seconds(event.at_seconds)), seconds(event.took_seconds), event.step.clone()]
        };
        let head = vec!["at".to_owned(), "took".to_owned(), "step".to_owned()];
        out.push_str(&grid(
            &std::iter::once(head).chain(report.timeline.iter().map(row)).collect::<Vec<_>>(),
        ));
    }
    if let Some(found) = &report.reviews {
        let _ = writeln!(
            out,
            "\nreviews: {} acknowledged, {} lost, {} doubled",
            found.acknowledged, found.lost, found.doubled
        );
        for (what, ids) in [("lost", &found.lost_ids), ("doubled", &found.doubled_ids)] {
            if !ids.is_empty() {
                let _ = writeln!(out, "  {what}: {}", ids.join(" "));
            }
        }
    }
    let _ = writeln!(out);
    for limit in &report.limits {
        let (word, style) =
            if limit.held { ("held", Style::new().green()) } else { ("BROKEN", Style::new().red()) };
        let _ = writeln!(out, "  {}  {}", paint(&format!("{word:<6}"), style), judged(limit));
    }
    if let Some(error) = &report.error {
        let _ = writeln!(out, "  {}", paint(error, Style::new().red()));
    }
    let (word, style) = match report.verdict {
        Verdict::Pass => ("PASS", Style::new().green().bold()),
        Verdict::Fail => ("FAIL", Style::new().red().bold()),
        Verdict::None => ("NO VERDICT", Style::new().yellow().bold()),
    };
    let _ = writeln!(out, "{}", paint(word, style));
    out
}

fn judged(limit: &Judged) -> String {
    let target = limit.target.as_ref().map(|target| format!("{target}: ")).unwrap_or_default();
    let measured = match limit.measured {
        None => "not measured".to_owned(),
        Some(measured) if measured.fract() == 0.0 => format!("{measured:.0}"),
        Some(measured) => format!("{measured:.4}"),
    };
    format!("{target}{} (measured {measured})", limit.limit)
}

fn targets(report: &Report) -> Vec<Vec<String>> {
    let head =
        ["target", "rate", "requests", "failed", "longest gap", "recovered", "p50 ms", "p99 ms", "max ms"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(report.targets.iter().map(|target| {
        let latency = |pick: fn(&super::Latency) -> f64| {
            target.latency_ms.as_ref().map_or("-".to_owned(), |latency| format!("{:.1}", pick(latency)))
        };
        vec![
            target.target.clone(),
            format!("{}/s", target.rate),
            target.requests.to_string(),
            target.failed.to_string(),
            seconds(target.longest_gap_seconds),
            target
                .recovered_seconds
                .map_or("no".to_owned(), |at| if at == 0.0 { "-".to_owned() } else { seconds(at) }),
            latency(|latency| latency.p50),
            latency(|latency| latency.p99),
            latency(|latency| latency.max),
        ]
    }));
    rows
}

fn reasons(out: &mut String, report: &Report) {
    for target in &report.targets {
        for (kind, count) in &target.failures {
            let seen = target
                .reasons
                .get(kind)
                .map(|reasons| format!(": {}", reasons.join("; ")))
                .unwrap_or_default();
            let _ = writeln!(out, "  {}: {count} {}{seen}", target.target, kind.name());
        }
        if target.sent_late_seconds >= LATE {
            let _ = writeln!(
                out,
                "  {}: sent up to {} late: this machine was busy, and latency and gaps are partly its own",
                target.target,
                seconds(target.sent_late_seconds)
            );
        }
    }
}

/// Columns as wide as their widest cell. Where there are more than three they are numbers after a name, flush right.
fn grid(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(column, cell)| {
                let width = widths[column];
                if column > 0 && columns > 3 { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            })
            .collect();
        let _ = writeln!(out, "{}", cells.join("  ").trim_end());
    }
    out
}

/// Seconds as people read them.
fn seconds(value: f64) -> String {
    let duration = Duration::try_from_secs_f64(value).unwrap_or_default();
    if duration < Duration::from_secs(1) {
        return format!("{} ms", duration.as_millis());
    }
    if duration < Duration::from_secs(100) {
        return format!("{value:.1} s");
    }
    format!("{} min {:02} s", duration.as_secs() / 60, duration.as_secs() % 60)
}
