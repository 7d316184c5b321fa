//! The service under test, and how it is asked.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use service_kit::Running;
use tempfile::TempDir;

/// What has not happened by then does not happen.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// The service with the store in its own process. Everything ends with it.
pub struct Service {
    running: Running,
    client: Client,
    _folder: Option<TempDir>,
}

impl Service {
    /// Starts it on an empty folder.
    pub async fn start(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().to_str().expect("UTF-8").to_owned();
        let store = [("REVIEWS_STORE", "embedded"), ("REVIEWS_DIR", path.as_str())];
        Self { _folder: Some(folder), ..Self::with(&[&store[..], variables].concat()).await }
    }

    /// Starts it with exactly these settings.
    pub async fn with(variables: &[(&str, &str)]) -> Self {
        let port = [("PORT", "0"), ("LISTEN_HOST", "127.0.0.1")];
        let variables = [&port[..], variables].concat();
        let running = service_kit::testing::start("review-api", &variables, review_api::build).await;
        // Set by another test of this process or by this one: the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().timeout(DEADLINE).build().expect("a client");
        Self { running, client, _folder: None }
    }

    /// The address of `path` on the service.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.address("http"))
    }

    /// The client of this service.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Asks for `path`.
    pub async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().await.expect("an answer")
    }

    /// Asks for `path`, which is answered 200 with JSON.
    pub async fn json(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Asks for `path`, which is refused with this status, and returns the problem.
    pub async fn problem(&self, path: &str, status: u16) -> Value {
        problem(self.get(path).await, status).await
    }

    /// The ids of the reviews that match, in order.
    pub async fn ids(&self, path: &str) -> Vec<String> {
        ids(&self.json(path).await)
    }

    /// Stores a review: the answer is 201, and it is found from then on.
    pub async fn post(&self, review: &Value) {
        let request = self.client.post(self.url("/reviews")).header("content-type", "application/json");
        let answer = request.body(review.to_string()).send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        assert_eq!(status, StatusCode::CREATED, "{review}: {text}");
    }

    /// A line of the admin listener's /metrics.
    pub async fn metric(&self, name: &str) -> f64 {
        let text = self.admin("/metrics").await.1;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("{name} is missing in {text}")).parse().expect("a number")
    }

    /// An answer of the admin listener.
    pub async fn admin(&self, path: &str) -> (StatusCode, String) {
        let url = format!("http://{}{path}", self.running.admin());
        let answer = self.client.get(url).send().await.expect("an answer");
        (answer.status(), answer.text().await.expect("a body"))
    }

    /// Waits until the metric has this value.
    pub async fn wait_for_metric(&self, name: &str, value: f64) {
        let waiting = async {
            while (self.metric(name).await - value).abs() > f64::EPSILON {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(DEADLINE, waiting).await.unwrap_or_else(|_| panic!("{name} is not {value}"));
    }

    /// Waits until everything that reviews need is there.
    pub async fn ready(self) -> Self {
        tokio::time::timeout(DEADLINE, self.running.readiness().ready()).await.expect("it becomes ready");
        self
    }

    /// Drains the service; its exit code.
    pub async fn stop(self) -> u8 {
        self.running.stop().await.exit_code()
    }
}

/// The problem of an answer with this status.
pub async fn problem(answer: Response, status: u16) -> Value {
    let kind = answer.headers().get("content-type").map(|kind| kind.to_str().expect("ASCII").to_owned());
    let (answered, text) = (answer.status(), answer.text().await.expect("a body"));
    assert_eq!((answered.as_u16(), kind.as_deref()), (status, Some("application/problem+json")), "{text}");
    let problem: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(problem["status"], status, "{text}");
    problem
}

/// The fields that a problem finds fault with.
pub fn faulty(problem: &Value) -> Vec<&str> {
    let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("no errors: {problem}"));
    errors.iter().map(|error| error["field"].as_str().expect("a name")).collect()
}

/// The ids of a page.
pub fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap_or_else(|| panic!("no items: {page}"));
    items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

/// A review that was written some minutes ago.
pub fn review(id: &str, text: &str, minutes: i64) -> Value {
    let written_at = Timestamp::now() - jiff::SignedDuration::from_mins(minutes);
    json!({"id": id, "delivery_id": format!("d-{id}"), "text": text, "language": "en", "written_at": written_at})
}

/// `review` with further fields.
pub fn with(mut review: Value, fields: Value) -> Value {
    let (Value::Object(review_fields), Value::Object(fields)) = (&mut review, fields) else {
        panic!("objects")
    };
    review_fields.extend(fields);
    review
}
