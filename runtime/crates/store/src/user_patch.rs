//! What a [`UserPatch`] makes of a user. Pure; the committer calls it on the row as it is.

use postern_model::metadata::{self, BadMetadata};
use postern_model::{HistoryEntry, Metadata, User, limits};
use serde_json::{Map, Value};

use crate::error::Refusal;
use crate::write_set::{MetadataChange, UserPatch};

/// Root fields that only the store and the other parts of a patch change.
const KEPT: &[&str] = &[
    "user_id",
    "revision",
    "user_metadata",
    "app_metadata",
    "created_at",
    "updated_at",
    "last_login",
    "last_ip",
    "logins_count",
];

/// Applies a patch. `user.revision` must already be the one the patch makes.
pub(crate) fn apply(user: User, patch: &UserPatch) -> Result<(User, Vec<HistoryEntry>), Refusal> {
    let mut user = set_fields(user, &patch.set)?;
    if let Some(login) = &patch.login {
        user.last_login = Some(login.at);
        user.last_ip.clone_from(&login.ip);
        user.logins_count = user.logins_count.saturating_add(1);
    }
    let mut history = Vec::new();
    for change in &patch.metadata {
        change_metadata(&mut user, change, patch, &mut history)?;
    }
    user.updated_at = patch.at;
    Ok((user, history))
}

fn set_fields(user: User, set: &Map<String, Value>) -> Result<User, Refusal> {
    if set.is_empty() {
        return Ok(user);
    }
    if let Some(field) = set.keys().find(|field| KEPT.contains(&field.as_str())) {
        return Err(Refusal::UserField { field: field.clone() });
    }
    let whole = |_| Refusal::UserField { field: String::new() };
    let Value::Object(mut fields) = serde_json::to_value(&user).map_err(whole)? else {
        return Err(Refusal::UserField { field: String::new() });
    };
    for (name, value) in set {
        if value.is_null() {
            fields.remove(name);
        } else {
            fields.insert(name.clone(), value.clone());
        }
    }
    // A value of the wrong kind is found here; which one it was is found by setting each alone.
    match serde_json::from_value::<User>(Value::Object(fields)) {
        Ok(user) => Ok(user),
        Err(_) if set.len() == 1 => Err(Refusal::UserField { field: set.keys().next().cloned().unwrap_or_default() }),
        Err(_) => {
            for (name, value) in set {
                set_fields(user.clone(), &Map::from_iter([(name.clone(), value.clone())]))?;
            }
            Err(Refusal::UserField { field: String::new() })
        }
    }
}

fn change_metadata(
    user: &mut User,
    change: &MetadataChange,
    patch: &UserPatch,
    history: &mut Vec<HistoryEntry>,
) -> Result<(), Refusal> {
    if change.patch.is_empty() && !change.clear {
        return Ok(());
    }
    for (key, _) in change.patch.iter().filter(|(_, value)| !value.is_null()) {
        metadata::check_key(change.kind, key)?;
    }
    let (user_id, revision) = (user.user_id.clone(), user.revision);
    let current = user.metadata_mut(change.kind);
    let mut record = |key: String, from: Option<Value>, to: Option<Value>| {
        let order = u32::try_from(history.len()).unwrap_or(u32::MAX);
        let (at, actor, kind) = (patch.at, change.actor.clone(), change.kind);
        history.push(HistoryEntry { user_id: user_id.clone(), revision, order, at, actor, kind, key, from, to });
    };
    if change.clear {
        for (key, from) in std::mem::take(current) {
            match change.patch.get(&key).filter(|value| !value.is_null()) {
                // Set again below, where the entry is made if it differs.
                Some(_) => {
                    current.insert(key, from);
                }
                None => record(key, Some(from), None),
            }
        }
    }
    for (key, value) in &change.patch {
        let to = (!value.is_null()).then(|| value.clone());
        let from = match &to {
            Some(value) => current.insert(key.clone(), value.clone()),
            None => current.remove(key),
        };
        if from != to {
            record(key.clone(), from, to);
        }
    }
    check_size(change, current)
}

fn check_size(change: &MetadataChange, current: &Metadata) -> Result<(), Refusal> {
    if !change.patch.is_empty() && metadata::size(current) > limits::METADATA_BYTES {
        let (kind, limit) = (change.kind, limits::METADATA_BYTES);
        return Err(BadMetadata::TooLarge { kind, limit }.into());
    }
    Ok(())
}
