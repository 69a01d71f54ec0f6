//! Account linking: the identities of one user become those of another, and come apart again (Auth0 Management API:
//! /users/{id}/identities).

use postern_model::{Actor, Connection, Identity, User, UserId};
use postern_store::{CommitError, Expect, Index, WriteSet};
use serde_json::{Map, Value, json};

use super::access::with_access_deleted;
use super::{absent, load};
use crate::ctx::{OpCtx, Rights};
use crate::error::{AppError, Code};
use crate::tenants::TenantKeys;
use crate::{App, connections, ids, logs, mfa, tokens};

/// Identities of one user: a row is read whole at every login.
const IDENTITIES: usize = 50;
/// How often a change is made again when one of the users changed meanwhile.
const ATTEMPTS: usize = 5;
/// Root fields that go into the profile of a secondary identity.
const TEXTS: [&str; 7] = ["email", "username", "phone_number", "name", "given_name", "family_name", "nickname"];

/// Who is linked to a user.
#[derive(Clone)]
pub enum Secondary {
    /// The user of this id in a connection.
    Named {
        /// The strategy.
        provider: String,
        /// The id there, with or without the strategy.
        user_id: String,
        /// Which connection of the strategy; without it the `user_id` decides.
        connection_id: Option<String>,
    },
    /// The user whose ID token this is.
    Token(String),
}

impl std::fmt::Debug for Secondary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Named { provider, user_id, .. } => f.debug_tuple("Named").field(provider).field(user_id).finish(),
            Self::Token(_) => f.debug_tuple("Token").finish_non_exhaustive(),
        }
    }
}

/// Moves the identities of another user to this one. The other's row goes away: its profile is kept in the identity,
/// its metadata is discarded, its history stays.
///
/// # Errors
/// When the scope is missing, one of the users does not exist, they are the same, or are linked already.
pub async fn identity_link(
    app: &App,
    ctx: &OpCtx,
    tenant: &TenantKeys,
    id: &str,
    secondary: &Secondary,
) -> Result<Vec<Identity>, AppError> {
    if ctx.require_own(&["update:users"], &["update:current_user_identities"], id)? == Rights::Own
        && matches!(secondary, Secondary::Named { .. })
    {
        // Who links for themselves has to prove that the other account is theirs, too.
        ctx.require("update:users")?;
    }
    for _ in 0..ATTEMPTS {
        let primary = load(app, ctx, id).await?;
        let other = find(app, ctx, tenant, &primary, secondary).await?;
        if other.user_id == primary.user_id {
            return Err(same());
        }
        let joined = joined(ctx, primary, &other)?;
        let set = WriteSet::new(&ctx.tenant.id, ids::request()?)
            .delete::<User>(other.user_id.as_str(), Expect::Revision(other.revision))
            .replace(&joined)
            .insert(&logs::audit(ctx, "Link a user account", id)?);
        let set = mfa::manage::with_factors_deleted(app, ctx, &other, set).await?;
        let set = with_access_deleted(app, ctx, &other.user_id, set).await?;
        match app.store().commit(set).await {
            Ok(_) => return Ok(joined.identities),
            Err(CommitError::Conflict { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(AppError::conflict("The users were changed at the same time by others; send the request again."))
}

fn same() -> AppError {
    AppError::bad_request("Main account and linked account identities are the same.")
}

fn linked() -> AppError {
    AppError::conflict("The specified identity is already linked to a user.")
}

/// The user to be linked.
async fn find(
    app: &App,
    ctx: &OpCtx,
    tenant: &TenantKeys,
    primary: &User,
    secondary: &Secondary,
) -> Result<User, AppError> {
    let (store, tenant_id) = (app.store(), &ctx.tenant.id);
    let (provider, there, connection) = match secondary {
        Secondary::Token(token) => {
            let client = match &ctx.actor {
                Actor::User { client_id, .. } => Some(client_id),
                Actor::Client { .. } | Actor::Action { .. } | Actor::System => None,
            };
            let user_id = tokens::id_token_user(app, tenant, token, client).await?;
            return store.fetch::<User>(tenant_id, user_id.as_str()).await?.ok_or_else(absent);
        }
        Secondary::Named { provider, user_id, connection_id } => {
            let there = user_id.strip_prefix(&format!("{provider}|")).unwrap_or(user_id);
            let connection = match connection_id {
                Some(id) => Some(connections::load(app, ctx, id).await?),
                None => None,
            };
            (provider, there, connection)
        }
    };
    let known = |identity: &Identity| {
        identity.provider == *provider
            && identity.user_id == there
            && connection.as_ref().is_none_or(|connection: &Connection| connection.name == identity.connection)
    };
    match primary.identities.split_first() {
        Some((first, _)) if known(first) => return Err(same()),
        Some((_, rest)) if rest.iter().any(known) => return Err(linked()),
        _ => {}
    }
    let found = match &connection {
        Some(connection) if connection.strategy.0 != *provider => None,
        Some(connection) => store.find::<User>(tenant_id, Index::UserByIdentity, &[&connection.name, there]).await?,
        None => match format!("{provider}|{there}").parse::<UserId>() {
            Ok(id) => store.fetch::<User>(tenant_id, id.as_str()).await?,
            Err(_bad) => None,
        },
    };
    match found {
        Some(user) if user.identities.first().is_some_and(known) => Ok(user),
        // Somebody else's secondary identity.
        Some(_) => Err(linked()),
        None => Err(absent()),
    }
}

/// The primary user with the identities of the other.
fn joined(ctx: &OpCtx, mut primary: User, other: &User) -> Result<User, AppError> {
    let mut moved = other.identities.clone();
    if let Some(first) = moved.first_mut() {
        first.profile_data = Some(profile(other));
        first.password_hash.clone_from(&other.password_hash);
    }
    primary.identities.append(&mut moved);
    if primary.identities.len() > IDENTITIES {
        return Err(AppError::bad_request(format!("A user has at most {IDENTITIES} identities.")));
    }
    primary.updated_at = ctx.now;
    Ok(primary)
}

/// What is known of a user, as the profile of an identity.
fn profile(user: &User) -> Map<String, Value> {
    let mut profile = user.attributes.clone();
    let texts = [
        &user.email,
        &user.username,
        &user.phone_number,
        &user.name,
        &user.given_name,
        &user.family_name,
        &user.nickname,
    ];
    for (name, text) in TEXTS.into_iter().zip(texts) {
        if let Some(text) = text {
            profile.insert(name.to_owned(), json!(text));
        }
    }
    if let Some(picture) = &user.picture {
        profile.insert("picture".to_owned(), json!(picture));
    }
    if user.email.is_some() {
        profile.insert("email_verified".to_owned(), json!(user.email_verified));
    }
    if let Some(verified) = user.phone_verified {
        profile.insert("phone_verified".to_owned(), json!(verified));
    }
    profile
}

/// Takes a secondary identity away; it becomes a user of its own again, with the profile it has and without metadata.
/// Answers with the identities that are left.
///
/// # Errors
/// When the scope is missing, there is no such user or identity, or it is the main one.
pub async fn identity_unlink(
    app: &App,
    ctx: &OpCtx,
    id: &str,
    provider: &str,
    user_id: &str,
) -> Result<Vec<Identity>, AppError> {
    ctx.require_own(&["update:users"], &["update:current_user_identities"], id)?;
    let there = user_id.strip_prefix(&format!("{provider}|")).unwrap_or(user_id);
    for _ in 0..ATTEMPTS {
        let mut primary = load(app, ctx, id).await?;
        let at = primary.identities.iter().position(|held| held.provider == provider && held.user_id == there);
        let identity = match at {
            None => return Err(AppError::new(Code::InexistentIdentity, "The identity does not exist.")),
            Some(0) => return Err(AppError::bad_request("The main identity of a user cannot be unlinked.")),
            Some(at) => primary.identities.remove(at),
        };
        primary.updated_at = ctx.now;
        let alone = alone(ctx, identity)?;
        let set = WriteSet::new(&ctx.tenant.id, ids::request()?).replace(&primary).insert(&alone).insert(&logs::audit(
            ctx,
            "Unlink a user account",
            id,
        )?);
        match app.store().commit(set).await {
            Ok(_) => return Ok(primary.identities),
            Err(CommitError::Conflict { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(AppError::conflict("The user was changed at the same time by others; send the request again."))
}

/// The user that an identity is without another.
fn alone(ctx: &OpCtx, mut identity: Identity) -> Result<User, AppError> {
    let user_id = format!("{}|{}", identity.provider, identity.user_id)
        .parse()
        .map_err(|_bad| AppError::internal("make the id of an unlinked user"))?;
    let mut profile = identity.profile_data.take().unwrap_or_default();
    let password_hash = identity.password_hash.take();
    let mut user = User::new(user_id, identity, ctx.now);
    let mut text = |name: &str| match profile.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    user.email = text("email");
    user.username = text("username");
    user.phone_number = text("phone_number");
    user.name = text("name");
    user.given_name = text("given_name");
    user.family_name = text("family_name");
    user.nickname = text("nickname");
    user.picture = text("picture");
    let mut flag = |name: &str| profile.remove(name).and_then(|value| value.as_bool());
    user.email_verified = flag("email_verified").unwrap_or_default();
    user.phone_verified = flag("phone_verified");
    user.attributes = profile;
    user.password_hash = password_hash;
    Ok(user)
}
