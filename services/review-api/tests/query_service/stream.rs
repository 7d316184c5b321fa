//! GET /reviews/stream: new reviews show up, none is lost by coming back, and it ends when it should.

use std::time::Duration;

use reqwest::Response;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::support::{DEADLINE, Service, faulty, problem, review, with};

/// Short times, so that a test need not wait for long ones.
const QUICK: [(&str, &str); 1] = [("STREAM_INTERVAL", "50ms")];

/// A stream that is read.
struct Events {
    answer: Response,
    text: String,
}

/// One event.
#[derive(Debug, Default)]
struct Event {
    id: String,
    name: String,
    data: String,
}

impl Event {
    fn review(&self) -> Value {
        assert_eq!(self.name, "review");
        serde_json::from_str(&self.data).expect("JSON")
    }
}

impl Events {
    async fn open(service: &Service, query: &str, last: Option<&str>) -> Self {
        let mut request = service.client().get(service.url(&format!("/reviews/stream?{query}")));
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let answer = request.timeout(10 * DEADLINE).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{query}");
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { answer, text: String::new() }
    }

    /// The next block of lines; `None` at the end.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let chunk =
                timeout(DEADLINE, self.answer.chunk()).await.expect("something in time").expect("no failure");
            self.text.push_str(std::str::from_utf8(&chunk?).expect("UTF-8"));
        }
    }

    /// The next event that has data.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let mut event = Event::default();
            for line in self.block().await?.lines() {
                match line.split_once(':').map(|(name, value)| (name, value.trim_start())) {
                    Some(("id", value)) => value.clone_into(&mut event.id),
                    Some(("event", value)) => value.clone_into(&mut event.name),
                    Some(("data", value)) => value.clone_into(&mut event.data),
                    _ => {}
                }
            }
            if !event.data.is_empty() {
                return Some(event);
            }
        }
    }
}

#[tokio::test]
async fn a_review_that_is_posted_shows_up() {
    let service = Service::start(&QUICK).await;
    let mut events = Events::open(&service, "q=milk&max_rating=2", None).await;
    service.post(&with(review("other", "bread", 1), json!({"rating": 1}))).await;
    service.post(&with(review("high", "milk", 1), json!({"rating": 5}))).await;
    service.post(&with(review("low", "cold milk\nand \"more\"", 1), json!({"rating": 1}))).await;
    let event = events.next().await.expect("an event");
    assert_eq!(event.review(), service.json("/reviews/low").await);
    assert!(event.id.ends_with(":low"), "{}", event.id);
    service.wait_for_metric("streams_open", 1.0).await;
    drop(events);
    service.wait_for_metric("streams_open", 0.0).await;
    assert_eq!(service.stop().await, 0);
}

#[tokio::test]
async fn coming_back_loses_none() {
    let service = Service::start(&QUICK).await;
    let mut events = Events::open(&service, "", None).await;
    for index in 0..5 {
        service.post(&review(&format!("before-{index}"), "milk", 1)).await;
    }
    let seen = events.next().await.expect("an event");
    drop(events);
    for index in 0..5 {
        service.post(&review(&format!("away-{index}"), "milk", 1)).await;
    }
    for by_header in [true, false] {
        let query = if by_header { String::new() } else { format!("last_event_id={}", seen.id) };
        // The header outweighs a parameter that a page's script has put into the address once.
        let mut events = Events::open(&service, &query, by_header.then_some(seen.id.as_str())).await;
        let mut found = std::collections::BTreeSet::new();
        while found.len() < 10 {
            let review = events.next().await.expect("an event").review();
            assert!(found.insert(review["id"].as_str().expect("an id").to_owned()), "{review} came twice");
        }
    }
    assert_eq!(service.stop().await, 0);
}

#[tokio::test]
async fn a_stream_begins_where_a_list_ended() {
    let service = Service::start(&QUICK).await;
    service.post(&review("just-before", "milk", 1)).await;
    let mut events = Events::open(&service, "", None).await;
    assert_eq!(events.next().await.expect("an event").review()["id"], "just-before");
    assert_eq!(service.stop().await, 0);
}

#[tokio::test]
async fn a_drain_ends_it_and_the_service_ends_well() {
    let service = Service::start(&QUICK).await;
    let mut events = Events::open(&service, "", None).await;
    let ended = tokio::spawn(async move { while events.block().await.is_some() {} });
    assert_eq!(service.stop().await, 0);
    timeout(DEADLINE, ended).await.expect("it ends").expect("and well");
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_nobody_up() {
    let service = Service::start(&[("STREAM_INTERVAL", "10ms")]).await;
    let slow = Events::open(&service, "", None).await;
    let mut quick = Events::open(&service, "", None).await;
    for index in 0..200 {
        let text = "milk ".repeat(1_500);
        service.post(&review(&format!("r{index}"), &text, 1)).await;
    }
    for _ in 0..200 {
        quick.next().await.expect("an event");
    }
    drop((slow, quick));
    service.wait_for_metric("streams_open", 0.0).await;
    assert_eq!(service.stop().await, 0);
}

#[tokio::test]
async fn it_is_heard_of_where_nothing_is_new_and_has_an_end() {
    let service = Service::start(&[("STREAM_HEARTBEAT", "50ms"), ("STREAM_AGE", "1s")]).await;
    let mut events = Events::open(&service, "", None).await;
    let mut blocks = Vec::new();
    while let Some(block) = events.block().await {
        blocks.push(block);
    }
    assert_eq!(blocks[0], "retry: 2000");
    assert!(blocks[1..].iter().all(|block| block == ":") && blocks.len() > 1, "{blocks:?}");
    assert_eq!(service.stop().await, 0);
}

#[tokio::test]
async fn there_are_so_many_and_no_more() {
    let service = Service::start(&[("STREAMS_MAX", "1"), ("STREAM_INTERVAL", "10ms")]).await;
    let first = Events::open(&service, "", None).await;
    let refused = service.get("/reviews/stream").await;
    assert_eq!(refused.headers()["retry-after"], "2");
    problem(refused, 503).await;
    drop(first);
    let again = async {
        while service.get("/reviews/stream").await.status() != 200 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(DEADLINE, again).await.expect("the place is free again");
    assert_eq!(service.stop().await, 0);
}

#[tokio::test]
async fn an_id_that_no_event_had_is_refused() {
    let service = Service::start(&[]).await;
    let wrong = service.problem("/reviews/stream?last_event_id=yesterday", 400).await;
    assert_eq!(faulty(&wrong), ["last_event_id"]);
    let request = service.client().get(service.url("/reviews/stream")).header("Last-Event-ID", "1:a b");
    let wrong = problem(request.send().await.expect("an answer"), 400).await;
    assert_eq!(faulty(&wrong), ["Last-Event-ID"]);
    assert_eq!(service.stop().await, 0);
}
