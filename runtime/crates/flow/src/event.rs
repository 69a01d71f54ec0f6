//! Builds the event of a run, as `event` of post-login v3.

use std::io;

use postern_model::{MetadataKind, User};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::factors;
use crate::facts::{LoginFacts, LoginRequest, RequestFacts};

/// How deep a value that is kept may be nested. What is read again must not pass the 128 levels that a decoder allows,
/// and a value is kept several levels below the root of its row.
pub const MAX_DEPTH: usize = 64;

/// Whether a value is nested at most `levels` deep.
#[must_use]
pub fn depth_within(value: &Value, levels: usize) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        Value::Array(items) => levels > 0 && items.iter().all(|item| depth_within(item, levels - 1)),
        Value::Object(map) => levels > 0 && map.values().all(|item| depth_within(item, levels - 1)),
    }
}

struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes of a value as JSON text.
pub(crate) fn json_len<T: Serialize + ?Sized>(value: &T) -> usize {
    let mut count = Count(0);
    serde_json::to_writer(&mut count, value).map_or(usize::MAX, |()| count.0)
}

/// Builds the event, but for the secrets, which are the action's.
pub(crate) fn build(
    facts: &LoginFacts,
    request: &LoginRequest,
    user: &User,
    transaction_metadata: &Map<String, Value>,
) -> Value {
    let LoginFacts { tenant, client, connection, roles, overlay, .. } = facts;
    let mut authentication = Map::from_iter([("methods".to_owned(), Value::Array(request.methods.clone()))]);
    if let Some(risk) = &request.risk_assessment {
        authentication.insert("riskAssessment".to_owned(), Value::Object(risk.clone()));
    }
    let mut transaction = request.transaction.clone();
    transaction.insert("metadata".to_owned(), Value::Object(transaction_metadata.clone()));
    let mut event = Map::from_iter([
        ("authentication".to_owned(), Value::Object(authentication)),
        ("authorization".to_owned(), json!({ "roles": roles })),
        (
            "client".to_owned(),
            json!({
                "client_id": client.client_id,
                "name": client.name,
                "metadata": client.client_metadata.as_ref().map_or_else(|| json!({}), |metadata| json!(metadata)),
            }),
        ),
        ("configuration".to_owned(), json!({})),
        (
            "connection".to_owned(),
            json!({
                "id": connection.id,
                "name": connection.name,
                "strategy": connection.strategy.0,
                "metadata": connection.metadata,
            }),
        ),
        ("experiment".to_owned(), Value::Null),
        ("request".to_owned(), self::request(&facts.request)),
        ("secrets".to_owned(), json!({})),
        // This login counts: an action that asks for the first one asks for 1 (Auth0).
        ("stats".to_owned(), json!({ "logins_count": user.logins_count.saturating_add(1) })),
        ("tenant".to_owned(), json!({ "id": tenant })),
        ("transaction".to_owned(), Value::Object(transaction)),
        ("user".to_owned(), self::user(user)),
    ]);
    if let Some(audience) = &request.audience {
        event.insert("resource_server".to_owned(), json!({ "identifier": audience }));
    }
    if let Some(organization) = &request.organization {
        event.insert("organization".to_owned(), Value::Object(organization.clone()));
    }
    for (name, part) in [("session", &request.session), ("refresh_token", &request.refresh_token)] {
        if let Some(part) = part {
            event.insert(name.to_owned(), Value::Object(part.clone()));
        }
    }
    if let Some(Value::Object(user)) = event.get_mut("user") {
        user.insert("enrolledFactors".to_owned(), factors::enrolled(&facts.factors));
    }
    let mut event = Value::Object(event);
    if let Some(overlay) = overlay {
        merge(&mut event, &Value::Object(overlay.clone()));
        keep_objects(&mut event);
    }
    event
}

fn put(object: &mut Map<String, Value>, key: &str, value: Option<&String>) {
    if let Some(value) = value {
        object.insert(key.to_owned(), Value::String(value.clone()));
    }
}

pub(crate) fn request(facts: &RequestFacts) -> Value {
    let mut object = Map::new();
    put(&mut object, "ip", facts.ip.as_ref());
    put(&mut object, "user_agent", facts.user_agent.as_ref());
    put(&mut object, "language", facts.language.as_ref());
    put(&mut object, "hostname", facts.hostname.as_ref());
    put(&mut object, "asn", facts.asn.as_ref());
    put(&mut object, "method", Some(&facts.method));
    object.insert("query".to_owned(), Value::Object(facts.query.clone()));
    object.insert("body".to_owned(), Value::Object(facts.body.clone()));
    object.insert("geoip".to_owned(), Value::Object(facts.geoip.clone()));
    Value::Object(object)
}

/// `event.user`: attributes of the identity provider at the root, below the fields of ours.
fn user(user: &User) -> Value {
    let mut object = user.attributes.clone();
    put(&mut object, "email", user.email.as_ref());
    put(&mut object, "username", user.username.as_ref());
    put(&mut object, "phone_number", user.phone_number.as_ref());
    put(&mut object, "name", user.name.as_ref());
    put(&mut object, "given_name", user.given_name.as_ref());
    put(&mut object, "family_name", user.family_name.as_ref());
    put(&mut object, "nickname", user.nickname.as_ref());
    put(&mut object, "picture", user.picture.as_ref());
    object.insert("user_id".to_owned(), json!(user.user_id));
    object.insert("email_verified".to_owned(), Value::Bool(user.email_verified));
    if let Some(verified) = user.phone_verified {
        object.insert("phone_verified".to_owned(), Value::Bool(verified));
    }
    if let Some(at) = user.last_password_reset {
        object.insert("last_password_reset".to_owned(), json!(at));
    }
    if !user.multifactor.is_empty() {
        object.insert("multifactor".to_owned(), json!(user.multifactor));
    }
    object.insert("created_at".to_owned(), json!(user.created_at));
    object.insert("updated_at".to_owned(), json!(user.updated_at));
    let identities = user.identities.iter().map(|identity| {
        let mut object = Map::from_iter([
            ("connection".to_owned(), json!(identity.connection)),
            ("isSocial".to_owned(), json!(identity.is_social)),
            ("provider".to_owned(), json!(identity.provider)),
            ("user_id".to_owned(), json!(identity.user_id)),
            ("userId".to_owned(), json!(identity.user_id)),
        ]);
        if let Some(profile) = &identity.profile_data {
            object.insert("profileData".to_owned(), Value::Object(profile.clone()));
        }
        Value::Object(object)
    });
    object.insert("identities".to_owned(), identities.collect());
    for kind in [MetadataKind::AppMetadata, MetadataKind::UserMetadata] {
        object.insert(kind.name().to_owned(), Value::Object(user.metadata(kind).cloned().unwrap_or_default()));
    }
    Value::Object(object)
}

/// JSON Merge Patch (RFC 7396).
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (key, value) in patch {
        if value.is_null() {
            target.shift_remove(key);
        } else {
            merge(target.entry(key.as_str()).or_insert(Value::Null), value);
        }
    }
}

/// The parts that every event has are objects, whatever was laid over it.
fn keep_objects(event: &mut Value) {
    fn object<'a>(of: &'a mut Map<String, Value>, key: &str) -> Option<&'a mut Map<String, Value>> {
        let value = of.entry(key).or_insert(Value::Null);
        if !value.is_object() {
            *value = Value::Object(Map::new());
        }
        value.as_object_mut()
    }
    let Value::Object(event) = event else { return };
    for key in ["client", "configuration", "connection", "request", "secrets", "stats", "tenant"] {
        object(event, key);
    }
    if let Some(transaction) = object(event, "transaction") {
        object(transaction, "metadata");
    }
    if let Some(user) = object(event, "user") {
        object(user, MetadataKind::AppMetadata.name());
        object(user, MetadataKind::UserMetadata.name());
    }
}

/// Sets or removes one key of an object two levels down.
pub(crate) fn set(event: &mut Value, outer: &str, inner: &str, key: &str, value: Option<Value>) {
    let object = event.get_mut(outer).and_then(|part| part.get_mut(inner)).and_then(Value::as_object_mut);
    let Some(object) = object else { return };
    match value {
        Some(value) => {
            object.insert(key.to_owned(), value);
        }
        None => {
            object.shift_remove(key);
        }
    }
}
