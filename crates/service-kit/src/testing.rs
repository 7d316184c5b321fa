//! Starts a service inside a test as production does, on ports that the system picks.

use crate::lifecycle::{Kit, Running};
use crate::run::read_settings;
use crate::settings::{Environment, FromEnvironment};

/// Builds and starts a service with `variables` as its environment. The admin listener is on port 0 of the loopback
/// unless a variable says otherwise.
///
/// # Panics
/// Where the settings are wrong or the service does not start: a test has nothing to go on with.
pub async fn start<S, B>(name: &'static str, variables: &[(&str, &str)], build: B) -> Running
where
    S: FromEnvironment,
    B: AsyncFnOnce(S, &mut Kit) -> anyhow::Result<()>,
{
    let mut environment = Environment::from_pairs([("ADMIN_ADDRESS", "127.0.0.1:0")]);
    for (name, value) in variables {
        environment.set(*name, *value);
    }
    let (kit_settings, settings) = read_settings::<S>(&environment).expect("the settings are sound");
    let mut kit = Kit::new(name, "test", kit_settings);
    build(settings, &mut kit).await.expect("the service is built");
    kit.start().expect("the service starts")
}
