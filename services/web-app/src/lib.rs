//! The Express sample's contract (Express 4 under Node), answered the same to the byte.
//!
//! 1. [`node`]: what Node refuses before Express sees it is refused here.
//! 2. [`site`]: the path is matched as Express matches it, and the method with it.
//! 3. [`document`]: a page that was made at the start is sent, or 304 by [`fresh`]'s rules.
//! 4. [`not_found`]: everything else is Express's 404 page.
//!
//! What differs from the original on purpose is listed in `docs/originals.md`, which a test keeps true.

pub mod document;
pub mod fresh;
pub mod node;
pub mod not_found;
pub mod site;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use serde::Deserialize;
use service_kit::http::answer_all;
use service_kit::{HttpOptions, Kit, Topic};

use crate::site::Site;

/// What the service is told from outside.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The TCP port that is listened on; 0 picks one.
    pub port: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self { port: 8000 }
    }
}

impl Topic for Settings {}

/// Wires the service.
#[expect(
    clippy::unused_async,
    reason = "the kit awaits what builds a service, and most have something to await"
)]
pub async fn build(settings: Settings, kit: &mut Kit) -> anyhow::Result<()> {
    let listener = kit.listen("http", SocketAddr::from((Ipv4Addr::UNSPECIFIED, settings.port)))?;
    let site = Arc::new(Site::new());
    let router = answer_all(move |request| {
        let site = Arc::clone(&site);
        async move { site.answer(request).await }
    });
    // Express reads no body that no handler asks for, and refuses none for its length.
    kit.serve(listener, router, HttpOptions { body_limit: None, ..HttpOptions::default() });
    Ok(())
}
