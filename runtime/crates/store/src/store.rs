//! The trait every store implements, and the typed front over it.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Read, Write};

use async_trait::async_trait;
use postern_model::TenantId;
use serde::{Deserialize, Serialize};

use crate::entity::{Entity, Index, Table};
use crate::error::{CommitError, ExportError, ImportError, StoreError};
use crate::query::{Page, Query};
use crate::write_set::{Receipt, WriteSet};

/// A row in its stored form.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Key inside tenant and table.
    pub id: String,
    /// Counts the writes of the row from 1.
    pub revision: u64,
    /// Version of the form of `data`.
    pub schema: u16,
    /// JSON text.
    pub data: Vec<u8>,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, revision, schema, data: _ } = self;
        f.debug_struct("Record")
            .field("id", id)
            .field("revision", revision)
            .field("schema", schema)
            .finish_non_exhaustive()
    }
}

/// Whether the store can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It can.
    Serving,
    /// A write failed; nothing is acknowledged any more and the process must be restarted.
    Fatal,
}

/// What an export holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportScope {
    /// Everything.
    All,
    /// One tenant with its own tenant row.
    Tenant(TenantId),
}

/// What was exported or imported.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportReport {
    /// Rows by table, as they are once every line is applied.
    pub rows: BTreeMap<String, u64>,
    /// Lines written or read between head and tail.
    pub lines: u64,
    /// SHA-256 of those lines, hex.
    pub sha256: String,
}

/// A store. Reads may see a change just before its commit is acknowledged.
#[async_trait]
pub trait Store: Send + Sync + fmt::Debug {
    /// One row by id.
    async fn fetch_record(&self, tenant: &TenantId, table: Table, id: &str) -> Result<Option<Record>, StoreError>;

    /// The first row under a key of an index; the only one when the index is unique.
    async fn find_record(
        &self,
        tenant: &TenantId,
        table: Table,
        index: Index,
        key: &[&str],
    ) -> Result<Option<Record>, StoreError>;

    /// A page of rows.
    async fn list_records(&self, tenant: &TenantId, table: Table, query: Query) -> Result<Page<Record>, StoreError>;

    /// How many rows a query has, whatever its cursor, skip and limit.
    async fn count_records(&self, tenant: &TenantId, table: Table, query: Query) -> Result<u64, StoreError>;

    /// Commits a write set whole, or not at all. `Ok` means durable.
    async fn commit(&self, set: WriteSet) -> Result<Receipt, CommitError>;

    /// Writes every row as of one moment while writes go on: zstd-compressed NDJSON with counts and checksum.
    async fn export(&self, scope: ExportScope, to: Box<dyn Write + Send>) -> Result<ExportReport, ExportError>;

    /// Reads an export into this store, which must be empty. Counts and checksum are verified.
    async fn import(&self, from: Box<dyn Read + Send>) -> Result<ExportReport, ImportError>;

    /// Whether it can be written.
    fn health(&self) -> Health;

    /// Returns once the store has stopped for good, so that the process can end.
    async fn stopped(&self);
}

impl dyn Store + '_ {
    /// One row by id.
    ///
    /// # Errors
    /// When the store fails or the row is not readable.
    pub async fn fetch<T: Entity>(&self, tenant: &TenantId, id: &str) -> Result<Option<T>, StoreError> {
        let record = self.fetch_record(tenant, T::TABLE, id).await?;
        Ok(record.map(|record| record.decode()).transpose()?)
    }

    /// The first row under a key of an index; the only one when the index is unique.
    ///
    /// # Errors
    /// When the store fails or the row is not readable.
    pub async fn find<T: Entity>(
        &self,
        tenant: &TenantId,
        index: Index,
        key: &[&str],
    ) -> Result<Option<T>, StoreError> {
        let record = self.find_record(tenant, T::TABLE, index, key).await?;
        Ok(record.map(|record| record.decode()).transpose()?)
    }

    /// A page of rows.
    ///
    /// # Errors
    /// When the store fails, a row is not readable, or the cursor is not of this list.
    pub async fn list<T: Entity>(&self, tenant: &TenantId, query: Query) -> Result<Page<T>, StoreError> {
        let Page { rows, next } = self.list_records(tenant, T::TABLE, query).await?;
        let rows = rows.into_iter().map(|record| record.decode()).collect::<Result<_, _>>()?;
        Ok(Page { rows, next })
    }

    /// How many rows a query has, whatever its cursor, skip and limit.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn count<T: Entity>(&self, tenant: &TenantId, query: Query) -> Result<u64, StoreError> {
        self.count_records(tenant, T::TABLE, query).await
    }
}
