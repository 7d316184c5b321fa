//! A workload, ready to run.

use rand::{Rng, RngExt as _};

use super::Draw;

/// One statement as it is prepared.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The SQL, with `$1` for parameters.
    pub sql: String,
    /// Which draw stands behind each parameter.
    pub uses: Vec<usize>,
}

/// One kind of transaction.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// Its name.
    pub name: String,
    /// Its share of all transactions, from 0 to 1.
    pub share: f64,
    /// What is drawn for one transaction.
    pub draws: Vec<Draw>,
    /// All statements, BEGIN and COMMIT with them where there are any.
    pub statements: Vec<Statement>,
    /// Whether the first statement is a BEGIN and the last a COMMIT.
    pub wrapped: bool,
    /// Whether all statements are sent at once.
    pub pipeline: bool,
}

/// What a run asks of the server.
#[derive(Clone, Debug)]
pub struct Workload {
    transactions: Vec<Transaction>,
}

impl Workload {
    /// The transactions' shares become parts of 1. There is at least one.
    pub(super) fn new(mut transactions: Vec<Transaction>) -> Self {
        let total: f64 = transactions.iter().map(|transaction| transaction.share).sum();
        for transaction in &mut transactions {
            transaction.share /= total;
        }
        Self { transactions }
    }

    /// All kinds of transactions.
    pub fn transactions(&self) -> &[Transaction] {
        &self.transactions
    }

    /// Overrides what the workload says of pipelining.
    pub fn set_pipeline(&mut self, pipeline: bool) {
        for transaction in &mut self.transactions {
            transaction.pipeline = pipeline;
        }
    }

    /// The place of the next transaction, as often as its share has it.
    pub fn pick(&self, random: &mut impl Rng) -> usize {
        if self.transactions.len() == 1 {
            return 0;
        }
        let mut left: f64 = random.random();
        for (place, transaction) in self.transactions.iter().enumerate() {
            left -= transaction.share;
            if left < 0.0 {
                return place;
            }
        }
        self.transactions.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_pcg::Pcg64Mcg;

    use super::*;

    #[test]
    fn picks_by_weight() {
        let kind = |share| Transaction {
            name: String::new(),
            share,
            draws: vec![],
            statements: vec![],
            wrapped: false,
            pipeline: false,
        };
        let workload = Workload::new(vec![kind(3.0), kind(1.0)]);
        let mut random = Pcg64Mcg::seed_from_u64(1);
        let first = (0..40_000).filter(|_| workload.pick(&mut random) == 0).count();
        // 30,000 with a standard deviation of 87.
        assert!((29_500..=30_500).contains(&first), "{first}");
    }
}
