//! GET /reviews: what is found, and what cannot be asked.

use serde_json::json;

use super::support::{Service, faulty, review, with};

#[tokio::test]
async fn words_phrases_exclusions_and_slips_find_what_they_should() {
    let service = Service::start(&[]).await;
    service.post(&review("cold", "The milk was cold and late", 5)).await;
    service.post(&review("warm", "Warm milk, friendly driver!", 4)).await;
    service.post(&review("bell", "Nobody rang the door-bell; it was minus -5 degrees", 3)).await;
    for (query, found) in [
        ("", vec!["bell", "warm", "cold"]),
        ("q=milk", vec!["warm", "cold"]),
        ("q=MILK+cold", vec!["cold"]),
        ("q=milk+-cold", vec!["warm"]),
        ("q=%22friendly+driver%22", vec!["warm"]),
        ("q=%22driver+friendly%22", vec![]),
        ("q=mlik~", vec!["warm", "cold"]),
        ("q=frien*", vec!["warm"]),
        ("q=%22-5+degrees%22", vec!["bell"]),
        ("q=door-bell", vec!["bell"]),
        ("q=-milk", vec!["bell"]),
        ("q=nowhere", vec![]),
    ] {
        assert_eq!(service.ids(&format!("/reviews?{query}")).await, found, "{query}");
    }
    assert_eq!(service.stop().await, 0);
}

#[tokio::test]
async fn filters_are_exact_and_all_hold() {
    let service = Service::start(&[]).await;
    let low = json!({"rating": 1, "hub": "HUB-1", "tour": "t 1", "language": "de", "tags": ["cold", "milk"]});
    service.post(&with(review("low", "kalte Milch", 90), low)).await;
    let high = json!({"rating": 5, "hub": "hub-1", "tags": ["fast"]});
    service.post(&with(review("high", "great", 30), high)).await;
    service.post(&review("none", "no rating", 10)).await;
    for (query, found) in [
        ("hub=HUB-1", vec!["low"]),
        ("hub=HUB-1&hub=hub-1", vec!["high", "low"]),
        ("tag=cold", vec!["low"]),
        ("tag=cold&tag=fast", vec!["high", "low"]),
        ("language=de", vec!["low"]),
        ("tour=t+1", vec!["low"]),
        ("delivery_id=d-high", vec!["high"]),
        ("rating=5", vec!["high"]),
        ("min_rating=2", vec!["high"]),
        ("max_rating=4", vec!["low"]),
        ("from=1h", vec!["none", "high"]),
        ("to=20m&sort=oldest", vec!["low", "high"]),
        ("from=1h&to=20m", vec!["high"]),
        ("hub=hub-1&rating=1", vec![]),
    ] {
        assert_eq!(service.ids(&format!("/reviews?{query}")).await, found, "{query}");
    }
    assert_eq!(service.stop().await, 0);
}

#[tokio::test]
async fn relevance_has_a_score_and_highlights_are_safe() {
    let service = Service::start(&[]).await;
    service.post(&review("once", "milk <script>alert(1)</script> and bread, butter, cheese, eggs", 1)).await;
    service.post(&review("twice", "milk, milk", 2)).await;
    let page = service.json("/reviews?q=milk&sort=relevance&highlight=true").await;
    let items = page["items"].as_array().expect("items");
    assert_eq!((items[0]["id"].as_str(), items[1]["id"].as_str()), (Some("twice"), Some("once")));
    assert!(items[0]["score"].as_f64() > items[1]["score"].as_f64(), "{page}");
    let passage = items[1]["highlights"][0].as_str().expect("a passage");
    assert!(passage.contains("<mark>milk</mark>") && !passage.contains("<script>"), "{passage}");
    assert_eq!(page["total"], json!({"value": 2, "exact": true}));
    assert_eq!(page["partial"], json!(false));
    assert_eq!(service.stop().await, 0);
}

#[tokio::test]
async fn everything_that_is_wrong_is_named_at_once() {
    let service = Service::start(&[]).await;
    let problem = service.problem("/reviews?q=*x&size=0&form=1h&rating=9&tag=%FF", 400).await;
    assert_eq!(faulty(&problem), ["tag", "q", "rating", "size", "form"]);
    let long = format!("/reviews?q={}", "a".repeat(501));
    assert_eq!(faulty(&service.problem(&long, 400).await), ["q"]);
    for path in ["/reviews/stats", "/reviews/terms", "/reviews/stream"] {
        assert_eq!(faulty(&service.problem(&format!("{path}?x=1"), 400).await), ["x"], "{path}");
    }
    assert_eq!(service.stop().await, 0);
}

/// Whatever is asked is text, or refused for its length or wildcards: no store reads it as its own syntax.
#[tokio::test]
async fn no_query_is_read_as_syntax() {
    let service = Service::start(&[]).await;
    service.post(&review("r", "plain words", 1)).await;
    for query in [
        "rating:[* TO *]",
        "text:plain OR id:*",
        "plain) OR (words",
        "{\"match_all\":{}}",
        "/.*/",
        "plain^1000000",
        "\\",
        "_exists_:text",
        "plain~99999999",
        "\"plain words\"~5",
        "+plain !words",
        "${jndi:ldap://x}",
        "' OR 1=1 --",
        "\u{202e}plain",
        "plain\u{0}words",
        "AND OR NOT",
        "<script>",
        "%",
        "[",
        "text:(",
        "**",
        "milk:*:*",
    ] {
        let url = reqwest::Url::parse_with_params(&service.url("/reviews"), [("q", query)]).expect("a URL");
        let answer = service.client().get(url).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{query:?}: {}", answer.text().await.expect("a body"));
    }
    assert_eq!(service.ids("/reviews?q=plain%00words").await, ["r"]);
    assert_eq!(service.ids("/reviews?q=id:r").await, Vec::<String>::new());
    assert_eq!(service.stop().await, 0);
}
