//! [`Pipeline`]: the actions of one login, one after the other.

use std::sync::Arc;

use postern_contract::Mutation;
use postern_model::execution::RunErrorText;
use postern_model::{
    ActionId, ActionVersionId, AppliedMutation, BindingId, OnFailure, Outcome, RunStatus, User, limits,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::claims::{Claims, entry_len};
use crate::event::{self, json_len};
use crate::factors::{self, Usable, verified};
use crate::facts::{BoundAction, Given, LoginFacts, LoginRequest, RequestFacts};
use crate::pending::PendingChange;
use crate::record::{finished, object, refused};
use crate::rules;
use crate::state::{Asked, Judge, State};

/// Which function of an action is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// `onExecutePostLogin`
    Execute,
    /// `onContinuePostLogin`
    Continue,
}

/// Why a login waits for its user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Suspension {
    /// The user is sent away; the caller adds the state token to the address.
    Redirect {
        #[expect(missing_docs, reason = "says its name")]
        url: String,
    },
    /// A further factor is asked for.
    Challenge {
        /// The factors to choose from.
        factors: Vec<Value>,
    },
}

/// What is done next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Run an action, then hand its end to [`Pipeline::finish_run`].
    Run {
        /// Its place.
        action: usize,
        #[expect(missing_docs, reason = "says its name")]
        entry: Entry,
        /// Drop it before the end is handed in: the next event is made from it.
        event: Arc<Value>,
    },
    /// Keep [`Pipeline::save`] until the user comes back.
    Suspend(Suspension),
    /// The login is over.
    Done(Outcome),
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEnd {
    #[expect(missing_docs, reason = "says its name")]
    pub status: RunStatus,
    /// Empty unless the status is `ok`.
    pub mutations: Vec<Mutation>,
}

/// What the flow makes of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct FinishedRun {
    /// As it was, or `bad_result` when the list of mutations is refused.
    pub status: RunStatus,
    /// Why the list is refused.
    pub error: Option<RunErrorText>,
    /// What became of each mutation.
    pub mutations: Vec<AppliedMutation>,
    /// What was dropped by a rule that the author may not know, for the operator.
    pub warnings: Vec<String>,
}

/// An action of a suspended login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are those of the bound action")]
pub struct PinnedAction {
    pub binding_id: BindingId,
    pub action_id: ActionId,
    pub version_id: ActionVersionId,
    pub on_failure: OnFailure,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub egress_hosts: Option<Vec<String>>,
}

/// A suspended login in its stored form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedLogin {
    v: u32,
    /// The actions it runs, with the versions it started with.
    pub actions: Vec<PinnedAction>,
    /// The browser that started it, without query and body.
    pub browser: RequestFacts,
    request: LoginRequest,
    cursor: usize,
    suspension: Suspension,
    state: State,
}

/// A stored login that cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum BadSavedLogin {
    /// Not in a form that we write.
    #[error("the saved login is not readable")]
    Form(#[source] serde_json::Error),
    /// Of a later version of ours.
    #[error("the saved login has version {version}")]
    Version {
        #[expect(missing_docs, reason = "says its name")]
        version: u32,
    },
    /// The actions handed in are not its own.
    #[error("the actions are not those of the saved login")]
    Actions,
    /// A login that waits for a factor goes on with one, and no other does.
    #[error("what the user comes back with is not what the login waits for")]
    Factor,
}

const SAVED_VERSION: u32 = 1;

impl SavedLogin {
    /// Reads what [`Pipeline::save`] made.
    ///
    /// # Errors
    /// When it is not readable.
    pub fn read(saved: Value) -> Result<Self, BadSavedLogin> {
        let saved: Self = serde_json::from_value(saved).map_err(BadSavedLogin::Form)?;
        if saved.v != SAVED_VERSION {
            return Err(BadSavedLogin::Version { version: saved.v });
        }
        Ok(saved)
    }

    /// What the login was asked with.
    #[must_use]
    pub fn request(&self) -> &LoginRequest {
        &self.request
    }

    /// What it waits for.
    #[must_use]
    pub fn suspension(&self) -> &Suspension {
        &self.suspension
    }
}

/// One login on its way through its actions.
#[derive(Debug, Clone)]
pub struct Pipeline {
    facts: LoginFacts,
    request: LoginRequest,
    actions: Arc<[BoundAction]>,
    user: Arc<User>,
    event: Arc<Value>,
    /// Bytes of the event without secrets, never less than they really are.
    event_bytes: usize,
    state: State,
    cursor: usize,
    entry: Entry,
    waits: Option<Suspension>,
    outcome: Option<Outcome>,
}

impl Pipeline {
    /// A login before its first action.
    #[must_use]
    pub fn begin(facts: LoginFacts, request: LoginRequest, actions: Arc<[BoundAction]>, user: Arc<User>) -> Self {
        Self::at(facts, request, actions, user, State::default())
    }

    fn at(
        facts: LoginFacts,
        request: LoginRequest,
        actions: Arc<[BoundAction]>,
        user: Arc<User>,
        state: State,
    ) -> Self {
        let event = Arc::new(event::build(&facts, &request, &user, &state.transaction));
        let event_bytes = json_len(&*event);
        let (entry, waits, outcome) = (Entry::Execute, None, None);
        Self { facts, request, actions, user, event, event_bytes, state, cursor: 0, entry, waits, outcome }
    }

    /// A suspended login whose user came back. `facts` and `user` are as they are now; `actions` are those of
    /// [`SavedLogin::actions`].
    ///
    /// # Errors
    /// When the actions are others, or a factor is missing.
    pub fn resume(
        saved: SavedLogin,
        facts: LoginFacts,
        actions: Arc<[BoundAction]>,
        user: Arc<User>,
        given: Given,
    ) -> Result<Self, BadSavedLogin> {
        let SavedLogin { actions: pinned, mut request, cursor, suspension, mut state, .. } = saved;
        let same = pinned.len() == actions.len()
            && pinned.iter().zip(actions.iter()).all(|(pinned, action)| {
                pinned.binding_id == action.binding_id && pinned.version_id == action.version_id
            });
        if !same || cursor > actions.len() {
            return Err(BadSavedLogin::Actions);
        }
        if request.real && matches!(given, Given::Simulated(_)) {
            return Err(BadSavedLogin::Factor);
        }
        let verified = verified(&suspension, given, facts.now)?;
        state.satisfied.extend(verified.iter().filter_map(|method| Some(method.get("type")?.as_str()?.to_owned())));
        request.methods.extend(verified);
        let mut pipeline = Self::at(facts, request, actions, user, state);
        pipeline.cursor = cursor;
        pipeline.entry = Entry::Continue;
        if !pipeline.actions.get(cursor).is_some_and(|action| action.continues) {
            pipeline.advance();
        }
        Ok(pipeline)
    }

    fn advance(&mut self) {
        self.cursor += 1;
        self.entry = Entry::Execute;
    }

    /// What is done next. The same until a run is finished.
    pub fn step(&mut self) -> Step {
        if let Some(outcome) = &self.outcome {
            return Step::Done(outcome.clone());
        }
        if let Some(waits) = &self.waits {
            return Step::Suspend(waits.clone());
        }
        let Some(action) = self.actions.get(self.cursor) else { return self.end() };
        let mut secrets = action.secrets.clone();
        if let Some(Value::Object(over)) = self.facts.overlay.as_ref().and_then(|overlay| overlay.get("secrets")) {
            secrets.extend(over.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        let mut secret_bytes = json_len(&secrets);
        let rules = rules::parts(&self.actions, self.cursor, &self.state);
        if let Value::Object(event) = Arc::make_mut(&mut self.event) {
            event.insert("secrets".to_owned(), Value::Object(secrets));
            secret_bytes += rules.map_or(0, |parts| parts.add_to(event));
        }
        // The bound is enough nearly always; only near the limit the event is counted anew.
        if self.event_bytes + secret_bytes > limits::EVENT_BYTES && json_len(&*self.event) > limits::EVENT_BYTES {
            return self.over(error(format!("the event would exceed {} bytes", limits::EVENT_BYTES)));
        }
        Step::Run { action: self.cursor, entry: self.entry, event: Arc::clone(&self.event) }
    }

    fn over(&mut self, outcome: Outcome) -> Step {
        Step::Done(self.outcome.insert(outcome).clone())
    }

    /// After the last action: the factor that `multifactor.enable` or the tenant's policy asks for, unless one was
    /// given already.
    fn end(&mut self) -> Step {
        let factors = &self.facts.factors;
        let required = factors.required && !self.state.no_multifactor;
        let guarded = self.request.guarded && !factors.enrolled.is_empty();
        let by_policy = (required || guarded) && !self.request.has_factor();
        let asked = self.state.multifactor.take().or_else(|| by_policy.then(|| json!({"type": "any"})));
        let remembered = |asked: &Value| self.request.remembered && factors::remembers(asked);
        let Some(asked) = asked.filter(|asked| self.state.satisfied.is_empty() && !remembered(asked)) else {
            return self.over(Outcome::Allow);
        };
        let Usable { factors, refused } = factors::provider(factors, &asked);
        if factors.is_empty() {
            return self.over(error(factors::none(&refused.join("; "))));
        }
        match self.suspend(Suspension::Challenge { factors }) {
            Some(waits) => Step::Suspend(waits),
            None => self.step(),
        }
    }

    /// `None` when the user cannot be asked: the login is then over.
    fn suspend(&mut self, suspension: Suspension) -> Option<Suspension> {
        let query = &self.facts.request.query;
        let (can, code, message) = match &suspension {
            Suspension::Redirect { .. } => (
                self.request.interactive(query),
                "interaction_required",
                "the user would have to be asked, and this flow cannot",
            ),
            Suspension::Challenge { .. } => {
                (self.request.challengeable(query), "mfa_required", "Multifactor authentication required")
            }
        };
        if can {
            return Some(self.waits.insert(suspension).clone());
        }
        self.outcome = Some(Outcome::Error { code: code.to_owned(), message: message.to_owned() });
        None
    }

    /// Takes the end of the run that [`step`](Self::step) asked for.
    pub fn finish_run(&mut self, end: RunEnd) -> FinishedRun {
        let RunEnd { status, mutations } = end;
        let Some(action) = self.actions.get(self.cursor) else {
            return FinishedRun { status, error: None, mutations: Vec::new(), warnings: Vec::new() };
        };
        let on_failure = action.on_failure;
        if status != RunStatus::Ok {
            self.failed(on_failure);
            return FinishedRun { status, error: None, mutations: Vec::new(), warnings: Vec::new() };
        }
        if mutations.is_empty() {
            self.advance();
            return FinishedRun { status, error: None, mutations: Vec::new(), warnings: Vec::new() };
        }
        let sent: Vec<Map<String, Value>> = mutations.iter().map(object).collect();
        let judge = Judge {
            user: &self.user,
            management: self.request.audience.as_ref() == Some(&self.facts.management_audience),
            factors: &self.facts.factors,
            action: self.cursor,
        };
        let mut state = self.state.clone();
        match state.apply(mutations, judge) {
            Ok((verdicts, asked)) => {
                self.state = state;
                self.show(&asked);
                self.go_on(asked);
                finished(sent, verdicts)
            }
            Err(rule) => {
                self.failed(on_failure);
                refused(sent, rule)
            }
        }
    }

    /// Lets later actions see what was written.
    fn show(&mut self, asked: &Asked) {
        if asked.touched.is_empty() && !asked.transaction_changed {
            return;
        }
        let event = Arc::make_mut(&mut self.event);
        for (kind, key) in &asked.touched {
            let value = self.state.pending.value(&self.user, *kind, key);
            self.event_bytes += value.as_ref().map_or(0, |value| entry_len(key, value));
            event::set(event, "user", kind.name(), key, value);
        }
        if asked.transaction_changed
            && let Some(transaction) = event.get_mut("transaction").and_then(Value::as_object_mut)
        {
            self.event_bytes += json_len(&self.state.transaction);
            transaction.insert("metadata".to_owned(), Value::Object(self.state.transaction.clone()));
        }
    }

    fn go_on(&mut self, asked: Asked) {
        if let Some((code, reason)) = asked.deny {
            self.outcome = Some(Outcome::Deny { code, reason });
        } else if let Some((_, url)) = asked.redirect {
            self.suspend(Suspension::Redirect { url });
        } else if let Some((_, factors)) = asked.challenge {
            self.suspend(Suspension::Challenge { factors });
        } else if let Some(reason) = asked.no_factor {
            self.outcome = Some(error(factors::none(&reason)));
        } else {
            self.advance();
        }
    }

    fn failed(&mut self, on_failure: OnFailure) {
        match on_failure {
            OnFailure::Deny => self.outcome = Some(error("an action failed".to_owned())),
            OnFailure::Skip => self.advance(),
        }
    }

    /// What is to be committed, in the order it was written.
    #[must_use]
    pub fn changes(&self) -> &[PendingChange] {
        &self.state.pending.changes
    }

    /// The user that the login started or went on with.
    #[must_use]
    pub fn user(&self) -> &User {
        &self.user
    }

    /// `user` with what is to be committed.
    #[must_use]
    pub fn changed(&self, mut user: User) -> User {
        self.state.pending.apply(&mut user);
        user
    }

    /// The custom claims so far.
    #[must_use]
    pub fn claims(&self) -> Claims {
        Claims { id_token: self.state.id_token.map.clone(), access_token: self.state.access_token.map.clone() }
    }

    /// The granted scopes so far, space-separated.
    #[must_use]
    pub fn scope(&self) -> String {
        self.state.scopes.granted(&self.request.requested_scopes())
    }

    /// The state of a suspended login; `None` when it is not suspended.
    #[must_use]
    pub fn save(&self) -> Option<SavedLogin> {
        let suspension = self.waits.clone()?;
        let pinned = self.actions.iter().map(|action| PinnedAction {
            binding_id: action.binding_id.clone(),
            action_id: action.action_id.clone(),
            version_id: action.version_id.clone(),
            on_failure: action.on_failure,
            egress_hosts: action.egress_hosts.clone(),
        });
        let browser = RequestFacts { query: Map::new(), body: Map::new(), ..self.facts.request.clone() };
        Some(SavedLogin {
            v: SAVED_VERSION,
            actions: pinned.collect(),
            browser,
            request: self.request.clone(),
            cursor: self.cursor,
            suspension,
            state: self.state.clone(),
        })
    }
}

fn error(message: String) -> Outcome {
    Outcome::Error { code: "access_denied".to_owned(), message }
}
