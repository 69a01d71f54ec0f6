//! The login driver.

mod input;

use postern_model::TenantId;

pub use self::input::{
    ContinueLogin, LoginReport, SimulatedAuthentication, SimulatedLogin, SimulatedRequest, VersionChoice,
};
use crate::App;
use crate::ctx::OpCtx;
use crate::error::AppError;

/// What logins keep in memory.
#[derive(Debug, Default)]
pub struct LoginState {}

impl LoginState {
    /// Drops what is kept of a tenant's bindings: the next login reads them anew.
    pub fn forget(&self, _tenant: &TenantId) {}
}

/// Logs a user in with a made-up authentication; with `dry_run` nothing is committed.
///
/// # Errors
/// When the scope is missing, the input is not legal, a row it names is not there, or there is no room for a run.
pub async fn simulated_login(app: &App, ctx: &OpCtx, login: SimulatedLogin) -> Result<LoginReport, AppError> {
    ctx.require("create:simulated_logins")?;
    let _ = (app, login);
    Err(AppError::internal("log in"))
}

/// Goes on with a suspended login.
///
/// # Errors
/// When the scope is missing, there is no such login, or the state token is missing, wrong, used or expired.
pub async fn simulated_login_continue(
    app: &App,
    ctx: &OpCtx,
    login_id: &str,
    back: ContinueLogin,
) -> Result<LoginReport, AppError> {
    ctx.require("create:simulated_logins")?;
    let _ = (app, login_id, back);
    Err(AppError::internal("log in"))
}
