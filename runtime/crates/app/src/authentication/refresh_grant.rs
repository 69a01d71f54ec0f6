//! The exchange of a refresh token: the user's actions run again, and the token may be rotated.

use std::sync::Arc;

use postern_model::{Client, LogType, RefreshToken};
use postern_store::{CommitError, Expect, WriteSet};
use serde_json::json;

use super::audience::AskedFor;
use super::client_auth::{client_authenticate, grant_check, refused};
use super::connection::connection_for;
use super::grants::{GrantContext, Refused, TokenRequest, is_gone, log_fields, transaction, user_now};
use super::issue::{self, Authorized, TokenSet, Wanted, authorize};
use super::mfa_grant::{Asked, allowed_or_challenged};
use super::refresh::{self, Found};
use crate::error::AppError;
use crate::login::{LoginStart, Who, login_begin};
use crate::tokens::TokenError;
use crate::{ids, logs};

/// How often an exchange is written again when another one of the same token came in between.
const ATTEMPTS: usize = 5;

fn unknown() -> TokenError {
    refused(403, "invalid_grant", "Unknown or invalid refresh token.")
}

pub(super) async fn refresh_token(grant: &GrantContext<'_>, request: &TokenRequest) -> Result<TokenSet, Refused> {
    let app = grant.app;
    let client = client_authenticate(app, &grant.ctx.tenant.id, &request.proof()?).await?;
    grant_check(&client, "refresh_token", "refresh_token")?;
    let token = request.need("refresh_token")?;
    let (row, _) = present(grant, &client, token).await?;
    let before: Authorized = serde_json::from_value(row.authorized.clone())
        .map_err(|error| AppError::internal("read a refresh token").with_source(error))?;
    if user_now(grant, &before).await?.is_none() {
        return Err(unknown().into());
    }
    let Ok(connection) = connection_for(app, &grant.ctx, &client, &before.connection).await else {
        return Err(unknown().into());
    };
    let asked = AskedFor { audience: before.audience.clone(), scopes: narrowed(&before.scope, request.get("scope")) };
    let start = LoginStart {
        client: Arc::clone(&client),
        connection: Arc::clone(&connection),
        who: Who::Known(before.user_id.clone()),
        methods: before.methods.clone(),
        request: grant.facts(request),
        transaction: transaction("oauth2-refresh-token", &asked),
        audience: asked.audience.clone(),
        session: None,
        refresh_token: Some(refresh::event(&row)),
    };
    let report = match login_begin(app, &grant.ctx, start).await {
        Ok(report) => {
            let waits_with = Asked {
                client_id: client.client_id.clone(),
                connection: before.connection.clone(),
                audience: asked.audience.clone(),
                methods: before.methods.clone(),
                gty: "refresh_token".to_owned(),
                session_id: before.session_id.clone(),
                auth_time: Some(before.auth_time),
            };
            allowed_or_challenged(app, &grant.ctx, report, &waits_with).await?
        }
        Err(error) if is_gone(&error) => return Err(unknown().into()),
        Err(error) => return Err(error.into()),
    };
    let what = Authorized {
        auth_time: before.auth_time,
        session_id: before.session_id.clone(),
        methods: before.methods.clone(),
        gty: Some("refresh_token".to_owned()),
        ..authorize(&report, &client, &connection, asked.audience, grant.ctx.now)
    };
    finish(grant, &client, token, &what).await
}

/// Issues the tokens and writes the exchange.
async fn finish(
    grant: &GrantContext<'_>,
    client: &Client,
    token: &str,
    what: &Authorized,
) -> Result<TokenSet, Refused> {
    let (app, tenant, now) = (grant.app, &grant.ctx.tenant.id, grant.ctx.now);
    let rules = client.refresh_token_policy();
    let wanted = Wanted { access: true, id: true, ..Wanted::default() };
    let mut prepared = issue::prepare(app, grant.tenant, what, wanted, now).await?;
    for _ in 0..ATTEMPTS {
        // Read again: another exchange of the same token may have come in between.
        let (row, current) = present(grant, client, token).await?;
        let next = refresh::exchanged(&row, current, rules, &grant.ctx);
        if rules.rotating {
            prepared.tokens.refresh_token = Some(refresh::token(app, tenant, &next.id, next.generation)?);
        }
        let set = prepared.write(WriteSet::new(tenant, ids::request()?)).replace(&next);
        match app.store().commit(set).await {
            Ok(_) => return Ok(prepared.tokens),
            Err(CommitError::Conflict { .. }) => {}
            Err(other) => return Err(AppError::from(other).into()),
        }
    }
    Err(AppError::conflict("The refresh token was exchanged again and again at the same time.").into())
}

/// The row of a token that is good, and whether it is its family's current one. One that was rotated away ends its
/// family.
async fn present(grant: &GrantContext<'_>, client: &Client, token: &str) -> Result<(RefreshToken, bool), Refused> {
    let (app, tenant, now) = (grant.app, &grant.ctx.tenant.id, grant.ctx.now);
    match refresh::find(app, tenant, token, client.refresh_token_policy().leeway, now).await? {
        Found::Good(row, current) if row.client_id == client.client_id => Ok((*row, current)),
        Found::Reused(row) if row.client_id == client.client_id => {
            let mut fields = log_fields(grant, client.client_id.as_str());
            fields.insert("client_name".to_owned(), json!(client.name));
            fields.insert("user_id".to_owned(), json!(row.user_id));
            fields.insert("details".to_owned(), json!({ "family_id": row.id }));
            let text = "Unsuccessful Refresh Token exchange, reused refresh token detected";
            let entry = logs::entry(LogType::ReusedRefreshToken, text, fields, now)?;
            let set = WriteSet::new(tenant, ids::request()?)
                .delete::<RefreshToken>(row.id.as_str(), Expect::Any)
                .insert(&entry);
            app.store().commit(set).await.map_err(AppError::from)?;
            Err(Refused { error: unknown(), told: true })
        }
        Found::Good(..) | Found::Reused(_) | Found::Unknown => Err(unknown().into()),
    }
}

/// The scopes of the login, or those of them that are asked for.
fn narrowed(granted: &str, wanted: Option<&str>) -> Vec<String> {
    let wanted: Vec<&str> = wanted.unwrap_or_default().split_ascii_whitespace().collect();
    granted
        .split_ascii_whitespace()
        .filter(|scope| wanted.is_empty() || wanted.contains(scope))
        .map(str::to_owned)
        .collect()
}
