//! The whole stack's life.
//!
//! 1. Before anything is started: all programs are there, all ports are free, the folder is ours.
//! 2. Store and origin start in this process, then every service as a child.
//! 3. All are ready within the time, or it is said who is not and why; then the table is printed.
//! 4. A signal, or a child that ends by itself, ends it: those who answer clients first, then those who work behind
//!    them, then origin and store. A second signal kills.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use bucket::embedded::EmbeddedS3;
use futures::future::{join_all, select_all};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::arguments::Arguments;
use crate::children::Running;
use crate::content;
use crate::folder::Folder;
use crate::origin::Origin;
use crate::output::{Output, takes_colour};
use crate::ports::Ports;
use crate::probe::until_ready;
use crate::services::{self, ACCESS_KEY, ALL, BUCKET, ORIGIN, Place, SECRET_KEY, STORE, Stop};
use crate::table;

/// How long the last lines may take to be printed: a stopped terminal must not keep the process.
const PRINT_TIME: Duration = Duration::from_secs(2);

/// Runs the stack until it ends; 0 where all was ready and ended well.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let clean = runtime.block_on(live(arguments))?;
    // A thread that blocks must not keep the process.
    runtime.shutdown_background();
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn live(arguments: &Arguments) -> anyhow::Result<bool> {
    let mut signals = Signals::new().context("cannot listen for signals")?;
    let devstack = std::env::current_exe().context("the path of devstack itself")?;
    let programs = devstack.parent().context("devstack lies in no folder")?;
    all_are_built(programs)?;
    let ports = Ports::take(arguments.port_base, services::listeners())?;
    let folder = Folder::open(arguments.folder.as_deref(), programs)?;
    let output = Output::start(takes_colour(), std::io::stdout());
    output.say(format!("starting, with its files in {}", folder.path().display()));
    let mut stack = Stack::start(ports, &folder, programs, output.clone()).await?;
    let cause = stack.watch(arguments, &mut signals).await;
    let well = stack.tell(cause).await;
    let clean = stack.stop(&mut signals).await;
    output.finish(PRINT_TIME);
    Ok(well && clean)
}

fn all_are_built(programs: &Path) -> anyhow::Result<()> {
    let missing: Vec<_> =
        ALL.iter().map(|service| service.name).filter(|name| !programs.join(name).is_file()).collect();
    anyhow::ensure!(
        missing.is_empty(),
        "{} not built in {}: `make run` builds them, or `cargo build -p {}`",
        missing.join(", "),
        programs.display(),
        missing.join(" -p ")
    );
    Ok(())
}

/// Why the stack ends.
enum Cause {
    Signal(&'static str),
    /// `--exit-when-ready`.
    Ready,
    /// Which child ended by itself.
    Ended(usize),
    /// Which services are not ready, and why.
    NotReady(BTreeMap<&'static str, String>),
}

struct Stack {
    output: Output,
    ports: Ports,
    manifest: PathBuf,
    reviews: PathBuf,
    store: EmbeddedS3,
    origin: Origin,
    children: Vec<Running>,
}

impl Stack {
    async fn start(ports: Ports, folder: &Folder, programs: &Path, output: Output) -> anyhow::Result<Self> {
        let (at_origin, at_store) = (ports.address(ORIGIN), ports.address(STORE));
        content::write(&folder.origin(), &folder.manifest(), at_origin)?;
        // To the embedded store a folder is a bucket. It is made here, so that file-server need not wait for it.
        std::fs::create_dir_all(folder.store().join(BUCKET)).context("the bucket's folder")?;
        let mut stack = Self {
            store: EmbeddedS3::bind(folder.store(), at_store, ACCESS_KEY, SECRET_KEY.into())
                .await
                .with_context(|| format!("the store at {at_store}"))?,
            origin: Origin::start(at_origin, &folder.origin()).await?,
            manifest: folder.manifest(),
            reviews: folder.reviews(),
            children: Vec::new(),
            output,
            ports,
        };
        stack.start_children(programs)?;
        Ok(stack)
    }

    fn start_children(&mut self, programs: &Path) -> anyhow::Result<()> {
        let width = ALL.iter().map(|service| service.name.len()).max().unwrap_or_default();
        for (index, service) in ALL.iter().enumerate() {
            self.ports.hand_over(service.name);
            let mut settings = services::common();
            settings.extend((service.settings)(&self.place(service.name)));
            let voice = self.output.voice(service.name, index, width);
            self.children.push(Running::start(service, &programs.join(service.name), settings, &voice)?);
        }
        Ok(())
    }

    fn place(&self, name: &'static str) -> Place<'_> {
        Place { name, ports: &self.ports, manifest: &self.manifest, reviews: &self.reviews }
    }

    /// Waits until all are ready, prints the table, and waits for a reason to end.
    async fn watch(&mut self, arguments: &Arguments, signals: &mut Signals) -> Cause {
        let missing = RefCell::default();
        let all_ready = self.all_ready(&missing);
        let in_time = tokio::select! {
            signal = signals.next() => return Cause::Signal(signal),
            index = first_end(&mut self.children) => return Cause::Ended(index),
            in_time = tokio::time::timeout(*arguments.ready_timeout, all_ready) => in_time.is_ok(),
        };
        if !in_time {
            return Cause::NotReady(missing.into_inner());
        }
        self.output.show(format!("\n{}\n", self.table()));
        if arguments.exit_when_ready {
            return Cause::Ready;
        }
        self.output.say("Ctrl-C drains all; a second Ctrl-C kills.");
        tokio::select! {
            signal = signals.next() => Cause::Signal(signal),
            index = first_end(&mut self.children) => Cause::Ended(index),
        }
    }

    /// Returns when all are ready; until then `missing` holds who is not, and why.
    fn all_ready<'a>(
        &self,
        missing: &'a RefCell<BTreeMap<&'static str, String>>,
    ) -> impl Future<Output = ()> + use<'a> {
        let asking: Vec<_> = ALL
            .iter()
            .map(|service| {
                let address = self.ports.address((service.name, service.ready_on));
                let output = self.output.clone();
                async move {
                    missing.borrow_mut().insert(service.name, "was not asked".to_owned());
                    until_ready(address, |reason| drop(missing.borrow_mut().insert(service.name, reason)))
                        .await;
                    missing.borrow_mut().remove(service.name);
                    output.say(format!("{} is ready", service.name));
                }
            })
            .collect();
        async { drop(join_all(asking).await) }
    }

    fn table(&self) -> String {
        let of_service =
            |service: &services::Service| (service.name, (service.tries)(&self.place(service.name)));
        let own = services::own_tries(&self.ports).map(|(name, shown)| (name, vec![shown]));
        table::render(&ALL.iter().map(of_service).chain(own).collect::<Vec<_>>())
    }

    /// Says why the stack ends, and returns whether that is as it should be.
    async fn tell(&mut self, cause: Cause) -> bool {
        let output = self.output.clone();
        match cause {
            Cause::Signal(name) => output.say(format!("{name}: draining")),
            Cause::Ready => output.say("all are ready: draining"),
            Cause::Ended(index) => {
                let child = &mut self.children[index];
                let end = child.ended().await;
                let last = child.last_words().await;
                output.say(format!("{} ended unexpectedly ({end}). Its last lines:", child.service.name));
                output.show(last);
                return false;
            }
            Cause::NotReady(missing) => {
                for child in &self.children {
                    let Some(reason) = missing.get(child.service.name) else { continue };
                    output.say(format!("{} is not ready: {reason}. Its last lines:", child.service.name));
                    output.show(child.latest_lines());
                }
                return false;
            }
        }
        true
    }

    /// Drains all, kills at a second signal, and returns whether every service ended well.
    async fn stop(mut self, signals: &mut Signals) -> bool {
        tokio::select! {
            () = drain(&mut self.children) => {
                self.origin.stop().await;
                self.store.stop().await;
            }
            name = signals.next() => {
                self.output.say(format!("{name} again: killing"));
                join_all(self.children.iter_mut().map(Running::kill)).await;
            }
        }
        let mut clean = true;
        for child in &mut self.children {
            // What it said at the end stands before what is said of it.
            child.last_words().await;
            let end = child.ended().await;
            clean &= end.is_clean();
            self.output.say(format!("{} ended: {end}", child.service.name));
        }
        clean
    }
}

/// Stops the children step by step.
async fn drain(children: &mut [Running]) {
    for step in [Stop::First, Stop::Then] {
        let of_step = children.iter_mut().filter(|child| child.service.stop == step);
        join_all(of_step.map(Running::stop)).await;
    }
}

/// Waits for the first child that ends.
async fn first_end(children: &mut [Running]) -> usize {
    let ends = children.iter_mut().map(|child| Box::pin(child.ended()));
    select_all(ends).await.1
}

/// What asks the stack to end: Ctrl-C, `kill`, a terminal that is closed.
struct Signals([(Signal, &'static str); 3]);

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self([
            (signal(SignalKind::interrupt())?, "SIGINT"),
            (signal(SignalKind::terminate())?, "SIGTERM"),
            (signal(SignalKind::hangup())?, "SIGHUP"),
        ]))
    }

    async fn next(&mut self) -> &'static str {
        let [(interrupt, first), (terminate, second), (hangup, third)] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => first,
            _ = terminate.recv() => second,
            _ = hangup.recv() => third,
        }
    }
}
