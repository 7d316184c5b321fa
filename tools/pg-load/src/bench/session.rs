//! A client's connection with everything prepared, and how a transaction is done on it.
//!
//! 1. Every statement of every transaction is prepared when the connection is made.
//! 2. One after the other: each waits for the answer to the last, as an application with an ordinary driver does. After an
//!    error the transaction is rolled back.
//! 3. Pipelined: all are sent at once, each an extended query of its own. After an error the server refuses the rest, and
//!    the COMMIT that ends them rolls back; the first error is the transaction's.

use futures::future::join_all;
use tokio_postgres::{Error, Statement};

use crate::connect::{ConnectError, Connection, Endpoint, describe};
use crate::workload::{Transaction, Value, Workload};

/// Why a client has no session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// No connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server does not take a statement: the workload does not fit the database.
    #[error("{transaction}: {sql}: {reason}")]
    Prepare {
        /// Which transaction.
        transaction: String,
        /// Which statement.
        sql: String,
        /// What the server said.
        reason: String,
    },
}

/// A connection with everything prepared.
#[derive(Debug)]
pub struct Session {
    connection: Connection,
    prepared: Vec<Vec<Statement>>,
    rollback: Statement,
}

impl Session {
    /// Connects and prepares.
    pub async fn open(endpoint: &Endpoint, workload: &Workload) -> Result<Self, SessionError> {
        let connection = endpoint.connect().await?;
        let mut prepared = Vec::with_capacity(workload.transactions().len());
        for transaction in workload.transactions() {
            let mut statements = Vec::with_capacity(transaction.statements.len());
            for statement in &transaction.statements {
                statements.push(prepare(&connection, &transaction.name, &statement.sql).await?);
            }
            prepared.push(statements);
        }
        let rollback = prepare(&connection, "rollback", "rollback").await?;
        Ok(Self { connection, prepared, rollback })
    }

    /// Whether the connection is dead.
    pub fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    /// Does the transaction at this place of the workload once.
    pub async fn run(&self, place: usize, transaction: &Transaction, values: &[Value]) -> Result<(), Error> {
        let steps = transaction.statements.iter().zip(&self.prepared[place]).map(|(statement, prepared)| {
            let parameters = statement.uses.iter().map(|place| &values[*place]);
            self.connection.execute_raw(prepared, parameters)
        });
        if transaction.pipeline {
            return join_all(steps).await.into_iter().find_map(Result::err).map_or(Ok(()), Err);
        }
        for step in steps {
            if let Err(error) = step.await {
                if transaction.wrapped && !self.is_closed() {
                    // Where this fails the connection is lost, which the next transaction will see.
                    let _ = self.connection.execute(&self.rollback, &[]).await;
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Takes leave of the server.
    pub async fn close(self) {
        drop((self.prepared, self.rollback));
        self.connection.close().await;
    }
}

async fn prepare(connection: &Connection, transaction: &str, sql: &str) -> Result<Statement, SessionError> {
    connection.prepare(sql).await.map_err(|error| SessionError::Prepare {
        transaction: transaction.to_owned(),
        sql: sql.to_owned(),
        reason: describe(&error),
    })
}
