//! One session, and the task that moves its bytes.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use tokio_postgres::{CancelToken, Client};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_util::task::AbortOnDropHandle;

/// How long a server is given to take leave.
const LEAVE: Duration = Duration::from_secs(2);

/// One session. Where it is dropped the socket closes at once, also where the server hangs; the server then rolls
/// back what was not committed.
pub struct Connection {
    client: Client,
    driver: AbortOnDropHandle<()>,
    tls: MakeRustlsConnect,
    host: String,
}

/// Ends what a session is doing, from beside it.
#[derive(Clone)]
pub struct Canceller {
    token: CancelToken,
    tls: MakeRustlsConnect,
}

impl Canceller {
    /// Asks the server to cancel the statement that runs; the session goes on.
    pub async fn cancel(self) {
        let asked = self.token.cancel_query(self.tls);
        let _ = tokio::time::timeout(LEAVE, asked).await; // a server that is gone runs no statement
    }
}

impl Connection {
    pub(super) fn new(
        client: Client,
        driver: AbortOnDropHandle<()>,
        tls: MakeRustlsConnect,
        host: String,
    ) -> Self {
        Self { client, driver, tls, host }
    }

    /// What can end a statement of this session.
    pub fn canceller(&self) -> Canceller {
        Canceller { token: self.client.cancel_token(), tls: self.tls.clone() }
    }

    /// Which host it leads to, with the port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Takes leave of the server, which then need not log a lost client.
    pub async fn close(self) {
        let Self { client, driver, .. } = self;
        drop(client);
        let _ = tokio::time::timeout(LEAVE, driver).await; // a server that hangs gets no farewell
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Connection").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Deref for Connection {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut Client {
        &mut self.client
    }
}
