//! Metrics as a value that is handed to whoever counts, never a global.
//!
//! 1. [`Metrics`] holds one service's registry.
//! 2. [`metrics!`](crate::metrics!) declares a struct of metrics whose help texts are its doc comments.
//! 3. [`process`] adds what the kernel knows of the process: memory, CPU, open files, start.

mod process;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

pub use prometheus_client;
use prometheus_client::registry::Registry;

pub(crate) use process::ProcessCollector;

/// What a scraper that asks for nothing else is answered with.
pub const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// One service's registry. Cheap to clone.
#[derive(Clone, Default)]
pub struct Metrics(Arc<Mutex<Registry>>);

impl Metrics {
    /// Gives access to the registry, to register metrics in it.
    pub fn with<T>(&self, register: impl FnOnce(&mut Registry) -> T) -> T {
        register(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Every metric in the `OpenMetrics` text format, closed with `# EOF`.
    pub fn encode(&self) -> String {
        let mut page = Page(String::with_capacity(8 * 1024));
        let registry = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing into a String cannot fail; what was written until then is the best there is.
        if let Err(error) = prometheus_client::encoding::text::encode(&mut page, &registry) {
            tracing::error!(%error, "metrics could not be encoded");
        }
        page.0
    }
}

/// The text of a scrape. It is written in over a thousand pieces, most of which are one or two characters between names and
/// values: to push those, instead of calling what copies memory, takes a sixth off the time of the whole.
struct Page(String);

impl fmt::Write for Page {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        match *piece.as_bytes() {
            [one @ ..0x80] => self.0.push(char::from(one)),
            [one @ ..0x80, two @ ..0x80] => {
                self.0.push(char::from(one));
                self.0.push(char::from(two));
            }
            _ => self.0.push_str(piece),
        }
        Ok(())
    }
}

/// Declares a struct of metrics and how it is registered. A field's name is the metric's name (a counter's gets
/// `_total` when it is written out) and its doc comment the help text.
///
/// ```
/// use service_kit::metrics::prometheus_client::metrics::{counter::Counter, histogram::Histogram};
///
/// service_kit::metrics! {
///     /// What the kitchen does.
///     pub struct KitchenMetrics {
///         /// Meals that left the kitchen.
///         pub meals: Counter,
///         /// How long a meal took, in seconds.
///         pub meal_duration_seconds: Histogram = Histogram::new([60.0, 600.0]),
///     }
/// }
///
/// let metrics = service_kit::Metrics::default();
/// let kitchen = metrics.with(KitchenMetrics::register);
/// kitchen.meals.inc();
/// assert!(metrics.encode().contains("# HELP meals Meals that left the kitchen.\n"));
/// assert!(metrics.encode().contains("meals_total 1\n"));
/// ```
#[macro_export]
macro_rules! metrics {
    (
        $(#[$about:meta])*
        $visible:vis struct $name:ident {
            $( $(#[doc = $help:literal])+ $seen:vis $field:ident : $kind:ty $(= $made:expr)? ),* $(,)?
        }
    ) => {
        $(#[$about])*
        #[derive(Clone)]
        #[allow(clippy::struct_field_names, reason = "a field is named as its metric, prefix and all")]
        $visible struct $name {
            $( $(#[doc = $help])+ $seen $field: $kind ),*
        }

        impl $name {
            /// Makes the metrics and puts them into `registry`, under their fields' names.
            $visible fn register(
                registry: &mut $crate::reexport::prometheus_client::registry::Registry,
            ) -> Self {
                $(
                    let $field: $kind = $crate::metrics!(@made $($made)?);
                    // The writer ends a help text with a full stop of its own.
                    let help = concat!($($help),+).trim().trim_end_matches('.');
                    registry.register(stringify!($field), help, $field.clone());
                )*
                Self { $($field),* }
            }
        }
    };
    (@made) => { Default::default() };
    (@made $made:expr) => { $made };
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn a_page_is_its_pieces() {
        let pieces = ["", "a", "=\"", "é", "\u{7f}", "\u{80}", "aé", "éa", "ß€\u{1f600}", "process_open_fds"];
        // Without room at first, it grows under each kind of piece.
        let mut page = Page(String::new());
        for piece in pieces {
            page.write_str(piece).expect("written");
        }
        assert_eq!(page.0, pieces.concat());
    }
}
