//! What is stored, held against what was acknowledged.

use jiff::Timestamp;
use serde_json::Value;

use super::ledger::{Ledger, Mark};
use super::made;

/// So many findings are told.
const TOLD: usize = 10;

/// Is shown every stored review of a run, in any order, and then says whether all is well.
#[derive(Debug)]
pub struct Audit<'a> {
    run: &'a str,
    ledger: &'a Ledger,
    copies: Vec<u32>,
    findings: Vec<String>,
}

impl<'a> Audit<'a> {
    /// Of everything that `run` has sent.
    pub fn new(run: &'a str, ledger: &'a Ledger) -> Self {
        Self { run, ledger, copies: vec![0; ledger.sent()], findings: Vec::new() }
    }

    /// One that is stored.
    pub fn see(&mut self, stored: &Value) {
        let id = stored["id"].as_str().unwrap_or_default();
        let number = made::number(self.run, id);
        let Some((number, copies)) = number.and_then(|number| Some((number, self.copies.get_mut(number)?)))
        else {
            return self.findings.push(format!("{id:?} is stored and was never sent"));
        };
        *copies += 1;
        let sent = made::review(self.run, number);
        let same = ["delivery_id", "text", "rating", "language", "hub", "tags"];
        if let Some(field) = same.into_iter().find(|field| stored[*field] != sent[*field]) {
            self.findings.push(format!("{id}: {field} is {} and was {}", stored[field], sent[field]));
        }
        if time(stored) != time(&sent) {
            self.findings
                .push(format!("{id}: written_at is {} and was {}", stored["written_at"], sent["written_at"]));
        }
    }

    /// Says what was found.
    ///
    /// # Panics
    /// Where an acknowledged review is not stored, one is stored twice, was never sent, or is not as it was.
    pub fn end(mut self) {
        let (mut lost, mut doubled) = (0, 0);
        for (number, copies) in self.copies.iter().enumerate() {
            let acknowledged = self.ledger.mark(number) == Some(Mark::Acknowledged);
            lost += usize::from(acknowledged && *copies == 0);
            doubled += usize::from(*copies > 1);
            if (acknowledged && *copies == 0) || *copies > 1 {
                self.findings.push(format!("{} is stored {copies} times", made::id(self.run, number)));
            }
        }
        let (stored, acknowledged) = (self.copies.iter().sum::<u32>(), self.ledger.acknowledged());
        println!(
            "  {}: {acknowledged} acknowledged, {stored} stored, {lost} lost, {doubled} doubled",
            self.run
        );
        let found = self.findings.len();
        self.findings.truncate(TOLD);
        assert!(found == 0, "{found} findings:\n{}", self.findings.join("\n"));
    }
}

fn time(review: &Value) -> Option<Timestamp> {
    review["written_at"].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::made::review;
    use super::*;

    const RUN: &str = "run";

    /// Three that were sent; the first two are acknowledged.
    fn ledger() -> Ledger {
        let ledger = Ledger::default();
        for number in ledger.begin(3).take(2) {
            ledger.note(number, Mark::Acknowledged);
        }
        ledger
    }

    fn audit(stored: &[Value]) {
        let ledger = ledger();
        let mut audit = Audit::new(RUN, &ledger);
        for review in stored {
            audit.see(review);
        }
        audit.end();
    }

    #[test]
    fn what_nobody_acknowledged_may_be_stored_or_not() {
        audit(&[review(RUN, 1), review(RUN, 0)]);
        audit(&[review(RUN, 2), review(RUN, 1), review(RUN, 0)]);
    }

    #[test]
    #[should_panic(expected = "run-1 is stored 0 times")]
    fn a_lost_one_is_found() {
        audit(&[review(RUN, 0), review(RUN, 2)]);
    }

    #[test]
    #[should_panic(expected = "run-2 is stored 2 times")]
    fn a_doubled_one_is_found_though_nobody_acknowledged_it() {
        audit(&[review(RUN, 2), review(RUN, 0), review(RUN, 1), review(RUN, 2)]);
    }

    #[test]
    #[should_panic(expected = "\"run-3\" is stored and was never sent")]
    fn one_too_many_is_found() {
        audit(&[review(RUN, 0), review(RUN, 1), review(RUN, 3)]);
    }

    #[test]
    #[should_panic(expected = "run-1: text is")]
    fn one_that_has_changed_is_found() {
        let mut changed = review(RUN, 1);
        changed["text"] = "another".into();
        audit(&[review(RUN, 0), changed]);
    }
}
