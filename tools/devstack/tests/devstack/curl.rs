//! The lines of the table, understood as curl understands them.

use reqwest::{Client, Method, Response};

/// What a line asks for.
#[derive(Debug, Eq, PartialEq)]
pub struct Curl {
    pub method: Method,
    pub url: String,
    pub headers: Vec<(String, String)>,
    /// What it sends, before a shell has put the time in.
    pub body: Option<String>,
    /// The key of a request that is signed.
    pub user: Option<(String, String)>,
}

impl Curl {
    /// Reads a line of a shell: words, and quotes round some.
    pub fn parse(line: &str) -> Self {
        let mut words = words(line).into_iter();
        assert_eq!(words.next().as_deref(), Some("curl"));
        let mut curl =
            Self { method: Method::GET, url: String::new(), headers: Vec::new(), body: None, user: None };
        while let Some(word) = words.next() {
            if word == "--aws-sigv4" {
                assert_eq!(words.next().as_deref(), Some("aws:amz:us-east-1:s3"));
            } else if let Some(options) = word.strip_prefix('-') {
                options.chars().for_each(|option| curl.option(option, &mut words));
            } else {
                assert!(curl.url.is_empty(), "two URLs: {line}");
                curl.url = word;
            }
        }
        assert!(curl.url.starts_with("http://127.0.0.1:"), "{line}");
        curl
    }

    fn option(&mut self, option: char, words: &mut impl Iterator<Item = String>) {
        let mut value = || words.next().expect("an option's value");
        match option {
            'i' | 's' => {}
            'I' => self.method = Method::HEAD,
            'D' | 'o' => drop(value()),
            'd' => {
                self.method = Method::POST;
                self.body = Some(value());
            }
            'r' => self.headers.push(("range".to_owned(), format!("bytes={}", value()))),
            'H' => {
                let header = value();
                let (name, text) = header.split_once(": ").expect("a header");
                self.headers.push((name.to_lowercase(), text.to_owned()));
            }
            'u' => {
                let user = value();
                let (name, secret) = user.split_once(':').expect("a key");
                self.user = Some((name.to_owned(), secret.to_owned()));
            }
            other => panic!("curl -{other} is not known here"),
        }
    }

    /// Asks, unsigned.
    pub async fn run(&self, client: &Client) -> Response {
        let request = client.request(self.method.clone(), &self.url);
        let request = self.headers.iter().fold(request, |request, (name, text)| request.header(name, text));
        let request = match &self.body {
            Some(body) => request.body(body.replace("$(date -Is)", &jiff::Timestamp::now().to_string())),
            None => request,
        };
        request.send().await.unwrap_or_else(|error| panic!("{self:?}: {error}"))
    }
}

/// A client of plain HTTP.
pub fn client() -> Client {
    // reqwest asks for a process-wide TLS provider even where it speaks none; another test may have set it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().tls_certs_only([]).pool_max_idle_per_host(0).build().expect("a client")
}

fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let (mut quoted, mut substituted) = (false, false);
    for char in line.chars() {
        // What `$(…)` stands for is one word.
        substituted = (substituted || char == '(' && !quoted) && char != ')';
        match char {
            '\'' => quoted = !quoted,
            ' ' if !quoted && !substituted => words.push(String::new()),
            _ => words.last_mut().expect("there is one").push(char),
        }
    }
    assert!(!quoted, "an open quote: {line}");
    words
}

#[test]
fn a_line_is_understood() {
    let curl =
        Curl::parse("curl -sI -o /dev/null -r 1-2 -H 'Accept-Encoding: br' -u a:b 'http://127.0.0.1:1/x?y'");
    let headers = [("range", "bytes=1-2"), ("accept-encoding", "br")];
    let headers = headers.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec();
    let user = Some(("a".to_owned(), "b".to_owned()));
    assert_eq!(
        curl,
        Curl { method: Method::HEAD, url: "http://127.0.0.1:1/x?y".to_owned(), headers, body: None, user }
    );
}
