//! `/api/v2/logs`: the tenant log.

pub(crate) mod wire;

use axum::extract::State;
use axum::http::Method;
use postern_app::App;
use postern_app::error::AppError;
use postern_app::logs::{self, LogFilter};
use postern_app::lucene;
use serde::Deserialize;
use serde_json::Value;

use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::{Access, Content, Operation, Parameter, Routes};
use crate::page::{FIELDS, PARAMETERS, PageQuery, Paging, project};
use crate::permission::Caller;

const READ: Access = Access::Scopes(&["read:logs", "read:logs_users"]);
const Q: Parameter =
    Parameter { name: "q", kind: "string", summary: "A query in the Lucene syntax; `search` is the same" };
const SORT: Parameter = Parameter { name: "sort", kind: "string", summary: "date:-1 (default) or date:1" };

const LIST_QUERY: [Parameter; 10] = [
    PARAMETERS[0],
    PARAMETERS[1],
    PARAMETERS[2],
    PARAMETERS[3],
    PARAMETERS[4],
    Q,
    Parameter { name: "search", kind: "string", summary: "The same as `q`" },
    SORT,
    FIELDS[0],
    FIELDS[1],
];

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    Routes::new()
        .add(
            Method::GET,
            "/api/v2/logs",
            Operation {
                query: &LIST_QUERY,
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
    fields: Option<String>,
    include_fields: Option<bool>,
}

impl ListQuery {
    fn filter(&self) -> Result<LogFilter, AppError> {
        let mut filter = LogFilter::default();
        match self.sort.as_deref() {
            None | Some("" | "date:-1") => {}
            Some("date:1") => filter.ascending = true,
            Some(_) => return Err(AppError::invalid_query("'sort' must be date:1 or date:-1")),
        }
        let text = self.q.as_deref().or(self.search.as_deref()).unwrap_or_default();
        let query = lucene::parse(text).map_err(|bad| AppError::invalid_query(format!("'q' is no query: {bad}")))?;
        filter.query = Some(query);
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
    let row = |entry| project(wire::entry(entry), query.fields.as_deref(), query.include_fields);
    let totals = match &paging {
        Paging::Offset { totals, .. } => *totals,
        Paging::Checkpoint { from, take } => {
            let entries = logs::log_follow(&app, &ctx, from.as_deref(), *take).await?;
            return Ok(Json(entries.iter().map(row).collect()));
        }
    };
    let filter = LogFilter { uncounted: !totals, ..query.filter()? };
    let (entries, total) = logs::log_list(&app, &ctx, &filter, paging.offset()?, paging.limit()).await?;
    Ok(Json(paging.answer("logs", entries.iter().map(row).collect(), total)?))
}

async fn log_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(wire::entry(&logs::log_fetch(&app, &ctx, &id).await?)))
}
