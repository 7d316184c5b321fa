//! How far an item has come: bars for people, lines for logs.
//!
//! 1. On a terminal every item has a bar on standard error; the log lines go there too, above the bars' next drawing.
//! 2. Elsewhere a line is logged for an item at most every so often, and none for one that is quick.

use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::item::ObjectKey;

/// Shows items. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Progress {
    /// Bars on standard error.
    Bars(MultiProgress),
    /// A log line for each item, at most this often.
    Lines(Duration),
}

/// Shows one item; when dropped it shows no more.
#[derive(Debug)]
pub struct ItemProgress(Kind);

#[derive(Debug)]
enum Kind {
    Bar { bar: ProgressBar, shown: bool, all: MultiProgress },
    Line(Line),
}

#[derive(Debug)]
struct Line {
    key: String,
    every: Duration,
    length: Option<u64>,
    received: u64,
    said: Instant,
}

impl Progress {
    /// Bars where `terminal` says that somebody watches, else lines.
    pub fn new(terminal: bool, every: Duration) -> Self {
        if terminal { Self::Bars(MultiProgress::new()) } else { Self::Lines(every) }
    }

    /// Begins to show an item, of which nothing is known yet.
    pub fn item(&self, key: &ObjectKey) -> ItemProgress {
        let key = key.to_string();
        ItemProgress(match self {
            Self::Bars(all) => {
                let bar = ProgressBar::hidden();
                bar.set_message(key);
                Kind::Bar { bar, shown: false, all: all.clone() }
            }
            Self::Lines(every) => {
                Kind::Line(Line { key, every: *every, length: None, received: 0, said: Instant::now() })
            }
        })
    }
}

impl ItemProgress {
    /// Content of this length begins, or begins anew.
    pub fn begin(&mut self, length: Option<u64>) {
        match &mut self.0 {
            Kind::Bar { bar, shown, all } => {
                if !*shown && length.is_some() {
                    *bar = all.add(bar.clone().with_style(style()));
                    *shown = true;
                }
                bar.set_position(0);
                bar.set_length(length.unwrap_or(0));
            }
            Kind::Line(line) => (line.length, line.received) = (length, 0),
        }
    }

    /// So many bytes more have come.
    pub fn add(&mut self, bytes: u64) {
        match &mut self.0 {
            Kind::Bar { bar, .. } => bar.inc(bytes),
            Kind::Line(line) => line.add(bytes),
        }
    }

    /// The item is done.
    pub fn finish(&self) {
        if let Kind::Bar { bar, .. } = &self.0 {
            bar.finish();
        }
    }
}

impl Drop for ItemProgress {
    fn drop(&mut self) {
        if let Kind::Bar { bar, .. } = &self.0
            && !bar.is_finished()
        {
            bar.abandon();
        }
    }
}

impl Line {
    fn add(&mut self, bytes: u64) {
        self.received += bytes;
        if self.said.elapsed() < self.every {
            return;
        }
        self.said = Instant::now();
        let percent = self.percent();
        tracing::info!(key = self.key, received = self.received, length = self.length, percent, "fetching");
    }

    fn percent(&self) -> Option<u64> {
        let length = self.length.filter(|length| *length > 0)?;
        u64::try_from(u128::from(self.received) * 100 / u128::from(length)).ok()
    }
}

fn style() -> ProgressStyle {
    let template = "{msg:30!} {bar:30} {bytes:>10}/{total_bytes:10} {bytes_per_sec:>12} {eta:>5}";
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use indicatif::{InMemoryTerm, ProgressDrawTarget};

    use super::*;

    fn key() -> ObjectKey {
        "a/b".parse().expect("a key")
    }

    #[test]
    fn a_bar_shows_key_and_bytes() {
        let terminal = InMemoryTerm::new(10, 120);
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::term_like(Box::new(terminal.clone())));
        let mut item = Progress::Bars(all).item(&key());
        item.begin(Some(4096));
        item.add(1024);
        item.finish();
        let shown = terminal.contents();
        assert!(shown.contains("a/b") && shown.contains("4.00 KiB"), "{shown:?}");
    }

    #[test]
    fn percents_are_whole_and_need_a_length() {
        let (every, said) = (Duration::from_mins(1), Instant::now());
        let mut line = Line { key: key().to_string(), every, length: None, received: 0, said };
        assert_eq!(line.percent(), None);
        line.length = Some(0);
        assert_eq!(line.percent(), None);
        (line.length, line.received) = (Some(u64::MAX), u64::MAX / 2);
        assert_eq!(line.percent(), Some(49));
    }
}
