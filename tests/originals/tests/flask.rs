//! work-app beside Flask.

use service_kit::Running;
use tests_originals::case::Case;
use tests_originals::deliberate::{Checklist, WORK_APP};
use tests_originals::original::Original;
use tests_originals::pair::{Pair, judge};
use tests_originals::requests::flask;

/// A greeting with everything that JSON has to escape.
const GREETING: &str = "h\u{e9} \"\\/</\u{1f600}\u{7f}\u{1}\t";

/// Settings under which the two are asked, and what.
struct Round {
    variables: Vec<(&'static str, &'static str)>,
    cases: Vec<Case>,
}

fn rounds() -> [Round; 4] {
    let (ready, never_fails) = (("READINESS_DELAY_SEC", "0"), ("FAIL_RATE", "0"));
    let round = |variables: &[(&'static str, &'static str)]| Round {
        variables: variables.to_vec(),
        cases: flask::work_and_readiness(),
    };
    [
        Round { variables: vec![ready, never_fails], cases: flask::cases() },
        round(&[ready, ("FAIL_RATE", "1")]),
        round(&[ready, never_fails, ("GREETING", GREETING)]),
        round(&[("READINESS_DELAY_SEC", "3600.5"), ("FAIL_RATE", "1e0"), ("GREETING", "")]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn work_app_answers_as_flask_does() {
    let mut running = Vec::new();
    let mut rounds_with_ours = Vec::new();
    for round in rounds() {
        let ours = start(&round.variables).await;
        rounds_with_ours.push((round, ours.address("http")));
        running.push(ours);
    }
    let asking = tokio::task::spawn_blocking(move || {
        let (mut list, mut unlisted, mut asked) = (Checklist::new(WORK_APP), Vec::new(), 0);
        for (Round { variables, cases }, ours) in rounds_with_ours {
            let flask = Original::flask(&variables);
            unlisted.extend(Pair::new(ours, flask.address()).ask(&cases, &mut list));
            asked += cases.len();
        }
        judge(asked, &unlisted, &list);
    });
    asking.await.expect("they answer alike");
    for ours in running {
        assert_eq!(ours.stop().await.exit_code(), 0);
    }
}

async fn start(variables: &[(&str, &str)]) -> Running {
    let variables = [variables, &[("PORT", "0")]].concat();
    service_kit::testing::start("work-app", &variables, work_app::build).await
}
