//! The stored form of a row: `{"v":schema,"r":revision,"x":[index entries],"d":{…}}`.
//!
//! The revision stands outside the data so that a row is serialized once, by its writer, and the committer only
//! puts the number before it. The index entries stand beside the data so that a row can be replaced or
//! removed without knowing its type.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::entity::{Entity, Table};
use crate::error::{BadRecord, Refusal};
use crate::store::Record;

/// A row before its revision is known.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) schema: u16,
    /// The index entries as JSON text: equal texts mean that no index entry changes.
    pub(crate) indexes: String,
    /// The data as JSON text.
    pub(crate) data: String,
}

/// The parts of a stored row.
#[derive(Deserialize)]
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

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("schema", &self.schema).field("bytes", &self.data.len()).finish_non_exhaustive()
    }
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

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::{Value, json};

    use super::*;

    /// Renamed once and given a unit once.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Door {
        name: String,
        width_mm: u64,
        #[serde(skip)]
        revision: u64,
    }

    impl Entity for Door {
        const TABLE: Table = Table::Settings;
        const SCHEMA: u16 = 3;

        fn id(&self) -> String {
            self.name.clone()
        }

        fn set_revision(&mut self, revision: u64) {
            self.revision = revision;
        }

        fn upcast(schema: u16, mut data: Value) -> Result<Value, BadRecord> {
            match schema {
                1 => {
                    let name = data["title"].take();
                    Ok(json!({"name": name, "width": data["width"]}))
                }
                2 => Ok(json!({"name": data["name"], "width_mm": data["width"].as_u64().unwrap_or_default() * 10})),
                _ => Err(BadRecord::Schema { table: Self::TABLE, schema }),
            }
        }
    }

    #[track_caller]
    fn check(schema: u16, data: &Value, want: Result<(), ()>) {
        let record = Record { id: "d".into(), revision: 7, schema, data: data.to_string().into_bytes() };
        let door = record.decode::<Door>();
        assert_eq!(door.as_ref().map(drop).map_err(drop), want, "{schema}: {door:?}");
        if let Ok(door) = door {
            assert_eq!(door, Door { name: "d".into(), width_mm: 900, revision: 7 }, "{schema}");
        }
    }

    #[test]
    fn older_schemas_are_brought_up_to_date() {
        check(3, &json!({"name": "d", "width_mm": 900}), Ok(()));
        check(2, &json!({"name": "d", "width": 90}), Ok(()));
        check(1, &json!({"title": "d", "width": 90}), Ok(()));
        check(0, &json!({"title": "d", "width": 90}), Err(()));
        check(4, &json!({"name": "d", "width_mm": 900}), Err(()));
        check(3, &json!({"title": "d"}), Err(()));
    }

    #[test]
    fn what_is_sealed_comes_apart() {
        let door = Door { name: "d".into(), width_mm: 900, revision: 0 };
        let sealed = Draft::of(&door).unwrap().seal(12);
        assert_eq!(sealed, br#"{"v":3,"r":12,"x":[],"d":{"name":"d","width_mm":900}}"#);
        let envelope = Envelope::parse(Table::Settings, &sealed).unwrap();
        assert_eq!((envelope.schema, envelope.revision, envelope.indexes.get()), (3, 12, "[]"));
        let bad = Envelope::parse(Table::Settings, br#"{"v":3,"secret"}"#).err().unwrap();
        assert!(!bad.to_string().contains("secret"), "{bad}");
    }
}
