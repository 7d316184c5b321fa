//! `GET /openapi.json`: what this service answers, in `OpenAPI` 3.1, made of what stands beside each handler.

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use serde_json::{Value, json};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;

use crate::problem::Problem;
use crate::query::Sort;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "review-api",
        description = "Customer reviews in, near-real-time search, statistics and pictures out.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "ingest", description = "Reviews in: an acknowledged one is never lost and never doubled."),
        (name = "query", description = "Reviews out."),
        (name = "about", description = "The service itself."),
    ),
    paths(document),
    components(schemas(Problem, Sort)),
    modifiers(&Tokens),
)]
struct Document;

/// Bearer tokens, where the service was given files of them.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, description) in [
            ("read", "A token of READ_TOKENS_FILE, where that is set"),
            ("write", "A token of WRITE_TOKENS_FILE, where that is set"),
        ] {
            let mut bearer = Http::new(HttpAuthScheme::Bearer);
            bearer.description = Some(description.to_owned());
            components.add_security_scheme(name, SecurityScheme::Http(bearer));
        }
    }
}

/// The routes, and the document of them as one more.
pub fn with_document(routes: OpenApiRouter) -> Router {
    let (answering, document) =
        OpenApiRouter::with_openapi(Document::openapi()).merge(routes).split_for_parts();
    // Names, texts and numbers: none of them can fail to be JSON.
    let mut document = serde_json::to_value(&document).unwrap_or_default();
    operations(&mut document).for_each(with_long_head);
    operations(&mut document).for_each(without_null_headers);
    let json = Bytes::from(serde_json::to_vec(&document).unwrap_or_default());
    answering.route("/openapi.json", get(self::document).with_state(Sent(json)))
}

/// What is said of each method of each path.
fn operations(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    paths.filter_map(Value::as_object_mut).flat_map(|path| path.values_mut())
}

/// What the connection answers before any route is asked: there is no body, for nothing of the request is known yet.
fn with_long_head(operation: &mut Value) {
    let description =
        "The request line and the header fields have more than 64 KiB, or more than 100 fields.";
    operation["responses"]["431"] = json!({ "description": description });
}

/// A header is there or it is not: none is null, though utoipa says so of every one that is an `Option` here. (What a
/// query holds is text, and `null` a text as any other.)
fn without_null_headers(operation: &mut Value) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten();
    for schema in parameters
        .filter(|parameter| parameter["in"] == "header")
        .filter_map(|parameter| parameter.get_mut("schema"))
    {
        if let Some(Value::Array(types)) = schema.get_mut("type") {
            types.retain(|kind| kind != "null");
        }
    }
}

/// The document as it is sent.
#[derive(Clone)]
struct Sent(Bytes);

/// Gives this document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "about",
    responses((status = 200, description = "OpenAPI 3.1", body = Object, content_type = "application/json"))
)]
async fn document(State(sent): State<Sent>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], sent.0).into_response()
}
