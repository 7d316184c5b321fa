//! The run as it goes.
//!
//! 1. On a terminal: some lines below the prompt, drawn four times a second. The screen above stays as it was.
//! 2. Elsewhere, or with --quiet: a log line every ten seconds.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Stderr};

use ratatui::backend::CrosstermBackend;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Style, Stylize as _};
use ratatui::text::Line;
use ratatui::widgets::{Gauge, Paragraph, Sparkline};
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};

use super::args::Args;
use super::clock::Window;
use super::collect::Collector;
use super::record::Tally;
use crate::report::result::Second;
use crate::report::{count, time};

const SECOND: u64 = 1_000_000_000;
/// Lines of the view.
const HEIGHT: u16 = 8;
/// Seconds between two log lines.
const LINE_EVERY: u64 = 10;

/// Shows the run.
#[derive(Debug)]
pub struct Live {
    window: Window,
    title: String,
    shown: Shown,
}

#[derive(Debug)]
enum Shown {
    Terminal(Box<Terminal<CrosstermBackend<Stderr>>>),
    Log { next: u64 },
}

impl Live {
    /// Chooses how.
    pub fn start(args: &Args, window: Window) -> Self {
        let names: Vec<_> = args.workload.iter().map(|source| source.name.as_str()).collect();
        let title = format!("{}: {} clients, {}", names.join(", "), args.clients, args.mode());
        let terminal = (!args.quiet && io::stderr().is_terminal()).then(|| {
            let options = TerminalOptions { viewport: Viewport::Inline(HEIGHT) };
            // A terminal that does not say where its cursor is gets lines.
            Terminal::with_options(CrosstermBackend::new(io::stderr()), options).ok()
        });
        let shown = match terminal.flatten() {
            Some(terminal) => Shown::Terminal(Box::new(terminal)),
            None => Shown::Log { next: LINE_EVERY },
        };
        Self { window, title, shown }
    }

    /// Shows it as it is `now`.
    pub fn show(&mut self, now: u64, collector: &Collector) {
        let view = View { title: &self.title, window: self.window, now, collector };
        match &mut self.shown {
            // A terminal that cannot be written to is no reason to end a measurement.
            Shown::Terminal(terminal) => drop(terminal.draw(|frame| view.draw(frame))),
            Shown::Log { next } if now / SECOND >= *next => {
                *next += LINE_EVERY;
                view.log();
            }
            Shown::Log { .. } => {}
        }
    }

    /// Leaves the last picture behind.
    pub fn end(self) {
        if let Shown::Terminal(mut terminal) = self.shown {
            let last = terminal.get_frame().area().bottom().saturating_sub(1);
            // The prompt goes below the picture; where that fails it stands in it.
            let _ = terminal.set_cursor_position((0, last)).and_then(|()| terminal.show_cursor());
            eprintln!();
        }
    }
}

struct View<'a> {
    title: &'a str,
    window: Window,
    now: u64,
    collector: &'a Collector,
}

impl View<'_> {
    fn draw(&self, frame: &mut Frame) {
        let rows = Layout::vertical([1, 1, 3, 1, 1, 1].map(Constraint::Length)).split(frame.area());
        frame.render_widget(Line::from(self.title).bold(), rows[0]);
        self.progress(frame, rows[1]);
        self.throughput(frame, rows[2]);
        let tally = self.collector.total();
        frame.render_widget(Paragraph::new(latencies(tally)), rows[3]);
        frame.render_widget(Paragraph::new(self.last_second()), rows[4]);
        frame.render_widget(Paragraph::new(self.errors()), rows[5]);
    }

    #[expect(clippy::cast_precision_loss, reason = "a share of a bar")]
    fn progress(&self, frame: &mut Frame, area: Rect) {
        let Window { from, to } = self.window;
        let is_warm = self.now >= from;
        let (name, done, of) =
            if is_warm { ("measured", self.now - from, to - from) } else { ("warm-up", self.now, from) };
        let ratio = (done as f64 / of.max(1) as f64).clamp(0.0, 1.0);
        let label = format!("{name}: {} of {} s", done / SECOND, of.div_ceil(SECOND));
        frame.render_widget(Gauge::default().ratio(ratio).label(label), area);
    }

    fn throughput(&self, frame: &mut Frame, area: Rect) {
        let shown = self.collector.rows().iter().rev().take(usize::from(area.width));
        let mut bars: Vec<u64> = shown.map(|row| row.committed).collect();
        bars.reverse();
        frame.render_widget(Sparkline::default().data(bars).style(Style::new().green()), area);
    }

    fn last_second(&self) -> String {
        self.collector.rows().last().map_or_else(String::new, |row: &Second| {
            let Second { committed, p50, p99, max, .. } = row;
            let [p50, p99, max] = [*p50, *p99, *max].map(shown);
            format!("last second: {} tps   p50 {p50}   p99 {p99}   max {max}", count(*committed))
        })
    }

    fn errors(&self) -> Line<'static> {
        let tally = self.collector.total();
        let mut text = format!("errors {}   retries {}", count(tally.failures.total()), count(tally.retries));
        let reconnects = self.collector.reconnects();
        if reconnects.lost + reconnects.failed > 0 {
            // Writing into a String cannot fail.
            let _ = write!(text, "   connections lost {}, not made {}", reconnects.lost, reconnects.failed);
        }
        for (failure, count) in tally.failures.iter().take(4) {
            let _ = write!(text, "   {failure}: {count}");
        }
        let line = Line::from(text);
        if tally.failures.total() > 0 { line.red() } else { line }
    }

    fn log(&self) {
        let tally = self.collector.total();
        let Some(row) = self.collector.rows().last() else { return };
        tracing::info!(
            second = row.second,
            tps = row.committed,
            p50_us = row.p50,
            p99_us = row.p99,
            max_us = row.max,
            errors = tally.failures.total(),
            retries = tally.retries,
            "{}",
            if row.warm_up { "warm-up" } else { "measured" }
        );
    }
}

fn latencies(tally: &Tally) -> String {
    let latencies = &tally.latencies;
    let [p50, p95, p99] = [50.0, 95.0, 99.0].map(|percent| shown(latencies.percentile(percent)));
    format!(
        "so far: {} committed   p50 {p50}   p95 {p95}   p99 {p99}   max {}",
        count(tally.committed),
        shown(latencies.max())
    )
}

#[expect(clippy::cast_precision_loss, reason = "microseconds for people")]
fn shown(micros: u64) -> String {
    time(micros as f64)
}

#[cfg(test)]
mod tests {
    use ratatui::backend::TestBackend;
    use service_kit::Metrics;

    use super::super::failure::Failure;
    use super::super::metrics::BenchMetrics;
    use super::super::record::{Interval, Record};
    use super::*;

    #[test]
    fn the_view_shows_what_was_counted() {
        let window = Window { from: SECOND, to: 11 * SECOND };
        let mut collector = Collector::new(window, Metrics::default().with(BenchMetrics::register));
        let mut interval = Interval { second: 2, ..Interval::default() };
        for failure in [None, None, Some(Failure::SqlState(*b"23505"))] {
            let intended = 2 * SECOND;
            let ended = intended + 5_000_000;
            interval.tally.add(&Record { kind: 0, intended, started: intended, ended, retries: 1, failure });
        }
        collector.add(&interval);
        collector.settle(5 * SECOND);
        let mut terminal = Terminal::new(TestBackend::new(100, HEIGHT)).expect("a screen in memory");
        let view = View { title: "mixed: 8 clients", window, now: 5 * SECOND, collector: &collector };
        terminal.draw(|frame| view.draw(frame)).expect("drawn");
        let screen = terminal.backend().to_string();
        for text in [
            "mixed: 8 clients",
            "measured: 4 of 10 s",
            "2 committed",
            "p99 5.00 ms",
            "errors 1",
            "retries 3",
            "23505: 1",
            "last second: 2 tps",
        ] {
            assert!(screen.contains(text), "{text}:\n{screen}");
        }
    }
}
