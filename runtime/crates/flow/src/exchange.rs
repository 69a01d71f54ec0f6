//! [`Exchange`]: the actions of one client that asks for a token of its own, one after the other.

use std::sync::Arc;

use postern_contract::Mutation;
use postern_model::{Client, OnFailure, Outcome, RunStatus, TenantId, limits};
use serde_json::{Map, Value, json};

use crate::claims::TokenClaims;
use crate::event::{self, MAX_DEPTH, depth_within, json_len};
use crate::facts::{BoundAction, RequestFacts};
use crate::pipeline::{Entry, FinishedRun, RunEnd, Step};
use crate::record::{finished, object, refused};
use crate::state::Verdict;

/// What a client asks with.
#[derive(Debug, Clone)]
pub struct ExchangeFacts {
    #[expect(missing_docs, reason = "says its name")]
    pub tenant: TenantId,
    #[expect(missing_docs, reason = "says its name")]
    pub client: Arc<Client>,
    #[expect(missing_docs, reason = "says its name")]
    pub request: RequestFacts,
    /// Identifier of the API that the token is for.
    pub audience: String,
    /// `event.transaction.requested_scopes`
    pub requested_scopes: Vec<String>,
    /// `event.accessToken.scope`: what the token will have.
    pub scopes: Vec<String>,
}

/// One exchange on its way through its actions. It never waits for anybody.
#[derive(Debug, Clone)]
pub struct Exchange {
    actions: Arc<[BoundAction]>,
    event: Arc<Value>,
    claims: TokenClaims,
    cursor: usize,
    outcome: Option<Outcome>,
}

impl Exchange {
    /// An exchange before its first action.
    #[must_use]
    pub fn begin(facts: &ExchangeFacts, actions: Arc<[BoundAction]>) -> Self {
        let event = Arc::new(build(facts));
        Self { actions, event, claims: TokenClaims::default(), cursor: 0, outcome: None }
    }

    /// What is done next: a run or the end. The same until a run is finished.
    pub fn step(&mut self) -> Step {
        if let Some(outcome) = &self.outcome {
            return Step::Done(outcome.clone());
        }
        let Some(action) = self.actions.get(self.cursor) else { return Step::Done(Outcome::Allow) };
        if let Value::Object(event) = Arc::make_mut(&mut self.event) {
            event.insert("secrets".to_owned(), Value::Object(action.secrets.clone()));
        }
        if json_len(&*self.event) > limits::EVENT_BYTES {
            let message = format!("the event would exceed {} bytes", limits::EVENT_BYTES);
            return Step::Done(self.outcome.insert(error(message)).clone());
        }
        Step::Run { action: self.cursor, entry: Entry::Execute, event: Arc::clone(&self.event) }
    }

    /// Takes the end of the run that [`step`](Self::step) asked for.
    pub fn finish_run(&mut self, end: RunEnd) -> FinishedRun {
        let RunEnd { status, mutations } = end;
        let on_failure = self.actions.get(self.cursor).map(|action| action.on_failure).unwrap_or_default();
        if status != RunStatus::Ok {
            self.failed(on_failure);
            return FinishedRun { status, error: None, mutations: Vec::new(), warnings: Vec::new() };
        }
        let sent: Vec<Map<String, Value>> = mutations.iter().map(object).collect();
        let mut claims = self.claims.clone();
        match apply(&mut claims, mutations) {
            Ok((verdicts, denied)) => {
                self.claims = claims;
                self.outcome = denied.map(|(code, reason)| Outcome::Deny { code, reason });
                self.cursor += 1;
                self.show();
                finished(sent, verdicts)
            }
            Err(rule) => {
                self.failed(on_failure);
                refused(sent, rule)
            }
        }
    }

    /// Lets later actions see the claims.
    fn show(&mut self) {
        if self.outcome.is_some() || self.cursor >= self.actions.len() {
            return;
        }
        if let Some(Value::Object(token)) = Arc::make_mut(&mut self.event).get_mut("accessToken") {
            token.insert("customClaims".to_owned(), Value::Object(self.claims.map.clone()));
        }
    }

    fn failed(&mut self, on_failure: OnFailure) {
        match on_failure {
            OnFailure::Deny => self.outcome = Some(error("an action failed".to_owned())),
            OnFailure::Skip => self.cursor += 1,
        }
    }

    /// The custom claims of the token so far.
    #[must_use]
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims.map
    }
}

fn error(message: String) -> Outcome {
    Outcome::Error { code: "access_denied".to_owned(), message }
}

/// Code and reason of a denial.
type Denied = Option<(String, String)>;

/// Applies a whole list, or says what is wrong with it.
fn apply(claims: &mut TokenClaims, mutations: Vec<Mutation>) -> Result<(Vec<Verdict>, Denied), String> {
    let (mut verdicts, mut denied) = (Vec::with_capacity(mutations.len()), None);
    for mutation in mutations {
        mutation.check().map_err(|bad| bad.to_string())?;
        let name = mutation.type_name();
        #[expect(clippy::wildcard_enum_match_arm, reason = "this trigger knows these alone")]
        verdicts.push(match mutation {
            Mutation::AccessDeny { reason, code } => {
                denied.get_or_insert_with(|| (code.unwrap_or_else(|| "access_denied".to_owned()), reason.into_text()));
                Verdict::Applied
            }
            Mutation::AccessTokenSetCustomClaim { key, value } => {
                if value.as_ref().is_some_and(|value| !depth_within(value, MAX_DEPTH)) {
                    return Err(format!("{name}: a value is nested at most {MAX_DEPTH} deep"));
                }
                claims.ask(key, value).map_or_else(Verdict::Dropped, |()| Verdict::Applied)
            }
            _ => return Err(format!("{name}: not one of the trigger credentials-exchange")),
        });
    }
    Ok((verdicts, denied))
}

/// Builds the event, but for the secrets, which are the action's.
fn build(facts: &ExchangeFacts) -> Value {
    let client = &facts.client;
    let mut request = event::request(&facts.request);
    if let Value::Object(request) = &mut request {
        // A token request has no query that counts.
        request.remove("query");
    }
    json!({
        "accessToken": { "customClaims": {}, "scope": facts.scopes },
        "client": {
            "client_id": client.client_id,
            "name": client.name,
            "metadata": client.client_metadata.as_ref().map_or_else(|| json!({}), |metadata| json!(metadata)),
        },
        "configuration": {},
        "request": request,
        "resource_server": { "identifier": facts.audience },
        "secrets": {},
        "tenant": { "id": facts.tenant },
        "transaction": { "requested_scopes": facts.requested_scopes },
    })
}
