//! The tokens of a user: what a finished login allows, and how it is written into them.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use postern_model::client::IdTokenAlg;
use postern_model::resource_server::TOKEN_SECONDS;
use postern_model::{Client, ClientId, Connection, LoginClaims, LoginId, RefreshToken, TenantId, User, UserId};
use postern_store::{Expect, WriteSet, compose};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::audience::{self, userinfo_audience};
use super::refresh;
use crate::error::{AppError, Code};
use crate::login::LoginReport;
use crate::tenants::TenantKeys;
use crate::{App, ids};

/// What a finished login allows. Goes into authorization codes and refresh tokens.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Authorized {
    pub client_id: ClientId,
    pub user_id: UserId,
    /// Name of the connection.
    pub connection: String,
    /// Granted scopes, space-separated.
    pub scope: String,
    /// The API; `None` for a token that is good for `/userinfo` only.
    pub audience: Option<String>,
    /// Custom claims of the ID token.
    #[serde(default)]
    pub id_claims: Map<String, Value>,
    /// Custom claims of the access token.
    #[serde(default)]
    pub access_claims: Map<String, Value>,
    #[serde(default)]
    pub nonce: Option<String>,
    /// When the user proved who they are.
    pub auth_time: Timestamp,
    /// Whether the ID token says so (`max_age` was asked for).
    #[serde(default)]
    pub show_auth_time: bool,
    #[serde(default)]
    pub session_id: Option<String>,
    /// `event.authentication.methods`
    #[serde(default)]
    pub methods: Vec<Value>,
    pub login_id: LoginId,
    /// `gty` of the access token: how it was asked for, when not by a browser.
    #[serde(default)]
    pub gty: Option<String>,
    /// Address and user agent of the one who logged in.
    #[serde(default)]
    pub ip: Option<String>,
    #[serde(default)]
    pub user_agent: Option<String>,
}

impl std::fmt::Debug for Authorized {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authorized").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// What an allowed login allows. The rest (`nonce`, `session_id`, …) is the caller's to fill in.
#[must_use]
pub fn authorize(
    report: &LoginReport,
    client: &Client,
    connection: &Connection,
    audience: Option<String>,
    now: Timestamp,
) -> Authorized {
    Authorized {
        client_id: client.client_id.clone(),
        user_id: report.user.user_id.clone(),
        connection: connection.name.clone(),
        scope: report.scope.clone(),
        audience,
        id_claims: report.claims.id_token.clone(),
        access_claims: report.claims.access_token.clone(),
        nonce: None,
        auth_time: now,
        show_auth_time: false,
        session_id: None,
        methods: Vec::new(),
        login_id: report.login_id.clone(),
        gty: None,
        ip: None,
        user_agent: None,
    }
}

impl Authorized {
    /// Whether this scope was granted.
    #[must_use]
    pub fn has(&self, scope: &str) -> bool {
        self.scope.split_ascii_whitespace().any(|granted| granted == scope)
    }
}

/// Which tokens are asked for. The ID token comes with the scope `openid` only, a refresh token with `offline_access`.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    #[expect(missing_docs, reason = "says its name")]
    pub access: bool,
    #[expect(missing_docs, reason = "says its name")]
    pub id: bool,
    #[expect(missing_docs, reason = "says its name")]
    pub refresh: bool,
    /// Whether they go through the browser: the ID token then has `at_hash`.
    pub front_channel: bool,
    /// The code that goes along with them: the ID token then has `c_hash`.
    pub code: Option<String>,
}

/// An answer of the token endpoint.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
pub struct TokenSet {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[expect(missing_docs, reason = "says its name")]
    pub access_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[expect(missing_docs, reason = "says its name")]
    pub refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[expect(missing_docs, reason = "says its name")]
    pub id_token: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub scope: String,
    /// A new recovery code, after one was used; shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_code: Option<String>,
    /// Seconds of the access token.
    pub expires_in: u64,
    #[expect(missing_docs, reason = "says its name")]
    pub token_type: &'static str,
}

impl std::fmt::Debug for TokenSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenSet").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// Tokens that are made, with the rows that make them good.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) tokens: TokenSet,
    pub(super) refresh: Option<RefreshToken>,
    claims: ClaimsRow,
}

#[derive(Debug)]
enum ClaimsRow {
    Keep,
    Put(Box<LoginClaims>),
    Remove(String),
}

impl Prepared {
    /// Whether there is anything to write.
    fn writes(&self) -> bool {
        self.refresh.is_some() || !matches!(self.claims, ClaimsRow::Keep)
    }

    /// Adds the rows to a write set.
    pub(super) fn write(&self, mut set: WriteSet) -> WriteSet {
        if let Some(row) = &self.refresh {
            set = set.insert(row);
        }
        match &self.claims {
            ClaimsRow::Keep => set,
            ClaimsRow::Put(row) => set.put(&**row),
            ClaimsRow::Remove(id) => set.delete::<LoginClaims>(id, Expect::Any),
        }
    }
}

/// Makes the tokens that a login allows and writes what makes them good.
///
/// # Errors
/// A fault of the store or the signer, or the user or the client is gone.
pub async fn tokens_issue(
    app: &App,
    tenant: &TenantKeys,
    what: &Authorized,
    wanted: Wanted,
    now: Timestamp,
) -> Result<TokenSet, AppError> {
    let prepared = prepare(app, tenant, what, wanted, now).await?;
    if prepared.writes() {
        let set = prepared.write(WriteSet::new(&tenant.tenant.id, ids::request()?));
        app.store().commit(refresh::sweep(app, &tenant.tenant.id, set, now).await?).await?;
    }
    Ok(prepared.tokens)
}

/// Makes the tokens that a login allows.
pub(super) async fn prepare(
    app: &App,
    tenant: &TenantKeys,
    what: &Authorized,
    wanted: Wanted,
    now: Timestamp,
) -> Result<Prepared, AppError> {
    let id = &tenant.tenant.id;
    let gone = |text| AppError::new(Code::InexistentUser, text);
    let client = app.store().fetch::<Client>(id, what.client_id.as_str()).await?;
    let client = client.ok_or_else(|| gone("The client does not exist."))?;
    let mut tokens = TokenSet { scope: what.scope.clone(), token_type: "Bearer", ..TokenSet::default() };
    if wanted.access {
        let (token, seconds) = access_token(app, tenant, what, wanted.front_channel, now).await?;
        (tokens.access_token, tokens.expires_in) = (Some(token), seconds);
    }
    if wanted.id && what.has("openid") {
        let user = app.store().fetch::<User>(id, what.user_id.as_str()).await?;
        let user = user.ok_or_else(|| gone("The user does not exist."))?;
        let mut claims = id_claims(tenant, &client, &user, what, now);
        if wanted.front_channel
            && let Some(token) = &tokens.access_token
        {
            claims.insert("at_hash".to_owned(), json!(half_hash(token)));
        }
        if let Some(code) = &wanted.code {
            claims.insert("c_hash".to_owned(), json!(half_hash(code)));
        }
        tokens.id_token = Some(match client.id_token_alg() {
            IdTokenAlg::Rs256 => tenant.keys.sign(&claims)?,
            IdTokenAlg::Hs256 => sign_by_secret(&client.client_secret, &claims)?,
        });
    }
    let refresh = if wanted.refresh && what.has(audience::OFFLINE) {
        let (row, token) = refresh::make(app, id, &client, what, now)?;
        tokens.refresh_token = Some(token);
        Some(row)
    } else {
        None
    };
    let claims = claims_row(app, id, what, now).await?;
    Ok(Prepared { tokens, refresh, claims })
}

/// What `/userinfo` will show of this login.
async fn claims_row(app: &App, tenant: &TenantId, what: &Authorized, now: Timestamp) -> Result<ClaimsRow, AppError> {
    let row_id = compose(&[what.user_id.as_str(), what.client_id.as_str()]);
    let known = app.store().fetch::<LoginClaims>(tenant, &row_id).await?;
    Ok(match known {
        Some(_) if what.id_claims.is_empty() => ClaimsRow::Remove(row_id),
        Some(known) if known.id_claims == what.id_claims => ClaimsRow::Keep,
        None if what.id_claims.is_empty() => ClaimsRow::Keep,
        Some(_) | None => ClaimsRow::Put(Box::new(LoginClaims {
            user_id: what.user_id.clone(),
            client_id: what.client_id.clone(),
            revision: 0,
            id_claims: what.id_claims.clone(),
            at: now,
        })),
    })
}

/// The left half of a SHA-256 (OpenID Connect Core § 3.1.3.6).
fn half_hash(text: &str) -> String {
    let hash = digest(&SHA256, text.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.as_ref().get(..16).unwrap_or_default())
}

/// For a client that checks its ID tokens by its secret (Auth0: `jwt_configuration.alg`).
fn sign_by_secret(secret: &str, claims: &Map<String, Value>) -> Result<String, AppError> {
    let key = EncodingKey::from_secret(secret.as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key)
        .map_err(|error| AppError::internal("sign a token").with_source(error))
}

async fn access_token(
    app: &App,
    tenant: &TenantKeys,
    what: &Authorized,
    front_channel: bool,
    now: Timestamp,
) -> Result<(String, u64), AppError> {
    let api = match &what.audience {
        Some(audience) => audience::api_load(app, tenant, audience).await?,
        None => None,
    };
    let seconds = match api {
        Some(api) if front_channel => api.web_token_lifetime,
        Some(api) => api.token_lifetime,
        None => TOKEN_SECONDS,
    };
    let userinfo = userinfo_audience(tenant);
    let audience = match &what.audience {
        Some(audience) if what.has("openid") => json!([audience, userinfo]),
        Some(audience) => json!(audience),
        None => json!(userinfo),
    };
    let mut claims = what.access_claims.clone();
    let issued = now.as_second();
    let expires = issued.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX));
    let own = [
        ("iss", json!(tenant.issuer())),
        ("sub", json!(what.user_id)),
        ("aud", audience),
        ("iat", json!(issued)),
        ("exp", json!(expires)),
        ("scope", json!(what.scope)),
        ("azp", json!(what.client_id)),
    ];
    claims.extend(own.map(|(name, value)| (name.to_owned(), value)));
    if let Some(gty) = &what.gty {
        claims.insert("gty".to_owned(), json!(gty));
    }
    Ok((tenant.keys.sign(&claims)?, seconds))
}

fn id_claims(
    tenant: &TenantKeys,
    client: &Client,
    user: &User,
    what: &Authorized,
    now: Timestamp,
) -> Map<String, Value> {
    let mut claims = profile_claims(user, |scope| what.has(scope));
    claims.extend(what.id_claims.clone());
    let lifetime = i64::try_from(client.id_token_lifetime().as_secs()).unwrap_or(i64::MAX);
    let own = [
        ("iss", json!(tenant.issuer())),
        ("sub", json!(user.user_id)),
        ("aud", json!(what.client_id)),
        ("iat", json!(now.as_second())),
        ("exp", json!(now.as_second().saturating_add(lifetime))),
    ];
    claims.extend(own.map(|(name, value)| (name.to_owned(), value)));
    if let Some(nonce) = &what.nonce {
        claims.insert("nonce".to_owned(), json!(nonce));
    }
    if let Some(session) = &what.session_id {
        claims.insert("sid".to_owned(), json!(session));
    }
    if what.show_auth_time {
        claims.insert("auth_time".to_owned(), json!(what.auth_time.as_second()));
    }
    let amr = what.methods.iter().any(|method| method.get("name").and_then(Value::as_str) == Some("mfa"));
    if amr {
        claims.insert("amr".to_owned(), json!(["mfa"]));
    }
    claims
}

/// Attributes of an identity provider that are standard claims of `profile` (OpenID Connect Core § 5.4).
const PROFILE_ATTRIBUTES: &[&str] =
    &["birthdate", "gender", "locale", "middle_name", "preferred_username", "profile", "website", "zoneinfo"];

/// The standard claims that scopes open.
pub(super) fn profile_claims(user: &User, has: impl Fn(&str) -> bool) -> Map<String, Value> {
    let mut claims = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            claims.insert(name.to_owned(), value);
        }
    };
    if has("profile") {
        let texts = [
            ("name", &user.name),
            ("given_name", &user.given_name),
            ("family_name", &user.family_name),
            ("nickname", &user.nickname),
            ("picture", &user.picture),
        ];
        for (name, text) in texts {
            put(name, text.as_ref().map(|text| json!(text)));
        }
        for name in PROFILE_ATTRIBUTES {
            put(name, user.attributes.get(*name).cloned());
        }
        put("updated_at", Some(json!(user.updated_at)));
    }
    if has("email") && user.email.is_some() {
        put("email", user.email.as_ref().map(|email| json!(email)));
        put("email_verified", Some(json!(user.email_verified)));
    }
    if has("phone") && user.phone_number.is_some() {
        put("phone_number", user.phone_number.as_ref().map(|number| json!(number)));
        put("phone_number_verified", Some(json!(user.phone_verified.unwrap_or_default())));
    }
    if has("address") {
        put("address", user.attributes.get("address").cloned());
    }
    claims
}
