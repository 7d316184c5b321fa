//! The traffic, against servers that fail as told.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use drill::traffic::failure::Kind;
use drill::traffic::tally::Tally;
use drill::traffic::target::Target;
use drill::traffic::wire::Wire;
use drill::traffic::{Source, Stream, Traffic};

use crate::support::origin::{BODY, Cut, Mode, Origin, Raw, nowhere};
use crate::support::wait::until;

const RATE: f64 = 100.0;
/// More than a busy machine catches up with at once.
const IN_FLIGHT: usize = 4096;

fn target(line: &str) -> Target {
    line.parse().unwrap_or_else(|fault| panic!("{line}: {fault}"))
}

fn wire() -> Wire {
    Wire { timeout: Duration::from_secs(10), ..Wire::default() }
}

fn start(line: &str, in_flight: usize, wire: &Wire) -> Traffic {
    let stream = Stream { source: Source::Get(target(line)), rate: RATE, in_flight };
    Traffic::start(vec![stream], wire).expect("a client")
}

fn now(traffic: &Traffic) -> Tally {
    traffic.now().pop().expect("one target").1
}

/// Sends until so many requests have ended, and counts.
async fn seen(line: &str, wire: &Wire, requests: u64) -> Tally {
    let traffic = start(line, IN_FLIGHT, wire);
    until("requests ended", || now(&traffic).requests >= requests).await;
    traffic.stop().await.pop().expect("one target").baseline
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}/")
}

#[track_caller]
fn assert_all(tally: &Tally, kind: Kind) {
    assert_eq!(tally.failures.keys().collect::<Vec<_>>(), [&kind], "{:?}", tally.reasons);
    assert_eq!((tally.succeeded, tally.failed()), (0, tally.requests));
}

#[tokio::test]
async fn right_answers_are_counted_and_nothing_else() {
    let origin = Origin::start(Mode::Right).await;
    // printf 'Hello, drill!' | sha256sum
    let sum = "99c9f85c75d1facd38e78d9ee12cd3d3820965e9b6c56cd168dcfe4f35f2f3ef";
    let line = format!("{} status=200 sha256={sum} body=drill!", url(origin.address));
    let tally = seen(&line, &wire(), 30).await;
    assert_eq!((tally.failed(), tally.succeeded), (0, tally.requests), "{:?}", tally.reasons);
    assert_eq!(origin.seen(), tally.requests);
    assert_eq!(tally.latency.len(), tally.requests);
    assert_eq!(tally.recovered_after(), Duration::ZERO);
}

#[tokio::test]
async fn a_wrong_answer_is_told_from_a_right_one() {
    let origin = Origin::start(Mode::Error).await;
    let asked = url(origin.address);
    assert_all(&seen(&asked, &wire(), 5).await, Kind::WrongStatus);
    origin.tell(Mode::Redirect);
    assert_all(&seen(&asked, &wire(), 5).await, Kind::WrongStatus);
    origin.tell(Mode::Wrong);
    assert_all(&seen(&format!("{asked} body={BODY}"), &wire(), 5).await, Kind::WrongBody);
    let other = "0".repeat(64);
    assert_all(&seen(&format!("{asked} sha256={other}"), &wire(), 5).await, Kind::WrongBody);
    origin.tell(Mode::Error);
    let expected = seen(&format!("{asked} status=500"), &wire(), 5).await;
    assert_eq!(expected.failed(), 0, "{:?}", expected.reasons);
}

#[tokio::test]
async fn a_broken_connection_is_a_reset_however_it_broke() {
    for cut in [Cut::Silent, Cut::Reset, Cut::Half] {
        let raw = Raw::start(cut).await;
        let tally = seen(&url(raw.address), &wire(), 5).await;
        assert_eq!(tally.failures.keys().collect::<Vec<_>>(), [&Kind::Reset], "{cut:?}: {:?}", tally.reasons);
        assert_eq!(tally.succeeded, 0);
    }
}

#[tokio::test]
async fn nobody_there_is_refused() {
    assert_all(&seen(&url(nowhere().await), &wire(), 5).await, Kind::Refused);
}

#[tokio::test]
async fn no_answer_is_a_timeout() {
    let origin = Origin::start(Mode::Hang).await;
    let wire = Wire { timeout: Duration::from_millis(200), ..Wire::default() };
    assert_all(&seen(&url(origin.address), &wire, 5).await, Kind::Timeout);
}

#[tokio::test]
async fn requests_are_sent_when_they_are_due_whatever_became_of_those_before() {
    let origin = Origin::start(Mode::Hang).await;
    let traffic = start(&url(origin.address), IN_FLIGHT, &wire());
    until("many requests wait for their answer", || origin.seen() >= 40).await;
    assert_eq!(now(&traffic).requests, 0, "none has ended");
    origin.tell(Mode::Right);
    let observed = traffic.stop().await.pop().expect("one target");
    assert_eq!((observed.baseline.failed(), observed.baseline.succeeded), (0, origin.seen()));
    // Forty requests at 100/s: the first was due 400 ms before the last, and waited at least as long.
    assert!(observed.baseline.latency.max() >= 390_000, "{}", observed.baseline.latency.max());
}

#[tokio::test]
async fn what_is_too_much_at_once_is_counted_and_not_sent() {
    let origin = Origin::start(Mode::Hang).await;
    let traffic = start(&url(origin.address), 3, &wire());
    let overflow = || now(&traffic).failures.get(&Kind::Overflow).copied().unwrap_or_default();
    until("requests overflow", || origin.seen() >= 3 && overflow() >= 5).await;
    assert_eq!(origin.seen(), 3);
    origin.tell(Mode::Right);
    until("answers come in again", || now(&traffic).succeeded > 3).await;
    let tally = traffic.stop().await.pop().expect("one target").baseline;
    assert_eq!(tally.failures.keys().collect::<Vec<_>>(), [&Kind::Overflow]);
}

#[tokio::test]
async fn a_gap_lasts_as_long_as_right_answers_are_away() {
    let origin = Origin::start(Mode::Right).await;
    let traffic = start(&url(origin.address), IN_FLIGHT, &wire());
    until("answers come in", || now(&traffic).succeeded >= 10).await;
    origin.tell(Mode::Error);
    until("answers are wrong", || now(&traffic).failed() >= 1).await;
    let (away, failed) = (Instant::now(), now(&traffic).failed());
    until("answers stay wrong", || now(&traffic).failed() >= failed + 30).await;
    let least = away.elapsed();
    origin.tell(Mode::Right);
    let succeeded = now(&traffic).succeeded;
    until("answers come in again", || now(&traffic).succeeded >= succeeded + 30).await;
    let observed = traffic.stop().await.pop().expect("one target");
    let (tally, gap) = (&observed.baseline, observed.baseline.longest_gap(observed.ended));
    assert!(gap >= least, "{gap:?} is less than {least:?}");
    assert!(tally.recovered_after() >= least && tally.clean_for() > Duration::ZERO);
}

#[tokio::test]
async fn what_was_before_the_mark_is_not_judged() {
    let origin = Origin::start(Mode::Error).await;
    let traffic = start(&url(origin.address), IN_FLIGHT, &wire());
    until("answers are wrong", || now(&traffic).failed() >= 5).await;
    origin.tell(Mode::Right);
    until("the traffic is clean", || traffic.clean_for() >= Duration::from_millis(200)).await;
    traffic.mark();
    until("answers come in", || now(&traffic).succeeded >= 10).await;
    let observed = traffic.stop().await.pop().expect("one target");
    assert!(observed.baseline.failed() >= 5);
    assert_eq!(observed.judged().failed(), 0);
    assert!(observed.drill.is_some());
}

#[tokio::test]
async fn a_request_under_way_at_the_mark_may_fail_of_what_follows() {
    let origin = Origin::start(Mode::Hang).await;
    let traffic = start(&url(origin.address), 1, &wire());
    until("a request waits", || origin.seen() == 1).await;
    traffic.mark();
    origin.tell(Mode::Error);
    until("it failed", || now(&traffic).failures.contains_key(&Kind::WrongStatus)).await;
    let observed = traffic.stop().await.pop().expect("one target");
    assert!(!observed.baseline.failures.contains_key(&Kind::WrongStatus));
}

#[tokio::test]
async fn connections_are_kept_unless_each_request_is_to_have_its_own() {
    let raw = Raw::start(Cut::Kept).await;
    let kept = seen(&url(raw.address), &wire(), 30).await;
    assert_eq!(kept.failed(), 0, "{:?}", kept.reasons);
    assert!(raw.connections() < kept.requests, "{} connections", raw.connections());
    let raw = Raw::start(Cut::Kept).await;
    let each = seen(&url(raw.address), &Wire { new_connections: true, ..wire() }, 30).await;
    assert_eq!((each.failed(), raw.connections()), (0, each.requests), "{:?}", each.reasons);
}

#[tokio::test]
async fn a_host_is_where_it_is_said_to_be() {
    let origin = Origin::start(Mode::Right).await;
    let resolve = vec!["web.example=127.0.0.1".parse().expect("an address")];
    let asked = format!("http://web.example:{}/", origin.address.port());
    let tally = seen(&asked, &Wire { resolve, ..wire() }, 5).await;
    assert_eq!((tally.failed(), origin.seen()), (0, tally.requests), "{:?}", tally.reasons);
}

#[tokio::test]
async fn the_rate_can_rise() {
    let origin = Origin::start(Mode::Right).await;
    let source = Source::Get(target(&url(origin.address)));
    let traffic =
        Traffic::start(vec![Stream { source, rate: 0.1, in_flight: IN_FLIGHT }], &wire()).expect("a client");
    traffic.scale(1_000.0);
    // At one in ten seconds these would take minutes.
    until("requests ended", || now(&traffic).requests >= 30).await;
    assert_eq!(traffic.stop().await.pop().expect("one target").baseline.failed(), 0);
}
