//! Executions: the records of the runs of a trigger. They are written by the login's own transaction.

use postern_model::{Execution, ExecutionId};
use postern_store::{Index, Query};

use crate::App;
use crate::ctx::OpCtx;
use crate::error::AppError;

/// Whose executions a list has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecutionFilter {
    /// Those of one login: one, or more after suspensions.
    Login(String),
    /// Those of one user, newest first.
    User(String),
}

/// One execution.
///
/// # Errors
/// When the scope is missing or there is no such execution.
pub async fn execution_fetch(app: &App, ctx: &OpCtx, id: &str) -> Result<Execution, AppError> {
    ctx.require("read:actions")?;
    let absent = || AppError::not_found("That execution does not exist.");
    let Ok(id) = id.parse::<ExecutionId>() else { return Err(absent()) };
    app.store().fetch::<Execution>(&ctx.tenant.id, id.as_str()).await?.ok_or_else(absent)
}

/// A page of executions: the rows and where the next page starts, if there is one.
///
/// # Errors
/// When the scope is missing.
pub async fn execution_list(
    app: &App,
    ctx: &OpCtx,
    filter: ExecutionFilter,
    after: Option<String>,
    limit: usize,
) -> Result<(Vec<Execution>, Option<String>), AppError> {
    ctx.require("read:actions")?;
    let (index, of) = match filter {
        ExecutionFilter::Login(id) => (Index::ExecutionByLogin, id),
        ExecutionFilter::User(id) => (Index::ExecutionByUser, id),
    };
    let query = Query::by(index).under(&of).after(after).limit(limit);
    let page = app.store().list::<Execution>(&ctx.tenant.id, query).await?;
    Ok((page.rows, page.next))
}
