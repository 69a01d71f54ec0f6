//! Signup: a person makes themselves a user of a database (Auth0 Authentication API: POST /dbconnections/signup).

use std::collections::BTreeMap;
use std::sync::Arc;

use postern_model::{Client, ClientId, Connection, LogType, Metadata, User};
use postern_store::{CommitError, Index, WriteSet};
use serde_json::{Map, Value, json};

use super::password::login_fields;
use super::policy::{BadPassword, Personal, password_policy_check};
use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::login::RequestFacts;
use crate::mail::tickets::{Asked, user_created};
use crate::users::{self, UserInput};
use crate::{App, ids, logs, tenant_settings};

/// Fields of `user_metadata` a signup may bring, characters of their names and of their values (Auth0: 10, 100, 500).
const FIELDS: usize = 10;
const FIELD_NAME_CHARS: usize = 100;
const FIELD_CHARS: usize = 500;
/// Root fields a signup may bring beside email and username.
pub const SIGNUP_FIELDS: &[&str] = &["given_name", "family_name", "name", "nickname", "picture", "phone_number"];

/// What a person signs up with.
#[derive(Clone, Default)]
pub struct SignupRequest {
    #[expect(missing_docs, reason = "says its name")]
    pub client_id: String,
    /// Name of the database.
    pub connection: String,
    #[expect(missing_docs, reason = "says its name")]
    pub password: String,
    #[expect(missing_docs, reason = "says its name")]
    pub email: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub username: Option<String>,
    /// [`SIGNUP_FIELDS`]
    pub fields: BTreeMap<&'static str, String>,
    /// Strings only.
    pub user_metadata: Option<Map<String, Value>>,
    /// `event.request`
    pub request: RequestFacts,
}

impl std::fmt::Debug for SignupRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignupRequest").field("connection", &self.connection).finish_non_exhaustive()
    }
}

/// Why a signup is refused.
#[derive(Debug)]
pub enum SignupRefused {
    /// A field is missing or not legal.
    Invalid(String),
    /// The application or the connection does not exist, or they do not belong together.
    Unknown(&'static str),
    /// The connection takes no signups.
    Disabled,
    /// The address or the username is taken; the tenant decides whether that is said.
    Exists {
        /// Whether the username is what is taken.
        username: bool,
        /// Whether it may be said.
        open: bool,
    },
    /// The password breaks the policy.
    Password(BadPassword),
    /// A registration action or hook denies it, with a text for the user.
    Denied(String),
    /// A fault of ours.
    App(AppError),
}

impl From<AppError> for SignupRefused {
    fn from(error: AppError) -> Self {
        if matches!(error.code, Code::InvalidBody | Code::BadRequest) {
            return Self::Invalid(error.message);
        }
        Self::App(error)
    }
}

impl SignupRefused {
    /// Auth0's body: `name`, `code`, `description`, `statusCode`.
    #[must_use]
    pub fn body(&self) -> Map<String, Value> {
        let plain = |code: &str, description: &str| {
            Map::from_iter([
                ("name".to_owned(), json!("BadRequestError")),
                ("code".to_owned(), json!(code)),
                ("description".to_owned(), json!(description)),
                ("statusCode".to_owned(), json!(400)),
            ])
        };
        match self {
            Self::Invalid(rule) => plain("invalid_body", rule),
            Self::Unknown(what) => plain("invalid_signup", what),
            Self::Disabled => plain("public_signup_disabled", "Public signup is disabled"),
            Self::Exists { open: false, .. } => plain("invalid_signup", "Invalid sign up"),
            Self::Exists { username: false, .. } => plain("user_exists", "The user already exists."),
            Self::Exists { username: true, .. } => plain("username_exists", "The username provided is in use already."),
            Self::Password(bad) => bad.body(),
            Self::Denied(text) => plain("extensibility_error", text),
            Self::App(_) => plain("server_error", "An internal error occurred."),
        }
    }

    /// What the tenant log says.
    fn description(&self) -> String {
        match self {
            Self::Invalid(rule) => rule.clone(),
            Self::Unknown(what) => (*what).to_owned(),
            Self::Disabled => "Public signup is disabled".to_owned(),
            Self::Exists { .. } => "The user already exists.".to_owned(),
            Self::Password(bad) => bad.message().to_owned(),
            Self::Denied(text) => text.clone(),
            Self::App(error) => error.message.clone(),
        }
    }
}

/// Makes a user of a database, who may then log in.
///
/// # Errors
/// Why it is refused; the tenant log says so too.
pub async fn signup(app: &App, ctx: &OpCtx, request: SignupRequest) -> Result<User, SignupRefused> {
    let (client, connection) = parties(app, ctx, &request).await?;
    let name = request.email.clone().or_else(|| request.username.clone()).unwrap_or_default();
    let refused = match register(app, ctx, &client, &connection, request).await {
        Ok(user) => return Ok(user),
        Err(SignupRefused::App(error)) => return Err(SignupRefused::App(error)),
        Err(refused) => refused,
    };
    if app.failed_exchanges().note(&ctx.tenant.id, ctx.now) {
        let mut fields = login_fields(ctx, &client, &connection);
        let name: String = name.chars().filter(|c| !c.is_control()).take(128).collect();
        fields.insert("user_name".to_owned(), json!(name));
        let text: String = refused.description().chars().take(256).collect();
        logs::log_write(app, &ctx.tenant.id, LogType::FailedSignup, &text, fields, ctx.now).await?;
    }
    Err(refused)
}

async fn parties(app: &App, ctx: &OpCtx, request: &SignupRequest) -> Result<(Client, Connection), SignupRefused> {
    let tenant = &ctx.tenant.id;
    let no_client = || SignupRefused::Unknown("The client does not exist");
    let client_id: ClientId = request.client_id.parse().map_err(|_bad| no_client())?;
    let client = app.store().fetch::<Client>(tenant, client_id.as_str()).await.map_err(AppError::from)?;
    let client = client.ok_or_else(no_client)?;
    let found = app.store().find::<Connection>(tenant, Index::ConnectionByName, &[&request.connection]).await;
    let found = found.map_err(AppError::from)?.filter(|connection| connection.strategy.is_database());
    let connection = found.ok_or(SignupRefused::Unknown("The connection does not exist"))?;
    if !connection.is_enabled_for(&client.client_id) {
        return Err(SignupRefused::Unknown("The connection is not enabled for the client"));
    }
    Ok((client, connection))
}

async fn register(
    app: &App,
    ctx: &OpCtx,
    client: &Client,
    connection: &Connection,
    request: SignupRequest,
) -> Result<User, SignupRefused> {
    if connection.disables_signup() {
        return Err(SignupRefused::Disabled);
    }
    let needs_username = connection.requires_username();
    if request.email.is_none() && !(needs_username && request.username.is_some()) {
        return Err(SignupRefused::Invalid("Missing required property: email".to_owned()));
    }
    if needs_username && request.username.is_none() {
        return Err(SignupRefused::Invalid("Missing required property: username".to_owned()));
    }
    if let Some(username) = &request.username {
        check_username(connection, username)?;
    }
    let request_language = request.request.language.clone();
    let metadata = request.user_metadata.map(check_metadata).transpose()?;
    let text = |name: &str| request.fields.get(name).map(String::as_str);
    let person = Personal {
        email: request.email.as_deref(),
        username: request.username.as_deref(),
        names: [text("name"), text("given_name"), text("family_name"), text("nickname")],
    };
    password_policy_check(connection, &request.password, person).map_err(SignupRefused::Password)?;
    let mut input =
        UserInput { connection: Some(connection.name.clone()), user_metadata: metadata, ..UserInput::default() };
    input.text.extend(request.fields.into_iter().map(|(name, value)| (name, Some(value))));
    let names = [("email", request.email), ("username", request.username)];
    input.text.extend(names.into_iter().filter_map(|(name, value)| Some((name, Some(value?)))));
    users::check_fields(&input)?;
    input.password = Some(request.password);
    super::custom::sign_up(app, ctx, connection, &mut input).await?;
    let user = users::new_user(ctx, input, connection).await?;
    let mut fields = login_fields(ctx, client, connection);
    fields.insert("user_id".to_owned(), json!(user.user_id));
    fields.insert("user_name".to_owned(), json!(user.email.as_ref().or(user.username.as_ref())));
    let entry = logs::entry(LogType::SuccessSignup, "", fields, ctx.now)?;
    let set = WriteSet::new(&ctx.tenant.id, ids::request()?).insert(&user).insert(&entry);
    match app.store().commit(set).await {
        Ok(_) => {
            let asked =
                Asked { client: Some(Arc::new(client.clone())), ip: ctx.ip.clone(), language: request_language };
            user_created(app, &ctx.tenant, &user, asked, None, ctx.now).await?;
            Ok(user)
        }
        Err(CommitError::Duplicate { .. } | CommitError::Conflict { .. }) => exists(app, ctx, connection, &user).await,
        Err(other) => Err(AppError::from(other).into()),
    }
}

/// Says what of a new user is taken, if the tenant lets it be said.
async fn exists(app: &App, ctx: &OpCtx, connection: &Connection, user: &User) -> Result<User, SignupRefused> {
    let email_taken = match &user.email {
        Some(email) => {
            let key = [&*connection.name, "email", email];
            app.store().find::<User>(&ctx.tenant.id, Index::UserByDatabaseName, &key).await.map_err(AppError::from)?
        }
        None => None,
    };
    let open = tenant_settings::load(app, &ctx.tenant.id).await?.tells_that_user_exists();
    Err(SignupRefused::Exists { username: email_taken.is_none(), open })
}

/// The rules of a connection about usernames (Auth0: `validation.username`, 1 to 15 characters).
fn check_username(connection: &Connection, username: &str) -> Result<(), SignupRefused> {
    let rules = connection.options.get("validation").and_then(|rules| rules.get("username"));
    let bound =
        |name: &str, usual: u64| rules.and_then(|rules| rules.get(name)).and_then(Value::as_u64).unwrap_or(usual);
    let (least, most) = (bound("min", 1).max(1), bound("max", 15).min(128));
    let chars = username.chars().count() as u64;
    let plain = |c: char| c.is_ascii_alphanumeric() || "_+-.!#$'^`~@".contains(c);
    if !(least..=most).contains(&chars) || !username.chars().all(plain) {
        return Err(SignupRefused::Invalid(format!(
            "'username' must have {least} to {most} letters, digits and characters of _+-.!#$'^`~@"
        )));
    }
    Ok(())
}

fn check_metadata(given: Map<String, Value>) -> Result<Metadata, SignupRefused> {
    if given.len() > FIELDS {
        return Err(SignupRefused::Invalid(format!("'user_metadata' may have {FIELDS} properties at most")));
    }
    for (name, value) in &given {
        let shown: String = name.chars().filter(|c| !c.is_control()).take(FIELD_NAME_CHARS).collect();
        if name.is_empty() || name.chars().count() > FIELD_NAME_CHARS {
            return Err(SignupRefused::Invalid(format!(
                "a name in 'user_metadata' must have 1 to {FIELD_NAME_CHARS} characters"
            )));
        }
        let Some(text) = value.as_str() else {
            return Err(SignupRefused::Invalid(format!("Expected type string on property user_metadata.{shown}")));
        };
        if text.chars().count() > FIELD_CHARS {
            return Err(SignupRefused::Invalid(format!(
                "'user_metadata.{shown}' may have {FIELD_CHARS} characters at most"
            )));
        }
    }
    Ok(given)
}
