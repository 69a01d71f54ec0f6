//! Whose login it is: an existing user, or a new one made of the profile that the connection hands over.

use std::sync::Arc;

use postern_flow::{MAX_DEPTH, depth_within};
use postern_model::metadata::{check_key, size};
use postern_model::{Connection, Identity, Metadata, MetadataKind, RootAttributes, User, UserId, limits};
use postern_store::{Index, Table};
use serde_json::{Map, Value, json};

use crate::ctx::OpCtx;
use crate::error::{AppError, Code};
use crate::users::{gravatar, user_id_there};
use crate::{App, ids};

/// Root fields that a connection's rule decides about (Auth0: `set_user_root_attributes`).
const ROOT_ATTRIBUTES: &[&str] = &["name", "nickname", "given_name", "family_name", "picture"];
/// Root fields that every login takes over.
const TAKEN_OVER: &[&str] = &["email", "username", "phone_number"];
const FLAGS: &[&str] = &["email_verified", "phone_verified"];
/// Fields that are not a profile's to set.
const OURS: &[&str] = &[
    "app_metadata",
    "attributes",
    "blocked",
    "created_at",
    "identities",
    "last_ip",
    "last_login",
    "last_password_reset",
    "logins_count",
    "multifactor",
    "password",
    "password_hash",
    "revision",
    "roles",
    "updated_at",
    "user_metadata",
];
/// Characters of a text of a profile.
const TEXT_CHARS: usize = 2048;
/// Further attributes of a profile, bytes of JSON text.
const ATTRIBUTES_BYTES: usize = 64 * 1024;

/// The profile that a connection hands over, checked.
#[derive(Debug, Clone, Default)]
pub(super) struct Profile {
    id_there: Option<String>,
    /// Root fields: texts and flags.
    fields: Map<String, Value>,
    attributes: Map<String, Value>,
    user_metadata: Option<Metadata>,
    app_metadata: Option<Metadata>,
}

impl Profile {
    /// Whether it says which user of the connection it is.
    pub(super) fn names_id(&self) -> bool {
        self.id_there.is_some()
    }
}

/// Who logs in.
#[derive(Debug, Clone)]
pub(super) struct Person {
    /// As actions see them: what is not kept is there too.
    pub(super) user: Arc<User>,
    /// As stored, with this login's profile taken over.
    pub(super) kept: Arc<User>,
    /// Whether there was no such user.
    pub(super) new: bool,
    /// Root fields that this login changes, in stored form.
    pub(super) set: Map<String, Value>,
}

/// Checks the profile of a first login.
pub(super) fn profile(given: &Map<String, Value>) -> Result<Profile, AppError> {
    let mut profile = Profile::default();
    for (name, value) in given {
        let wrong = |rule: &str| AppError::invalid_body(format!("'user.{name}' {rule}"));
        match name.as_str() {
            "user_id" => {
                let id = value.as_str().filter(|id| !id.is_empty()).ok_or_else(|| wrong("must be a text"))?;
                profile.id_there = Some(id.to_owned());
            }
            "user_metadata" => profile.user_metadata = metadata(MetadataKind::UserMetadata, value)?,
            "app_metadata" => profile.app_metadata = metadata(MetadataKind::AppMetadata, value)?,
            field if ROOT_ATTRIBUTES.contains(&field) || TAKEN_OVER.contains(&field) => {
                let text = value.as_str().ok_or_else(|| wrong("must be a text"))?;
                if text.is_empty() || text.chars().count() > TEXT_CHARS || text.chars().any(char::is_control) {
                    return Err(wrong(&format!("must have 1 to {TEXT_CHARS} characters")));
                }
                if field == "email" && text.split('@').filter(|part| !part.is_empty()).count() != 2 {
                    return Err(wrong("must be an email address"));
                }
                let lower = matches!(field, "email" | "username");
                let text = if lower { text.to_lowercase() } else { text.to_owned() };
                profile.fields.insert(name.clone(), Value::String(text));
            }
            field if FLAGS.contains(&field) => {
                let flag = value.as_bool().ok_or_else(|| wrong("must be a boolean"))?;
                profile.fields.insert(name.clone(), Value::Bool(flag));
            }
            field if OURS.contains(&field) => return Err(wrong("cannot be set by a profile")),
            _ if !depth_within(value, MAX_DEPTH) => {
                return Err(wrong(&format!("is nested more than {MAX_DEPTH} deep")));
            }
            _ => {
                profile.attributes.insert(name.clone(), value.clone());
            }
        }
    }
    if size(&profile.attributes) > ATTRIBUTES_BYTES {
        return Err(AppError::invalid_body(format!("'user' has more than {ATTRIBUTES_BYTES} bytes of attributes")));
    }
    Ok(profile)
}

fn metadata(kind: MetadataKind, value: &Value) -> Result<Option<Metadata>, AppError> {
    let Value::Object(metadata) = value else {
        return Err(AppError::invalid_body(format!("'user.{}' must be an object", kind.name())));
    };
    let mut metadata = metadata.clone();
    metadata.retain(|_, value| !value.is_null());
    for (key, value) in &metadata {
        check_key(kind, key).map_err(AppError::invalid_body)?;
        if !depth_within(value, MAX_DEPTH) {
            return Err(AppError::invalid_body(format!("'{key}' is nested more than {MAX_DEPTH} deep")));
        }
    }
    if size(&metadata) > limits::METADATA_BYTES {
        return Err(AppError::invalid_body(format!("'{}' is too large", kind.name())));
    }
    Ok(Some(metadata))
}

fn absent() -> AppError {
    AppError::new(Code::InexistentUser, "The user does not exist.")
}

/// The id that the login is about. `fresh` is the one of a user who is not known and brings none; made once.
pub(super) async fn resolve(
    app: &App,
    ctx: &OpCtx,
    user_id: Option<&str>,
    profile: &Profile,
    connection: &Connection,
    fresh: &mut Option<UserId>,
) -> Result<UserId, AppError> {
    if let Some(id) = user_id {
        return id.parse().map_err(|_bad| absent());
    }
    let (tenant, strategy) = (&ctx.tenant.id, &connection.strategy.0);
    if let Some(given) = &profile.id_there {
        let there = given.strip_prefix(&format!("{strategy}|")).unwrap_or(given);
        // Only the id is wanted: the row is read under the lock.
        let key = [&*connection.name, there];
        let known = app.store().find_record(tenant, Table::Users, Index::UserByIdentity, &key).await?;
        return match known {
            Some(row) => row.id.parse().map_err(|_bad| AppError::internal("read the id of a user")),
            None => format!("{strategy}|{there}")
                .parse()
                .map_err(|_bad| AppError::invalid_body("'user.user_id' is not well-formed")),
        };
    }
    if connection.strategy.is_database() {
        for name in ["email", "username"] {
            let Some(value) = profile.fields.get(name).and_then(Value::as_str) else { continue };
            let key = [&*connection.name, name, value];
            if let Some(user) = app.store().find::<User>(tenant, Index::UserByDatabaseName, &key).await? {
                return Ok(user.user_id);
            }
        }
    }
    match fresh {
        Some(id) => Ok(id.clone()),
        None => Ok(fresh.insert(ids::user(strategy)?).clone()),
    }
}

/// The user as they are now, with the profile taken over as the connection's rules say.
pub(super) async fn load(
    app: &App,
    ctx: &OpCtx,
    id: &UserId,
    profile: Option<&Profile>,
    connection: &Connection,
) -> Result<Person, AppError> {
    let stored = app.store().fetch::<User>(&ctx.tenant.id, id.as_str()).await?;
    match (stored, profile) {
        (Some(user), None) => {
            let user = Arc::new(user);
            Ok(Person { kept: Arc::clone(&user), user, new: false, set: Map::new() })
        }
        (Some(user), Some(profile)) => taken_over(user, profile, connection),
        (None, Some(profile)) => created(ctx, id, profile, connection),
        (None, None) => Err(absent()),
    }
}

/// Whether the connection lets this field be stored.
fn persists(connection: &Connection, name: &str) -> bool {
    !connection.non_persistent_attrs.iter().any(|dropped| dropped == name)
}

/// The user that a first login with this profile would make; `None` when the connection makes none.
pub(crate) fn user_of_profile(
    ctx: &OpCtx,
    connection: &Connection,
    given: &Map<String, Value>,
) -> Result<Option<User>, AppError> {
    if connection.set_user_root_attributes == RootAttributes::NeverOnLogin {
        return Ok(None);
    }
    let profile = profile(given)?;
    let strategy = &connection.strategy.0;
    let id = match &profile.id_there {
        Some(there) => format!("{strategy}|{}", there.strip_prefix(&format!("{strategy}|")).unwrap_or(there))
            .parse()
            .map_err(|_bad| AppError::invalid_body("'user.user_id' is not well-formed"))?,
        None => ids::user(strategy)?,
    };
    Ok(Some(User::clone(&created(ctx, &id, &profile, connection)?.kept)))
}

fn created(ctx: &OpCtx, id: &UserId, profile: &Profile, connection: &Connection) -> Result<Person, AppError> {
    if connection.set_user_root_attributes == RootAttributes::NeverOnLogin {
        return Err(AppError::new(Code::InexistentUser, "The user does not exist, and the connection creates none."));
    }
    let blank = User {
        user_id: id.clone(),
        revision: 0,
        email: None,
        email_verified: false,
        username: None,
        phone_number: None,
        phone_verified: None,
        name: None,
        given_name: None,
        family_name: None,
        nickname: None,
        picture: None,
        blocked: None,
        attributes: Map::new(),
        identities: vec![Identity {
            connection: connection.name.clone(),
            provider: connection.strategy.0.clone(),
            user_id: user_id_there(id).to_owned(),
            is_social: connection.strategy.is_social(),
            profile_data: None,
            password_hash: None,
        }],
        user_metadata: profile.user_metadata.clone(),
        app_metadata: profile.app_metadata.clone(),
        roles: Vec::new(),
        multifactor: Vec::new(),
        password_hash: None,
        created_at: ctx.now,
        updated_at: ctx.now,
        last_login: None,
        last_ip: None,
        last_password_reset: None,
        logins_count: 0,
    };
    let (mut user, mut kept) = (blank.clone(), blank);
    for (name, value) in &profile.fields {
        write(&mut user, name, value);
        if persists(connection, name) {
            write(&mut kept, name, value);
        }
    }
    user.attributes = profile.attributes.clone();
    kept.attributes = profile.attributes.clone();
    kept.attributes.retain(|name, _| persists(connection, name));
    fill(&mut user);
    fill(&mut kept);
    Ok(Person { user: Arc::new(user), kept: Arc::new(kept), new: true, set: Map::new() })
}

/// What a user without these fields is given, as by `POST /users`.
fn fill(user: &mut User) {
    let local = user.email.as_deref().and_then(|email| email.split('@').next()).map(str::to_owned);
    user.name = user.name.take().or_else(|| user.email.clone()).or_else(|| user.username.clone());
    user.nickname = user.nickname.take().or(local).or_else(|| user.username.clone());
    user.picture = user.picture.take().or_else(|| user.email.as_deref().map(gravatar));
}

/// Which of the linked identities it is that logs in; `None` is the main one.
fn linked(user: &User, profile: &Profile, connection: &Connection) -> Option<usize> {
    let strategy = format!("{}|", connection.strategy.0);
    let there = profile.id_there.as_deref().map(|id| id.strip_prefix(&strategy).unwrap_or(id));
    let is_it = |held: &Identity| {
        held.connection == connection.name
            && match there {
                Some(there) => held.user_id == there,
                None => ["email", "username"].iter().any(|name| {
                    let given = profile.fields.get(*name).and_then(Value::as_str);
                    given.is_some() && held.profile_text(name).map(str::to_lowercase).as_deref() == given
                }),
            }
    };
    let (first, rest) = user.identities.split_first()?;
    let is_main = first.connection == connection.name && there == Some(first.user_id.as_str());
    if is_main { None } else { rest.iter().position(is_it).map(|at| at + 1) }
}

/// The profile of a linked identity is that identity's: the user stays what the main one made them.
fn taken_over_by(mut user: User, at: usize, profile: &Profile, connection: &Connection) -> Result<Person, AppError> {
    let mut set = Map::new();
    let before = user.identities.clone();
    if let Some(identity) = user.identities.get_mut(at) {
        let kept = identity.profile_data.get_or_insert_with(Map::new);
        let given = profile.fields.iter().chain(&profile.attributes);
        kept.extend(given.filter(|(name, _)| persists(connection, name)).map(owned));
        if size(kept) > ATTRIBUTES_BYTES {
            return Err(AppError::invalid_body(format!(
                "the identity's profile would exceed {ATTRIBUTES_BYTES} bytes"
            )));
        }
    }
    if user.identities != before {
        set.insert("identities".to_owned(), json!(user.identities));
    }
    let user = Arc::new(user);
    Ok(Person { kept: Arc::clone(&user), user, new: false, set })
}

fn taken_over(user: User, profile: &Profile, connection: &Connection) -> Result<Person, AppError> {
    if let Some(at) = linked(&user, profile, connection) {
        return taken_over_by(user, at, profile, connection);
    }
    let mut set = Map::new();
    let (mut seen, mut kept) = (user.clone(), user);
    for (name, value) in &profile.fields {
        let synced = match connection.set_user_root_attributes {
            RootAttributes::OnEachLogin => true,
            RootAttributes::OnFirstLogin | RootAttributes::NeverOnLogin => !ROOT_ATTRIBUTES.contains(&name.as_str()),
        };
        if !synced {
            continue;
        }
        // A new address is not a confirmed one, unless the profile says so.
        if name == "email" && kept.email.as_deref() != value.as_str() && !profile.fields.contains_key("email_verified")
        {
            seen.email_verified = false;
            if persists(connection, name) && kept.email_verified {
                kept.email_verified = false;
                set.insert("email_verified".to_owned(), Value::Bool(false));
            }
        }
        if write(&mut seen, name, value) && persists(connection, name) {
            write(&mut kept, name, value);
            set.insert(name.clone(), value.clone());
        }
    }
    let mut attributes = kept.attributes.clone();
    attributes.extend(profile.attributes.iter().filter(|(name, _)| persists(connection, name)).map(owned));
    seen.attributes.extend(profile.attributes.iter().map(owned));
    if attributes != kept.attributes {
        if size(&attributes) > ATTRIBUTES_BYTES {
            return Err(AppError::invalid_body(format!("the user's attributes would exceed {ATTRIBUTES_BYTES} bytes")));
        }
        set.insert("attributes".to_owned(), json!(attributes));
        kept.attributes = attributes;
    }
    Ok(Person { user: Arc::new(seen), kept: Arc::new(kept), new: false, set })
}

fn owned((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

/// Sets a root field of a checked profile; says whether that changes it.
fn write(user: &mut User, name: &str, value: &Value) -> bool {
    let text = value.as_str();
    let flag = value.as_bool().unwrap_or_default();
    let field = match name {
        "email_verified" => return std::mem::replace(&mut user.email_verified, flag) != flag,
        "phone_verified" => return user.phone_verified.replace(flag) != Some(flag),
        "email" => &mut user.email,
        "username" => &mut user.username,
        "phone_number" => &mut user.phone_number,
        "name" => &mut user.name,
        "nickname" => &mut user.nickname,
        "given_name" => &mut user.given_name,
        "family_name" => &mut user.family_name,
        "picture" => &mut user.picture,
        _ => return false,
    };
    if field.as_deref() == text {
        return false;
    }
    *field = text.map(str::to_owned);
    true
}
