//! Every expression of the rules and dashboards, and where it stands.
//!
//! 1. [`of_rules`] reads the groups of `PrometheusRule`s; [`recorded`] are the series that they make.
//! 2. [`of_dashboard`] reads a dashboard's panels and variables.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::object::Look;

/// An expression and where it stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Expression {
    /// The rule or panel.
    pub place: String,
    /// The expression, with a dashboard's variables in it.
    pub text: String,
}

/// The expressions of a `PrometheusRule`.
pub fn of_rules(document: &Value) -> Vec<Expression> {
    let rules = document.at("spec.groups").items().iter().flat_map(|group| group.at("rules").items());
    rules
        .map(|rule| Expression { place: name(rule).to_owned(), text: rule.at("expr").text().to_owned() })
        .collect()
}

/// The names of the series that a `PrometheusRule` records.
pub fn recorded(document: &Value) -> BTreeSet<String> {
    let rules = document.at("spec.groups").items().iter().flat_map(|group| group.at("rules").items());
    rules.map(|rule| rule.at("record").text().to_owned()).filter(|name| !name.is_empty()).collect()
}

fn name(rule: &Value) -> &str {
    if rule.at("alert").is_given() { rule.at("alert").text() } else { rule.at("record").text() }
}

/// The expressions of a dashboard: of its panels, those in rows too, and of the variables that ask for labels.
pub fn of_dashboard(dashboard: &Value) -> Vec<Expression> {
    let mut found = Vec::new();
    panels(dashboard.at("panels"), &mut found);
    for variable in dashboard.at("templating.list").items() {
        let query = variable.at("query");
        let text = if query.is_string() { query.text() } else { query.at("query").text() };
        // `label_values(metric{…}, label)`: the second word is no metric.
        if let Some(inner) = text.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')')) {
            let metric = inner.rsplit_once(',').map_or(inner, |(metric, _)| metric);
            found.push(Expression {
                place: format!("${}", variable.at("name").text()),
                text: metric.to_owned(),
            });
        }
    }
    found
}

fn panels(list: &Value, found: &mut Vec<Expression>) {
    for panel in list.items() {
        for target in panel.at("targets").items() {
            let place = panel.at("title").text().to_owned();
            found.push(Expression { place, text: target.at("expr").text().to_owned() });
        }
        panels(panel.at("panels"), found);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn panels_in_rows_and_variables_are_read() {
        let dashboard = json!({
            "panels": [{"title": "row", "panels": [{"title": "inner", "targets": [{"expr": "a"}]}]}, {"title": "text"}],
            "templating": {"list": [
                {"name": "job", "query": {"query": "label_values(b{x=\"y\"}, job)"}},
                {"name": "datasource", "query": "prometheus"},
            ]},
        });
        let texts: Vec<_> =
            of_dashboard(&dashboard).into_iter().map(|found| (found.place, found.text)).collect();
        let expected = [("inner", "a"), ("$job", "b{x=\"y\"}")];
        assert_eq!(texts, expected.map(|(place, text)| (place.to_owned(), text.to_owned())));
    }

    #[test]
    fn rules_alert_and_record() {
        let rules = json!({"spec": {"groups": [{"rules": [{"alert": "A", "expr": "up == 0"}, {"record": "r:x", "expr": "x"}]}]}});
        let places: Vec<_> = of_rules(&rules).into_iter().map(|found| found.place).collect();
        assert_eq!(places, ["A", "r:x"]);
        assert_eq!(recorded(&rules), BTreeSet::from(["r:x".to_owned()]));
    }
}
