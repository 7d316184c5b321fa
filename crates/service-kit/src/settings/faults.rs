//! What is wrong with the settings, all of it, by name and never with a secret's value.

use std::fmt;

/// One setting that cannot be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// The variable's name, as the user spells it.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

/// The faults found so far. Reading goes on after a fault, so that one start shows them all.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Notes that the setting `name` cannot be used because of `reason`.
    pub fn add(&mut self, name: impl Into<String>, reason: impl fmt::Display) {
        let fault = Fault { name: name.into(), reason: reason.to_string() };
        if !self.0.contains(&fault) {
            self.0.push(fault);
        }
    }

    /// Passes `value` on, or notes that `name` must be set. A setting that is there but has a fault of its
    /// own is not reported a second time as missing.
    pub fn require<T>(&mut self, name: &str, value: Option<T>) -> Option<T> {
        if value.is_none() && !self.names(name) {
            self.add(name, "must be set");
        }
        value
    }

    /// The value, or a note of why the setting `name` refused it.
    pub fn check<T>(&mut self, name: &str, value: Result<T, impl fmt::Display>) -> Option<T> {
        value.map_err(|reason| self.add(name, reason)).ok()
    }

    /// Whether nothing was wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each fault, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }

    fn names(&self, name: &str) -> bool {
        self.0.iter().any(|fault| fault.name == name)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, plural) = (self.0.len(), if self.0.len() == 1 { " is" } else { "s are" });
        write!(out, "{count} setting{plural} wrong")?;
        self.0.iter().try_for_each(|fault| write!(out, "\n  {}: {}", fault.name, fault.reason))
    }
}

impl std::error::Error for Faults {}
