//! What is told while a run goes on: lines on the standard error, and on a terminal a line below them that moves.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Tells people. The standard output is left to the report.
#[derive(Clone, Debug)]
pub struct Say {
    began: Instant,
    bar: ProgressBar,
}

impl Default for Say {
    fn default() -> Self {
        // Drawn on a terminal only: indicatif hides it elsewhere.
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::default_spinner());
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { began: Instant::now(), bar }
    }
}

impl Say {
    /// A line that stays.
    pub fn line(&self, text: &str) {
        let text = format!("[{:7.1}s] {text}", self.began.elapsed().as_secs_f64());
        self.bar.suspend(|| eprintln!("{text}"));
    }

    /// What is now.
    pub fn now(&self, text: String) {
        self.bar.set_message(text);
    }

    /// Nothing more is told.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
