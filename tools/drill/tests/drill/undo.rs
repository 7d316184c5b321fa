//! What was changed is put back, however a run ends.

use nix::sys::signal::Signal;

use crate::support::api::{Api, NAMESPACE};
use crate::support::origin::{Mode, Origin};
use crate::support::program::{Program, end, output, report, said, signal};
use crate::support::wait::until;

const DRAIN: [&str; 3] = ["drain", "--node", "two"];

async fn stuck() -> (Api, Origin, Program) {
    let (api, origin) = (Api::start().await, Origin::start(Mode::Right).await);
    api.world().forbidden = None;
    let program = Program::new(&api);
    (api, origin, program)
}

fn evictions(api: &Api) -> usize {
    api.world().changes.iter().filter(|change| change.contains("/eviction")).count()
}

#[tokio::test]
async fn a_signal_uncordons_what_is_being_drained() {
    for kind in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let (api, origin, program) = stuck().await;
        let child = program.run(&origin, &DRAIN).spawn().expect("it starts");
        until("an eviction is told to wait", || evictions(&api) > 0).await;
        assert!(api.world().cordoned("two"));
        assert!(program.path("journal").exists());
        signal(&child, kind);
        let ended = end(child).await;
        assert_eq!(ended.status.code(), Some(2), "{kind}: {}", said(&ended));
        assert!(!api.world().cordoned("two"), "{kind}: {}", said(&ended));
        assert!(!program.path("journal").exists(), "{kind}");
        let report = report(&ended);
        assert_eq!((&report["verdict"], &report["error"]), (&"none".into(), &"interrupted".into()));
    }
}

#[tokio::test]
async fn a_killed_run_leaves_a_journal_that_puts_all_back() {
    let (api, origin, program) = stuck().await;
    let child = program.run(&origin, &DRAIN).spawn().expect("it starts");
    until("an eviction is told to wait", || evictions(&api) > 0).await;
    signal(&child, Signal::SIGKILL);
    end(child).await;
    assert!(api.world().cordoned("two"));
    let journal = program.path("journal");
    let journal = journal.to_str().expect("a path");
    let undo = |context| ["undo", journal, "--context", context, "--namespace", NAMESPACE];

    let other = output(program.command(&undo("production"))).await;
    assert_eq!(other.status.code(), Some(2));
    assert!(said(&other).contains("is of context test"), "{}", said(&other));
    assert!(api.world().cordoned("two"), "another context's journal");

    let mut dry = program.command(&undo("test"));
    dry.arg("--dry-run");
    let dry = output(dry).await;
    assert_eq!(String::from_utf8_lossy(&dry.stdout), "uncordon node/two\n");
    assert!(api.world().cordoned("two"), "only said");

    let ended = output(program.command(&undo("test"))).await;
    assert_eq!(ended.status.code(), Some(0), "{}", said(&ended));
    assert!(!api.world().cordoned("two") && !program.path("journal").exists());
}

#[tokio::test]
async fn what_another_run_left_behind_is_not_written_over() {
    let (api, origin, program) = stuck().await;
    std::fs::write(program.path("journal"), "left behind").expect("written");
    let ended = output(program.run(&origin, &DRAIN)).await;
    assert_eq!(ended.status.code(), Some(2), "{}", said(&ended));
    assert!(said(&ended).contains("drill undo"), "{}", said(&ended));
    assert_eq!(std::fs::read_to_string(program.path("journal")).expect("it is there"), "left behind");
    assert_eq!((api.world().changes.len(), origin.seen()), (0, 0));
}

#[tokio::test]
async fn a_file_that_is_no_journal_is_refused() {
    let api = Api::start().await;
    let program = Program::new(&api);
    let journal = program.path("journal");
    std::fs::write(&journal, "{\"context\":\"test\"}").expect("written");
    let path = journal.to_str().expect("a path");
    let ended = output(program.command(&["undo", path, "--context", "test", "--namespace", NAMESPACE])).await;
    assert_eq!(ended.status.code(), Some(2));
    assert!(said(&ended).contains("missing field"), "{}", said(&ended));
}

#[tokio::test]
async fn a_refused_eviction_ends_the_run_without_a_verdict_and_uncordons() {
    let (api, origin, program) = stuck().await;
    api.world().refuse = Some(("/eviction", 403));
    let ended = output(program.run(&origin, &DRAIN)).await;
    assert_eq!(ended.status.code(), Some(2), "{}", said(&ended));
    assert_eq!(report(&ended)["verdict"], "none");
    assert!(!api.world().cordoned("two"));
}

#[tokio::test]
async fn a_budget_that_never_allows_it_is_a_finding_and_uncordons() {
    let (api, origin, program) = stuck().await;
    let mut command = program.run(&origin, &DRAIN);
    command.args(["--step-within", "2s"]);
    let ended = output(command).await;
    assert_eq!(ended.status.code(), Some(1), "{}", said(&ended));
    let report = report(&ended);
    assert_eq!(report["verdict"], "fail");
    assert!(
        report["error"].as_str().is_some_and(|error| error.contains("disruption budget")),
        "{}",
        report["error"]
    );
    assert!(!api.world().cordoned("two"));
}

#[tokio::test]
async fn an_image_that_does_not_come_up_is_put_back() {
    let (api, origin) = (Api::start().await, Origin::start(Mode::Right).await);
    let program = Program::new(&api);
    let change = ["image-change", "--image", "web:broken", "--workload", "deployment/web"];
    api.world().broken_image = Some("web:broken");
    let mut command = program.run(&origin, &change);
    command.args(["--step-within", "1s"]);
    let ended = output(command).await;
    assert_eq!(ended.status.code(), Some(1), "{}", said(&ended));
    assert!(said(&ended).contains("0 of 3 ready"), "{}", said(&ended));
    let image = "/spec/template/spec/containers/0/image";
    assert_eq!(api.world().deployment("web", image), "web:1");

    let mut command = program.run(&origin, &change);
    command.args(["--stalls", "1s"]);
    let ended = output(command).await;
    assert_eq!(ended.status.code(), Some(0), "to stall was what was asked: {}", said(&ended));
    assert_eq!(api.world().deployment("web", image), "web:1");
}

#[tokio::test]
async fn a_command_that_is_interrupted_ends_with_all_that_it_started() {
    let (api, origin) = (Api::start().await, Origin::start(Mode::Right).await);
    let program = Program::new(&api);
    let (started, restored) = (program.path("started"), program.path("restored"));
    let cut = format!("sh -c 'echo $$ >{0}.new; mv {0}.new {0}; sleep 600; true'; true", started.display());
    let restore = format!("touch {}", restored.display());
    let arguments = ["node-loss", "--node", "two", "--cut", &cut, "--restore", &restore];
    let child = program.run(&origin, &arguments).spawn().expect("it starts");
    until("the command runs", || started.exists()).await;
    signal(&child, Signal::SIGINT);
    let ended = end(child).await;
    assert_eq!(ended.status.code(), Some(2), "{}", said(&ended));
    assert!(restored.exists(), "what it may have done is put back");
    let id = std::fs::read_to_string(&started).expect("an id");
    until("it ended", || has_ended(id.trim())).await;
}

#[tokio::test]
async fn what_cannot_be_put_back_stays_in_the_journal() {
    let (api, origin) = (Api::start().await, Origin::start(Mode::Right).await);
    let program = Program::new(&api);
    api.world().lost = Some(program.folder.path().to_owned());
    let cut = format!("touch {}", program.path("two").display());
    let child = program
        .run(&origin, &["node-loss", "--node", "two", "--hold", "1h", "--cut", &cut, "--restore", "exit 7"])
        .spawn()
        .expect("it starts");
    until("the node is cut off", || program.path("two").exists()).await;
    let journal = std::fs::read_to_string(program.path("journal")).expect("a journal");
    assert!(journal.contains("exit 7"), "{journal}");
    signal(&child, Signal::SIGTERM);
    // The command is tried for a minute: a second signal is who does not wait.
    signal_until_ended(&child).await;
    let ended = end(child).await;
    assert_eq!(ended.status.code(), Some(2), "{}", said(&ended));
    assert!(program.path("journal").exists());
}

/// A signal may come before the one before it was seen; the program's end is what counts.
async fn signal_until_ended(child: &tokio::process::Child) {
    let id = child.id().expect("it runs").to_string();
    until("it ends", || {
        signal(child, Signal::SIGTERM);
        has_ended(&id)
    })
    .await;
}

/// A process that nobody has waited for yet has ended too.
fn has_ended(id: &str) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    state.is_empty() || state.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'))
}
