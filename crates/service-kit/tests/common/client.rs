//! A client for the tests.

/// A client that trusts `roots` and nothing else; with none it speaks plain HTTP.
pub fn client(roots: impl IntoIterator<Item = reqwest::Certificate>) -> reqwest::Client {
    // reqwest asks for a process-wide TLS provider even where it speaks none; another test may have set it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().tls_certs_only(roots).pool_max_idle_per_host(0);
    client.build().expect("a client")
}

/// The answer to a plain GET.
#[allow(dead_code, reason = "not every test program that shares this file asks so")]
pub async fn get(url: impl reqwest::IntoUrl) -> reqwest::Response {
    client([]).get(url).send().await.expect("an answer")
}
