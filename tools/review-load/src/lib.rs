//! Plausible delivery reviews: made, sent, and looked for again.
//!
//! 1. [`generate`] makes them from [`vocabulary`], with a daily rhythm and incidents.
//! 2. [`client`] sends them as a customer's app would; [`feed`] fills a stack and keeps it moving.
//! 3. [`load`] sends them in an open loop and writes every acknowledgement into a [`ledger`].
//! 4. [`check`] looks for each acknowledged review: it must be there exactly once.
//!
//! The program is [`main`]; drill makes its reviews here and looks for them again.

mod arguments;
pub mod check;
pub mod client;
mod feed;
pub mod generate;
pub mod ledger;
mod load;
pub mod vocabulary;

use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Arguments, Command};

/// The program.
pub fn main() -> ExitCode {
    let ended = match Arguments::parse().command {
        Command::Generate(options) => options.run(),
        Command::Load(options) => load::run(&options),
        Command::Check(options) => check::run(&options),
        Command::Feed => return feed::main(),
    };
    ended.unwrap_or_else(|error| {
        eprintln!("review-load: {error:#}");
        ExitCode::FAILURE
    })
}
