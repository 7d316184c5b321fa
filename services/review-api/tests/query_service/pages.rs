//! Pages by cursor: each review once, whatever comes in between, and only for the same question.

use super::support::{Service, faulty, ids, review};

/// Where the Link header leads.
fn next(answer: &reqwest::Response) -> Option<String> {
    let link = answer.headers().get("link")?.to_str().expect("ASCII");
    let target = link.strip_prefix('<').and_then(|rest| rest.strip_suffix(">; rel=\"next\""));
    Some(target.unwrap_or_else(|| panic!("{link}")).to_owned())
}

#[tokio::test]
async fn pages_hold_each_review_once_whatever_comes_in_between() {
    let service = Service::start(&[]).await;
    for index in 0..25 {
        service.post(&review(&format!("r{index:02}"), "milk", 100 - index)).await;
    }
    for sort in ["newest", "oldest"] {
        let (mut path, mut found, mut pages) =
            (format!("/reviews?q=milk&from=1d&size=10&sort={sort}"), vec![], 0);
        loop {
            let answer = service.get(&path).await;
            let link = next(&answer);
            let page: serde_json::Value = answer.json().await.expect("JSON");
            assert_eq!(page["next"].is_string(), link.is_some(), "{page}");
            found.extend(ids(&page));
            pages += 1;
            let late = [format!("{sort}-first-{pages}"), format!("{sort}-last-{pages}")];
            service.post(&review(&late[0], "milk", 0)).await;
            service.post(&review(&late[1], "milk", 1000)).await;
            match link {
                Some(link) => path = link,
                None => break,
            }
        }
        found.retain(|id| id.starts_with('r'));
        found.sort();
        let expected: Vec<_> = (0..25).map(|index| format!("r{index:02}")).collect();
        assert_eq!(found, expected, "{sort}");
    }
    assert_eq!(service.stop().await, 0);
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_question_only() {
    let service = Service::start(&[]).await;
    for index in 0..3 {
        service.post(&review(&format!("r{index}"), "milk", index)).await;
    }
    let page = service.json("/reviews?q=milk&size=1").await;
    let cursor = page["next"].as_str().expect("a cursor");
    assert_eq!(service.ids(&format!("/reviews?size=2&q=milk&cursor={cursor}")).await, ["r1", "r2"]);
    for path in [
        format!("/reviews?q=bread&cursor={cursor}"),
        format!("/reviews?cursor={cursor}"),
        format!("/reviews?q=milk&sort=oldest&cursor={cursor}"),
        format!("/reviews?q=milk&cursor={cursor}x"),
        "/reviews?q=milk&cursor=".to_owned(),
        "/reviews?q=milk&cursor=bm9uc2Vuc2U".to_owned(),
    ] {
        assert_eq!(faulty(&service.problem(&path, 400).await), ["cursor"], "{path}");
    }
    assert_eq!(service.stop().await, 0);
}
