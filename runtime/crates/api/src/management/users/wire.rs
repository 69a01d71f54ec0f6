//! Users as Auth0 sends and takes them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use postern_app::error::AppError;
use postern_app::users::UserInput;
use postern_model::{HistoryEntry, Identity, Metadata, User};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

/// Three fractional digits, as Auth0 writes times.
pub(crate) fn time(at: Timestamp) -> Value {
    json!(format!("{at:.3}"))
}

/// A user.
pub(crate) fn user(user: &User) -> Value {
    let mut object: Map<String, Value> = user.attributes.clone();
    let mut set = |name: &str, value: Value| {
        object.insert(name.to_owned(), value);
    };
    set("user_id", json!(user.user_id));
    set("created_at", time(user.created_at));
    set("updated_at", time(user.updated_at));
    set("identities", user.identities.iter().map(identity).collect());
    let texts = [
        ("email", &user.email),
        ("username", &user.username),
        ("phone_number", &user.phone_number),
        ("name", &user.name),
        ("given_name", &user.given_name),
        ("family_name", &user.family_name),
        ("nickname", &user.nickname),
        ("picture", &user.picture),
        ("last_ip", &user.last_ip),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            set(name, json!(text));
        }
    }
    if user.email.is_some() {
        set("email_verified", json!(user.email_verified));
    }
    for (name, flag) in [("phone_verified", user.phone_verified), ("blocked", user.blocked)] {
        if let Some(flag) = flag {
            set(name, json!(flag));
        }
    }
    for (name, at) in [("last_login", user.last_login), ("last_password_reset", user.last_password_reset)] {
        if let Some(at) = at {
            set(name, time(at));
        }
    }
    if user.logins_count > 0 {
        set("logins_count", json!(user.logins_count));
    }
    if !user.multifactor.is_empty() {
        set("multifactor", json!(user.multifactor));
    }
    if let Some(metadata) = &user.user_metadata {
        set("user_metadata", json!(metadata));
    }
    // Auth0 leaves out an `app_metadata` that was emptied, and shows such a `user_metadata`.
    if let Some(metadata) = user.app_metadata.as_ref().filter(|metadata| !metadata.is_empty()) {
        set("app_metadata", json!(metadata));
    }
    // The revision is ours: an expected-revision write names it.
    set("revision", json!(user.revision));
    Value::Object(object)
}

pub(crate) fn identity(identity: &Identity) -> Value {
    let mut object = json!({
        "connection": identity.connection,
        "provider": identity.provider,
        "user_id": identity.user_id,
        "isSocial": identity.is_social,
    });
    if let (Some(profile), Value::Object(object)) = (&identity.profile_data, &mut object) {
        object.insert("profileData".to_owned(), json!(profile));
    }
    object
}

/// One entry of the history.
pub(crate) fn history(entry: &HistoryEntry) -> Value {
    let mut object = json!({
        "revision": entry.revision,
        "at": time(entry.at),
        "actor": entry.actor,
        "object": entry.kind.name(),
        "key": entry.key,
    });
    if let Value::Object(object) = &mut object {
        for (name, value) in [("from", &entry.from), ("to", &entry.to)] {
            if let Some(value) = value {
                object.insert(name.to_owned(), value.clone());
            }
        }
    }
    object
}

/// Tells `null` from absent.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// Body of POST and PATCH.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserBody {
    connection: Option<String>,
    user_id: Option<String>,
    password: Option<String>,
    #[serde(default, deserialize_with = "given")]
    email: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    username: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    phone_number: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    given_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    family_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    nickname: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    picture: Option<Option<String>>,
    email_verified: Option<bool>,
    phone_verified: Option<bool>,
    blocked: Option<bool>,
    verify_email: Option<bool>,
    /// The client whose name a mail would bear; taken so that clients need not be changed.
    #[serde(rename = "client_id")]
    client_id: Option<String>,
    user_metadata: Option<Metadata>,
    app_metadata: Option<Metadata>,
}

impl UserBody {
    fn input(self) -> UserInput {
        let texts = [
            ("email", self.email),
            ("username", self.username),
            ("phone_number", self.phone_number),
            ("name", self.name),
            ("given_name", self.given_name),
            ("family_name", self.family_name),
            ("nickname", self.nickname),
            ("picture", self.picture),
        ];
        let flags = [
            ("email_verified", self.email_verified),
            ("phone_verified", self.phone_verified),
            ("blocked", self.blocked),
        ];
        UserInput {
            connection: self.connection,
            user_id: self.user_id,
            password: self.password,
            text: texts.into_iter().filter_map(|(name, text)| Some((name, text?))).collect(),
            flags: flags.into_iter().filter_map(|(name, flag)| Some((name, flag?))).collect::<BTreeMap<_, _>>(),
            verify_email: self.verify_email,
            user_metadata: self.user_metadata,
            app_metadata: self.app_metadata,
        }
    }

    /// What POST takes.
    pub(crate) fn create(self) -> Result<UserInput, AppError> {
        if self.client_id.is_some() {
            return Err(AppError::invalid_body("Additional properties not allowed: client_id"));
        }
        let mut input = self.input();
        input.text.retain(|_, text| text.is_some());
        Ok(input)
    }

    /// What PATCH takes.
    pub(crate) fn update(self) -> Result<UserInput, AppError> {
        Ok(self.input())
    }
}

fn properties() -> Value {
    json!({
        "connection": { "type": "string" }, "email": { "type": "string", "format": "email" },
        "username": { "type": "string", "maxLength": 128 }, "phone_number": { "type": "string" },
        "name": { "type": "string", "maxLength": 300 }, "given_name": { "type": "string", "maxLength": 150 },
        "family_name": { "type": "string", "maxLength": 150 }, "nickname": { "type": "string", "maxLength": 300 },
        "picture": { "type": "string" }, "password": { "type": "string", "writeOnly": true },
        "email_verified": { "type": "boolean" }, "phone_verified": { "type": "boolean" },
        "blocked": { "type": "boolean" }, "verify_email": { "type": "boolean" },
        "user_metadata": { "type": "object" }, "app_metadata": { "type": "object" },
    })
}

pub(crate) fn create_schema() -> Value {
    let mut properties = properties();
    if let Value::Object(properties) = &mut properties {
        properties.insert("user_id".to_owned(), json!({ "type": "string", "maxLength": 255 }));
    }
    json!({ "type": "object", "required": ["connection"], "properties": properties, "additionalProperties": false })
}

pub(crate) fn update_schema() -> Value {
    json!({ "type": "object", "properties": properties(), "additionalProperties": false })
}

pub(crate) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "user_id": { "type": "string" }, "email": { "type": "string" }, "email_verified": { "type": "boolean" },
            "name": { "type": "string" }, "nickname": { "type": "string" }, "picture": { "type": "string" },
            "created_at": { "type": "string", "format": "date-time" },
            "updated_at": { "type": "string", "format": "date-time" },
            "identities": { "type": "array", "items": { "type": "object" } },
            "user_metadata": { "type": "object", "description": "Left out when it was never set" },
            "app_metadata": { "type": "object", "description": "Left out when it is empty" },
            "last_login": { "type": "string", "format": "date-time" }, "last_ip": { "type": "string" },
            "logins_count": { "type": "integer" }, "revision": { "type": "integer" },
        },
    })
}

pub(crate) fn list_schema() -> Value {
    json!({ "oneOf": [
        { "type": "array", "items": schema() },
        { "type": "object", "properties": {
            "start": { "type": "integer" }, "limit": { "type": "integer" }, "length": { "type": "integer" },
            "total": { "type": "integer" }, "users": { "type": "array", "items": schema() },
        } },
    ] })
}

pub(crate) fn history_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "history": { "type": "array", "items": { "type": "object", "properties": {
                "revision": { "type": "integer" }, "at": { "type": "string", "format": "date-time" },
                "actor": { "type": "object" }, "object": { "type": "string" }, "key": { "type": "string" },
                "from": {}, "to": {},
            } } },
            "next": { "type": "string" },
        },
    })
}
