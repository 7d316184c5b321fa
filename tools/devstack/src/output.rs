//! One terminal for all: what the parts say, each line with its part's name.
//!
//! 1. A part's line gets its prefix (and on a terminal its colour) where it is read, and goes into a queue.
//! 2. One thread prints the queue. A terminal that is stopped or slow stops that thread only.
//! 3. While more than [`QUEUE_MAX`] lines of parts wait, further ones are counted and dropped, so that a part is never
//!    blocked by its own output and memory is bounded. devstack's own lines are few and never dropped.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

use owo_colors::{AnsiColors, OwoColorize};

/// Lines of parts that wait for the terminal.
const QUEUE_MAX: usize = 4096;

/// The colours of the parts' names, in the order of their entries; none is red or yellow, which mean trouble.
const PALETTE: [AnsiColors; 6] = [
    AnsiColors::Cyan,
    AnsiColors::Green,
    AnsiColors::Magenta,
    AnsiColors::Blue,
    AnsiColors::BrightCyan,
    AnsiColors::BrightGreen,
];

/// The way to the terminal. Cheap to clone.
#[derive(Clone)]
pub struct Output {
    queue: Sender<Message>,
    backlog: Arc<Backlog>,
    colour: bool,
}

/// One part's way to the terminal.
#[derive(Clone)]
pub struct Voice {
    output: Output,
    prefix: String,
}

enum Message {
    FromPart(String),
    Own(String),
    End(SyncSender<()>),
}

#[derive(Default)]
struct Backlog {
    waiting: AtomicUsize,
    dropped: AtomicUsize,
}

/// Whether standard output takes colours: a terminal, and nobody asked for none (no-color.org).
pub fn takes_colour() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    std::io::stdout().is_terminal()
        && !set("NO_COLOR")
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

impl Output {
    /// Begins to print into `sink`.
    pub fn start(colour: bool, sink: impl Write + Send + 'static) -> Self {
        let (queue, messages) = channel();
        let backlog = Arc::new(Backlog::default());
        let printed = Arc::clone(&backlog);
        std::thread::spawn(move || print(&messages, &printed, sink));
        Self { queue, backlog, colour }
    }

    /// The voice of the part that is `index`th in the list, its name padded to `width`.
    pub fn voice(&self, name: &str, index: usize, width: usize) -> Voice {
        let name = format!("{name:<width$} |");
        let colour = PALETTE[index % PALETTE.len()];
        let prefix = if self.colour { name.color(colour).to_string() } else { name };
        Voice { output: self.clone(), prefix }
    }

    /// What happens to the stack as a whole.
    pub fn say(&self, text: impl AsRef<str>) {
        let line = format!("devstack: {}", text.as_ref());
        self.show(if self.colour { line.bold().to_string() } else { line });
    }

    /// Text as it stands.
    pub fn show(&self, text: impl Into<String>) {
        // It fails only where the printing thread is gone, and then nothing can be said.
        let _ = self.queue.send(Message::Own(text.into()));
    }

    /// Waits until all is printed, for at most `limit`: a stopped terminal must not keep the process.
    pub fn finish(&self, limit: Duration) {
        let (done, printed) = sync_channel(1);
        if self.queue.send(Message::End(done)).is_ok() {
            let _ = printed.recv_timeout(limit);
        }
    }
}

impl Voice {
    /// One line of the part.
    pub fn line(&self, line: &str) {
        let backlog = &self.output.backlog;
        if backlog.waiting.load(Ordering::Relaxed) >= QUEUE_MAX {
            backlog.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        backlog.waiting.fetch_add(1, Ordering::Relaxed);
        let text = match (self.output.colour, level(line)) {
            (true, "WARN") => line.yellow().to_string(),
            (true, "ERROR") => line.red().to_string(),
            _ => line.to_owned(),
        };
        let _ = self.output.queue.send(Message::FromPart(format!("{} {text}", self.prefix)));
    }
}

/// The level of a log line, which stands after its time.
fn level(line: &str) -> &str {
    line.split_whitespace().nth(1).unwrap_or_default()
}

/// Prints until everybody who could say something is gone. A sink that is closed is not a reason to stop the stack.
fn print(messages: &Receiver<Message>, backlog: &Backlog, mut sink: impl Write) {
    while let Ok(message) = messages.recv() {
        match message {
            Message::Own(line) => drop(writeln!(sink, "{line}")),
            Message::FromPart(line) => {
                backlog.waiting.fetch_sub(1, Ordering::Relaxed);
                drop(writeln!(sink, "{line}"));
            }
            Message::End(done) => {
                let _ = sink.flush();
                let _ = done.send(());
            }
        }
        let dropped = backlog.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            drop(writeln!(sink, "({dropped} lines left out: they came faster than they could be printed)"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A terminal that can be stopped, as by Ctrl-S.
    struct Terminal {
        go: Receiver<()>,
        text: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Terminal {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            // Once the other end is dropped, the terminal is never stopped again.
            let _ = self.go.recv();
            self.text.lock().expect("no panic").write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn terminal() -> (Terminal, Sender<()>, Arc<Mutex<Vec<u8>>>) {
        let (stopped, go) = channel();
        let text = Arc::default();
        (Terminal { go, text: Arc::clone(&text) }, stopped, text)
    }

    fn printed(output: &Output, text: &Mutex<Vec<u8>>) -> String {
        output.finish(Duration::from_secs(30));
        String::from_utf8(text.lock().expect("no panic").clone()).expect("text")
    }

    #[test]
    fn a_stopped_terminal_blocks_no_part() {
        let (terminal, stopped, text) = terminal();
        let output = Output::start(false, terminal);
        let voice = output.voice("web-app", 0, 8);
        for count in 0..QUEUE_MAX + 1000 {
            voice.line(&count.to_string());
        }
        output.show("table");
        drop(stopped);
        let text = printed(&output, &text);
        assert!(text.starts_with("web-app  | 0\n") && text.contains("\ntable\n"), "{text}");
        let lines = text.lines().filter(|line| line.starts_with("web-app")).count();
        let left_out = text.lines().find_map(|line| line.strip_prefix('(')?.split(' ').next()?.parse().ok());
        assert_eq!(left_out, Some(QUEUE_MAX + 1000 - lines), "every line is printed or counted");
    }

    #[test]
    fn colours_are_only_for_those_who_take_them() {
        for (colour, expected) in [
            (false, "a | 12:00 ERROR it broke\ndevstack: hello\n"),
            (
                true,
                "\u{1b}[36ma |\u{1b}[39m \u{1b}[31m12:00 ERROR it broke\u{1b}[39m\n\u{1b}[1mdevstack: hello\u{1b}[0m\n",
            ),
        ] {
            let (terminal, stopped, text) = terminal();
            drop(stopped);
            let output = Output::start(colour, terminal);
            output.voice("a", 0, 1).line("12:00 ERROR it broke");
            output.say("hello");
            assert_eq!(printed(&output, &text), expected);
        }
    }
}
