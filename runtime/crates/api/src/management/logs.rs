//! `/api/v2/logs`: the tenant log.

pub(crate) mod wire;

use axum::extract::State;
use axum::http::Method;
use postern_app::App;
use postern_app::error::AppError;
use postern_app::logs::{self, LogFilter};
use serde::Deserialize;
use serde_json::Value;

use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::{Access, Content, Operation, Parameter, Routes};
use crate::page::{PARAMETERS, PageQuery, Paging};
use crate::permission::Caller;

const READ: Access = Access::Scopes(&["read:logs", "read:logs_users"]);
const Q: Parameter =
    Parameter { name: "q", kind: "string", summary: "type:\"code\" or user_id:\"id\"; `search` is the same" };
const SORT: Parameter = Parameter { name: "sort", kind: "string", summary: "date:-1 (default) or date:1" };

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    Routes::new()
        .add(
            Method::GET,
            "/api/v2/logs",
            Operation {
                query: const { &[PARAMETERS[0], PARAMETERS[1], PARAMETERS[2], PARAMETERS[3], PARAMETERS[4], Q, SORT] },
                response: Some(Content::json(wire::list_schema)),
                ..Operation::new("log_list", "List or follow the tenant log", READ)
            },
            log_list,
        )
        .add(
            Method::GET,
            "/api/v2/logs/{id}",
            Operation {
                response: Some(Content::json(wire::schema)),
                failures: &[404],
                ..Operation::new("log_fetch", "Get an entry", READ)
            },
            log_fetch,
        )
}

#[derive(Debug, Default, Deserialize)]
struct ListQuery {
    q: Option<String>,
    search: Option<String>,
    sort: Option<String>,
}

impl ListQuery {
    fn filter(&self) -> Result<LogFilter, AppError> {
        let mut filter = LogFilter::default();
        match self.sort.as_deref() {
            None | Some("date:-1") => {}
            Some("date:1") => filter.ascending = true,
            Some(_) => return Err(AppError::invalid_query("'sort' must be date:1 or date:-1")),
        }
        let bad = || AppError::invalid_query("'q' must be type:\"code\" and user_id:\"id\" terms joined by AND");
        let text = self.q.as_deref().or(self.search.as_deref()).unwrap_or_default().trim();
        for term in text.split(" AND ").map(str::trim).filter(|_| !text.is_empty()) {
            let (field, value) = term.split_once(':').ok_or_else(bad)?;
            let value = value.trim().trim_matches('"');
            if value.is_empty() || value.contains(['"', '*', '(', ')']) {
                return Err(bad());
            }
            match field {
                "type" => filter.kind = Some(value.to_owned()),
                "user_id" => filter.user_id = Some(value.to_owned()),
                _ => return Err(bad()),
            }
        }
        Ok(filter)
    }
}

async fn log_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Query(page): Query<PageQuery>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let paging = page.paging()?;
    if let Paging::Checkpoint { from, take } = &paging {
        let entries = logs::log_follow(&app, &ctx, from.as_deref(), *take).await?;
        return Ok(Json(entries.iter().map(wire::entry).collect()));
    }
    let (entries, total) = logs::log_list(&app, &ctx, &query.filter()?, paging.offset()?, paging.limit()).await?;
    Ok(Json(paging.answer("logs", entries.iter().map(wire::entry).collect(), total)?))
}

async fn log_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(wire::entry(&logs::log_fetch(&app, &ctx, &id).await?)))
}
