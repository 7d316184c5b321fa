//! Every service on this machine, in one terminal, with one table of addresses: `make run`.
//!
//! 1. [`arguments`]: what the command line and `PORT_BASE` ask for.
//! 2. [`ports`]: every port is taken before anything is started; those of [`services`] are offsets of one base.
//! 3. [`stack`]: in a locked [`folder`], store and [`origin`] in this process with [`content`] to serve, the services as [`children`];
//!    [`probe`] waits until all are ready, [`table`] says where they are.
//! 4. [`output`] prints what the parts say, each line with its part's name.
//! 5. A signal drains all in order; [`leash`] ends the children also where this process is killed.

mod arguments;
mod children;
mod content;
mod folder;
mod leash;
mod lines;
mod origin;
mod output;
mod ports;
mod probe;
mod services;
mod stack;
mod table;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    let ended = match &arguments.command {
        Some(arguments::Command::Leash { parent, program, arguments }) => {
            leash::become_program(*parent, program, arguments)
        }
        None => stack::run(&arguments),
    };
    ended.unwrap_or_else(|error| {
        eprintln!("devstack: {error:#}");
        ExitCode::FAILURE
    })
}
