//! `/mfa`: how a client enrolls and asks for a second factor when it shows no page of ours. The `mfa_token` of a refused
//! grant is the bearer token here.

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use postern_app::App;
use postern_app::authentication::{
    ClientProof, MfaLogin, client_authenticate, mfa_associate, mfa_authenticator_delete, mfa_authenticators_list,
    mfa_challenge, mfa_client_check, mfa_login_fetch, mfa_user_fetch,
};
use postern_app::tokens::TokenError;
use postern_model::Authenticator;
use serde_json::{Map, Value, json};

use super::oauth::OauthError;
use crate::error::ApiError;
use crate::extract::{Path, body};
use crate::openapi::{Access, Content, Operation, Routes};
use crate::permission::Visitor;

/// A request, bytes.
const BODY_BYTES: usize = 64 * 1024;

pub(crate) fn routes() -> Routes<App> {
    let open =
        |id, summary| Operation { failures: &[401, 403, 413, 429], ..Operation::new(id, summary, Access::Public) };
    Routes::new()
        .add(
            Method::POST,
            "/mfa/associate",
            Operation {
                request: Some(Content::json(associate_schema)),
                response: Some(Content::json(enrollment_schema)),
                ..open("mfa_associate", "Make a secret for an authenticator app")
            },
            associate,
        )
        .add(
            Method::GET,
            "/mfa/authenticators",
            Operation {
                response: Some(Content::json(|| json!({ "type": "array", "items": { "type": "object" } }))),
                ..open("mfa_authenticators_list", "The factors of the user whose factor is asked for")
            },
            authenticators_list,
        )
        .add(
            Method::DELETE,
            "/mfa/authenticators/{id}",
            Operation {
                success: 204,
                failures: &[401, 403, 404],
                ..open("mfa_authenticator_delete", "Take one of one's own factors away")
            },
            authenticator_delete,
        )
        .add(
            Method::POST,
            "/mfa/challenge",
            Operation {
                request: Some(Content::json(challenge_schema)),
                response: Some(Content::json(|| {
                    json!({
                        "type": "object", "properties": { "challenge_type": { "type": "string" } },
                    })
                })),
                ..open("mfa_challenge", "What to ask the user for")
            },
            challenge,
        )
}

fn associate_schema() -> Value {
    json!({ "type": "object", "required": ["authenticator_types"], "properties": {
        "authenticator_types": { "type": "array", "items": { "type": "string" } },
        "client_id": { "type": "string" }, "client_secret": { "type": "string" },
    } })
}

fn enrollment_schema() -> Value {
    json!({ "type": "object", "properties": {
        "authenticator_type": { "type": "string" }, "secret": { "type": "string" }, "barcode_uri": { "type": "string" },
        "recovery_codes": { "type": "array", "items": { "type": "string" } },
    } })
}

fn challenge_schema() -> Value {
    json!({ "type": "object", "required": ["mfa_token", "client_id"], "properties": {
        "mfa_token": { "type": "string" }, "client_id": { "type": "string" }, "client_secret": { "type": "string" },
        "challenge_type": { "type": "string" }, "authenticator_id": { "type": "string" },
    } })
}

fn invalid(text: impl Into<String>) -> TokenError {
    TokenError::Refused(400, "invalid_request", text.into())
}

/// A JSON object; `null` counts as not given.
struct Params(Map<String, Value>);

impl Params {
    async fn read(request: Request) -> Result<Self, TokenError> {
        let bytes = body(request, BODY_BYTES).await.map_err(|error| {
            let (status, text) = error.into_parts();
            TokenError::Refused(status.as_u16(), "invalid_request", text)
        })?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(params)) => Ok(Self(params)),
            Ok(_) => Err(invalid("The body must be a JSON object")),
            Err(error) => Err(invalid(format!("The body is not legal JSON: {error}"))),
        }
    }

    fn text(&self, name: &str) -> Result<Option<&str>, TokenError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty()).map(String::as_str)),
            Some(_) => Err(invalid(format!("{name} must be a string"))),
        }
    }

    fn need(&self, name: &str) -> Result<&str, TokenError> {
        self.text(name)?.ok_or_else(|| invalid(format!("Missing required parameter: {name}")))
    }

    fn list(&self, name: &str) -> Result<Vec<String>, TokenError> {
        let text = |item: &Value| item.as_str().map(str::to_owned).ok_or(());
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) if items.len() <= 16 => items
                .iter()
                .map(text)
                .collect::<Result<_, ()>>()
                .map_err(|()| invalid(format!("{name} must be a list of strings"))),
            Some(_) => Err(invalid(format!("{name} must be a list of strings"))),
        }
    }
}

fn bearer(headers: &HeaderMap) -> Result<String, TokenError> {
    let value =
        headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.split_once(' '));
    match value.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) {
        Some((_, token)) => Ok(token.trim().to_owned()),
        None => Err(TokenError::Refused(401, "invalid_request", "Missing authorization header".to_owned())),
    }
}

fn no_store(answer: Result<Value, TokenError>) -> Response {
    match answer {
        Ok(body) => ([(CACHE_CONTROL, "no-store")], axum::Json(body)).into_response(),
        Err(error) => OauthError::from(error).into_response(),
    }
}

/// The client that asks is the one whose user it is, when it says who it is; a secret that it sends must be right.
async fn client_check(app: &App, visitor: &Visitor, login: &MfaLogin, params: &Params) -> Result<(), TokenError> {
    let Some(client_id) = params.text("client_id")? else { return Ok(()) };
    mfa_client_check(login, client_id)?;
    let Some(secret) = params.text("client_secret")? else { return Ok(()) };
    let proof = ClientProof { client_id: client_id.to_owned(), client_secret: Some(secret.to_owned()) };
    client_authenticate(app, &visitor.ctx.tenant.id, &proof).await.map(drop)
}

async fn associate(State(app): State<App>, visitor: Result<Visitor, ApiError>, request: Request) -> Response {
    let visitor = match visitor {
        Ok(visitor) => visitor,
        Err(error) => return error.into_response(),
    };
    no_store(associate_answer(&app, &visitor, request).await)
}

async fn associate_answer(app: &App, visitor: &Visitor, request: Request) -> Result<Value, TokenError> {
    let token = bearer(request.headers());
    let params = Params::read(request).await?;
    let types = params.list("authenticator_types")?;
    params.text("client_id")?;
    params.text("client_secret")?;
    let login = mfa_login_fetch(app, &visitor.ctx, &token?).await?;
    client_check(app, visitor, &login, &params).await?;
    let made = mfa_associate(app, &visitor.ctx, &login, &types).await?;
    let mut answer = json!({ "authenticator_type": "otp", "secret": made.secret, "barcode_uri": made.uri });
    if let (Some(code), Value::Object(answer)) = (made.recovery_code, &mut answer) {
        answer.insert("recovery_codes".to_owned(), json!([code]));
    }
    Ok(answer)
}

async fn authenticators_list(
    State(app): State<App>,
    visitor: Result<Visitor, ApiError>,
    headers: HeaderMap,
) -> Response {
    let visitor = match visitor {
        Ok(visitor) => visitor,
        Err(error) => return error.into_response(),
    };
    no_store(authenticators_answer(&app, &visitor, &headers).await)
}

async fn authenticators_answer(app: &App, visitor: &Visitor, headers: &HeaderMap) -> Result<Value, TokenError> {
    let (token, ctx) = (bearer(headers)?, &visitor.ctx);
    let of = mfa_user_fetch(app, &visitor.tenant, ctx, (&token, "read:authenticators", true)).await?;
    Ok(mfa_authenticators_list(app, ctx, &of).await?.iter().map(authenticator).collect())
}

async fn authenticator_delete(
    State(app): State<App>,
    visitor: Result<Visitor, ApiError>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let visitor = match visitor {
        Ok(visitor) => visitor,
        Err(error) => return error.into_response(),
    };
    match delete_answer(&app, &visitor, &headers, &id).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => OauthError::from(error).into_response(),
    }
}

/// An `mfa_token` is not enough: whoever has only the password could take the factor away.
async fn delete_answer(app: &App, visitor: &Visitor, headers: &HeaderMap, id: &str) -> Result<(), TokenError> {
    let (token, ctx) = (bearer(headers)?, &visitor.ctx);
    let of = mfa_user_fetch(app, &visitor.tenant, ctx, (&token, "remove:authenticators", false)).await?;
    mfa_authenticator_delete(app, ctx, &of, id).await
}

fn authenticator(row: &Authenticator) -> Value {
    let mut object = json!({
        "id": row.id, "authenticator_type": row.kind.factor(), "type": row.kind.factor(), "active": row.confirmed,
    });
    if let (Some(name), Value::Object(object)) = (&row.name, &mut object) {
        object.insert("name".to_owned(), json!(name));
    }
    object
}

async fn challenge(State(app): State<App>, visitor: Result<Visitor, ApiError>, request: Request) -> Response {
    let visitor = match visitor {
        Ok(visitor) => visitor,
        Err(error) => return error.into_response(),
    };
    no_store(challenge_answer(&app, &visitor, request).await)
}

async fn challenge_answer(app: &App, visitor: &Visitor, request: Request) -> Result<Value, TokenError> {
    let params = Params::read(request).await?;
    let (wanted, authenticator) = (params.text("challenge_type")?, params.text("authenticator_id")?);
    params.text("client_secret")?;
    params.need("client_id")?;
    let login = mfa_login_fetch(app, &visitor.ctx, params.need("mfa_token")?).await?;
    client_check(app, visitor, &login, &params).await?;
    let kind = mfa_challenge(app, &visitor.ctx, &login, (wanted, authenticator)).await?;
    Ok(json!({ "challenge_type": kind }))
}
