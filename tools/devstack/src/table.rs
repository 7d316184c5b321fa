//! The one table: what runs, where, and what to type.

use crate::services::Try;

const HEADINGS: [&str; 4] = ["SERVICE", "ADDRESS", "TRY", ""];

/// The table of all parts' tries, in their order. A name or address that is that of the line above is left out.
pub fn render(parts: &[(&str, Vec<Try>)]) -> String {
    let mut lines = vec![HEADINGS.map(str::to_owned)];
    for (name, tries) in parts {
        let mut above = None;
        for shown in tries {
            let name = if above.is_none() { (*name).to_owned() } else { String::new() };
            let address = Some(shown.address).filter(|address| above != Some(*address));
            above = Some(shown.address);
            let address = address.map(|address| address.to_string()).unwrap_or_default();
            lines.push([name, address, shown.what.to_owned(), shown.command.clone()]);
        }
    }
    let width =
        |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let [name_width, address_width, what_width] = [0, 1, 2].map(width);
    let aligned = lines.iter().map(|[name, address, what, command]| {
        let line = format!("{name:name_width$}   {address:address_width$}   {what:what_width$}   {command}");
        line.trim_end().to_owned()
    });
    aligned.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_stand_once() {
        let try_at = |what, port, command: &str| Try {
            what,
            address: ([127, 0, 0, 1], port).into(),
            command: command.to_owned(),
        };
        let table = render(&[
            (
                "web-app",
                vec![
                    try_at("the page", 8000, "curl a"),
                    try_at("again", 8000, "curl b"),
                    try_at("m", 80, "c"),
                ],
            ),
            ("x", vec![try_at("w", 9, "curl d")]),
        ]);
        assert_eq!(
            table,
            "SERVICE   ADDRESS          TRY\n\
             web-app   127.0.0.1:8000   the page   curl a\n\
             \x20                          again      curl b\n\
             \x20         127.0.0.1:80     m          c\n\
             x         127.0.0.1:9      w          curl d"
        );
    }
}
