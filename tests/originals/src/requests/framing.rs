//! Everything about a request that is no matter of the path or of the application: heads, bodies, connections.

use crate::case::{Case, Request};

/// What is asked of `path`, a route that answers GET with 200.
pub(super) fn cases(path: &str) -> Vec<Case> {
    let mut cases = connections(path);
    cases.extend(bodies(path));
    cases.extend(fields(path));
    cases.extend(request_lines(path));
    cases
}

fn connections(path: &str) -> Vec<Case> {
    let get = || Request::new("GET", path);
    let close = || get().field("Connection: close");
    let mut cases: Vec<Case> =
        ["HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "HTTP/3", "HTTP/1", "http/1.1", "HTTPS/1.1"]
            .into_iter()
            .map(|version| get().version(version).into())
            .collect();
    let others = [
        get().version("HTTP/1.0").host(""),
        get().version("HTTP/1.0").field("Connection: keep-alive"),
        get().version("HTTP/1.0").field("Connection: close"),
        close(),
        get().field("Connection: Close"),
        get().field("connection: keep-alive, close"),
        get().field("Connection: keep-alive"),
        get().field("Connection: Upgrade").field("Upgrade: websocket"),
        get()
            .field("Connection: Upgrade, HTTP2-Settings")
            .field("Upgrade: h2c")
            .field("HTTP2-Settings: AAMAAABk"),
        get().host(""),
        get().host("Host:"),
        get().host("Host: a b"),
        get().host("Host: \"<>"),
        get().host("HOST: test"),
        get().field("Host: other"),
    ];
    cases.extend(others.map(Case::from));
    cases.push(Case::pipelined("two requests at once", &[get(), close()]));
    cases.push(Case::pipelined(
        "three requests at once, the middle one 404",
        &[get(), Request::new("GET", "/a"), close()],
    ));
    cases.push(Case::pipelined("HEAD and GET at once", &[Request::new("HEAD", path), close()]));
    cases
}

fn bodies(path: &str) -> Vec<Case> {
    let with = |method: &str, lines: &[&str], body: &str| -> Case {
        let request = Request::new(method, path).body(body);
        lines.iter().fold(request, Request::field).into()
    };
    let chunked = "Transfer-Encoding: chunked";
    vec![
        with("GET", &["Content-Length: 3"], "abc"),
        with("GET", &["Content-Length: 0"], ""),
        with("POST", &["Content-Length: 3"], "abc"),
        with("POST", &["Content-Length: 3", "Content-Type: application/json"], "{x}"),
        with("PUT", &["Content-Length: 3"], "abc"),
        with("HEAD", &["Content-Length: 3"], "abc"),
        with("POST", &[chunked], "3\r\nabc\r\n0\r\n\r\n"),
        with("GET", &[chunked], "3\r\nabc\r\n0\r\n\r\n"),
        with("POST", &[chunked], "3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n"),
        with("POST", &["transfer-encoding: Chunked"], "0\r\n\r\n"),
        with("POST", &[chunked], "zz\r\nabc\r\n0\r\n\r\n"),
        with("POST", &[chunked], "-1\r\nabc\r\n0\r\n\r\n"),
        with("POST", &[chunked, "Content-Length: 3"], "3\r\nabc\r\n0\r\n\r\n"),
        with("POST", &["Content-Length: 3", chunked], "3\r\nabc\r\n0\r\n\r\n"),
        with("POST", &["Content-Length: 3", "Content-Length: 3"], "abc"),
        with("POST", &["Content-Length: 3", "Content-Length: 4"], "abcd"),
        with("POST", &["Content-Length: 3, 3"], "abc"),
        with("POST", &["Content-Length: -3"], ""),
        with("POST", &["Content-Length: +3"], "abc"),
        with("POST", &["Content-Length: abc"], ""),
        with("POST", &["Content-Length:"], ""),
        with("POST", &["Content-Length: 99999999999999999999"], ""),
        with("POST", &["Transfer-Encoding: gzip"], ""),
        with("POST", &["Transfer-Encoding: identity"], ""),
        with("POST", &["Transfer-Encoding: chunked, gzip"], "0\r\n\r\n"),
        with("POST", &["Expect: 100-continue", "Content-Length: 2"], "ab"),
        with("GET", &["Expect: 100-continue", "Content-Length: 2"], "ab"),
        with("GET", &["Expect: 100-Continue"], ""),
        with("GET", &["Expect: tea"], ""),
        with("POST", &["Content-Length: 3", "Content-Encoding: gzip"], "abc"),
    ]
}

fn fields(path: &str) -> Vec<Case> {
    let get = || Request::new("GET", path);
    let many = |count: usize| {
        let request = (0..count).fold(get(), |request, number| request.field(format!("X-{number}: y")));
        Case::from(request).named(&format!("{count} fields more"))
    };
    let mut cases: Vec<Case> = [1000, 8000, 14_000, 20_000, 200_000]
        .map(|length| get().field(format!("X: {}", "a".repeat(length))).into())
        .into();
    cases.extend([many(90), many(120), many(400)]);
    let lines = [
        "Accept: application/json",
        "Accept-Encoding: gzip, br",
        "Origin: http://other",
        "Range: bytes=0-0",
        "If-Match: \"x\"",
        "If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT",
        "If-Range: \"x\"",
        "X:",
        "X: é",
        "X:no space",
        "X:  many   spaces  ",
        "x-http-method-override: DELETE",
        "X-Forwarded-Proto: https",
        "Forwarded: for=1.2.3.4",
        "Cookie: a=b; c",
        "Authorization: Basic !!",
        "Content-Type: nonsense",
        "TE: trailers",
        "Max-Forwards: 0",
        "User-Agent:",
        "Bad Name: x",
        ": x",
        "NoColon",
        " folded: x",
        "\tfolded",
        "X : y",
        "X: a\0b",
        "X: a\u{1}b",
        "X: a\rb",
        "X\u{e9}: y",
        "X(: y",
        "X_Y: z",
    ];
    cases.extend(lines.map(|line| get().field(line).into()));
    cases
}

fn request_lines(path: &str) -> Vec<Case> {
    let line = |name: &str, line: &str| Case::raw(name, format!("{line}\r\nHost: test\r\n\r\n"));
    vec![
        line("a space before the request line", &format!(" GET {path} HTTP/1.1")),
        line("two spaces in the request line", &format!("GET  {path} HTTP/1.1")),
        line("a space behind the request line", &format!("GET {path} HTTP/1.1 ")),
        line("a tab in the request line", &format!("GET\t{path} HTTP/1.1")),
        line("no target", "GET HTTP/1.1"),
        line("no version", &format!("GET {path}")),
        line("a word", "hello"),
        line("an empty line before the request line", &format!("\r\nGET {path} HTTP/1.1")),
        line("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM"),
        Case::raw("bare line feeds", format!("GET {path} HTTP/1.1\nHost: test\n\n")),
        Case::raw("a TLS handshake", b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03\r\n\r\n"),
        Case::raw("binary", b"\0\x01\x02\xff\xfe\r\n\r\n"),
    ]
}
