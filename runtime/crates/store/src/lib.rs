//! What Postern keeps, and how: the [`Store`] trait, its typed front, and the embedded store on sled.
//!
//! A write is a [`WriteSet`]: preconditions and changes under one request id, committed whole or not at all.
//! `commit` returning `Ok` means that the changes survive a power cut. Rows of one tenant are never reachable
//! with the id of another: the tenant is the first part of every key.
//!
//! Callers read and write through `&dyn Store` and its typed front: `store.fetch::<User>(&tenant, id)`.

#[doc(hidden)]
pub mod bench;
mod embedded;
mod entity;
mod envelope;
mod error;
mod key;
mod query;
mod record;
mod store;
mod user_patch;
mod write_set;

pub use embedded::{Durability, SledConfig, SledStore};
pub use entity::{
    ArtifactBytes, BindingList, Entity, Index, IndexEntry, JobPart, Setting, Table, compose, newest, root_tenant,
};
pub use error::{BadRecord, CommitError, ExportError, ImportError, OpenError, Refusal, StoreError};
pub use query::{Order, Page, Query};
pub use record::job_part_id;
pub use store::{ExportReport, ExportScope, Health, Record, Store};
pub use write_set::{Expect, LoginStamp, MetadataChange, Receipt, UserPatch, WriteSet, Written};
