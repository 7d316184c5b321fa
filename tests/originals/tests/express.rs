//! web-app beside Express 4.

use tests_originals::deliberate::{Checklist, WEB_APP};
use tests_originals::original::Original;
use tests_originals::pair::{Pair, judge};
use tests_originals::requests::express;

#[tokio::test(flavor = "multi_thread")]
async fn web_app_answers_as_express_does() {
    let running = service_kit::testing::start("web-app", &[("PORT", "0")], web_app::build).await;
    let ours = running.address("http");
    let asking = tokio::task::spawn_blocking(move || {
        let express = Original::express();
        let pair = Pair::new(ours, express.address());
        let (cases, mut list) = (express::cases(), Checklist::new(WEB_APP));
        let unlisted = pair.ask(&cases, &mut list);
        judge(cases.len(), &unlisted, &list);
    });
    asking.await.expect("they answer alike");
    assert_eq!(running.stop().await.exit_code(), 0);
}
