//! Reads the Prometheus text format, as much of it as the two services write.

use std::collections::BTreeMap;

/// One family's type and samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Family {
    /// What `# TYPE` says.
    pub kind: String,
    /// Values by name and labels.
    pub samples: BTreeMap<Sample, f64>,
}

/// What identifies a sample.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Sample {
    /// The metric's name.
    pub name: String,
    /// Label names and values.
    pub labels: BTreeMap<String, String>,
}

/// The families of `text`, by name.
///
/// # Panics
/// Where a line is not of the format, or a sample belongs to no family: a scraper would refuse it too.
pub fn families(text: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a family has a type");
            families.insert(name.to_owned(), Family { kind: kind.to_owned(), ..Family::default() });
        } else if !line.starts_with('#') {
            let (sample, value) = sample(line);
            let family = family_of(&sample.name, &families);
            families.get_mut(&family).expect("it is there").samples.insert(sample, value);
        }
    }
    families
}

fn family_of(name: &str, families: &BTreeMap<String, Family>) -> String {
    let suffixes = ["", "_bucket", "_count", "_sum"];
    let candidates = suffixes.iter().filter_map(|suffix| name.strip_suffix(suffix));
    let family = candidates.into_iter().find(|family| families.contains_key(*family));
    family.unwrap_or_else(|| panic!("{name} has no # TYPE")).to_owned()
}

fn sample(line: &str) -> (Sample, f64) {
    let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value in {line}"));
    let value = value.parse().unwrap_or_else(|_| panic!("no number in {line}"));
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let labels = labels.strip_suffix('}').unwrap_or_else(|| panic!("labels without an end in {line}"));
    (Sample { name: name.to_owned(), labels: parse_labels(labels) }, value)
}

fn parse_labels(mut text: &str) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    while let Some((name, rest)) = text.split_once("=\"") {
        let mut value = String::new();
        let mut characters = rest.char_indices();
        let end = loop {
            match characters.next().expect("a label's value ends") {
                (at, '"') => break at,
                (_, '\\') => value.extend(
                    characters.next().map(|(_, escaped)| if escaped == 'n' { '\n' } else { escaped }),
                ),
                (_, other) => value.push(other),
            }
        };
        labels.insert(name.trim_start_matches(',').to_owned(), value);
        text = &rest[end + 1..];
    }
    labels
}
