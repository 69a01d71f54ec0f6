//! Write sets evaluated one after the other on an overlay, so that one that fails leaves no trace and the
//! others of its batch go on.

use std::collections::HashMap;

use postern_model::{HistoryEntry, TenantId, User, UserId};
use serde::{Deserialize, Serialize};
use sled::IVec;
use uuid::Uuid;

use super::row::{self, Chunks};
use super::tree::{TREES, Tree, Trees};
use crate::entity::{Entity, ID_SEPARATOR, IndexEntry, Table};
use crate::envelope::{self, Draft};
use crate::error::{BadRecord, CommitError, Refusal, StoreError};
use crate::write_set::{Expect, Op, ROW_BYTES, Receipt, UserPatch, WriteSet, Written};
use crate::{key, user_patch};

const DAY_MS: u64 = 24 * 3600 * 1000;

/// Changes not yet in the engine; `None` removes.
#[derive(Debug, Default)]
pub(super) struct Overlay([HashMap<Vec<u8>, Option<IVec>>; TREES.len()]);

impl Overlay {
    fn get(&self, tree: Tree, key: &[u8]) -> Option<&Option<IVec>> {
        self.0.get(tree as usize)?.get(key)
    }

    fn put(&mut self, tree: Tree, key: Vec<u8>, value: Option<IVec>) {
        if let Some(map) = self.0.get_mut(tree as usize) {
            map.insert(key, value);
        }
    }

    fn absorb(&mut self, other: Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            if mine.is_empty() {
                *mine = theirs;
            } else {
                mine.extend(theirs);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(HashMap::is_empty)
    }

    /// The keys changed in a tree.
    pub(super) fn keys(&self, tree: Tree) -> impl Iterator<Item = &Vec<u8>> {
        self.0.get(tree as usize).into_iter().flat_map(HashMap::keys)
    }

    /// One engine batch a tree, in the order of [`TREES`].
    pub(super) fn into_batches(self) -> Vec<sled::Batch> {
        let batch = |map: HashMap<Vec<u8>, Option<IVec>>| {
            let mut batch = sled::Batch::default();
            // Neighbors one after the other: the engine finds their leaf in its caches.
            let mut changes: Vec<_> = map.into_iter().collect();
            changes.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
            for (key, value) in changes {
                match value {
                    Some(value) => batch.insert(key, value),
                    None => batch.remove(key),
                }
            }
            batch
        };
        self.0.into_iter().map(batch).collect()
    }
}

/// What is written together.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    trees: &'a Trees,
    now: u64,
    pub(super) overlay: Overlay,
}

/// What a repeated request is answered with.
#[derive(Debug, Serialize, Deserialize)]
struct StoredReceipt {
    #[serde(rename = "w")]
    written: Vec<Written>,
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    user: Option<UserId>,
}

impl StoredReceipt {
    /// Whether the set can be the one this is the receipt of: it begins with a row of the same table and patches the
    /// same user. Other ids may differ, for a repeated request makes new ones.
    fn answers(&self, set: &WriteSet) -> bool {
        let first = set.ops.iter().find_map(|op| match op {
            Op::Write { table, .. } => Some(*table),
            Op::PatchUser(_) => Some(Table::Users),
            Op::Delete { .. } | Op::Expect { .. } | Op::DeleteHistory { .. } => None,
        });
        let user = set.ops.iter().rev().find_map(|op| match op {
            Op::PatchUser(patch) => Some(&patch.user_id),
            Op::Write { .. } | Op::Delete { .. } | Op::Expect { .. } | Op::DeleteHistory { .. } => None,
        });
        self.written.first().map(|row| row.table) == first && self.user.as_ref() == user
    }
}

/// A row as it is before a change.
struct Current {
    revision: u64,
    schema: u16,
    indexes: String,
    chunks: Option<Chunks>,
    value: IVec,
}

/// A row of an export.
#[derive(Debug)]
pub(super) struct RawRow {
    pub(super) tenant: TenantId,
    pub(super) table: Table,
    pub(super) id: String,
    /// `None` removes the row.
    pub(super) content: Option<(u64, Draft)>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(trees: &'a Trees, now: u64) -> Self {
        Self { trees, now, overlay: Overlay::default() }
    }

    /// Evaluates a set; when it fails nothing of it stays. [`CommitError::Fatal`] means that the engine failed.
    pub(super) fn apply(&mut self, set: &WriteSet) -> Result<Receipt, CommitError> {
        let mut txn = Txn { batch: self, own: Overlay::default() };
        let receipt = txn.apply(set)?;
        let own = txn.own;
        self.overlay.absorb(own);
        Ok(receipt)
    }

    /// Writes a row of an export as it was, overriding whoever holds its unique keys: during a scan they may have
    /// moved from row to row, and the last line of each row is right.
    pub(super) fn import(&mut self, raw: &RawRow) -> Result<(), CommitError> {
        let mut txn = Txn { batch: self, own: Overlay::default() };
        let current = txn.current(&raw.tenant, raw.table, &raw.id)?;
        match &raw.content {
            Some((revision, draft)) => {
                let place = Place { tenant: &raw.tenant, table: raw.table, id: &raw.id };
                txn.write(place, current.as_ref(), draft, *revision, Unique::Override)?;
            }
            None => txn.remove(&raw.tenant, raw.table, &raw.id, current.as_ref())?,
        }
        let own = txn.own;
        self.overlay.absorb(own);
        Ok(())
    }

    pub(super) fn put_meta(&mut self, key: &[u8], value: Option<IVec>) {
        self.overlay.put(Tree::Meta, key.to_vec(), value);
    }

    /// Forgets some request ids of days gone by.
    pub(super) fn forget_requests(&mut self, at_most: usize) -> Result<(), CommitError> {
        let oldest_kept = day_key((self.now / DAY_MS).saturating_sub(1));
        let expired = self.trees.tree(Tree::Requests).range(..oldest_kept.as_slice()).take(at_most);
        for entry in expired {
            let (key, _) = entry.map_err(|error| engine_failed(&StoreError::Engine(Box::new(error))))?;
            self.overlay.put(Tree::Requests, key.to_vec(), None);
        }
        Ok(())
    }
}

fn day_key(day: u64) -> Vec<u8> {
    u32::try_from(day).unwrap_or(u32::MAX).to_be_bytes().to_vec()
}

fn request_key(day: u64, tenant: &TenantId, request_id: Uuid) -> Vec<u8> {
    let mut out = day_key(day);
    key::push_text(&mut out, tenant.as_str());
    out.extend(request_id.as_bytes());
    out
}

fn engine_failed(error: &StoreError) -> CommitError {
    tracing::error!(error = error as &dyn std::error::Error, "read inside a commit failed");
    CommitError::Fatal
}

impl From<StoreError> for CommitError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Record(record) => Self::Record(record),
            StoreError::Cursor | StoreError::Engine(_) | StoreError::Fatal => engine_failed(&error),
        }
    }
}

/// What to do when another row has a unique key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unique {
    Refuse,
    Override,
}

#[derive(Clone, Copy)]
struct Place<'a> {
    tenant: &'a TenantId,
    table: Table,
    id: &'a str,
}

struct Txn<'b, 'a> {
    batch: &'b Batch<'a>,
    own: Overlay,
}

impl Txn<'_, '_> {
    fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        if let Some(value) = self.own.get(tree, key).or_else(|| self.batch.overlay.get(tree, key)) {
            return Ok(value.clone());
        }
        self.batch.trees.get(tree, key)
    }

    fn apply(&mut self, set: &WriteSet) -> Result<Receipt, CommitError> {
        if let Some(receipt) = self.known(set)? {
            return Ok(receipt);
        }
        let mut receipt = Receipt { written: Vec::new(), user: None, deduplicated: false };
        for op in &set.ops {
            self.op(&set.tenant, op, &mut receipt)?;
        }
        let stored = StoredReceipt {
            written: receipt.written.clone(),
            user: receipt.user.as_ref().map(|user| user.user_id.clone()),
        };
        let stored = serde_json::to_vec(&stored).map_err(|_bad| Refusal::Encode { table: Table::Settings })?;
        let key = request_key(self.batch.now / DAY_MS, &set.tenant, set.request_id);
        self.own.put(Tree::Requests, key, Some(stored.into()));
        Ok(receipt)
    }

    /// The receipt of an earlier commit under the same request id.
    fn known(&self, set: &WriteSet) -> Result<Option<Receipt>, CommitError> {
        let today = self.batch.now / DAY_MS;
        for day in [today, today.saturating_sub(1)] {
            let key = request_key(day, &set.tenant, set.request_id);
            let Some(stored) = self.get(Tree::Requests, &key)? else { continue };
            let stored: StoredReceipt = serde_json::from_slice(&stored).map_err(|_bad| BadRecord::Decode {
                table: Table::Settings,
                message: "a receipt is not readable".into(),
            })?;
            if !stored.answers(set) {
                return Err(Refusal::RequestReused.into());
            }
            let user = match &stored.user {
                Some(id) => match self.current(&set.tenant, Table::Users, id.as_str())? {
                    Some(current) => Some(self.decode::<User>(&set.tenant, &current)?),
                    None => None,
                },
                None => None,
            };
            return Ok(Some(Receipt { written: stored.written, user, deduplicated: true }));
        }
        Ok(None)
    }

    fn op(&mut self, tenant: &TenantId, op: &Op, receipt: &mut Receipt) -> Result<(), CommitError> {
        match op {
            Op::Write { table, id, expect, draft } => {
                let current = self.expected(tenant, *table, id, *expect)?;
                let revision = next_revision(current.as_ref());
                self.write(Place { tenant, table: *table, id }, current.as_ref(), draft, revision, Unique::Refuse)?;
                receipt.written.push(Written { table: *table, id: id.clone(), revision });
            }
            Op::Delete { table, id, expect } => {
                let current = self.expected(tenant, *table, id, *expect)?;
                self.remove(tenant, *table, id, current.as_ref())?;
            }
            Op::Expect { table, id, expect } => {
                self.expected(tenant, *table, id, *expect)?;
            }
            Op::DeleteHistory { user_id } => self.delete_history(tenant, user_id)?,
            Op::PatchUser(patch) => {
                let user = self.patch_user(tenant, patch)?;
                let written = Written { table: Table::Users, id: user.user_id.to_string(), revision: user.revision };
                receipt.written.push(written);
                receipt.user = Some(user);
            }
        }
        Ok(())
    }

    /// The row, if the expectation holds.
    fn expected(
        &self,
        tenant: &TenantId,
        table: Table,
        id: &str,
        expect: Expect,
    ) -> Result<Option<Current>, CommitError> {
        let current = self.current(tenant, table, id)?;
        let revision = current.as_ref().map(|current| current.revision);
        let holds = match expect {
            Expect::Any => true,
            Expect::Absent => revision.is_none(),
            Expect::Present => revision.is_some(),
            Expect::Revision(wanted) => revision == Some(wanted),
        };
        if holds { Ok(current) } else { Err(CommitError::Conflict { table, id: id.to_owned(), current: revision }) }
    }

    fn current(&self, tenant: &TenantId, table: Table, id: &str) -> Result<Option<Current>, StoreError> {
        let Some(value) = self.get(Tree::of(table), &key::row(tenant, table, id))? else { return Ok(None) };
        let (envelope, chunks) = row::parse(table, &value)?;
        let (revision, schema, indexes) = (envelope.revision, envelope.schema, envelope.indexes.get().to_owned());
        Ok(Some(Current { revision, schema, indexes, chunks, value }))
    }

    fn decode<T: Entity>(&self, tenant: &TenantId, current: &Current) -> Result<T, StoreError> {
        let Some(chunks) = current.chunks else {
            let (envelope, _) = row::parse(T::TABLE, &current.value)?;
            return Ok(envelope::decode(current.schema, current.revision, envelope.data.get().as_bytes())?);
        };
        let missing = || BadRecord::Decode { table: T::TABLE, message: "its chunks are missing".into() };
        let data = row::gather(tenant, chunks, |key| self.get(Tree::Chunks, key))?.ok_or_else(missing)?;
        Ok(envelope::decode(current.schema, current.revision, &data)?)
    }

    fn write(
        &mut self,
        place: Place<'_>,
        current: Option<&Current>,
        draft: &Draft,
        revision: u64,
        unique: Unique,
    ) -> Result<(), CommitError> {
        let Place { tenant, table, id } = place;
        if draft.data.len() > ROW_BYTES {
            return Err(Refusal::TooLarge { table, limit: ROW_BYTES }.into());
        }
        if id.is_empty() || id.len() > key::KEY_BYTES {
            return Err(Refusal::Key { table }.into());
        }
        let before = current.map_or("[]", |current| current.indexes.as_str());
        if before != draft.indexes {
            let (before, after) = (row::index_entries(table, before)?, row::index_entries(table, &draft.indexes)?);
            for entry in before.iter().filter(|entry| !after.contains(entry)) {
                self.remove_entry(tenant, entry, id)?;
            }
            for entry in after.iter().filter(|entry| !before.contains(entry)) {
                self.add_entry(place, entry, unique)?;
            }
        }
        self.remove_chunks(tenant, current);
        let row::Values { value, chunks } = row::seal(tenant, draft, revision);
        self.own.put(Tree::of(table), key::row(tenant, table, id), Some(value.into()));
        for (key, piece) in chunks {
            self.own.put(Tree::Chunks, key, Some(piece.into()));
        }
        Ok(())
    }

    fn remove(
        &mut self,
        tenant: &TenantId,
        table: Table,
        id: &str,
        current: Option<&Current>,
    ) -> Result<(), CommitError> {
        let Some(current) = current else { return Ok(()) };
        for entry in row::index_entries(table, &current.indexes)? {
            self.remove_entry(tenant, &entry, id)?;
        }
        self.remove_chunks(tenant, Some(current));
        self.own.put(Tree::of(table), key::row(tenant, table, id), None);
        Ok(())
    }

    fn remove_chunks(&mut self, tenant: &TenantId, current: Option<&Current>) {
        for key in current.and_then(|current| current.chunks).into_iter().flat_map(|chunks| chunks.keys(tenant)) {
            self.own.put(Tree::Chunks, key, None);
        }
    }

    fn remove_entry(&mut self, tenant: &TenantId, entry: &IndexEntry, id: &str) -> Result<(), StoreError> {
        let key = key::index_entry(tenant, entry.index, &entry.key, (!entry.unique).then_some(id));
        // A unique key may have passed to another row in an import.
        if !entry.unique || self.get(Tree::Index, &key)?.is_some_and(|holder| *holder == *id.as_bytes()) {
            self.own.put(Tree::Index, key, None);
        }
        Ok(())
    }

    fn add_entry(&mut self, place: Place<'_>, entry: &IndexEntry, unique: Unique) -> Result<(), CommitError> {
        let Place { tenant, table, id } = place;
        if entry.key.iter().map(String::len).sum::<usize>() > key::KEY_BYTES {
            return Err(Refusal::Key { table }.into());
        }
        let key = key::index_entry(tenant, entry.index, &entry.key, (!entry.unique).then_some(id));
        if entry.unique && unique == Unique::Refuse {
            let holder = self.get(Tree::Index, &key)?;
            if holder.is_some_and(|holder| *holder != *id.as_bytes()) {
                return Err(CommitError::Duplicate { table, index: entry.index, key: entry.key.clone() });
            }
        }
        self.own.put(Tree::Index, key, Some(id.as_bytes().into()));
        Ok(())
    }

    fn patch_user(&mut self, tenant: &TenantId, patch: &UserPatch) -> Result<User, CommitError> {
        let (table, id) = (Table::Users, patch.user_id.as_str());
        let current = self.expected(tenant, table, id, patch.expect)?;
        let mut user = match (&current, &patch.create) {
            (Some(current), _) => self.decode::<User>(tenant, current)?,
            (None, Some(create)) if create.user_id == patch.user_id => User::clone(create),
            (None, Some(_)) => return Err(Refusal::UserField { field: "user_id".into() }.into()),
            (None, None) => return Err(CommitError::Conflict { table, id: id.to_owned(), current: None }),
        };
        user.revision = next_revision(current.as_ref());
        let (user, history) = user_patch::apply(user, patch)?;
        let draft = Draft::of(&user)?;
        self.write(Place { tenant, table, id }, current.as_ref(), &draft, user.revision, Unique::Refuse)?;
        for entry in &history {
            let place = Place { tenant, table: HistoryEntry::TABLE, id: &entry.id() };
            self.write(place, None, &Draft::of(entry)?, 1, Unique::Refuse)?;
        }
        Ok(user)
    }

    fn delete_history(&mut self, tenant: &TenantId, user_id: &UserId) -> Result<(), CommitError> {
        let mut prefix = key::table(tenant, Table::History);
        key::push_open(&mut prefix, user_id.as_str());
        key::push_open(&mut prefix, ID_SEPARATOR);
        let mut keys: Vec<Vec<u8>> = Vec::new();
        for entry in self.batch.trees.tree(Tree::History).scan_prefix(&prefix).keys() {
            keys.push(entry.map_err(|error| StoreError::Engine(Box::new(error)))?.to_vec());
        }
        let pending = self.own.keys(Tree::History).chain(self.batch.overlay.keys(Tree::History));
        keys.extend(pending.filter(|key| key.starts_with(&prefix)).cloned());
        for key in keys {
            let Some((_, _, id)) = key::split_row(&key) else { continue };
            let current = self.current(tenant, Table::History, &id)?;
            self.remove(tenant, Table::History, &id, current.as_ref())?;
        }
        Ok(())
    }
}

fn next_revision(current: Option<&Current>) -> u64 {
    current.map_or(1, |current| current.revision.saturating_add(1))
}
