//! Reads: straight from the trees, beside the committer.

use std::ops::Bound;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use postern_model::TenantId;

use super::row;
use super::tree::{Tree, Trees, engine};
use crate::entity::{ID_SEPARATOR, Index, Table};
use crate::error::StoreError;
use crate::key;
use crate::query::{Order, Page, Query};
use crate::store::Record;

pub(super) fn fetch(trees: &Trees, tenant: &TenantId, table: Table, id: &str) -> Result<Option<Record>, StoreError> {
    row::read(trees, tenant, table, id)
}

pub(super) fn find(
    trees: &Trees,
    tenant: &TenantId,
    table: Table,
    index: Index,
    key: &[&str],
) -> Result<Option<Record>, StoreError> {
    let prefix = key::index_entry(tenant, index, key, None);
    for entry in trees.tree(Tree::Index).scan_prefix(prefix) {
        let (_, id) = entry.map_err(engine)?;
        // A row may go or change between the two reads.
        let id = String::from_utf8_lossy(&id);
        if let Some(record) = row::read_indexed(trees, tenant, table, &id, (index, key))? {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

/// The keys of a query: all of them, and what all of this list begin with whatever its parts.
struct Range {
    tree: Tree,
    list: Vec<u8>,
    prefix: Vec<u8>,
}

impl Range {
    fn of(tenant: &TenantId, table: Table, query: &Query) -> Self {
        let Some(index) = query.index else {
            let list = key::table(tenant, table);
            let mut prefix = list.clone();
            for part in &query.under {
                key::push_open(&mut prefix, part);
                key::push_open(&mut prefix, ID_SEPARATOR);
            }
            return Self { tree: Tree::of(table), list, prefix };
        };
        let prefix = key::index_entry(tenant, index, &query.under, None);
        Self { tree: Tree::Index, list: key::index(tenant, index), prefix }
    }

    fn iter(&self, trees: &Trees, query: &Query) -> Result<KeyIter, StoreError> {
        let mut first = Bound::Included(self.prefix.clone());
        let mut last = key::successor(&self.prefix).map_or(Bound::Unbounded, Bound::Excluded);
        if let Some(cursor) = &query.after {
            let suffix = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_bad| StoreError::Cursor)?;
            let key = [self.list.as_slice(), &suffix].concat();
            if !key.starts_with(&self.prefix) {
                return Err(StoreError::Cursor);
            }
            match query.order {
                Order::Ascending => first = Bound::Excluded(key),
                Order::Descending => last = Bound::Excluded(key),
            }
        }
        let iter = trees.tree(self.tree).range::<Vec<u8>, _>((first, last));
        Ok(match query.order {
            Order::Ascending => Box::new(iter),
            Order::Descending => Box::new(iter.rev()),
        })
    }

    fn cursor(&self, key: &[u8]) -> Option<String> {
        key.strip_prefix(self.list.as_slice()).map(|suffix| BASE64_URL_SAFE_NO_PAD.encode(suffix))
    }
}

type KeyIter = Box<dyn Iterator<Item = sled::Result<(sled::IVec, sled::IVec)>>>;

pub(super) fn list(trees: &Trees, tenant: &TenantId, table: Table, query: &Query) -> Result<Page<Record>, StoreError> {
    let range = Range::of(tenant, table, query);
    let mut rows = Vec::new();
    let mut last: Option<sled::IVec> = None;
    for entry in range.iter(trees, query)?.skip(query.skip) {
        let (key, value) = entry.map_err(engine)?;
        if rows.len() == query.limit {
            return Ok(Page { rows, next: last.and_then(|key| range.cursor(&key)) });
        }
        // A row may go or change between the two reads.
        let record = if let Some(index) = query.index {
            let id = String::from_utf8_lossy(&value);
            row::read_indexed(trees, tenant, table, &id, (index, &query.under))?
        } else {
            let Some((_, _, id)) = key::split_row(&key) else { continue };
            fetch(trees, tenant, table, &id)?
        };
        if let Some(record) = record {
            rows.push(record);
            last = Some(key);
        }
    }
    Ok(Page { rows, next: None })
}

pub(super) fn count(trees: &Trees, tenant: &TenantId, table: Table, query: &Query) -> Result<u64, StoreError> {
    let whole = Query { after: None, order: Order::Ascending, ..query.clone() };
    let range = Range::of(tenant, table, &whole);
    let mut count = 0;
    for entry in range.iter(trees, &whole)? {
        if query.count_to.is_some_and(|most| count >= most) {
            break;
        }
        entry.map_err(engine)?;
        count += 1;
    }
    Ok(count)
}
