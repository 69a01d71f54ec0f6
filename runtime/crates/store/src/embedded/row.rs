//! A row as values of the engine: whole, or a head with its data in chunks.
//!
//! sled writes an item or leaf larger than a quarter of a segment to a file of its own that it never syncs. With at
//! most 17 values of 64 KiB in a leaf and segments of 8 MiB that does not happen.

use postern_model::TenantId;
use sled::IVec;
use uuid::Uuid;

use super::tree::{Tree, Trees};
use crate::entity::{Index, IndexEntry, Table};
use crate::envelope::{Draft, Envelope};
use crate::error::{BadRecord, StoreError};
use crate::key;
use crate::store::Record;

/// Largest value the engine is given, bytes.
pub(super) const CHUNK_BYTES: usize = 64 * 1024;

/// First byte of a head; a whole row begins with a brace.
const HEAD: u8 = 1;
/// Marker, generation, number of chunks, length.
const HEAD_BYTES: usize = 1 + 16 + 4 + 8;
/// A reader that meets a row being replaced looks again this often.
const ATTEMPTS: usize = 64;

/// Where the chunks of a row are. A generation is never used twice, so a reader sees chunks of one write only.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunks {
    generation: Uuid,
    count: u32,
    length: u64,
}

impl Chunks {
    pub(super) fn keys(self, tenant: &TenantId) -> impl Iterator<Item = Vec<u8>> {
        let prefix = key::tenant(tenant);
        (0..self.count).map(move |number| {
            let mut key = prefix.clone();
            key.extend(self.generation.as_bytes());
            key.extend(number.to_be_bytes());
            key
        })
    }
}

/// The values a row becomes.
pub(super) struct Values {
    pub(super) value: Vec<u8>,
    pub(super) chunks: Vec<(Vec<u8>, Vec<u8>)>,
}

pub(super) fn seal(tenant: &TenantId, draft: &Draft, revision: u64) -> Values {
    if draft.data.len() + draft.indexes.len() + 64 <= CHUNK_BYTES {
        return Values { value: draft.seal(revision), chunks: Vec::new() };
    }
    let pieces: Vec<&[u8]> = draft.data.as_bytes().chunks(CHUNK_BYTES).collect();
    let chunks = Chunks {
        generation: Uuid::now_v7(),
        count: u32::try_from(pieces.len()).unwrap_or(u32::MAX),
        length: draft.data.len() as u64,
    };
    let mut value = vec![HEAD];
    value.extend(chunks.generation.as_bytes());
    value.extend(chunks.count.to_be_bytes());
    value.extend(chunks.length.to_be_bytes());
    value.extend(Draft { schema: draft.schema, indexes: draft.indexes.clone(), data: "null".into() }.seal(revision));
    let chunks = chunks.keys(tenant).zip(pieces.into_iter().map(<[u8]>::to_vec)).collect();
    Values { value, chunks }
}

/// Takes a value apart: its envelope, whose data is `null` when it is in chunks.
pub(super) fn parse(table: Table, value: &[u8]) -> Result<(Envelope<'_>, Option<Chunks>), BadRecord> {
    if value.first() != Some(&HEAD) {
        return Ok((Envelope::parse(table, value)?, None));
    }
    let damaged = || BadRecord::Decode { table, message: "its head is too short".into() };
    let (head, text) = value.split_at_checked(HEAD_BYTES).ok_or_else(damaged)?;
    let [_, rest @ ..] = head else { return Err(damaged()) };
    let (generation, rest) = rest.split_first_chunk::<16>().ok_or_else(damaged)?;
    let (count, rest) = rest.split_first_chunk::<4>().ok_or_else(damaged)?;
    let (length, _) = rest.split_first_chunk::<8>().ok_or_else(damaged)?;
    let chunks = Chunks {
        generation: Uuid::from_bytes(*generation),
        count: u32::from_be_bytes(*count),
        length: u64::from_be_bytes(*length),
    };
    Ok((Envelope::parse(table, text)?, Some(chunks)))
}

/// Reads the chunks of a head through `get`; `None` when the row was replaced meanwhile.
pub(super) fn gather(
    tenant: &TenantId,
    chunks: Chunks,
    mut get: impl FnMut(&[u8]) -> Result<Option<IVec>, StoreError>,
) -> Result<Option<Vec<u8>>, StoreError> {
    let mut data = Vec::with_capacity(usize::try_from(chunks.length).unwrap_or(0).min(crate::write_set::ROW_BYTES));
    for key in chunks.keys(tenant) {
        let Some(piece) = get(&key)? else { return Ok(None) };
        data.extend_from_slice(&piece);
    }
    Ok((data.len() as u64 == chunks.length).then_some(data))
}

/// A row with its data gathered.
struct Whole {
    revision: u64,
    schema: u16,
    indexes: String,
    data: Vec<u8>,
}

impl Whole {
    fn record(self, id: &str) -> Record {
        let Self { revision, schema, indexes: _, data } = self;
        Record { id: id.to_owned(), revision, schema, data }
    }
}

fn read_whole(trees: &Trees, tenant: &TenantId, table: Table, id: &str) -> Result<Option<Whole>, StoreError> {
    let key = key::row(tenant, table, id);
    for _ in 0..ATTEMPTS {
        let Some(value) = trees.get(Tree::of(table), &key)? else { return Ok(None) };
        let (envelope, chunks) = parse(table, &value)?;
        let data = match chunks {
            None => envelope.data.get().as_bytes().to_vec(),
            Some(chunks) => match gather(tenant, chunks, |key| trees.get(Tree::Chunks, key))? {
                Some(data) => data,
                None => continue,
            },
        };
        let (revision, schema, indexes) = (envelope.revision, envelope.schema, envelope.indexes.get().to_owned());
        return Ok(Some(Whole { revision, schema, indexes, data }));
    }
    Err(BadRecord::Decode { table, message: "its chunks are missing".into() }.into())
}

/// Reads a row through sled, as any reader does.
pub(super) fn read(trees: &Trees, tenant: &TenantId, table: Table, id: &str) -> Result<Option<Record>, StoreError> {
    Ok(read_whole(trees, tenant, table, id)?.map(|whole| whole.record(id)))
}

/// Reads a row that an index led to, unless it has left that place of the index meanwhile.
pub(super) fn read_indexed<T: AsRef<str>>(
    trees: &Trees,
    tenant: &TenantId,
    table: Table,
    id: &str,
    (index, key): (Index, &[T]),
) -> Result<Option<Record>, StoreError> {
    let Some(whole) = read_whole(trees, tenant, table, id)? else { return Ok(None) };
    let entries = index_entries(table, &whole.indexes)?;
    let here = |entry: &IndexEntry| {
        entry.index == index
            && entry.key.len() >= key.len()
            && entry.key.iter().zip(key).all(|(part, wanted)| part == wanted.as_ref())
    };
    Ok(entries.iter().any(here).then(|| whole.record(id)))
}

pub(super) fn index_entries(table: Table, text: &str) -> Result<Vec<IndexEntry>, BadRecord> {
    serde_json::from_str(text).map_err(|_bad| BadRecord::Decode { table, message: "its index entries".into() })
}

/// Reads a row as the text of its envelope, whole whatever its size.
pub(super) fn read_sealed(
    trees: &Trees,
    tenant: &TenantId,
    table: Table,
    id: &str,
) -> Result<Option<String>, StoreError> {
    let Some(Whole { revision, schema, indexes, data }) = read_whole(trees, tenant, table, id)? else {
        return Ok(None);
    };
    let damaged = |_| BadRecord::Decode { table, message: "it is not UTF-8".into() };
    let draft = Draft { schema, indexes, data: String::from_utf8(data).map_err(damaged)? };
    String::from_utf8(draft.seal(revision)).map(Some).map_err(|error| damaged(error).into())
}
