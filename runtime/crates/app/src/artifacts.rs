//! Artifacts: the modules of compiled actions, and what the JavaScript engine loads for others. The bytes are a row of their own, named by their SHA-256 within the
//! tenant, so that a draft and the versions made from it share one row. They are kept when nothing names them any
//! more: a recorded run can be made again from its journal only with its module.

use std::sync::Arc;

use postern_engine::{BuildError, InvalidModule, Program};
use postern_model::action::ArtifactKind;
use postern_model::{Artifact, TenantId, limits};
use postern_store::{ArtifactBytes, WriteSet};

use crate::App;
use crate::actions::{self, ActionView, writes};
use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::logs::audit;

/// Whether the caller may upload a module for this action: asked before the body is read.
///
/// # Errors
/// When the scope is missing or there is no such action.
pub async fn artifact_check(app: &App, ctx: &OpCtx, action_id: &str) -> Result<(), AppError> {
    ctx.require("update:actions")?;
    actions::action_load(app, ctx, action_id).await.map(drop)
}

/// Checks and builds a module and makes it the draft's. When the call returns, the draft can be deployed.
///
/// # Errors
/// When the scope is missing, there is no such action, the module is too large, or it breaks a rule: the text names
/// the rule.
pub async fn artifact_replace(
    app: &App,
    ctx: &OpCtx,
    action_id: &str,
    wasm: Arc<[u8]>,
) -> Result<ActionView, AppError> {
    ctx.require("update:actions")?;
    let trigger = actions::action_load(app, ctx, action_id).await?.trigger;
    if wasm.len() > limits::MODULE_BYTES {
        return Err(too_large());
    }
    let program = app.engine().build(&wasm, &[]).await.map_err(not_built)?;
    if !program.serves(&trigger.id) {
        return Err(AppError::bad_request(format!(
            "The module has no function for the trigger '{}' (rule `missing_export`).",
            trigger.id
        )));
    }
    let stamp = program.stamp().cloned().unwrap_or_default();
    let artifact = Artifact {
        kind: ArtifactKind::Module,
        // The key of a program without a payload.
        sha256: program.key().to_owned(),
        size: wasm.len() as u64,
        abi: postern_contract::ABI_VERSION,
        sdk: Some(format!("{} {}", stamp.sdk, stamp.sdk_version).trim().to_owned()).filter(|sdk| !sdk.is_empty()),
        egress: stamp.egress,
        lock_sha256: None,
    };
    let row = ArtifactBytes { sha256: artifact.sha256.clone(), bytes: Arc::clone(&wasm) };
    for _ in 0..writes::ATTEMPTS {
        let mut action = actions::action_load(app, ctx, action_id).await?;
        actions::set_artifact(&mut action.draft, artifact.clone(), ctx.now);
        actions::touch(app, ctx, &mut action).await?;
        let set = WriteSet::new(&ctx.tenant.id, ctx.request_id).put(&row).replace(&action).insert(&audit(
            ctx,
            "artifact_replace",
            action_id,
        )?);
        if writes::commit(app, set).await?.is_some() {
            let action = actions::action_load(app, ctx, action_id).await?;
            return actions::with_version(app, ctx, action).await;
        }
    }
    Err(writes::stale())
}

/// The module of the draft.
///
/// # Errors
/// When the scope is missing, there is no such action, or its draft has no module.
pub async fn artifact_fetch(app: &App, ctx: &OpCtx, action_id: &str) -> Result<(Artifact, Arc<[u8]>), AppError> {
    ctx.require("read:actions")?;
    let action = actions::action_load(app, ctx, action_id).await?;
    let artifact = action
        .draft
        .artifact
        .filter(|artifact| artifact.kind == ArtifactKind::Module)
        .ok_or_else(|| AppError::not_found("The draft of that action has no artifact."))?;
    let bytes = bytes(app, &ctx.tenant.id, &artifact).await?;
    Ok((artifact, bytes))
}

/// What runs of an artifact: from the engine's memory or its folder, or built from the stored bytes.
///
/// # Errors
/// When the bytes are not stored, or no longer build.
pub async fn program_load(app: &App, tenant: &TenantId, artifact: &Artifact) -> Result<Arc<Program>, AppError> {
    match artifact.kind {
        ArtifactKind::Module => {
            if let Some(program) = app.engine().cached(&artifact.sha256) {
                return Ok(program);
            }
            let wasm = bytes(app, tenant, artifact).await?;
            Ok(app.engine().build(&wasm, &[]).await?)
        }
        ArtifactKind::Payload => {
            let module = app.javascript().await?;
            if let Some(program) = app.engine().program_kept(&module, &artifact.sha256).await {
                return Ok(program);
            }
            let payload = bytes(app, tenant, artifact).await?;
            Ok(app.engine().program(&module, &payload).await?)
        }
    }
}

async fn bytes(app: &App, tenant: &TenantId, artifact: &Artifact) -> Result<Arc<[u8]>, AppError> {
    let row = app.store().fetch::<ArtifactBytes>(tenant, &artifact.sha256).await?;
    row.map(|row| row.bytes)
        .ok_or_else(|| AppError::internal(format!("artifact {} of the draft is not stored", artifact.sha256)))
}

/// The refusal of a module that breaks a rule, with the rule's name.
fn invalid(error: &InvalidModule) -> AppError {
    // The parser's own texts may have several lines.
    let text = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    AppError::bad_request(format!("{text} (rule `{}`)", error.rule()))
}

fn not_built(error: BuildError) -> AppError {
    match error {
        BuildError::Invalid(error) => invalid(&error),
        BuildError::Compile(cause) => AppError::bad_request(format!("The module does not compile: {cause}")),
        BuildError::Init { .. } | BuildError::Interrupted(_) => error.into(),
    }
}

/// The refusal of a module that is larger than the limit.
#[must_use]
pub fn too_large() -> AppError {
    AppError::new(
        Code::TooLarge,
        format!("The module is larger than {} bytes (rule `module_size`).", limits::MODULE_BYTES),
    )
}
