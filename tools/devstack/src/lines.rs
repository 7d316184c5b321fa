//! A stream cut into lines of bounded length, read as fast as it comes.

use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest line in bytes; what is beyond is counted, not kept.
pub const LINE_MAX: usize = 8 * 1024;

/// Hands every line of `stream` to `each`, without its end, until the stream ends. A read error is an end: the
/// other side is gone.
pub async fn each_line(mut stream: impl AsyncRead + Unpin, mut each: impl FnMut(String)) {
    let mut chunk = vec![0; 16 * 1024];
    let mut line = Line::default();
    loop {
        let count = match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => break,
            Ok(count) => count,
        };
        let mut pieces = chunk[..count].split(|byte| *byte == b'\n');
        // The first piece belongs to the line that is open; each further one begins a new line.
        line.push(pieces.next().unwrap_or_default());
        for piece in pieces {
            each(line.take());
            line.push(piece);
        }
    }
    if !line.is_empty() {
        each(line.take());
    }
}

#[derive(Default)]
struct Line {
    kept: Vec<u8>,
    cut: usize,
}

impl Line {
    fn push(&mut self, piece: &[u8]) {
        let (kept, cut) = piece.split_at(piece.len().min(LINE_MAX - self.kept.len()));
        self.kept.extend_from_slice(kept);
        self.cut += cut.len();
    }

    fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The line as text that cannot steer a terminal.
    fn take(&mut self) -> String {
        let kept = std::mem::take(&mut self.kept);
        let mut text = String::with_capacity(kept.len());
        for char in String::from_utf8_lossy(&kept).trim_end_matches('\r').chars() {
            match char {
                '\t' => text.push(char),
                _ if char.is_control() => text.extend(char.escape_default()),
                _ => text.push(char),
            }
        }
        match std::mem::take(&mut self.cut) {
            0 => text,
            cut => text + &format!(" … ({cut} bytes more)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(stream: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        each_line(stream, |line| lines.push(line)).await;
        lines
    }

    #[tokio::test]
    async fn lines_end_at_line_ends_and_at_the_end() {
        assert_eq!(lines(b"a\n\nb\r\nc").await, ["a", "", "b", "c"]);
        assert_eq!(lines(b"a\n").await, ["a"]);
        assert_eq!(lines(b"").await, [] as [&str; 0]);
    }

    #[tokio::test]
    async fn a_long_line_is_cut_and_counted_and_the_next_is_whole() {
        let mut stream = vec![b'x'; LINE_MAX + 20_000];
        stream.extend_from_slice(b"\nnext\n");
        let lines = lines(&stream).await;
        assert_eq!(lines[0], "x".repeat(LINE_MAX) + " … (20000 bytes more)");
        assert_eq!(lines[1..], ["next"]);
    }

    #[tokio::test]
    async fn nothing_steers_the_terminal() {
        assert_eq!(lines(b"a\x1b[2Jb\x07\tc\xff").await, ["a\\u{1b}[2Jb\\u{7}\tc\u{fffd}"]);
    }
}
