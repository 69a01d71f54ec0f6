//! What `/authorize` is asked with. Client and redirect address are checked first: until both are known to belong
//! together, an error is shown on a page of ours and never sent anywhere.

use std::collections::BTreeMap;

use postern_model::{Client, ClientId, limits};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::answer::{AuthorizeAnswer, PageError, Refused};
use super::urls;
use crate::App;
use crate::ctx::OpCtx;
use crate::error::AppError;

/// Seconds that `max_age` may be: a hundred years.
const MAX_AGE: u64 = 100 * 365 * 24 * 3600;

/// How the answer comes to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "OAuth's names")]
pub enum ResponseMode {
    Query,
    Fragment,
    FormPost,
    WebMessage,
}

impl ResponseMode {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "query" => Self::Query,
            "fragment" => Self::Fragment,
            "form_post" => Self::FormPost,
            "web_message" => Self::WebMessage,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
            Self::WebMessage => "web_message",
        }
    }
}

/// What the client wants back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "OAuth's names")]
pub struct ResponseTypes {
    pub code: bool,
    pub token: bool,
    pub id_token: bool,
}

impl ResponseTypes {
    fn parse(text: &str) -> Option<Self> {
        let mut types = Self::default();
        for name in text.split_ascii_whitespace() {
            let one = match name {
                "code" => &mut types.code,
                "token" => &mut types.token,
                "id_token" => &mut types.id_token,
                _ => return None,
            };
            if std::mem::replace(one, true) {
                return None;
            }
        }
        (types.code || types.token || types.id_token).then_some(types)
    }

    /// Whether tokens come without the token endpoint.
    #[must_use]
    pub fn implicit(self) -> bool {
        self.token || self.id_token
    }

    fn names(self) -> Vec<&'static str> {
        let all = [("code", self.code), ("token", self.token), ("id_token", self.id_token)];
        all.into_iter().filter_map(|(name, wanted)| wanted.then_some(name)).collect()
    }

    /// `event.transaction.protocol`
    fn protocol(self) -> &'static str {
        match (self.code, self.implicit()) {
            (true, false) => "oidc-basic-profile",
            (true, true) => "oidc-hybrid-profile",
            (false, _) => "oidc-implicit-profile",
        }
    }
}

/// PKCE (RFC 7636).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "OAuth's names")]
pub struct CodeChallenge {
    pub challenge: String,
    /// `S256` or `plain`.
    pub method: String,
}

/// A checked request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "OAuth's names")]
pub struct AuthorizeRequest {
    pub client_id: ClientId,
    /// As it was sent; the client's first callback when it was not.
    pub redirect_uri: String,
    /// Whether it was sent: the token endpoint wants it again then.
    pub redirect_uri_given: bool,
    pub response: ResponseTypes,
    pub mode: ResponseMode,
    pub state: Option<String>,
    pub nonce: Option<String>,
    pub scope: String,
    pub audience: Option<String>,
    pub code_challenge: Option<CodeChallenge>,
    pub prompt: Vec<String>,
    pub max_age: Option<u64>,
    pub login_hint: Option<String>,
    pub connection: Option<String>,
    pub ui_locales: Option<String>,
    pub acr_values: Option<String>,
    pub signup: bool,
    /// Everything that was sent, as `event.request.query` shows it.
    pub query: Map<String, Value>,
}

impl AuthorizeRequest {
    /// Whether nothing may be shown to the user.
    #[must_use]
    pub fn silent(&self) -> bool {
        self.prompt.iter().any(|prompt| prompt == "none")
    }

    /// Whether the user has to prove who they are, session or not.
    #[must_use]
    pub fn login_wanted(&self) -> bool {
        self.prompt.iter().any(|prompt| matches!(prompt.as_str(), "login" | "select_account")) || self.signup
    }

    /// `event.transaction`
    #[must_use]
    pub fn transaction(&self) -> Map<String, Value> {
        let words = |text: &Option<String>| {
            text.as_deref().map(|text| json!(text.split_ascii_whitespace().collect::<Vec<_>>()))
        };
        let mut transaction = Map::from_iter([
            ("protocol".to_owned(), json!(self.response.protocol())),
            ("redirect_uri".to_owned(), json!(self.redirect_uri)),
            ("requested_scopes".to_owned(), json!(self.scope.split_ascii_whitespace().collect::<Vec<_>>())),
            ("response_type".to_owned(), json!(self.response.names())),
            ("response_mode".to_owned(), json!(self.mode.name())),
            ("prompt".to_owned(), json!(self.prompt)),
        ]);
        let optional = [
            ("state", self.state.as_ref().map(|state| json!(state))),
            ("login_hint", self.login_hint.as_ref().map(|hint| json!(hint))),
            ("ui_locales", words(&self.ui_locales)),
            ("acr_values", words(&self.acr_values)),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                transaction.insert(name.to_owned(), value);
            }
        }
        transaction
    }

    /// An answer to the client.
    #[must_use]
    pub fn answer(&self, fields: Vec<(&'static str, Value)>) -> AuthorizeAnswer {
        AuthorizeAnswer::new(&self.redirect_uri, self.mode, fields, self.state.as_deref())
    }

    /// An error for the client.
    #[must_use]
    pub fn refuse(&self, error: &str, description: &str) -> AuthorizeAnswer {
        self.answer(vec![("error", json!(error)), ("error_description", json!(description))])
    }
}

/// Parameters as they came. A repeated one has no value that could be relied on (RFC 6749 § 3.1).
#[derive(Clone, Default)]
pub struct Parameters {
    values: BTreeMap<String, String>,
    repeated: Vec<String>,
}

impl std::fmt::Debug for Parameters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parameters").finish_non_exhaustive()
    }
}

impl Parameters {
    /// Takes name and value pairs. An empty value counts as absent (RFC 6749 § 3.1).
    #[must_use]
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        let mut parameters = Self::default();
        for (name, value) in pairs {
            if value.is_empty() {
                continue;
            }
            if let Some(before) = parameters.values.insert(name.clone(), value)
                && parameters.values.get(&name) != Some(&before)
            {
                parameters.repeated.push(name);
            }
        }
        parameters
    }

    /// The value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    fn bytes(&self) -> usize {
        self.values.iter().map(|(name, value)| name.len().saturating_add(value.len())).sum()
    }

    /// Takes one out.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.values.remove(name)
    }
}

/// The client, and where its answer goes.
pub(crate) struct Target {
    pub(crate) client: Client,
    pub(crate) redirect_uri: String,
    given: bool,
}

/// Finds the client and checks the redirect address.
pub(crate) async fn target(app: &App, ctx: &OpCtx, parameters: &Parameters) -> Result<Target, Refused> {
    let page = |text: &str| Refused::Page(PageError::bad_request(text));
    if let Some(name) = parameters.repeated.iter().find(|name| matches!(name.as_str(), "client_id" | "redirect_uri")) {
        return Err(PageError::bad_request(format!("The parameter {name} was sent more than once.")).into());
    }
    if parameters.bytes() > limits::AUTHORIZE_BYTES {
        return Err(page(&format!("The parameters are larger than {} bytes.", limits::AUTHORIZE_BYTES)));
    }
    let id = parameters.get("client_id").ok_or_else(|| page("Missing required parameter: client_id"))?;
    let unknown = || PageError { status: 400, error: "invalid_request", description: "Unknown client.".to_owned() };
    let id: ClientId = id.parse().map_err(|_bad| unknown())?;
    let client = app.store().fetch::<Client>(&ctx.tenant.id, id.as_str()).await.map_err(AppError::from)?;
    let client = client.ok_or_else(unknown)?;
    let mismatch = || PageError {
        status: 403,
        error: "unauthorized_client",
        description: "Callback URL mismatch. The provided redirect_uri is not in the list of allowed callback URLs."
            .to_owned(),
    };
    let silent = parameters.get("response_mode") == Some("web_message");
    match parameters.get("redirect_uri") {
        Some(address) => {
            let known = urls::allows(&client, "callbacks", address) || (silent && of_web_origin(&client, address));
            if !known {
                return Err(mismatch().into());
            }
            Ok(Target { redirect_uri: address.to_owned(), given: true, client })
        }
        None => {
            let first = urls::registered(&client, "callbacks").next().filter(|first| !first.contains('*'));
            let first = first.filter(|first| urls::parse(first).is_some()).map(str::to_owned);
            let redirect_uri = first.ok_or_else(|| page("Missing required parameter: redirect_uri"))?;
            Ok(Target { redirect_uri, given: false, client })
        }
    }
}

/// A message goes to an origin, not to an address: it is enough that the client registered that.
fn of_web_origin(client: &Client, address: &str) -> bool {
    let Some(origin) = urls::origin(address) else { return false };
    ["web_origins", "allowed_origins"]
        .into_iter()
        .flat_map(|setting| urls::registered(client, setting))
        .any(|pattern| urls::matches(pattern.trim_end_matches('/'), &origin))
}

/// Checks the rest. Errors go to the client.
pub(crate) fn check(target: &Target, parameters: &Parameters) -> Result<AuthorizeRequest, AuthorizeAnswer> {
    let text = |name: &str| parameters.get(name).map(str::to_owned);
    let types = parameters.get("response_type").map(ResponseTypes::parse);
    let wanted = types.flatten().unwrap_or(ResponseTypes { code: true, token: false, id_token: false });
    let usual = if wanted.implicit() { ResponseMode::Fragment } else { ResponseMode::Query };
    let mode = parameters.get("response_mode").map(ResponseMode::parse);
    let mut request = AuthorizeRequest {
        client_id: target.client.client_id.clone(),
        redirect_uri: target.redirect_uri.clone(),
        redirect_uri_given: target.given,
        response: wanted,
        mode: mode.flatten().unwrap_or(usual),
        state: text("state"),
        nonce: text("nonce"),
        scope: text("scope").unwrap_or_default(),
        audience: text("audience"),
        code_challenge: None,
        prompt: parameters.get("prompt").unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect(),
        max_age: None,
        login_hint: text("login_hint"),
        connection: text("connection").or_else(|| text("realm")),
        ui_locales: text("ui_locales"),
        acr_values: text("acr_values"),
        signup: matches!(parameters.get("screen_hint"), Some("signup")),
        query: parameters.values.iter().map(|(name, value)| (name.clone(), json!(value))).collect(),
    };
    // Tokens never go where servers and their logs can read them.
    let exposed = wanted.implicit() && request.mode == ResponseMode::Query;
    if exposed {
        request.mode = ResponseMode::Fragment;
    }
    let http = request.redirect_uri.starts_with("https://") || request.redirect_uri.starts_with("http://");
    if !http && matches!(request.mode, ResponseMode::FormPost | ResponseMode::WebMessage) {
        request.mode = usual;
        return Err(request.refuse("invalid_request", "This response_mode needs an http or https redirect_uri"));
    }
    if let Some(name) = parameters.repeated.first() {
        return Err(request.refuse("invalid_request", &format!("The parameter {name} was sent more than once")));
    }
    match types {
        None => return Err(request.refuse("invalid_request", "Missing required parameter: response_type")),
        Some(None) => {
            let given = parameters.get("response_type").unwrap_or_default();
            return Err(request.refuse("unsupported_response_type", &format!("Unsupported response type: {given}")));
        }
        Some(Some(_)) => {}
    }
    if mode == Some(None) || exposed {
        return Err(request.refuse("invalid_request", "The response_mode is not supported for this response_type"));
    }
    check_client(&request, &target.client)?;
    check_values(&mut request, parameters)?;
    Ok(request)
}

/// What this client may ask for.
fn check_client(request: &AuthorizeRequest, client: &Client) -> Result<(), AuthorizeAnswer> {
    let needs = [("authorization_code", request.response.code), ("implicit", request.response.implicit())];
    for (grant, needed) in needs {
        if needed && !client.grant_types.iter().any(|held| held == grant) {
            let text = format!("Grant type '{grant}' not allowed for the client.");
            return Err(request.refuse("unauthorized_client", &text));
        }
    }
    Ok(())
}

fn check_values(request: &mut AuthorizeRequest, parameters: &Parameters) -> Result<(), AuthorizeAnswer> {
    for (name, error) in [("request", "request_not_supported"), ("request_uri", "request_uri_not_supported")] {
        if parameters.get(name).is_some() {
            return Err(request.refuse(error, &format!("The parameter {name} is not supported")));
        }
    }
    if request.response.id_token && request.nonce.is_none() {
        return Err(request.refuse("invalid_request", "Missing required parameter: nonce"));
    }
    if request.response.id_token && !request.scope.split_ascii_whitespace().any(|scope| scope == "openid") {
        return Err(request.refuse("invalid_request", "An ID token needs the scope openid"));
    }
    if request.silent() && request.prompt.len() > 1 {
        return Err(request.refuse("invalid_request", "prompt=none must be the only prompt"));
    }
    let known = |prompt: &String| matches!(prompt.as_str(), "none" | "login" | "consent" | "select_account" | "create");
    if !request.prompt.iter().all(known) {
        return Err(request.refuse("invalid_request", "Unsupported prompt"));
    }
    if let Some(age) = parameters.get("max_age") {
        let age = age.parse().ok().filter(|age| *age <= MAX_AGE);
        let Some(age) = age else {
            return Err(request.refuse("invalid_request", "max_age must be a number of seconds"));
        };
        request.max_age = Some(age);
    }
    let visible = |c: char| matches!(c, '\x20'..='\x7e');
    if !request.scope.chars().all(visible) {
        return Err(request.refuse("invalid_scope", "The scope has characters that no scope may have"));
    }
    request.code_challenge = code_challenge(parameters).map_err(|text| request.refuse("invalid_request", text))?;
    if request.prompt.iter().any(|prompt| prompt == "create") {
        request.signup = true;
    }
    Ok(())
}

fn code_challenge(parameters: &Parameters) -> Result<Option<CodeChallenge>, &'static str> {
    let method = parameters.get("code_challenge_method");
    let Some(challenge) = parameters.get("code_challenge") else {
        return match method {
            Some(_) => Err("Missing required parameter: code_challenge"),
            None => Ok(None),
        };
    };
    let method = method.unwrap_or("plain");
    if !matches!(method, "S256" | "plain") {
        return Err("code_challenge_method must be S256 or plain");
    }
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if !(43..=128).contains(&challenge.len()) || !challenge.bytes().all(unreserved) {
        return Err("code_challenge must have 43 to 128 letters, digits, '-', '.', '_' and '~'");
    }
    Ok(Some(CodeChallenge { challenge: challenge.to_owned(), method: method.to_owned() }))
}
