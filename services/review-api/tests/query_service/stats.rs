//! GET /reviews/stats and /reviews/terms.

use serde_json::{Value, json};

use super::support::{Service, faulty, review, with};

async fn deliveries(service: &Service) {
    for index in 0..12 {
        let (hub, rating) = if index % 3 == 0 { ("cold-hub", 1) } else { ("fine-hub", 5) };
        let text = if rating == 1 {
            format!("the milk was cold, number {index}")
        } else {
            format!("all fine {index}")
        };
        let fields =
            json!({"rating": rating, "hub": hub, "language": if index % 2 == 0 { "en" } else { "de" }});
        service.post(&with(review(&format!("r{index}"), &text, index * 10), fields)).await;
    }
    service.post(&review("unrated", "no stars", 1)).await;
}

#[tokio::test]
async fn the_numbers_agree_with_the_reviews_and_with_each_other() {
    let service = Service::start(&[]).await;
    deliveries(&service).await;
    let stats = service.json("/reviews/stats?from=6h&interval=hour&min_count=2").await;
    assert_eq!((&stats["total"], &stats["unrated"]), (&json!(13), &json!(1)));
    assert_eq!(stats["ratings"], json!([4, 0, 0, 0, 8]));
    assert!((stats["low"]["share"].as_f64().expect("a share") - 4.0 / 12.0).abs() < 1e-9, "{stats}");
    let series = stats["series"].as_array().expect("a series");
    assert!((6..=7).contains(&series.len()), "{stats}");
    let sum = |field: &str| series.iter().map(|point| point[field].as_u64().expect("a count")).sum::<u64>();
    assert_eq!((sum("count"), sum("rated"), sum("low")), (13, 12, 4));
    let hubs: Vec<_> = stats["hubs"].as_array().expect("hubs").iter().map(|hub| &hub["hub"]).collect();
    assert_eq!(hubs, ["cold-hub", "fine-hub"]);
    let few = service.json("/reviews/stats?from=6h&min_count=5&hubs=1").await;
    assert_eq!(few["hubs"].as_array().map(Vec::len), Some(1));
    assert_eq!(few["hubs"][0]["hub"], "fine-hub");
    let narrowed = service.json("/reviews/stats?from=6h&q=milk&language=en").await;
    assert_eq!(narrowed["total"], 2, "{narrowed}");
    assert_eq!(service.stop().await, 0);
}

#[tokio::test]
async fn nothing_is_also_an_answer() {
    let service = Service::start(&[]).await;
    let stats = service.json("/reviews/stats").await;
    assert_eq!((&stats["total"], &stats["average"], &stats["hubs"]), (&json!(0), &Value::Null, &json!([])));
    assert!(stats["series"].as_array().is_some_and(|series| series.len() >= 168), "{stats}");
    assert_eq!(service.json("/reviews/terms").await["terms"], json!([]));
    for (query, field) in [
        ("from=1h&to=2h", "from"),
        ("from=365d&interval=minute", "interval"),
        ("hubs=0", "hubs"),
        ("interval=year", "interval"),
        ("min_count=-1", "min_count"),
    ] {
        let problem = service.problem(&format!("/reviews/stats?{query}"), 400).await;
        assert_eq!(faulty(&problem), [field], "{query}");
    }
    assert_eq!(service.stop().await, 0);
}

#[tokio::test]
async fn terms_tell_what_low_ratings_are_about() {
    let service = Service::start(&[]).await;
    deliveries(&service).await;
    let terms = service.json("/reviews/terms?from=1d&size=5").await;
    let names: Vec<_> = terms["terms"].as_array().expect("terms").iter().map(|term| &term["term"]).collect();
    assert!(names.contains(&&json!("cold")), "{terms}");
    assert!(!names.contains(&&json!("fine")), "{terms}");
    assert_eq!(service.stop().await, 0);
}
