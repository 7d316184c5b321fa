//! The Flask sample's contract (Flask with `prometheus_client`, under gunicorn), answered the same to the byte.
//!
//! 1. [`settings`]: each of the three settings comes as a variable or from a file that is followed.
//! 2. [`gate`]: what gunicorn refuses before Flask sees it is refused here.
//! 3. [`routes`]: the path is matched as Werkzeug matches it, and the method with it.
//! 4. [`work`]: the [`dice`] say how long a request works and whether it fails.
//! 5. [`pages`]: what is sent, made once.
//! 6. [`exposition`]: metrics in the text format that the original speaks.
//!
//! What differs from the original on purpose is listed in `docs/originals.md`, which a test keeps true.

pub mod dice;
pub mod exposition;
pub mod gate;
pub mod pages;
pub mod routes;
pub mod settings;
pub mod values;
pub mod work;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use service_kit::http::answer_all;
use service_kit::{HttpOptions, Kit};

use crate::dice::Dice;
use crate::routes::App;
use crate::settings::Settings;
use crate::work::Work;

/// Wires the service.
#[expect(
    clippy::unused_async,
    reason = "the kit awaits what builds a service, and most have something to await"
)]
pub async fn build(settings: Settings, kit: &mut Kit) -> anyhow::Result<()> {
    // The contract has health and metrics on the service's own port.
    kit.no_admin();
    let listener = kit.listen("http", SocketAddr::from((Ipv4Addr::UNSPECIFIED, settings.port)))?;
    let work = Work {
        dice: Dice::seeded(rand::random()),
        fail_rate: settings.fail_rate.follow("FAIL_RATE", kit)?,
        greeting: settings.greeting.follow("GREETING", kit)?,
    };
    let delay = settings.readiness_delay.follow("READINESS_DELAY_SEC", kit)?;
    let app = Arc::new(App::new(work, delay, kit.whole_readiness(), kit.metrics().clone()));
    let router = answer_all(move |request| {
        let app = Arc::clone(&app);
        async move { app.answer(request).await }
    });
    // Flask reads no body that no handler asks for, and refuses none for its length.
    kit.serve(listener, router, HttpOptions { body_limit: None, ..HttpOptions::default() });
    Ok(())
}
