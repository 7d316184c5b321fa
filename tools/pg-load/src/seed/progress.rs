//! How far it is: bars on a terminal, lines of the log elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio_util::task::AbortOnDropHandle;

/// How often the log tells.
const EVERY: Duration = Duration::from_secs(5);
const STYLE: &str = "{msg:>14} [{wide_bar}] {human_pos}/{human_len} {per_sec} {eta}";

/// Where it is told how far it is.
#[derive(Clone, Debug)]
pub struct Progress {
    bars: Option<MultiProgress>,
}

/// One phase of the work.
#[derive(Debug)]
pub struct Phase {
    count: Arc<Count>,
    bar: Option<ProgressBar>,
    _ticker: Option<AbortOnDropHandle<()>>,
}

#[derive(Debug)]
struct Count {
    name: &'static str,
    what: &'static str,
    from: u64,
    done: AtomicU64,
    total: u64,
    began: Instant,
}

impl Progress {
    /// Bars where `is_terminal`, else lines of the log.
    pub fn new(is_terminal: bool) -> Self {
        let bars = is_terminal.then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        Self { bars }
    }

    /// Says something.
    pub fn say(&self, line: &str) {
        if let Some(bars) = &self.bars {
            let _ = bars.println(line); // a terminal that is gone reads nothing
        } else {
            tracing::info!("{line}");
        }
    }

    /// Begins a phase of `total` of `what`, `done` of which were done before. It ends when it is dropped.
    pub fn phase(&self, name: &'static str, what: &'static str, done: u64, total: u64) -> Phase {
        let count = Arc::new(Count {
            name,
            what,
            from: done,
            done: AtomicU64::new(done),
            total,
            began: Instant::now(),
        });
        let Some(bars) = &self.bars else {
            let ticker = AbortOnDropHandle::new(tokio::spawn(tell(count.clone())));
            return Phase { count, bar: None, _ticker: Some(ticker) };
        };
        let style = ProgressStyle::with_template(STYLE).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = bars.add(ProgressBar::new(total).with_style(style).with_message(name).with_position(done));
        bar.reset_eta();
        Phase { count, bar: Some(bar), _ticker: None }
    }
}

impl Phase {
    /// So many more are done.
    pub fn add(&self, more: u64) {
        self.count.done.fetch_add(more, Ordering::Relaxed);
        if let Some(bar) = &self.bar {
            bar.inc(more);
        }
    }
}

impl Drop for Phase {
    fn drop(&mut self) {
        match &self.bar {
            Some(bar) => bar.abandon(), // it stays as it is: whole, or where an error found it
            None => self.count.tell(),
        }
    }
}

impl Count {
    fn tell(&self) {
        let done = self.done.load(Ordering::Relaxed);
        let elapsed = self.began.elapsed();
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let per_second = (done - self.from) as f64 / elapsed.as_secs_f64().max(1e-3);
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let left = (self.total - done.min(self.total)) as f64 / per_second.max(1e-3);
        tracing::info!(
            phase = self.name,
            unit = self.what,
            done,
            total = self.total,
            per_second = per_second.round(),
            seconds_left = left.round(),
            "progress"
        );
    }
}

async fn tell(count: Arc<Count>) {
    loop {
        tokio::time::sleep(EVERY).await;
        count.tell();
    }
}
