//! Triggers and bindings: which actions run where, in which order. The list of a trigger is replaced whole.

use postern_model::action::POST_LOGIN;
use postern_model::{Action, Binding, OnFailure, TenantId, Trigger, limits};
use postern_store::{BindingList, Expect, Index, WriteSet};

use crate::actions::{self, ActionView, Slice, writes};
use crate::ctx::OpCtx;
use crate::error::AppError;
use crate::logs::audit;
use crate::{App, ids};

/// One version of one trigger, as clients of the Management API know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TriggerVersion {
    #[expect(missing_docs, reason = "says its name")]
    pub id: &'static str,
    #[expect(missing_docs, reason = "says its name")]
    pub version: &'static str,
    /// Whether it is the one to use.
    pub current: bool,
    /// JavaScript runtimes that Auth0 names for it.
    pub runtimes: &'static [&'static str],
    /// The one of an action that names none.
    pub default_runtime: &'static str,
    /// Whether its actions are bound to other things than the trigger.
    pub entity_bound: bool,
    /// An older version of the trigger whose actions run at this one too.
    pub compatible: Option<&'static str>,
}

const fn current(id: &'static str, version: &'static str) -> TriggerVersion {
    TriggerVersion {
        id,
        version,
        current: true,
        runtimes: &["node18-actions", "node22"],
        default_runtime: "node22",
        entity_bound: false,
        compatible: None,
    }
}

const fn deprecated(id: &'static str, version: &'static str) -> TriggerVersion {
    TriggerVersion { current: false, runtimes: &["node22"], default_runtime: "node12", ..current(id, version) }
}

const fn entity(id: &'static str) -> TriggerVersion {
    TriggerVersion { runtimes: &["node22"], entity_bound: true, ..current(id, "v1") }
}

/// The triggers that are listed, in the order and with the runtimes that Auth0 lists. Only those of `post-login` run in
/// a login; the others are kept so that a tenant's configuration can be imported whole.
const TRIGGERS: &[TriggerVersion] = &[
    deprecated(POST_LOGIN, "v1"),
    TriggerVersion { compatible: Some("v2"), ..current(POST_LOGIN, "v3") },
    TriggerVersion { runtimes: &["node18", "node22"], default_runtime: "node16", ..deprecated(POST_LOGIN, "v2") },
    current("credentials-exchange", "v2"),
    deprecated("credentials-exchange", "v1"),
    current("pre-user-registration", "v2"),
    deprecated("pre-user-registration", "v1"),
    deprecated("post-user-registration", "v1"),
    current("post-user-registration", "v2"),
    current("post-change-password", "v2"),
    deprecated("post-change-password", "v1"),
    deprecated("send-phone-message", "v1"),
    current("send-phone-message", "v2"),
    current("password-reset-post-challenge", "v1"),
    current("custom-phone-provider", "v1"),
    current("custom-email-provider", "v1"),
    TriggerVersion { runtimes: &["node18", "node22"], ..entity("custom-token-exchange") },
    entity("event-stream"),
    entity("password-hash-migration"),
    entity("mcp-tool"),
];

/// Triggers of some tenants only: actions may be made for them, and Auth0 does not list them to all.
const UNLISTED: &[TriggerVersion] = &[
    current("login-post-identifier", "v1"),
    current("signup-post-identifier", "v1"),
    current("post-credential-validation", "v1"),
];

/// How an item of a new list names its action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BindingRef {
    /// An item of the list as it stands.
    Binding(String),
    #[expect(missing_docs, reason = "says its name")]
    Action(String),
    #[expect(missing_docs, reason = "says its name")]
    ActionName(String),
}

/// A setting of an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Setting<T> {
    /// As it is now for the same action, or the default: an Auth0 client that does not know our settings keeps them.
    #[default]
    Keep,
    /// This.
    Set(T),
}

impl<T> Setting<T> {
    fn or(self, kept: T) -> T {
        match self {
            Self::Keep => kept,
            Self::Set(value) => value,
        }
    }
}

/// An item of a new list.
#[derive(Debug, Clone)]
pub struct BindingInput {
    /// Which action.
    pub target: BindingRef,
    /// The action's name when left out.
    pub display_name: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub on_failure: Setting<OnFailure>,
    /// Hosts the action may reach; `None` leaves it to the tenant.
    pub egress_hosts: Setting<Option<Vec<String>>>,
}

/// A binding with its action.
#[derive(Debug, Clone, PartialEq)]
pub struct BindingView {
    #[expect(missing_docs, reason = "says its name")]
    pub binding: Binding,
    #[expect(missing_docs, reason = "says its name")]
    pub view: ActionView,
}

/// Characters of a display name, and of a host.
const NAME_CHARS: usize = 255;
/// Hosts of one binding.
const EGRESS_HOSTS: usize = 50;

/// The triggers.
///
/// # Errors
/// When the scope is missing.
pub fn trigger_list(ctx: &OpCtx) -> Result<&'static [TriggerVersion], AppError> {
    ctx.require("read:actions")?;
    Ok(TRIGGERS)
}

/// Whether actions may be made for this trigger.
pub(crate) fn trigger_known(trigger: &Trigger) -> bool {
    let mut all = TRIGGERS.iter().chain(UNLISTED);
    all.any(|known| known.id == trigger.id && known.version == trigger.version)
}

/// The bindings of a trigger in the order they run, and how many there are in all.
///
/// # Errors
/// When the scope is missing or there is no such trigger.
pub async fn binding_list(
    app: &App,
    ctx: &OpCtx,
    trigger_id: &str,
    slice: Slice,
) -> Result<(Vec<BindingView>, usize), AppError> {
    ctx.require("read:actions")?;
    check_trigger(trigger_id)?;
    let list = bindings_of(app, &ctx.tenant.id, trigger_id).await?;
    let total = list.bindings.len();
    let views = views(app, ctx, slice.of(list.bindings)).await?;
    Ok((views, total))
}

/// Replaces the bindings of a trigger. Every item gets a new id.
///
/// # Errors
/// When the scope is missing, there is no such trigger, an item names no action of this trigger or one that was never
/// deployed, or there are too many items.
pub async fn binding_replace(
    app: &App,
    ctx: &OpCtx,
    trigger_id: &str,
    items: Vec<BindingInput>,
) -> Result<Vec<BindingView>, AppError> {
    ctx.require("update:actions")?;
    check_trigger(trigger_id)?;
    check_items(&items)?;
    for _ in 0..writes::ATTEMPTS {
        let mut list = bindings_of(app, &ctx.tenant.id, trigger_id).await?;
        let mut set = WriteSet::new(&ctx.tenant.id, ctx.request_id).insert(&audit(ctx, "binding_replace", trigger_id)?);
        let mut next = Vec::with_capacity(items.len());
        for item in &items {
            let action = target(app, ctx, &list, &item.target).await?;
            if action.trigger.id != trigger_id {
                return Err(AppError::bad_request(format!(
                    "action '{}' is for trigger '{}'",
                    action.name, action.trigger.id
                )));
            }
            if action.deployed.is_none() {
                return Err(AppError::bad_request(
                    "Trying to create a binding for an action that has not been deployed yet",
                ));
            }
            // A delete of the action meanwhile makes this write start again.
            set = set.expect::<Action>(action.id.as_str(), Expect::Present);
            next.push(bind(&list, item.clone(), &action, ctx)?);
        }
        list.bindings.clone_from(&next);
        set = if list.revision == 0 { set.insert(&list) } else { set.replace(&list) };
        if writes::commit(app, set).await?.is_some() {
            app.logins().forget(&ctx.tenant.id);
            return views(app, ctx, next).await;
        }
    }
    Err(writes::stale())
}

fn bind(list: &BindingList, item: BindingInput, action: &Action, ctx: &OpCtx) -> Result<Binding, AppError> {
    let kept = list.bindings.iter().find(|binding| match &item.target {
        BindingRef::Binding(id) => binding.id.as_str() == id,
        BindingRef::Action(_) | BindingRef::ActionName(_) => binding.action_id == action.id,
    });
    Ok(Binding {
        id: ids::binding()?,
        action_id: action.id.clone(),
        display_name: item.display_name.unwrap_or_else(|| action.name.clone()),
        on_failure: item.on_failure.or(kept.map(|binding| binding.on_failure).unwrap_or_default()),
        egress_hosts: item.egress_hosts.or(kept.and_then(|binding| binding.egress_hosts.clone())),
        created_at: ctx.now,
    })
}

async fn target(app: &App, ctx: &OpCtx, list: &BindingList, target: &BindingRef) -> Result<Action, AppError> {
    let unknown = |kind, value: &str| AppError::bad_request(format!("there is no {kind} '{value}'"));
    match target {
        BindingRef::Binding(id) => {
            let binding = list.bindings.iter().find(|binding| binding.id.as_str() == id);
            let binding = binding.ok_or_else(|| unknown("binding", id))?;
            actions::action_load(app, ctx, binding.action_id.as_str()).await
        }
        BindingRef::Action(id) => {
            actions::action_find(app, ctx, id).await?.ok_or_else(|| unknown("action with the id", id))
        }
        BindingRef::ActionName(name) => {
            let action = app.store().find::<Action>(&ctx.tenant.id, Index::ActionByName, &[name]).await?;
            action.ok_or_else(|| unknown("action with the name", name))
        }
    }
}

async fn views(app: &App, ctx: &OpCtx, bindings: Vec<Binding>) -> Result<Vec<BindingView>, AppError> {
    let mut views = Vec::with_capacity(bindings.len());
    for binding in bindings {
        // An action that went in this moment took its bindings along.
        if let Some(action) = actions::action_find(app, ctx, binding.action_id.as_str()).await? {
            views.push(BindingView { binding, view: actions::with_version(app, ctx, action).await? });
        }
    }
    Ok(views)
}

/// The list of a trigger, with revision 0 when it was never written.
pub(crate) async fn bindings_of(app: &App, tenant: &TenantId, trigger_id: &str) -> Result<BindingList, AppError> {
    let list = app.store().fetch::<BindingList>(tenant, trigger_id).await?;
    Ok(list.unwrap_or_else(|| BindingList { trigger_id: trigger_id.to_owned(), bindings: Vec::new(), revision: 0 }))
}

fn check_trigger(id: &str) -> Result<(), AppError> {
    if TRIGGERS.iter().chain(UNLISTED).any(|known| known.id == id) {
        Ok(())
    } else {
        Err(AppError::not_found(format!("There is no trigger '{id}'.")))
    }
}

fn check_items(items: &[BindingInput]) -> Result<(), AppError> {
    if items.len() > limits::BINDINGS_PER_TRIGGER {
        return Err(AppError::invalid_body(format!(
            "a trigger may have at most {} bindings",
            limits::BINDINGS_PER_TRIGGER
        )));
    }
    for item in items {
        if let Some(name) = &item.display_name
            && (name.is_empty() || name.chars().count() > NAME_CHARS || name.chars().any(char::is_control))
        {
            return Err(AppError::invalid_body(format!(
                "'display_name' must have 1 to {NAME_CHARS} characters, none of them a control character"
            )));
        }
        if let Setting::Set(Some(hosts)) = &item.egress_hosts {
            check_hosts(hosts)?;
        }
    }
    Ok(())
}

fn check_hosts(hosts: &[String]) -> Result<(), AppError> {
    if hosts.len() > EGRESS_HOSTS {
        return Err(AppError::invalid_body(format!("a binding may name at most {EGRESS_HOSTS} hosts")));
    }
    for host in hosts {
        // A name, an address, or `*.` before a name: what a URL could have between its slashes and its port.
        let name = host.strip_prefix("*.").unwrap_or(host);
        if name.is_empty() || name.contains('*') || host.len() > NAME_CHARS || url::Host::parse(name).is_err() {
            return Err(AppError::invalid_body(format!("'{host}' is not a host name")));
        }
    }
    Ok(())
}
