//! `/health`: whether the program can serve.

use axum::extract::State;
use axum::http::{Method, StatusCode};
use postern_app::App;
use serde_json::{Value, json};

use crate::extract::Json;
use crate::openapi::{Access, Content, Operation, Routes};

pub(crate) fn routes() -> Routes<App> {
    Routes::new().add(
        Method::GET,
        "/health",
        Operation {
            response: Some(Content::json(
                || json!({ "type": "object", "properties": { "status": { "type": "string" } } }),
            )),
            failures: &[503],
            ..Operation::new("health_fetch", "Whether the program can serve", Access::Public)
        },
        health_fetch,
    )
}

async fn health_fetch(State(app): State<App>) -> (StatusCode, Json<Value>) {
    if app.is_serving() {
        (StatusCode::OK, Json(json!({ "status": "serving" })))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "fatal" })))
    }
}
