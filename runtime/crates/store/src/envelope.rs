//! The stored form of a row: `{"v":schema,"r":revision,"x":[index entries],"d":{…}}`.
//!
//! The revision stands outside the data so that a row is serialized once, by its writer, and the committer only
//! puts the number before it. The index entries stand beside the data so that a row can be replaced or
//! removed without knowing its type.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::entity::{Entity, Table};
use crate::error::{BadRecord, Refusal};
use crate::store::Record;

/// A row before its revision is known.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) schema: u16,
    /// The index entries as JSON text: equal texts mean that no index entry changes.
    pub(crate) indexes: String,
    /// The data as JSON text.
    pub(crate) data: String,
}

/// The parts of a stored row.
#[derive(Debug, Deserialize)]
pub(crate) struct Envelope<'a> {
    #[serde(rename = "v")]
    pub(crate) schema: u16,
    #[serde(rename = "r")]
    pub(crate) revision: u64,
    #[serde(rename = "x", borrow)]
    pub(crate) indexes: &'a RawValue,
    #[serde(rename = "d", borrow)]
    pub(crate) data: &'a RawValue,
}

impl Draft {
    pub(crate) fn of<T: Entity>(entity: &T) -> Result<Self, Refusal> {
        let encode = |_| Refusal::Encode { table: T::TABLE };
        Ok(Self {
            schema: T::SCHEMA,
            indexes: serde_json::to_string(&entity.indexes()).map_err(encode)?,
            data: serde_json::to_string(entity).map_err(encode)?,
        })
    }

    pub(crate) fn seal(&self, revision: u64) -> Vec<u8> {
        use std::io::Write as _;

        let mut out = Vec::with_capacity(self.indexes.len() + self.data.len() + 48);
        // Writing to a vector cannot fail.
        let _ = write!(out, "{{\"v\":{},\"r\":{revision},\"x\":{},\"d\":{}}}", self.schema, self.indexes, self.data);
        out
    }
}

impl<'a> Envelope<'a> {
    pub(crate) fn parse(table: Table, bytes: &'a [u8]) -> Result<Self, BadRecord> {
        serde_json::from_slice(bytes).map_err(|error| BadRecord::Decode { table, message: place(&error) })
    }
}

impl Record {
    /// Decodes the row, bringing an older schema up to date.
    ///
    /// # Errors
    /// When the schema is not known or the data does not fit it.
    pub fn decode<T: Entity>(&self) -> Result<T, BadRecord> {
        decode(self.schema, self.revision, &self.data)
    }
}

pub(crate) fn decode<T: Entity>(schema: u16, revision: u64, data: &[u8]) -> Result<T, BadRecord> {
    let bad = |error: serde_json::Error| BadRecord::Decode { table: T::TABLE, message: place(&error) };
    let mut entity: T = if schema == T::SCHEMA {
        serde_json::from_slice(data).map_err(bad)?
    } else if schema < T::SCHEMA {
        let mut value = serde_json::from_slice(data).map_err(bad)?;
        for older in schema..T::SCHEMA {
            value = T::upcast(older, value)?;
        }
        serde_json::from_value(value).map_err(bad)?
    } else {
        return Err(BadRecord::Schema { table: T::TABLE, schema });
    };
    entity.set_revision(revision);
    Ok(entity)
}

/// Where it failed; the message itself may quote the row.
fn place(error: &serde_json::Error) -> String {
    format!("{:?} at line {} column {}", error.classify(), error.line(), error.column())
}
