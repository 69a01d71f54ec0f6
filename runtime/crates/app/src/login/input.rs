//! What a simulated login is asked with, and what it answers.

use std::collections::BTreeMap;

use postern_flow::Claims;
use postern_model::{ActionRun, ExecutionId, LoginId, Outcome, User};
use serde::Deserialize;
use serde_json::{Map, Value};

/// A login with a made-up authentication.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatedLogin {
    /// The application that asks for the login.
    pub client_id: String,
    /// Name or id of the connection; the default database when absent.
    #[serde(default)]
    pub connection: Option<String>,
    /// An existing user.
    #[serde(default)]
    pub user_id: Option<String>,
    /// The profile that the connection hands over: `user_id` there (made when absent), `email`, `name`, ….
    #[serde(default)]
    pub user: Option<Map<String, Value>>,
    #[serde(default)]
    #[expect(missing_docs, reason = "says its name")]
    pub request: SimulatedRequest,
    /// How the user proved who they are.
    #[serde(default)]
    pub authentication: SimulatedAuthentication,
    /// `event.transaction`: `protocol`, `requested_scopes`, `redirect_uri`, ….
    #[serde(default)]
    pub transaction: Map<String, Value>,
    /// Identifier of the API that tokens are asked for.
    #[serde(default)]
    pub audience: Option<String>,
    /// `event.organization`.
    #[serde(default)]
    pub organization: Option<Map<String, Value>>,
    /// Commits nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// Versions to run instead of the deployed ones, by action id; dry runs only.
    #[serde(default)]
    pub versions: BTreeMap<String, VersionChoice>,
    /// Parts laid over the built event (JSON Merge Patch); dry runs only.
    #[serde(default)]
    pub event: Option<Map<String, Value>>,
    /// What time actions are told, ms since the epoch; dry runs only.
    #[serde(default)]
    pub now: Option<i64>,
}

/// Which version of an action a dry run takes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub enum VersionChoice {
    /// The one of this number.
    Number(u32),
    /// The draft.
    Draft,
}

impl TryFrom<Value> for VersionChoice {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        match (number, value.as_str()) {
            (Some(number), _) => Ok(Self::Number(number)),
            (None, Some("draft")) => Ok(Self::Draft),
            (None, _) => Err("a version is a number or 'draft'"),
        }
    }
}

/// The request of the browser, as far as it is made up.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of `event.request`")]
pub struct SimulatedRequest {
    #[serde(default)]
    pub ip: Option<String>,
    #[serde(default)]
    pub method: Option<String>,
    #[serde(default)]
    pub user_agent: Option<String>,
    #[serde(default)]
    pub language: Option<String>,
    #[serde(default)]
    pub hostname: Option<String>,
    #[serde(default)]
    pub asn: Option<String>,
    #[serde(default)]
    pub query: Map<String, Value>,
    #[serde(default)]
    pub body: Map<String, Value>,
    #[serde(default)]
    pub geoip: Map<String, Value>,
}

/// How the user proved who they are.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatedAuthentication {
    /// `{"name","timestamp"}` each; one of the connection's kind when absent.
    #[serde(default)]
    pub methods: Vec<Value>,
    /// `event.authentication.riskAssessment`.
    #[serde(default, rename = "riskAssessment")]
    pub risk_assessment: Option<Map<String, Value>>,
}

/// What the user comes back with after a suspension: the state token is in either map.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are those of `event.request`")]
pub struct ContinueLogin {
    #[serde(default)]
    pub query: Map<String, Value>,
    #[serde(default)]
    pub body: Map<String, Value>,
}

/// What a simulated user comes back with.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatedContinue {
    /// `event.request.query`
    #[serde(default)]
    pub query: Map<String, Value>,
    /// `event.request.body`
    #[serde(default)]
    pub body: Map<String, Value>,
    /// The kind of the factor that was given, when one is asked for; the one that stands first when absent.
    #[serde(default)]
    pub factor: Option<String>,
}

impl From<ContinueLogin> for SimulatedContinue {
    fn from(ContinueLogin { query, body }: ContinueLogin) -> Self {
        Self { query, body, factor: None }
    }
}

/// What a login came to.
#[derive(Debug, Clone, PartialEq)]
pub struct LoginReport {
    #[expect(missing_docs, reason = "says its name")]
    pub login_id: LoginId,
    #[expect(missing_docs, reason = "says its name")]
    pub execution_id: ExecutionId,
    #[expect(missing_docs, reason = "says its name")]
    pub outcome: Outcome,
    /// As stored after the login; in a dry run as it would be.
    pub user: User,
    /// Custom claims; empty unless the login is allowed.
    pub claims: Claims,
    /// Granted scopes, space-separated; empty unless the login is allowed.
    pub scope: String,
    /// The runs of this call; those before a suspension are in the execution.
    pub runs: Vec<ActionRun>,
    /// What was dropped and why, for the operator.
    pub warnings: Vec<String>,
    /// Of the user.
    pub revision: u64,
}
