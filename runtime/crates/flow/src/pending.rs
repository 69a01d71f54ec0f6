//! Metadata that actions wrote and that is not committed yet.

use std::collections::BTreeMap;

use postern_model::metadata::{self, BadMetadata};
use postern_model::{MetadataKind, User, limits};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::claims::entry_len;

/// One write of one key, in the order the actions made them.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingChange {
    #[expect(missing_docs, reason = "says its name")]
    pub kind: MetadataKind,
    #[expect(missing_docs, reason = "says its name")]
    pub key: String,
    /// `None` removes the key.
    pub value: Option<Value>,
    /// Place of the action that wrote it.
    pub action: usize,
}

/// The writes of a login.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pending {
    /// Written since the login started or went on.
    #[serde(skip)]
    pub(crate) changes: Vec<PendingChange>,
    /// Bytes of the last write of each key since the login started, over suspensions.
    #[serde(default)]
    app: BTreeMap<String, usize>,
    #[serde(default)]
    user: BTreeMap<String, usize>,
}

impl Pending {
    /// Notes a write; `None` takes back the writes of this login that are not committed.
    pub(crate) fn set(
        &mut self,
        kind: MetadataKind,
        key: String,
        value: Option<Value>,
        action: usize,
    ) -> Result<(), BadMetadata> {
        // What is not there can always be removed, however it is named; what is reserved is never there.
        match metadata::check_key(kind, &key) {
            Err(BadMetadata::Key { .. }) if value.as_ref().is_none_or(Value::is_null) => {}
            other => other?,
        }
        let sizes = match kind {
            MetadataKind::AppMetadata => &mut self.app,
            MetadataKind::UserMetadata => &mut self.user,
        };
        let Some(value) = value else {
            let before = self.changes.len();
            self.changes.retain(|change| change.kind != kind || change.key != key);
            if self.changes.len() < before {
                sizes.remove(&key);
            }
            return Ok(());
        };
        sizes.insert(key.clone(), entry_len(&key, &value));
        if sizes.values().sum::<usize>() > limits::ACTION_METADATA_BYTES {
            return Err(BadMetadata::TooLarge { kind, limit: limits::ACTION_METADATA_BYTES });
        }
        let value = Some(value).filter(|value| !value.is_null());
        self.changes.push(PendingChange { kind, key, value, action });
        Ok(())
    }

    /// The value of a key as later actions see it.
    pub(crate) fn value(&self, user: &User, kind: MetadataKind, key: &str) -> Option<Value> {
        let pending = self.changes.iter().rev().find(|change| change.kind == kind && change.key == key);
        match pending {
            Some(change) => change.value.clone(),
            None => user.metadata(kind).and_then(|metadata| metadata.get(key)).cloned(),
        }
    }

    /// Applies the writes to a user.
    pub(crate) fn apply(&self, user: &mut User) {
        for change in &self.changes {
            let metadata = user.metadata_mut(change.kind);
            match &change.value {
                Some(value) => metadata.insert(change.key.clone(), value.clone()),
                None => metadata.shift_remove(&change.key),
            };
        }
    }

    /// Whether the whole object stays within what a user may have.
    pub(crate) fn check_total(&self, user: &User, kind: MetadataKind) -> Result<(), BadMetadata> {
        let mut metadata = user.metadata(kind).cloned().unwrap_or_default();
        for change in self.changes.iter().filter(|change| change.kind == kind) {
            match &change.value {
                Some(value) => metadata.insert(change.key.clone(), value.clone()),
                None => metadata.shift_remove(&change.key),
            };
        }
        if metadata::size(&metadata) > limits::METADATA_BYTES {
            return Err(BadMetadata::TooLarge { kind, limit: limits::METADATA_BYTES });
        }
        Ok(())
    }
}
