//! Passwords that a custom database knows (see [`crate::custom_database`]).

use postern_model::{Actor, Client, Connection, LogType, LoginFailures, MetadataKind, User};
use postern_store::{CommitError, Index, MetadataChange, UserPatch, WriteSet};
use serde_json::{Map, Value, json};

use super::password::{LoginRefused, counted, failed, login_fields, succeeded, user_by_login};
use super::signup::SignupRefused;
use crate::actions::sha256_hex;
use crate::ctx::OpCtx;
use crate::custom_database::{self, Said};
use crate::error::AppError;
use crate::login::{self, Who};
use crate::users::UserInput;
use crate::{App, attack_protection, ids, logs, passwords, tenant_settings};

/// Asks the custom database of a connection, when the connection has one and the user is not kept here already;
/// `None` otherwise. Who may not log in is written into the tenant log.
///
/// # Errors
/// Why the login is refused.
pub(super) async fn check(
    app: &App,
    ctx: &OpCtx,
    client: &Client,
    connection: &Connection,
    (username, password): (&str, &str),
) -> Result<Option<Who>, LoginRefused> {
    if !custom_database::is_custom(connection) || username.is_empty() || username.chars().count() > 320 {
        return Ok(None);
    }
    let user = user_by_login(app, &ctx.tenant.id, connection, username).await?;
    let imports = custom_database::imports(connection);
    if imports && user.as_ref().is_some_and(|user| user.password_hash.is_some()) {
        return Ok(None);
    }
    let (refused, kind) = match ask(app, ctx, connection, user.as_ref(), (username, password)).await? {
        Ok(profile) => {
            return taken_over(app, ctx, connection, user, profile, imports.then_some(password)).await.map(Some);
        }
        Err(refused) => refused,
    };
    if app.failed_exchanges().note(&ctx.tenant.id, ctx.now) {
        let mut fields = login_fields(ctx, client, connection);
        let name: String = username.chars().filter(|c| !c.is_control()).take(128).collect();
        fields.insert("user_name".to_owned(), json!(name));
        if let Some(user) = &user {
            fields.insert("user_id".to_owned(), json!(user.user_id));
        }
        logs::log_write(app, &ctx.tenant.id, kind, refused.words().2, fields, ctx.now).await?;
    }
    Err(refused)
}

type Refused = (LoginRefused, LogType);

/// The profile of the one who knows the password. Guesses are counted here: the endpoint is not to be tried out.
async fn ask(
    app: &App,
    ctx: &OpCtx,
    connection: &Connection,
    user: Option<&User>,
    (username, password): (&str, &str),
) -> Result<Result<Map<String, Value>, Refused>, AppError> {
    let tenant = &ctx.tenant.id;
    let rules = attack_protection::brute_force(app, tenant).await?;
    let address = ctx.ip.clone().unwrap_or_default();
    let protected = rules.counts(&address);
    let address = if rules.any_address { String::new() } else { address };
    let name = sha256_hex(username.trim().to_lowercase().as_bytes());
    let key = format!("{tenant} {} {name} {address}", connection.id);
    // One guess at a time: many at once would all be made before the first is counted.
    let _lock = app.logins().user_lock(tenant, &format!("password {name} {}", connection.id)).await;
    let before = match user {
        Some(user) => {
            let row = app.store().fetch::<LoginFailures>(tenant, user.user_id.as_str()).await?;
            row.as_ref().and_then(|row| row.by_ip.get(&address)).map_or(0, |count| counted(count, ctx.now))
        }
        None => app.unknown_failures().count(&key, ctx.now),
    };
    if before >= rules.max_attempts && protected {
        return Ok(Err((LoginRefused::TooMany, LogType::BlockedAccount)));
    }
    let kind = match custom_database::login(app, tenant, connection, username, password, ctx.now).await? {
        Said::Profile(profile) => {
            if let Some(user) = user.filter(|_| before > 0) {
                succeeded(app, ctx, &user.user_id, &address).await?;
            }
            if user.is_some_and(|user| user.blocked == Some(true)) {
                return Ok(Err((LoginRefused::Blocked, LogType::FailedLogin)));
            }
            return Ok(Ok(profile));
        }
        Said::Wrong => LogType::FailedLoginPassword,
        Said::Unknown => LogType::FailedLoginUnknown,
        Said::Failed | Said::Exists | Said::Refused(_) => {
            return Ok(Err((LoginRefused::Unreachable, LogType::FailedLogin)));
        }
    };
    match user.filter(|_| protected) {
        Some(user) => failed(app, ctx, &user.user_id, &address).await?,
        None if user.is_none() && protected => {
            app.unknown_failures().note(key, rules.max_attempts, ctx.now);
        }
        None => {}
    }
    Ok(Err((LoginRefused::Wrong, kind)))
}

/// Has a user of a custom database made there, before the row here. Where passwords are kept there, none is kept here.
///
/// # Errors
/// Why there is no such user to be made.
pub(super) async fn sign_up(
    app: &App,
    ctx: &OpCtx,
    connection: &Connection,
    input: &mut UserInput,
) -> Result<(), SignupRefused> {
    if !custom_database::is_custom(connection) {
        return Ok(());
    }
    let tenant = &ctx.tenant.id;
    let text = |field: &str| input.text.get(field).cloned().flatten();
    let name = text("email").or_else(|| text("username")).unwrap_or_default();
    let exists = || async {
        let open = tenant_settings::load(app, tenant).await?.tells_that_user_exists();
        Ok::<_, AppError>(SignupRefused::Exists { username: false, open })
    };
    let failed = || SignupRefused::Denied("The user database cannot be asked at the moment.".to_owned());
    match custom_database::get_user(app, tenant, connection, &name, ctx.now).await? {
        Said::Unknown => {}
        Said::Profile(_) | Said::Exists => return Err(exists().await?),
        Said::Failed | Said::Wrong | Said::Refused(_) => return Err(failed()),
    }
    let mut body: Map<String, Value> =
        input.text.iter().filter_map(|(name, value)| Some(((*name).to_owned(), json!(value.as_ref()?)))).collect();
    body.insert("password".to_owned(), json!(input.password));
    body.insert("user_metadata".to_owned(), json!(input.user_metadata.clone().unwrap_or_default()));
    body.insert("app_metadata".to_owned(), json!({}));
    match custom_database::create(app, tenant, connection, body, ctx.now).await? {
        Said::Profile(profile) => {
            input.user_id = profile.get("user_id").and_then(Value::as_str).map(str::to_owned);
        }
        Said::Exists => return Err(exists().await?),
        Said::Refused(why) => return Err(SignupRefused::Denied(why)),
        Said::Failed | Said::Wrong | Said::Unknown => return Err(failed()),
    }
    if !custom_database::imports(connection) {
        input.password = None;
    }
    Ok(())
}

/// Who logs in with that profile. With a password the user is kept here from now on.
async fn taken_over(
    app: &App,
    ctx: &OpCtx,
    connection: &Connection,
    by_name: Option<User>,
    mut profile: Map<String, Value>,
    password: Option<&str>,
) -> Result<Who, LoginRefused> {
    let tenant = &ctx.tenant.id;
    let there = profile.get("user_id").and_then(Value::as_str).unwrap_or_default();
    let there = there.strip_prefix("auth0|").unwrap_or(there).to_owned();
    let key = [&*connection.name, &*there];
    let by_id = app.store().find::<User>(tenant, Index::UserByIdentity, &key).await.map_err(AppError::from)?;
    let known = match (by_id, by_name) {
        (Some(user), _) => Some(user),
        // Made here, at the signup: the row has an id of its own.
        (None, Some(user)) => {
            profile.remove("user_id");
            if let Some(email) = &user.email {
                profile.insert("email".to_owned(), json!(email));
            }
            Some(user)
        }
        (None, None) => {
            // The id of a user of another connection is no way to become that user.
            let id = format!("auth0|{there}");
            if app.store().fetch::<User>(tenant, &id).await.map_err(AppError::from)?.is_some() {
                let text = format!("The custom database of '{}' returned the id of another user.", connection.name);
                logs::log_write(app, tenant, LogType::Warning, &text, login_warning(connection), ctx.now).await?;
                return Err(LoginRefused::Unreachable);
            }
            None
        }
    };
    match known {
        Some(user) => keep(app, ctx, &user, &profile, password).await?,
        None => {
            if let Some(password) = password {
                import(app, ctx, connection, &profile, password).await?;
            }
        }
    }
    Ok(Who::Profile(profile))
}

fn login_warning(connection: &Connection) -> Map<String, Value> {
    Map::from_iter([
        ("connection".to_owned(), json!(connection.name)),
        ("connection_id".to_owned(), json!(connection.id)),
    ])
}

/// Writes what the sync of a login does not: the password that is kept from now on, and metadata that is allowed.
async fn keep(
    app: &App,
    ctx: &OpCtx,
    user: &User,
    profile: &Map<String, Value>,
    password: Option<&str>,
) -> Result<(), AppError> {
    let mut patch = UserPatch::new(user.user_id.clone(), ctx.now);
    if let Some(password) = password {
        patch.set.insert("password_hash".to_owned(), json!(passwords::hash(password.to_owned()).await?));
    }
    for kind in [MetadataKind::UserMetadata, MetadataKind::AppMetadata] {
        let Some(Value::Object(given)) = profile.get(kind.name()) else { continue };
        let kept = user.metadata(kind);
        let changed = given.iter().filter(|(name, value)| kept.and_then(|kept| kept.get(*name)) != Some(value));
        let changed: Map<String, Value> = changed.map(|(name, value)| (name.clone(), value.clone())).collect();
        if !changed.is_empty() {
            patch.metadata.push(MetadataChange { kind, patch: changed, clear: false, actor: Actor::System });
        }
    }
    if patch.set.is_empty() && patch.metadata.is_empty() {
        return Ok(());
    }
    app.store().commit(WriteSet::new(&ctx.tenant.id, ids::request()?).patch_user(patch)).await?;
    Ok(())
}

/// Makes the user here, with the password: the custom database is not asked again.
async fn import(
    app: &App,
    ctx: &OpCtx,
    connection: &Connection,
    profile: &Map<String, Value>,
    password: &str,
) -> Result<(), AppError> {
    let Some(mut user) = login::user_of_profile(ctx, connection, profile)? else { return Ok(()) };
    user.password_hash = Some(passwords::hash(password.to_owned()).await?);
    match app.store().commit(WriteSet::new(&ctx.tenant.id, ids::request()?).insert(&user)).await {
        // Another login at the same time made it.
        Ok(_) | Err(CommitError::Conflict { .. }) => Ok(()),
        Err(other) => Err(other.into()),
    }
}
