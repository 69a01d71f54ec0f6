//! Real logins: those of people who proved who they are at an endpoint of ours.

use std::sync::Arc;

use postern_flow::{Given, LoginRequest, RequestFacts};
use postern_model::{Client, Connection, SuspendedLogin, UserId};
use postern_store::Index;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::input::{ContinueLogin, LoginReport};
use super::{Back, Begin, begin, check_depth, go_on, person};
use crate::App;
use crate::actions::sha256_hex;
use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::tenants::is_mfa_audience;

/// Who proved who they are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Who {
    /// A user we have.
    Known(UserId),
    /// One whom the connection vouches for with a profile, which its rules sync: `user_id` there, `email`, `name`, ….
    Profile(Map<String, Value>),
}

/// A login before its actions.
#[derive(Debug, Clone)]
pub struct LoginStart {
    /// The application that asks for it.
    pub client: Arc<Client>,
    #[expect(missing_docs, reason = "says its name")]
    pub connection: Arc<Connection>,
    #[expect(missing_docs, reason = "says its name")]
    pub who: Who,
    /// `event.authentication.methods`
    pub methods: Vec<Value>,
    /// `event.request`
    pub request: RequestFacts,
    /// `event.transaction`: `protocol`, `requested_scopes`, `redirect_uri`, `response_type`, ….
    pub transaction: Map<String, Value>,
    /// Identifier of the API that tokens are asked for.
    pub audience: Option<String>,
    /// `event.session`
    pub session: Option<Map<String, Value>>,
    /// `event.refresh_token`
    pub refresh_token: Option<Map<String, Value>>,
}

/// Runs the actions of a login and commits it. The caller has checked that the user is who they say.
///
/// # Errors
/// When the profile is not legal, a row is gone, or there is no room for a run. A denial is an outcome, not an error.
pub async fn login_begin(app: &App, ctx: &OpCtx, start: LoginStart) -> Result<LoginReport, AppError> {
    login_begin_remembered(app, ctx, start, false).await
}

/// The same in a browser. `remembered` says that the user gave a factor in it not long ago.
///
/// # Errors
/// See [`login_begin`].
pub async fn login_begin_remembered(
    app: &App,
    ctx: &OpCtx,
    start: LoginStart,
    remembered: bool,
) -> Result<LoginReport, AppError> {
    check_depth("the query", start.request.query.values())?;
    check_depth("the body", start.request.body.values())?;
    check_depth("the transaction", start.transaction.values())?;
    let (user_id, profile) = match &start.who {
        Who::Known(id) => (Some(id.as_str().to_owned()), None),
        Who::Profile(profile) => (None, Some(person::profile(profile)?)),
    };
    let guarded = start.audience.as_deref().is_some_and(|audience| is_mfa_audience(&ctx.tenant.domain, audience));
    let login = Begin {
        client: start.client,
        connection: start.connection,
        user_id,
        profile,
        request: start.request,
        asked: LoginRequest {
            methods: start.methods,
            risk_assessment: None,
            transaction: start.transaction,
            audience: start.audience,
            organization: None,
            session: start.session,
            refresh_token: start.refresh_token,
            real: true,
            remembered,
            guarded,
        },
    };
    begin(app, ctx, login).await
}

/// Goes on with a login that waits under this state token, which is for once. `methods` are the factors given
/// meanwhile, as `event.authentication.methods` has them: verified ones where it waits for a factor, none elsewhere.
///
/// # Errors
/// When no login waits under the token, or it is too late.
pub async fn login_resume(
    app: &App,
    ctx: &OpCtx,
    state: &str,
    back: ContinueLogin,
    methods: Vec<Value>,
) -> Result<LoginReport, AppError> {
    let hash = sha256_hex(state.as_bytes());
    let waiting = app.store().find::<SuspendedLogin>(&ctx.tenant.id, Index::SuspendedByState, &[&hash]).await?;
    let waiting = waiting.ok_or_else(|| AppError::new(Code::InexistentLogin, "There is no login that waits."))?;
    let login_id = waiting.login_id.as_str();
    go_on(app, ctx, Back { login_id, state, came: &back, given: Given::Verified(methods) }).await
}
