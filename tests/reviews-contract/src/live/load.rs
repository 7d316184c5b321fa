//! Clients that post reviews until each is acknowledged.
//!
//! 1. Some post one review at a time, some lines in bulk. Each takes new numbers from the ledger, and sends what is not
//!    acknowledged again, with the same ids, wherever the service listens by then.
//! 2. What makes no sense (a wrong id, an answer that no client expects) is a fault, which the end of the load tells.
//! 3. [`Load::finish`] lets every client come to the end of what it has begun.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use reqwest::{Client, StatusCode};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::ledger::Mark;
use super::{Ledger, client, made, until};

/// How many clients there are, and what they do.
#[derive(Clone, Copy, Debug)]
pub struct Clients {
    /// Those that post one review at a time.
    pub single: usize,
    /// Those that post lines.
    pub bulk: usize,
    /// The most lines of a request.
    pub lines: usize,
    /// Between two requests of one client.
    pub pause: Duration,
    /// Whether a review may be refused for good.
    pub rejections: bool,
}

impl Default for Clients {
    /// A few of each, which pause just so long that a store is not what is tested.
    fn default() -> Self {
        Self { single: 6, bulk: 2, lines: 60, pause: Duration::from_millis(10), rejections: false }
    }
}

/// A load that runs until it is finished, or dropped.
#[derive(Debug)]
pub struct Load {
    shared: Arc<Shared>,
    clients: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    run: String,
    ledger: Ledger,
    clients: Clients,
    http: Client,
    target: watch::Sender<Option<SocketAddr>>,
    ending: AtomicBool,
    /// How often which answer was given.
    answers: Mutex<BTreeMap<String, u64>>,
    faults: Mutex<Vec<String>>,
}

impl Load {
    /// Starts the clients; they wait until there is somebody to post to. `run` is what the ids begin with.
    pub fn start(run: &str, clients: Clients, seed: u64) -> Self {
        let shared = Arc::new(Shared {
            run: run.to_owned(),
            ledger: Ledger::default(),
            clients,
            http: client(),
            target: watch::Sender::new(None),
            ending: AtomicBool::new(false),
            answers: Mutex::default(),
            faults: Mutex::default(),
        });
        let mut running = JoinSet::new();
        for number in 0..clients.single + clients.bulk {
            let lines = if number < clients.single { 1 } else { clients.lines };
            let chance = StdRng::seed_from_u64(seed.wrapping_add(number as u64));
            running.spawn(Arc::clone(&shared).post_until_the_end(lines, chance));
        }
        Self { shared, clients: running }
    }

    /// Where the service listens now; none while it does not.
    pub fn target(&self, address: Option<SocketAddr>) {
        self.shared.target.send_replace(address);
    }

    /// What became of every review.
    pub fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    /// What the ids begin with.
    pub fn run(&self) -> &str {
        &self.shared.run
    }

    /// How often an answer was given: `201` and the like for single reviews, `bulk created` and the like for lines, `none`
    /// where there was none.
    pub fn answers(&self, answer: &str) -> u64 {
        self.shared.answers.lock().unwrap_or_else(PoisonError::into_inner).get(answer).copied().unwrap_or(0)
    }

    /// Waits until so many more are acknowledged.
    ///
    /// # Panics
    /// Where that takes minutes, or there was a fault.
    pub async fn more(&self, count: usize) {
        let enough = self.ledger().acknowledged() + count;
        until("reviews are acknowledged", async || {
            self.is_sound();
            self.ledger().acknowledged() >= enough
        })
        .await;
    }

    /// Waits until an answer was given so many more times.
    pub async fn more_answers(&self, answer: &str, count: u64) {
        let enough = self.answers(answer) + count;
        until(&format!("{answer} is answered {count} times"), async || {
            self.is_sound();
            self.answers(answer) >= enough
        })
        .await;
    }

    /// Begins nothing new, and waits until all that was begun is acknowledged (or, where that may be, refused).
    ///
    /// # Panics
    /// Where that takes minutes, or there was a fault.
    pub async fn finish(&mut self) {
        self.shared.ending.store(true, Ordering::Relaxed);
        until("every client has its answer", async || {
            while self.clients.try_join_next().is_some() {}
            self.is_sound();
            self.clients.is_empty()
        })
        .await;
        let ledger = self.ledger();
        let (sent, decided) = (ledger.sent(), ledger.acknowledged() + ledger.rejected());
        assert_eq!(sent, decided, "sent and decided");
        println!("  {}: {sent} sent; {:?}", self.run(), self.shared.answers.lock().expect("nobody panicked"));
    }

    fn is_sound(&self) {
        let faults = self.shared.faults.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(faults.is_empty(), "{}: {}", self.run(), faults.join("\n"));
    }
}

impl Shared {
    async fn post_until_the_end(self: Arc<Self>, lines: usize, mut chance: StdRng) {
        while !self.ending.load(Ordering::Relaxed) {
            let mut numbers: Vec<_> = self.ledger.begin(chance.random_range(1..=lines)).collect();
            while !numbers.is_empty() {
                let address =
                    *self.target.subscribe().wait_for(Option::is_some).await.expect("we hold the sender");
                let Some(address) = address else { continue };
                let marks = self.post(address, &numbers, lines > 1).await;
                for (number, mark) in numbers.iter().zip(&marks) {
                    self.ledger.note(*number, *mark);
                }
                let mut marks = marks.into_iter();
                numbers.retain(|_| marks.next().is_none_or(|mark| mark == Mark::Sent));
                let pause = if numbers.is_empty() { self.clients.pause } else { Duration::from_millis(100) };
                tokio::time::sleep(pause.mul_f64(chance.random_range(0.5..1.5))).await;
            }
        }
    }

    /// One request; as many marks as reviews.
    async fn post(&self, address: SocketAddr, numbers: &[usize], bulk: bool) -> Vec<Mark> {
        let (path, kind) =
            if bulk { ("/reviews/_bulk", "application/x-ndjson") } else { ("/reviews", "application/json") };
        let mut body = String::new();
        for number in numbers {
            let _ = writeln!(body, "{}", made::review(&self.run, *number)); // a String takes whatever is written
        }
        let request =
            self.http.post(format!("http://{address}{path}")).header("content-type", kind).body(body);
        let nothing = vec![Mark::Sent; numbers.len()];
        let Ok(answer) = request.send().await else {
            self.count("none");
            return nothing;
        };
        let status = answer.status();
        // It may break off: then nobody was told anything.
        let Ok(text) = answer.text().await else {
            self.count("none");
            return nothing;
        };
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        if !bulk {
            self.count(status.as_str());
            return vec![self.one(numbers[0], status, &answer)];
        }
        if status == StatusCode::OK {
            return self.many(numbers, &answer);
        }
        self.count(&format!("bulk {}", status.as_str()));
        if !may_come_again(status) {
            self.fault(format!("_bulk of {numbers:?} is answered {status}: {answer}"));
        }
        nothing
    }

    fn one(&self, number: usize, status: StatusCode, answer: &Value) -> Mark {
        let told = match status {
            StatusCode::CREATED => "created",
            StatusCode::ACCEPTED => "accepted",
            StatusCode::OK => "duplicate",
            StatusCode::UNPROCESSABLE_ENTITY if self.clients.rejections => return Mark::Rejected,
            status if may_come_again(status) => return Mark::Sent,
            _ => "",
        };
        if told.is_empty() || answer["status"] != told || answer["id"] != made::id(&self.run, number) {
            self.fault(format!("review {number} is answered {status}: {answer}"));
        }
        Mark::Acknowledged
    }

    fn many(&self, numbers: &[usize], answer: &Value) -> Vec<Mark> {
        let items = answer["items"].as_array().map_or(&[][..], Vec::as_slice);
        if items.len() != numbers.len() {
            self.fault(format!("{} lines have {} verdicts: {answer}", numbers.len(), items.len()));
            return vec![Mark::Sent; numbers.len()];
        }
        let verdict = |(number, item): (&usize, &Value)| {
            let status = item["status"].as_str().unwrap_or_default();
            self.count(&format!("bulk {status}"));
            let mark = match status {
                "created" | "accepted" | "duplicate" => Mark::Acknowledged,
                "rejected" if self.clients.rejections => Mark::Rejected,
                "retry" => Mark::Sent,
                _ => {
                    self.fault(format!("line {number} has the verdict {item}"));
                    Mark::Sent
                }
            };
            if item["id"] != made::id(&self.run, *number) {
                self.fault(format!("line {number} has the verdict {item}"));
            }
            mark
        };
        numbers.iter().zip(items).map(verdict).collect()
    }

    fn count(&self, answer: &str) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        *answers.entry(answer.to_owned()).or_default() += 1;
    }

    fn fault(&self, fault: String) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }
}

fn may_come_again(status: StatusCode) -> bool {
    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
}
