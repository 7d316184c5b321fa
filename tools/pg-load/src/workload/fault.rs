//! Why there is no workload.

/// Why there is no workload.
#[derive(Debug, thiserror::Error)]
pub enum WorkloadError {
    /// Name another one, or correct the weight.
    #[error("--workload {given}: {reason}")]
    Choice {
        /// What was asked for.
        given: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Correct the file.
    #[error("workload {workload}: {reason}")]
    Script {
        /// Its name or path.
        workload: String,
        /// What is wrong, and where.
        reason: String,
    },
    /// The workload does not fit the database: seed it, or change the workload.
    #[error("workload {workload} cannot run on this database: {reason}")]
    Database {
        /// Its name or path.
        workload: String,
        /// What the server said.
        reason: String,
    },
}
