//! `/dbconnections/signup`, in the shapes of Auth0's recordings.

use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use postern_app::App;
use postern_app::authentication::{SIGNUP_FIELDS, SignupRefused, SignupRequest, signup};
use postern_app::error::Kind;
use postern_app::users::user_id_there;
use postern_model::User;
use serde_json::{Map, Value, json};

use super::body::{BadBody, fields};
use crate::error::{ApiError, log_fault, status};
use crate::openapi::{Access, Content, Operation, Routes};
use crate::permission::Visitor;

pub(crate) fn routes() -> Routes<App> {
    Routes::new().add(
        Method::POST,
        "/dbconnections/signup",
        Operation {
            request: Some(Content::json(request_schema)),
            response: Some(Content::json(response_schema)),
            failures: &[413],
            ..Operation::new("signup", "Make oneself a user of a database", Access::Public)
        },
        signup_handler,
    )
}

fn request_schema() -> Value {
    let mut properties: Map<String, Value> =
        SIGNUP_FIELDS.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" }))).collect();
    for name in ["client_id", "connection", "email", "username", "password"] {
        properties.insert(name.to_owned(), json!({ "type": "string" }));
    }
    let metadata = json!({
        "type": "object", "maxProperties": 10,
        "additionalProperties": { "type": "string", "maxLength": 500 },
    });
    properties.insert("user_metadata".to_owned(), metadata);
    json!({ "type": "object", "required": ["client_id", "connection", "password"], "properties": properties })
}

fn response_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "_id": { "type": "string" }, "email": { "type": "string" }, "email_verified": { "type": "boolean" },
            "username": { "type": "string" }, "user_metadata": { "type": "object" },
        },
    })
}

/// A refused request in the shape of signup's errors.
#[derive(Debug)]
pub(crate) struct SignupError(StatusCode, Map<String, Value>);

impl SignupError {
    /// A field that is missing or wrong.
    pub(crate) fn invalid(status: StatusCode, text: &str) -> Self {
        let body = [
            ("name", json!(if status == StatusCode::BAD_REQUEST { "BadRequestError" } else { "Error" })),
            ("code", json!("invalid_body")),
            ("description", json!(text)),
            ("statusCode", json!(status.as_u16())),
        ];
        Self(status, body.map(|(name, value)| (name.to_owned(), value)).into_iter().collect())
    }
}

impl IntoResponse for SignupError {
    fn into_response(self) -> Response {
        (self.0, axum::Json(Value::Object(self.1))).into_response()
    }
}

impl From<SignupRefused> for SignupError {
    fn from(refused: SignupRefused) -> Self {
        if let SignupRefused::App(error) = &refused {
            let kind = error.code.kind();
            if kind == Kind::Internal || kind == Kind::Unavailable {
                log_fault(error);
            }
            let mut body = refused.body();
            body.insert("statusCode".to_owned(), json!(status(kind).as_u16()));
            return Self(status(kind), body);
        }
        Self(StatusCode::BAD_REQUEST, refused.body())
    }
}

impl From<BadBody> for SignupError {
    fn from(BadBody(status, text): BadBody) -> Self {
        Self::invalid(status, &text)
    }
}

impl From<ApiError> for SignupError {
    fn from(error: ApiError) -> Self {
        let (status, text) = error.into_parts();
        Self::invalid(status, &text)
    }
}

/// A text of the body; an empty one counts as not given.
fn text(fields: &Map<String, Value>, name: &str) -> Result<Option<String>, SignupError> {
    match fields.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(_) => {
            Err(SignupError::invalid(StatusCode::BAD_REQUEST, &format!("Expected type string on property {name}")))
        }
    }
}

fn need(fields: &Map<String, Value>, name: &str) -> Result<String, SignupError> {
    text(fields, name)?
        .ok_or_else(|| SignupError::invalid(StatusCode::BAD_REQUEST, &format!("Missing required property: {name}")))
}

fn input(visitor: &Visitor, fields: &Map<String, Value>) -> Result<SignupRequest, SignupError> {
    let user_metadata = match fields.get("user_metadata") {
        None => None,
        Some(Value::Object(metadata)) => Some(metadata.clone()),
        Some(_) => {
            let text = "Expected type object on property user_metadata";
            return Err(SignupError::invalid(StatusCode::BAD_REQUEST, text));
        }
    };
    let mut request = SignupRequest { user_metadata, request: visitor.request.clone(), ..SignupRequest::default() };
    for name in SIGNUP_FIELDS {
        if let Some(value) = text(fields, name)? {
            request.fields.insert(name, value);
        }
    }
    (request.email, request.username) = (text(fields, "email")?, text(fields, "username")?);
    (request.client_id, request.connection) = (need(fields, "client_id")?, need(fields, "connection")?);
    request.password = need(fields, "password")?;
    let shown = fields.iter().filter(|(name, _)| name.as_str() != "password");
    request.request.body = shown.map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok(request)
}

/// The new user as Auth0 shows it: the id without the strategy, and what was given.
fn answer(user: &User, given: &Map<String, Value>) -> Value {
    let mut object = Map::from_iter([("_id".to_owned(), json!(user_id_there(&user.user_id)))]);
    if let Some(email) = &user.email {
        object.insert("email".to_owned(), json!(email));
        object.insert("email_verified".to_owned(), json!(user.email_verified));
    }
    if let Some(username) = &user.username {
        object.insert("username".to_owned(), json!(username));
    }
    let texts = SIGNUP_FIELDS.iter().filter_map(|name| Some((*name, given.get(*name)?)));
    object.extend(texts.map(|(name, value)| (name.to_owned(), value.clone())));
    if let Some(metadata) = &user.user_metadata {
        object.insert("user_metadata".to_owned(), json!(metadata));
    }
    Value::Object(object)
}

async fn signup_handler(State(app): State<App>, request: Request) -> Result<axum::Json<Value>, SignupError> {
    let (mut parts, stream) = request.into_parts();
    let visitor = Visitor::from_request_parts(&mut parts, &app).await?;
    let given = fields(Request::from_parts(parts, stream)).await?;
    let user = signup(&app, &visitor.ctx, input(&visitor, &given)?).await?;
    Ok(axum::Json(answer(&user, &given)))
}
