//! The parameters as `OpenAPI` has them. [`params`](super::params) reads them; a test holds the two together.

use utoipa::IntoParams;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOf, ArrayBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};

use super::Sort;
use super::params::VALUES_MAX;
use crate::review::parse::{NAME_MAX, TAG_MAX};

/// What the text of a review says.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TextParams {
    /// Words that must all be there; `"a phrase"`, `-excluded`, `fuzzy~`, `prefix*`. At most 16 words and phrases.
    #[param(max_length = 500)]
    pub q: Option<String>,
}

/// What every question may be narrowed by.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FilterParams {
    /// One of these hubs.
    #[param(schema_with = names)]
    pub hub: Vec<String>,
    /// One of these languages: ISO 639, lower case.
    #[param(schema_with = languages)]
    pub language: Vec<String>,
    /// With one of these tags.
    #[param(schema_with = tags)]
    pub tag: Vec<String>,
    /// About this delivery.
    #[param(min_length = 1, max_length = 128)]
    pub delivery_id: Option<String>,
    /// Of this tour.
    #[param(min_length = 1, max_length = 128)]
    pub tour: Option<String>,
}

/// When it was written.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PeriodParams {
    /// Written at or after: a time of RFC 3339, or so long ago (`90s`, `15m`, `24h`, `7d`, `4w`).
    #[param(schema_with = moment, required = false)]
    pub from: Option<String>,
    /// Written before: as `from`, and later.
    #[param(schema_with = moment, required = false)]
    pub to: Option<String>,
}

/// How it was rated.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RatingParams {
    /// Exactly this rating; not together with the other two.
    #[param(minimum = 1, maximum = 5)]
    pub rating: Option<u8>,
    /// At least this rating.
    #[param(minimum = 1, maximum = 5)]
    pub min_rating: Option<u8>,
    /// At most this rating.
    #[param(minimum = 1, maximum = 5)]
    pub max_rating: Option<u8>,
}

/// Which page, and what of it.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// The order: `newest` where nothing is said.
    pub sort: Option<Sort>,
    /// Reviews of a page: 20 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    pub size: Option<u8>,
    /// `next` of the page before, with the same query.
    #[param(min_length = 1, max_length = 32768, pattern = "^[A-Za-z0-9_-]+$")]
    pub cursor: Option<String>,
    /// Whether passages that match are wanted.
    pub highlight: Option<bool>,
}

/// What is counted.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StatsParams {
    /// The length of a point of the series: by the period where nothing is said. At most 2,000 points.
    #[param(schema_with = interval, required = false)]
    pub interval: Option<String>,
    /// Hubs with fewer rated reviews are left out: 10 where nothing is said.
    #[param(minimum = 0, maximum = 1_000_000)]
    pub min_count: Option<u32>,
    /// How many hubs, the worst first: 10 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    pub hubs: Option<u8>,
}

/// How many terms.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TermsParams {
    /// How many terms: 20 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    pub size: Option<u8>,
}

/// Where a stream goes on.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StreamParams {
    /// As the header Last-Event-ID, which outweighs it.
    #[param(pattern = "^[0-9]{1,15}:[A-Za-z0-9._~:-]{1,128}$")]
    pub last_event_id: Option<String>,
}

fn text(build: impl FnOnce(ObjectBuilder) -> ObjectBuilder) -> Schema {
    build(ObjectBuilder::new().schema_type(Type::String)).into()
}

fn moment() -> Schema {
    let time = text(|text| text.format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))));
    let ago = text(|text| text.pattern(Some("^[0-9]{1,5}[smhdw]$")));
    AnyOf::builder().item(time).item(ago).into()
}

fn interval() -> Schema {
    text(|text| text.enum_values(Some(["auto", "minute", "hour", "day", "week"])))
}

fn list(item: Schema) -> Schema {
    let array = ArrayBuilder::new().items(RefOr::T(item));
    array.max_items(Some(VALUES_MAX)).into()
}

fn names() -> Schema {
    list(text(|text| text.min_length(Some(1)).max_length(Some(NAME_MAX))))
}

fn tags() -> Schema {
    list(text(|text| text.min_length(Some(1)).max_length(Some(TAG_MAX))))
}

fn languages() -> Schema {
    list(text(|text| text.pattern(Some("^[a-z]{2,3}$"))))
}
