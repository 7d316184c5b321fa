//! One thing that both are asked.

/// What goes over one connection: one request, or several at once.
#[derive(Clone, Debug)]
pub struct Case {
    /// What the case is called in reports: its bytes, readable and shortened, unless it was given a name.
    pub name: String,
    /// The bytes of each request, sent together.
    pub requests: Vec<Vec<u8>>,
}

/// A request that is put together line by line, so that each line may be wrong.
#[derive(Clone, Debug)]
pub struct Request {
    line: Vec<u8>,
    version: &'static str,
    fields: Vec<Vec<u8>>,
    body: Vec<u8>,
}

impl Request {
    /// `method` and `target` with a Host, as HTTP/1.1.
    pub fn new(method: &str, target: impl AsRef<[u8]>) -> Self {
        let line = [method.as_bytes(), b" ", target.as_ref()].concat();
        Self { line, version: "HTTP/1.1", fields: vec![b"Host: test".to_vec()], body: Vec::new() }
    }

    /// With this version in the request line.
    #[must_use]
    pub fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// With this further line in the head.
    #[must_use]
    pub fn field(mut self, line: impl AsRef<[u8]>) -> Self {
        self.fields.push(line.as_ref().to_vec());
        self
    }

    /// With this line instead of `Host: test`; none where it is empty.
    #[must_use]
    pub fn host(mut self, line: &str) -> Self {
        self.fields.remove(0);
        if !line.is_empty() {
            self.fields.insert(0, line.as_bytes().to_vec());
        }
        self
    }

    /// With these bytes behind the head.
    #[must_use]
    pub fn body(mut self, body: &str) -> Self {
        body.as_bytes().clone_into(&mut self.body);
        self
    }

    /// The bytes on the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = [&self.line, b" ".as_slice(), self.version.as_bytes(), b"\r\n"].concat();
        for field in &self.fields {
            bytes.extend_from_slice(field);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

impl From<Request> for Case {
    fn from(request: Request) -> Self {
        let mut words = vec![readable(&request.line)];
        if request.version != "HTTP/1.1" {
            words.push(request.version.to_owned());
        }
        let lines = request.fields.iter().filter(|line| line.as_slice() != b"Host: test");
        words.extend(lines.map(|line| format!("[{}]", readable(line))));
        if !request.fields.iter().any(|line| line.to_ascii_lowercase().starts_with(b"host")) {
            words.push("[no Host]".to_owned());
        }
        if !request.body.is_empty() {
            words.push(format!("+ {}", readable(&request.body)));
        }
        Self { name: words.join(" "), requests: vec![request.bytes()] }
    }
}

impl Case {
    /// These very bytes as one request.
    pub fn raw(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        Self { name: name.to_owned(), requests: vec![bytes.as_ref().to_vec()] }
    }

    /// Several requests sent at once over one connection.
    pub fn pipelined(name: &str, requests: &[Request]) -> Self {
        Self { name: name.to_owned(), requests: requests.iter().map(Request::bytes).collect() }
    }

    /// Under another name, where the bytes say little.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The method of the first request, as far as there is one.
    pub fn method(&self) -> &[u8] {
        self.word(0)
    }

    /// The target of the first request, as far as there is one.
    pub fn target(&self) -> &[u8] {
        self.word(1)
    }

    fn word(&self, index: usize) -> &[u8] {
        let line = self.requests[0].split(|byte| *byte == b'\r').next().unwrap_or_default();
        line.split(|byte| *byte == b' ').nth(index).unwrap_or_default()
    }
}

/// ASCII that can be printed, shortened in the middle of what is long.
fn readable(bytes: &[u8]) -> String {
    let text =
        bytes.escape_ascii().to_string().replace("\\\"", "\"").replace("\\'", "'").replace("\\\\", "\\");
    if text.len() <= 96 { text } else { format!("{}…({} bytes)", &text[..32], bytes.len()) }
}
