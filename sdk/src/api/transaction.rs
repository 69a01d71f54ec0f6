//! `api.transaction`: notes of a login that live as long as the login.

use postern_contract::rules;
use serde_json::Value;

use super::{Api, check};
use crate::Error;
use crate::event::pointer;

/// A value of transaction metadata.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'v> {
    /// A string of at most 8192 bytes.
    Text(&'v str),
    /// An integer that JavaScript can hold.
    Number(i64),
    /// A boolean.
    Flag(bool),
    /// Removes the key.
    Remove,
}

impl<'v> From<&'v str> for Scalar<'v> {
    fn from(text: &'v str) -> Self {
        Self::Text(text)
    }
}

impl<'v> From<&'v String> for Scalar<'v> {
    fn from(text: &'v String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Scalar<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<i32> for Scalar<'_> {
    fn from(number: i32) -> Self {
        Self::Number(number.into())
    }
}

impl From<u32> for Scalar<'_> {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<bool> for Scalar<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl<'v, T: Into<Scalar<'v>>> From<Option<T>> for Scalar<'v> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Remove, Into::into)
    }
}

/// See [`Api::transaction`].
#[derive(Debug)]
pub struct Transaction<'a> {
    pub(super) api: &'a mut Api,
}

impl Transaction<'_> {
    /// Sets a key; `None::<&str>` removes it. Seen at once in `event.transaction().metadata(key)` and by later
    /// actions, over redirects and challenges, until the login ends.
    ///
    /// # Errors
    /// When the key or the value is too long, or a number is no safe integer.
    pub fn set_metadata<'v>(self, key: &str, value: impl Into<Scalar<'v>>) -> Result<(), Error> {
        const METHOD: &str = "transaction.setMetadata";
        check(METHOD, rules::transaction_key(key))?;
        let value = match value.into() {
            Scalar::Text(text) => Value::from(text),
            Scalar::Number(number) => Value::from(number),
            Scalar::Flag(flag) => Value::from(flag),
            Scalar::Remove => Value::Null,
        };
        check(METHOD, rules::transaction_value(&value))?;
        self.api.mutation(METHOD).text("key", key).value("value", &value)?.end();
        let shown = if value.is_null() { None } else { Some(value) };
        self.api.event.changes.show(pointer("/transaction/metadata", key), shown);
        Ok(())
    }
}
