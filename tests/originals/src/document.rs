//! The list as a page: `docs/originals.md` holds it between two marks, and a test keeps it so.

use std::fmt::Write as _;

use crate::deliberate::{Deliberate, Value, WEB_APP, WORK_APP, WORK_APP_METRICS};

/// The line after which the generated part begins.
pub const BEGIN: &str = "<!-- Written by UPDATE=1 cargo test -p tests-originals --test document -->";
/// The line before which it ends.
pub const END: &str = "<!-- The end of what is written by it -->";

/// `page` with the list as the code has it.
///
/// # Panics
/// Where the page lacks one of the two marks.
pub fn rendered_into(page: &str) -> String {
    let (before, rest) = page.split_once(BEGIN).expect("the page has the first mark");
    let (_, after) = rest.split_once(END).expect("the page has the second mark");
    let web_app = table("web-app and Express 4 under Node", WEB_APP);
    let work_app = table("work-app and Flask under gunicorn", WORK_APP);
    let metrics = table("work-app's /metrics and prometheus_client's", WORK_APP_METRICS);
    format!("{before}{BEGIN}\n{web_app}{work_app}{metrics}\n{END}{after}")
}

fn table(title: &str, entries: &[Deliberate]) -> String {
    let mut table =
        format!("\n## {title}\n\n| when | what | ours | the original's | why |\n|---|---|---|---|---|\n");
    for Deliberate { when, what, ours, theirs, reason } in entries {
        let (when, ours, theirs) = (cell(when.text), value(*ours), value(*theirs));
        // Writing into a String cannot fail.
        let _ = writeln!(table, "| {when} | {what} | {ours} | {theirs} | {reason} |");
    }
    table
}

fn value(value: Value) -> String {
    match value {
        Value::Is("") => "empty".to_owned(),
        Value::Is(text) => format!("`{}`", cell(text)),
        Value::Absent => "none".to_owned(),
        Value::Some(words) => cell(words),
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
