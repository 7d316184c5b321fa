//! One session, and the task that moves its bytes.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use tokio_postgres::Client;
use tokio_util::task::AbortOnDropHandle;

/// How long a server is given to take leave.
const LEAVE: Duration = Duration::from_secs(2);

/// One session. Where it is dropped the socket closes at once, also where the server hangs; the server then rolls
/// back what was not committed.
#[derive(Debug)]
pub struct Connection {
    client: Client,
    driver: AbortOnDropHandle<()>,
    host: String,
}

impl Connection {
    pub(super) fn new(client: Client, driver: AbortOnDropHandle<()>, host: String) -> Self {
        Self { client, driver, host }
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
