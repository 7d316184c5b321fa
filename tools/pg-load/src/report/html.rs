//! A report as one HTML page: no script, nothing from outside, light or dark as its reader's system is.

use std::fmt::Write as _;

use super::chart::{Band, Chart, Line, Unit, escape};
use super::ledger::{FailoverResult, SLICE_US};
use super::result::{BenchResult, Latency, Second};
use super::{count, time};
use crate::slo::Verdict;

const STYLE: &str = include_str!("report.css");
const MICROS: f64 = 1e6;

/// The report of a run of `bench`.
pub fn bench(result: &BenchResult) -> String {
    let load = &result.load;
    let mut page =
        Page::new(&format!("pg-load bench: {}", load.workloads.join(", ")), &result.slos, result.passed);
    page.facts(&[
        ("began", result.started_at.to_string()),
        ("server", result.server.clone()),
        ("load", load.mode.clone()),
        ("clients", format!("{}, threads {}", load.clients, load.threads)),
        (
            "measured",
            format!("{:.1} s after {:.1} s of warm-up", result.measured_seconds, load.warm_up_seconds),
        ),
        ("committed", format!("{}: {:.1} a second", count(result.committed), result.tps)),
        ("errors", format!("{}, retries {}", count(result.failed), count(result.retries))),
    ]);
    latencies(&mut page, result);
    // What ended later, while what was under way was waited for, is no part of the picture.
    let whole = load.warm_up_seconds + load.duration_seconds;
    let shown: Vec<_> = result.series.iter().filter(|row| as_f64(row.second) < whole).cloned().collect();
    series(&mut page, &shown);
    page.chart("Latency distribution", &distribution(&result.latency));
    if !result.errors.is_empty() {
        let rows = result.errors.iter().flat_map(|(class, errors)| {
            errors.codes.iter().map(move |(code, number)| vec![class.clone(), code.clone(), count(*number)])
        });
        page.table("Errors", &["class", "code", "transactions"], rows);
    }
    page.end()
}

/// The report of a run of `failover`.
pub fn failover(result: &FailoverResult) -> String {
    let mut page = Page::new("pg-load failover", &result.slos, result.passed);
    let writes = &result.writes;
    let fault = result.fault.as_ref().map_or_else(
        || "by hand, if at all".to_owned(),
        |fault| format!("{} after {}", fault.command, time(as_f64(fault.from_us))),
    );
    page.facts(&[
        ("began", result.started_at.to_string()),
        (
            "writes",
            format!("{} by {} clients in {:.1} s", count(writes.sent), result.load.clients, result.seconds),
        ),
        ("fault", fault),
        ("longest gap", time(result.gap_us)),
        ("recovered after", result.recovery_us.map_or_else(|| "not seen".to_owned(), time)),
        ("acknowledged", count(writes.acknowledged)),
        ("lost", count(writes.lost)),
        ("doubled", count(writes.doubled)),
        ("unknown", format!("{}, of which {} are there", count(writes.unknown), count(writes.unknown_found))),
        ("failed", format!("{}, of which {} are there", count(writes.failed), count(writes.failed_found))),
    ]);
    page.chart("Writes in each tenth of a second", &timeline(result));
    let hosts = result.hosts.iter().map(|host| {
        vec![
            host.host.clone(),
            time(as_f64(host.first_us)),
            time(as_f64(host.last_us)),
            count(host.acknowledged),
        ]
    });
    page.table("Hosts that took writes", &["host", "first", "last", "acknowledged"], hosts);
    let errors = result.errors.iter().map(|(code, number)| vec![code.clone(), count(*number)]);
    page.table("Errors", &["code", "times"], errors);
    page.end()
}

struct Page(String);

impl Page {
    fn new(title: &str, slos: &[Verdict], passed: bool) -> Self {
        let title = escape(title);
        let mut out = String::from("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
        let (class, word) = if passed { ("met", "passed") } else { ("missed", "failed") };
        // Writing into a String cannot fail.
        let _ = write!(
            out,
            "<meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
             <title>{title}</title><style>{STYLE}</style></head>\n<body><h1>{title} <b class=\"{class}\">{word}</b></h1>\n"
        );
        let mut page = Self(out);
        let rows = slos.iter().map(|verdict| {
            let word = if verdict.met { "met" } else { "missed" };
            vec![verdict.objective.clone(), verdict.shown.clone(), word.to_owned()]
        });
        page.table("Service levels", &["objective", "measured", "verdict"], rows);
        page
    }

    fn facts(&mut self, facts: &[(&str, String)]) {
        self.0.push_str("<dl>");
        for (name, value) in facts {
            let _ = write!(self.0, "<dt>{}</dt><dd>{}</dd>", escape(name), escape(value));
        }
        self.0.push_str("</dl>\n");
    }

    /// A table, where it has rows.
    fn table(&mut self, title: &str, columns: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            return;
        }
        let _ = write!(self.0, "<h2>{}</h2><table><thead><tr>", escape(title));
        for column in columns {
            let _ = write!(self.0, "<th>{}</th>", escape(column));
        }
        self.0.push_str("</tr></thead><tbody>");
        for row in rows {
            self.0.push_str("<tr>");
            for cell in row {
                let class = if cell == "missed" { " class=\"missed\"" } else { "" };
                let _ = write!(self.0, "<td{class}>{}</td>", escape(&cell));
            }
            self.0.push_str("</tr>");
        }
        self.0.push_str("</tbody></table>\n");
    }

    fn chart(&mut self, title: &str, chart: &Chart) {
        let _ = writeln!(self.0, "<h2>{}</h2><figure>{}</figure>", escape(title), chart.svg());
    }

    fn end(mut self) -> String {
        self.0.push_str("</body></html>\n");
        self.0
    }
}

fn latencies(page: &mut Page, result: &BenchResult) {
    let row = |name: &str, committed: u64, latency: &Latency| {
        let micros = [latency.p50, latency.p95, latency.p99, latency.p99_9, latency.max];
        let mut row = vec![name.to_owned(), count(committed), time(latency.average)];
        row.extend(micros.map(|micros| time(as_f64(micros))));
        row
    };
    let kinds = result.transactions.iter().map(|(name, kind)| row(name, kind.committed, &kind.latency));
    let all = std::iter::once(row("all", result.committed, &result.latency));
    let columns = ["transaction", "committed", "average", "p50", "p95", "p99", "p99.9", "max"];
    page.table("Latency", &columns, kinds.chain(all));
}

fn series(page: &mut Page, series: &[Second]) {
    let line = |name: &str, class, value: &dyn Fn(&Second) -> u64| Line {
        name: name.to_owned(),
        class,
        points: series.iter().map(|row| (as_f64(row.second), as_f64(value(row)))).collect(),
    };
    let warm = series.iter().filter(|row| row.warm_up).count();
    let bands: Vec<_> = (warm > 0)
        .then(|| Band { name: "warm-up".to_owned(), from: 0.0, to: as_f64(warm as u64) })
        .into_iter()
        .collect();
    page.chart(
        "Transactions a second",
        &Chart {
            title: "Transactions a second over time".to_owned(),
            lines: vec![
                line("committed", "a", &|row| row.committed),
                line("failed", "bad", &|row| row.failed),
            ],
            bands: bands.clone(),
            ..Chart::default()
        },
    );
    page.chart(
        "Latency over time",
        &Chart {
            title: "Latency percentiles over time".to_owned(),
            lines: vec![
                line("max", "bad", &|row| row.max),
                line("p99", "c", &|row| row.p99),
                line("p95", "b", &|row| row.p95),
                line("p50", "a", &|row| row.p50),
            ],
            bands,
            logarithmic: true,
            unit: Unit::Time,
            ..Chart::default()
        },
    );
}

/// Percentiles on an axis that stretches the far end, where it matters: 90, 99, 99.9 at equal distances.
fn distribution(latency: &Latency) -> Chart {
    let place = |percent: f64| -((1.0 - percent / 100.0).max(1e-6)).log10();
    let shown = latency.distribution.iter().filter(|(percent, _)| *percent < 100.0);
    let points: Vec<_> = shown.map(|(percent, micros)| (place(*percent), as_f64(*micros))).collect();
    let labels = [0.0, 50.0, 90.0, 99.0, 99.9, 99.99, 99.999];
    Chart {
        title: "Latency by percentile".to_owned(),
        lines: vec![Line { name: "latency".to_owned(), class: "a", points }],
        ticks: labels.map(|percent| (place(percent), format!("{percent} %"))).to_vec(),
        logarithmic: true,
        unit: Unit::Time,
        ..Chart::default()
    }
}

fn timeline(result: &FailoverResult) -> Chart {
    let at = |index: usize| as_f64(index as u64 * SLICE_US) / MICROS;
    let line = |name: &str, class, value: &dyn Fn(usize) -> u64| Line {
        name: name.to_owned(),
        class,
        points: (0..result.timeline.len()).map(|index| (at(index), as_f64(value(index)))).collect(),
    };
    let slices = &result.timeline;
    let mut bands = vec![Band {
        name: format!("no write acknowledged for {}", time(result.gap_us)),
        from: result.gap_from_us / MICROS,
        to: (result.gap_from_us + result.gap_us) / MICROS,
    }];
    if let Some(fault) = &result.fault {
        let (from, to) = (as_f64(fault.from_us) / MICROS, as_f64(fault.to_us) / MICROS);
        bands.push(Band { name: String::new(), from, to });
    }
    Chart {
        title: "Writes over time".to_owned(),
        lines: vec![
            line("acknowledged", "a", &|index| slices[index].acknowledged),
            line("failed", "bad", &|index| slices[index].failed),
            line("unknown", "c", &|index| slices[index].unknown),
            line("connections refused", "b", &|index| slices[index].connects_failed),
        ],
        bands,
        ..Chart::default()
    }
}

#[expect(clippy::cast_precision_loss, reason = "values for a chart")]
fn as_f64(value: u64) -> f64 {
    value as f64
}
