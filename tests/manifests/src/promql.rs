//! Which metrics an expression asks for, and by which labels.
//!
//! 1. Strings, numbers, durations and Grafana's variables are stepped over.
//! 2. A name before `(`, `by` or `without` is a function; the names in the list after `by`, `on` and their like are labels.
//! 3. Any other name that is no word of the language is a metric; what stands in braces after it are matchers.
//!
//! Whether it is an expression at all, promtool says. <https://prometheus.io/docs/prometheus/latest/querying/basics/>

use std::mem::take;

/// A metric that an expression asks for.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Selector {
    /// Its name.
    pub name: String,
    /// What stands in its braces, but for the name.
    pub matchers: Vec<Matcher>,
}

/// One condition on a label.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Matcher {
    /// The label.
    pub label: String,
    /// `=`, `!=`, `=~` or `!~`.
    pub operator: String,
    /// What it is compared with.
    pub value: String,
}

impl Matcher {
    /// The values that it names one by one; none where it is a pattern that is more than a choice.
    pub fn choices(&self) -> Vec<&str> {
        let is_pattern =
            self.operator.contains('~') && self.value.contains(['(', '[', '.', '*', '+', '?', '\\', '$']);
        if is_pattern { Vec::new() } else { self.value.split('|').collect() }
    }
}

/// Words before a list of labels.
const LISTS: &[&str] = &["by", "without", "on", "ignoring", "group_left", "group_right"];
/// Words between expressions.
const WORDS: &[&str] = &["and", "or", "unless", "bool", "offset", "atan2", "inf", "nan"];

/// All metrics of an expression, in its order.
pub fn selectors(expression: &str) -> Vec<Selector> {
    let mut reader = Reader { rest: expression };
    let mut found: Vec<Selector> = Vec::new();
    while let Some(first) = reader.rest.chars().next() {
        match first {
            '"' | '\'' | '`' => {
                reader.string();
            }
            '{' => {
                let matchers = reader.braces();
                // Without a name before it, the name is one of the matchers.
                if let Some(name) = matchers.iter().find(|matcher| matcher.label == "__name__") {
                    found.push(selector(name.value.clone(), matchers));
                }
            }
            // A range may hold a colon, which else begins the name of a recorded series.
            '[' => {
                reader.take(|character| character != ']');
            }
            '0'..='9' | '$' | '.' => reader.number(),
            _ if is_name(first) => {
                let name = reader.name();
                reader.blanks();
                let next = reader.word();
                if LISTS.contains(&name.as_str()) {
                    reader.parentheses();
                } else if !reader.rest.starts_with('(')
                    && !matches!(next, "by" | "without")
                    && !is_word(&name)
                {
                    let matchers = if reader.rest.starts_with('{') { reader.braces() } else { Vec::new() };
                    found.push(selector(name, matchers));
                }
            }
            _ => reader.skip(first),
        }
    }
    found
}

fn selector(name: String, mut matchers: Vec<Matcher>) -> Selector {
    matchers.retain(|matcher| matcher.label != "__name__");
    Selector { name, matchers }
}

fn is_name(character: char) -> bool {
    character.is_ascii_alphabetic() || matches!(character, '_' | ':')
}

fn is_word(name: &str) -> bool {
    WORDS.iter().any(|word| name.eq_ignore_ascii_case(word))
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn skip(&mut self, character: char) {
        self.rest = &self.rest[character.len_utf8()..];
    }

    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|character| !belongs(character)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// The word that comes next, which stays.
    fn word(&self) -> &'a str {
        let end = self.rest.find(|character: char| !is_name(character)).unwrap_or(self.rest.len());
        &self.rest[..end]
    }

    fn name(&mut self) -> String {
        self.take(|character| is_name(character) || character.is_ascii_digit()).to_owned()
    }

    /// A number, a duration, or a variable of Grafana's: `5m`, `1e3`, `$__range`, `${name}`.
    fn number(&mut self) {
        if self.rest.starts_with("${") {
            self.take(|character| character != '}');
        } else {
            self.take(|character| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '$'));
        }
    }

    fn string(&mut self) -> String {
        let Some(quote) = self.rest.chars().next() else { return String::new() };
        self.skip(quote);
        let mut text = String::new();
        while let Some(character) = self.rest.chars().next() {
            self.skip(character);
            match character {
                '\\' if quote != '`' => {
                    if let Some(escaped) = self.rest.chars().next() {
                        self.skip(escaped);
                        text.push(escaped);
                    }
                }
                _ if character == quote => break,
                _ => text.push(character),
            }
        }
        text
    }

    fn parentheses(&mut self) {
        if self.rest.starts_with('(') {
            self.take(|character| character != ')');
        }
    }

    /// What stands in `{label="value", …}`.
    fn braces(&mut self) -> Vec<Matcher> {
        let mut matchers = Vec::new();
        let (mut label, mut operator) = (String::new(), String::new());
        self.skip('{');
        while let Some(character) = self.rest.chars().next() {
            match character {
                '}' => {
                    self.skip('}');
                    break;
                }
                '"' | '\'' | '`' => {
                    let value = self.string();
                    matchers.push(Matcher { label: take(&mut label), operator: take(&mut operator), value });
                }
                _ if is_name(character) => label = self.name(),
                '=' | '!' | '~' => {
                    self.skip(character);
                    operator.push(character);
                }
                _ => self.skip(character),
            }
        }
        matchers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(expression: &str) -> Vec<String> {
        let shown = |found: Selector| {
            let labels = found.matchers.iter().map(|matcher| matcher.label.as_str());
            let labels: Vec<_> = labels.collect();
            format!("{}{{{}}}", found.name, labels.join(","))
        };
        selectors(expression).into_iter().map(shown).collect()
    }

    #[test]
    fn metrics_and_their_labels_are_found() {
        for (expression, expected) in [
            ("up", vec!["up{}"]),
            (r#"up{job="a}b",instance=~"x.*"} == 0"#, vec!["up{job,instance}"]),
            ("sum by (job, code) (rate(requests_total[5m]))", vec!["requests_total{}"]),
            ("sum(rate(a_total[1h:5m] offset 5m)) without (pod)", vec!["a_total{}"]),
            ("a / on (x) group_left (y) b > 1e3", vec!["a{}", "b{}"]),
            (
                "slo:errors:rate5m > 14.4 * 0.001 and slo:errors:rate1h > bool 0",
                vec!["slo:errors:rate5m{}", "slo:errors:rate1h{}"],
            ),
            (
                r#"histogram_quantile(0.99, sum by (le) (rate(d_bucket{code!~"5.."}[$__rate_interval])))"#,
                vec!["d_bucket{code}"],
            ),
            (r#"{__name__="up", job='a'}"#, vec!["up{job}"]),
            (r#"label_replace(up, "a", "$1", "b", "(.*)") or vector(0)"#, vec!["up{}"]),
            ("absent(x{a=\"\\\"}\"})", vec!["x{a}"]),
            ("sum(rate(a[${window}])) > +Inf", vec!["a{}"]),
        ] {
            assert_eq!(read(expression), expected, "{expression}");
        }
    }

    #[test]
    fn a_matcher_says_which_values_it_names() {
        let found = selectors(r#"a{le="0.5", path!~"/x|/y", code=~"5.."}"#);
        let choices: Vec<_> =
            found[0].matchers.iter().map(|matcher| (matcher.operator.as_str(), matcher.choices())).collect();
        assert_eq!(choices, [("=", vec!["0.5"]), ("!~", vec!["/x", "/y"]), ("=~", Vec::new())]);
    }
}
