//! `/client/{id}.js`: a client's settings for Lock, as a script.

use axum::extract::State;
use axum::http::Method;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use postern_app::App;
use postern_app::browser::lock_settings_fetch;

use super::page::script_json;
use super::visitor::BrowserRequest;
use crate::error::ApiError;
use crate::extract::Path;
use crate::openapi::{Access, Content, Operation, Routes};

const JAVASCRIPT: &str = "application/javascript; charset=utf-8";

pub(crate) fn routes() -> Routes<App> {
    Routes::new().add(
        Method::GET,
        "/client/{script}",
        Operation {
            response: Some(Content {
                media_type: "application/javascript",
                schema: || serde_json::json!({ "type": "string" }),
            }),
            failures: &[404],
            ..Operation::new("lock_settings_fetch", "A client's settings for Auth0 Lock: {id}.js", Access::Public)
        },
        fetch,
    )
}

async fn fetch(
    State(app): State<App>,
    visitor: BrowserRequest,
    Path(script): Path<String>,
) -> Result<Response, ApiError> {
    let id = script.strip_suffix(".js").unwrap_or_default();
    let settings = lock_settings_fetch(&app, &visitor.visit.ctx, id).await?;
    // Text that could end a script element, or begin a comment, is escaped: pages put it inline, too.
    let script = format!("Auth0.setClient({});", script_json(&settings));
    let headers = [(CONTENT_TYPE, JAVASCRIPT), (CACHE_CONTROL, "no-cache"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    Ok((headers, script).into_response())
}
