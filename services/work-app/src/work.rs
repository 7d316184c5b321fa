//! The work: nothing but time, and sometimes a failure.
//!
//! 1. The settings are read as they are now; what changes later does not change work that has begun.
//! 2. The dice are thrown.
//! 3. The request sleeps as long as they say, then fails or greets.

use axum::body::Body;
use axum::http::Response;
use service_kit::Followed;

use crate::dice::{Dice, Draw};
use crate::pages;
use crate::values::{FailRate, Greeting};

/// What work needs.
pub struct Work {
    /// How it turns out.
    pub dice: Dice,
    /// How often it fails.
    pub fail_rate: Followed<FailRate>,
    /// What it says where it does not.
    pub greeting: Followed<Greeting>,
}

impl Work {
    /// Does one piece of work.
    pub async fn run(&self, with_body: bool) -> Response<Body> {
        let greeting = self.greeting.load();
        let Draw { delay, fails } = self.dice.draw(*self.fail_rate.load());
        tokio::time::sleep(delay).await;
        if fails { pages::failed(with_body) } else { pages::done(greeting.body(), with_body) }
    }
}
