//! A write: preconditions and changes under one request id.

use std::fmt;

use jiff::Timestamp;
use postern_model::{Actor, Metadata, MetadataKind, Tenant, TenantId, User, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::entity::{Entity, Table, root_tenant};
use crate::envelope::Draft;
use crate::error::Refusal;

/// Largest row as JSON text, bytes: an artifact of the largest legal size in base64 fits.
pub(crate) const ROW_BYTES: usize = 8 * 1024 * 1024;

/// What must be there for a set to be committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Anything or nothing.
    Any,
    /// No row.
    Absent,
    /// A row.
    Present,
    /// A row of this revision.
    Revision(u64),
}

/// One committed login, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginStamp {
    #[expect(missing_docs, reason = "says its name")]
    pub at: Timestamp,
    #[expect(missing_docs, reason = "says its name")]
    pub ip: Option<String>,
}

/// A change of one metadata object by one actor.
#[derive(Clone, PartialEq)]
pub struct MetadataChange {
    /// Which object.
    pub kind: MetadataKind,
    /// Merged at the first level; `null` removes a key. An empty patch changes nothing.
    pub patch: Metadata,
    /// Whether everything is removed first.
    pub clear: bool,
    /// Who.
    pub actor: Actor,
}

/// A change of a user that is evaluated inside the commit, on the row as it is then.
#[derive(Clone, PartialEq)]
pub struct UserPatch {
    #[expect(missing_docs, reason = "says its name")]
    pub user_id: UserId,
    /// Checked against the row before the patch.
    pub expect: Expect,
    /// Made first when there is no such user. Its own metadata is not written to the history.
    pub create: Option<Box<User>>,
    /// Root fields in stored form; `null` removes one. Ids, revision, metadata, times and counters may not be set.
    pub set: Map<String, Value>,
    /// Sets last login and address and counts the login.
    pub login: Option<LoginStamp>,
    /// Applied in order; each changed key makes a history entry.
    pub metadata: Vec<MetadataChange>,
    /// Becomes `updated_at` and the time of the history entries.
    pub at: Timestamp,
}

// What people's rows hold is not for logs.
impl fmt::Debug for MetadataChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetadataChange").field("kind", &self.kind).field("actor", &self.actor).finish_non_exhaustive()
    }
}

impl fmt::Debug for UserPatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserPatch")
            .field("user_id", &self.user_id)
            .field("expect", &self.expect)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { written, user: _, deduplicated } = self;
        f.debug_struct("Receipt").field("written", written).field("deduplicated", deduplicated).finish_non_exhaustive()
    }
}

impl UserPatch {
    /// A patch that changes nothing yet, of a user that must be there.
    #[must_use]
    pub fn new(user_id: UserId, at: Timestamp) -> Self {
        Self { user_id, expect: Expect::Present, create: None, set: Map::new(), login: None, metadata: Vec::new(), at }
    }
}

/// A row that a commit wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    #[expect(missing_docs, reason = "says its name")]
    pub table: Table,
    #[expect(missing_docs, reason = "says its name")]
    pub id: String,
    /// Its revision after the commit.
    pub revision: u64,
}

/// What a commit did.
#[derive(Clone, PartialEq)]
pub struct Receipt {
    /// The rows inserted, replaced, put or patched, in the order of the set.
    pub written: Vec<Written>,
    /// The user after the last `patch_user`. In a repeated request: as it is now, or `None` when it is gone.
    pub user: Option<User>,
    /// Whether the request id was known, so that nothing was written now.
    pub deduplicated: bool,
}

impl Receipt {
    /// The revision a row has after this commit, if it wrote the row.
    #[must_use]
    pub fn revision_of(&self, table: Table, id: &str) -> Option<u64> {
        self.written.iter().rev().find(|row| row.table == table && row.id == id).map(|row| row.revision)
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Op {
    /// Writes a row when the expectation holds.
    Write {
        table: Table,
        id: String,
        expect: Expect,
        draft: Draft,
    },
    Delete {
        table: Table,
        id: String,
        expect: Expect,
    },
    Expect {
        table: Table,
        id: String,
        expect: Expect,
    },
    /// Removes a user's history.
    DeleteHistory {
        user_id: UserId,
    },
    PatchUser(Box<UserPatch>),
}

/// Preconditions and changes that are committed together. A repeated request id writes nothing and answers with the
/// receipt of the first time; ids are kept for 24 hours. So two writes of one operation need two ids.
#[derive(Debug, Clone)]
pub struct WriteSet {
    pub(crate) tenant: TenantId,
    pub(crate) request_id: Uuid,
    pub(crate) ops: Vec<Op>,
    /// The first thing that makes the set illegal; reported by `commit`.
    pub(crate) refusal: Option<Refusal>,
}

impl WriteSet {
    /// An empty set. Ids that sort by time (UUID version 7) are kept more cheaply than random ones.
    #[must_use]
    pub fn new(tenant: &TenantId, request_id: Uuid) -> Self {
        Self { tenant: tenant.clone(), request_id, ops: Vec::new(), refusal: None }
    }

    /// Writes a row that must not be there.
    #[must_use]
    pub fn insert<T: Entity>(self, entity: &T) -> Self {
        self.write(entity, Expect::Absent)
    }

    /// Writes a row that must have the revision of `entity`.
    #[must_use]
    pub fn replace<T: Entity>(self, entity: &T) -> Self {
        let revision = entity.revision();
        self.write(entity, Expect::Revision(revision))
    }

    /// Writes a row, whatever is there.
    #[must_use]
    pub fn put<T: Entity>(self, entity: &T) -> Self {
        self.write(entity, Expect::Any)
    }

    /// Removes a row and its index entries.
    #[must_use]
    pub fn delete<T: Entity>(mut self, id: &str, expect: Expect) -> Self {
        self.ops.push(Op::Delete { table: T::TABLE, id: id.to_owned(), expect });
        self
    }

    /// Names what must be there, without changing it. Ops are evaluated in order: name it before a change of the
    /// same row.
    #[must_use]
    pub fn expect<T: Entity>(mut self, id: &str, expect: Expect) -> Self {
        self.ops.push(Op::Expect { table: T::TABLE, id: id.to_owned(), expect });
        self
    }

    /// Changes a user on the row as it is at the commit.
    #[must_use]
    pub fn patch_user(mut self, patch: UserPatch) -> Self {
        self.ops.push(Op::PatchUser(Box::new(patch)));
        self
    }

    /// Removes a user's whole history, as belongs to deleting the user.
    #[must_use]
    pub fn delete_history(mut self, user_id: &UserId) -> Self {
        self.ops.push(Op::DeleteHistory { user_id: user_id.clone() });
        self
    }

    fn write<T: Entity>(mut self, entity: &T, expect: Expect) -> Self {
        let id = entity.id();
        if T::TABLE == Tenant::TABLE && id == root_tenant().as_str() {
            self.refusal.get_or_insert(Refusal::ReservedTenant);
        }
        match Draft::of(entity) {
            Ok(draft) if draft.data.len() > ROW_BYTES => {
                self.refusal.get_or_insert(Refusal::TooLarge { table: T::TABLE, limit: ROW_BYTES });
            }
            Ok(draft) => self.ops.push(Op::Write { table: T::TABLE, id, expect, draft }),
            Err(refusal) => {
                self.refusal.get_or_insert(refusal);
            }
        }
        self
    }

    /// About how many bytes it will write.
    pub(crate) fn size(&self) -> usize {
        self.ops
            .iter()
            .map(|op| match op {
                Op::Write { draft, .. } => draft.data.len() + draft.indexes.len() + 64,
                Op::PatchUser(_) => 4096,
                Op::Delete { .. } | Op::Expect { .. } | Op::DeleteHistory { .. } => 64,
            })
            .sum()
    }
}
