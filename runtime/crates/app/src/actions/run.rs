//! The test of a draft: one run in the sandbox on an event that the caller gives. Nothing is committed.

use std::sync::Arc;
use std::time::Instant;

use postern_engine::{Directory, EgressPolicy, Entry, RunInput, RunReport, TriggerCache};
use postern_model::VersionStatus;
use postern_model::tenant::Egress;
use serde_json::{Map, Value, json};

use super::{action_load, secrets_open};
use crate::artifacts::program_load;
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::{App, action_modules, ids};

/// What came of a test.
#[derive(Debug, Clone, PartialEq)]
pub struct TestRun {
    #[expect(missing_docs, reason = "says its name")]
    pub report: RunReport,
    /// From the request to the answer, compiling included, µs.
    pub request_us: u64,
}

/// Runs the draft on `event`. Its secrets are the draft's unless the event brings its own; its cache is empty and
/// goes with the run.
///
/// # Errors
/// When the scope is missing, there is no such action, its draft is not built, or there is no room for a run.
pub async fn action_test(app: &App, ctx: &OpCtx, id: &str, event: Map<String, Value>) -> Result<TestRun, AppError> {
    ctx.require("create:actions")?;
    let begun = Instant::now();
    let action = action_load(app, ctx, id).await?;
    let draft = &action.draft;
    let (VersionStatus::Built, Some(artifact)) = (draft.status, &draft.artifact) else {
        return Err(AppError::bad_request("A draft must be in the 'built' state before it can be tested."));
    };
    let program = program_load(app, &ctx.tenant.id, artifact).await?;
    let mut secrets = json!(secrets_open(app, &ctx.tenant.id, &action.id, &draft.secrets)?);
    if let Value::Object(secrets) = &mut secrets {
        secrets.extend(action_modules::secrets_of(app, &ctx.tenant.id, &draft.modules).await?);
    }
    let event = whole(event, secrets);
    let limits = ctx.tenant.limits.unwrap_or_default();
    let input = RunInput {
        tenant: ctx.tenant.id.clone(),
        entry: Entry::Execute,
        event: Arc::new(event),
        limits,
        deadline: Instant::now() + limits.execution_wall(),
        now_ms: ctx.now.as_millisecond(),
        seed: ids::seed()?,
        egress: match ctx.tenant.egress {
            Egress::Public => EgressPolicy::Public,
            Egress::None => EgressPolicy::None,
        },
        cache: Arc::new(TriggerCache::new()),
        directory: Directory::default(),
        earlier: Vec::new(),
        replay: None,
    };
    let report = app.engine().run(&program, input).await?;
    Ok(TestRun { report, request_us: u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX) })
}

/// The event with the parts that every event has.
fn whole(mut event: Map<String, Value>, secrets: Value) -> Value {
    event.entry("secrets").or_insert(secrets);
    for part in ["client", "configuration", "connection", "request", "stats", "tenant", "user"] {
        event.entry(part).or_insert_with(|| json!({}));
    }
    if let Some(Value::Object(user)) = event.get_mut("user") {
        user.entry("app_metadata").or_insert_with(|| json!({}));
        user.entry("user_metadata").or_insert_with(|| json!({}));
    }
    Value::Object(event)
}
