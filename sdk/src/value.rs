//! One value of the event as a Rust type. Strings, numbers and booleans are read without a JSON parser: a program that
//! asks for nothing else does not even contain one, which is most of its size.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::{DeserializeOwned, Expected, Unexpected, Visitor};
use serde::{Deserializer, de};

use crate::json;

/// Why a value is not what was asked for.
#[derive(Debug)]
pub(crate) struct Mismatch(pub(crate) String);

impl Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Mismatch {}

impl de::Error for Mismatch {
    #[cold]
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }

    // What was found instead is not told: its formatting is larger than the rest of a small action.
    #[cold]
    fn invalid_type(_found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self(format!("expected {wanted}"))
    }

    #[cold]
    fn invalid_value(_found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self(format!("expected {wanted}"))
    }
}

/// Reads a value's JSON text.
#[inline]
pub(crate) fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, Mismatch> {
    T::deserialize(Text(text))
}

/// The JSON text of one value, as a host gives it: without white space around it.
struct Text<'t>(&'t [u8]);

impl Text<'_> {
    fn parsed<N: FromStr>(&self) -> Option<N> {
        std::str::from_utf8(self.0).ok()?.parse().ok()
    }
}

#[cold]
fn wanted<'de, V: Visitor<'de>>(visitor: &V) -> Mismatch {
    <Mismatch as de::Error>::invalid_type(Unexpected::Unit, visitor)
}

/// Kinds that one visit of the parsed text settles.
macro_rules! numbers {
    ($method:ident $visit:ident $number:ty) => {
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
            match self.parsed::<$number>() {
                Some(number) => visitor.$visit(number),
                None => Err(wanted(&visitor)),
            }
        }
    };
}

/// Kinds that take a parser.
macro_rules! parsed {
    ($($method:ident($($argument:ident: $kind:ty),*)),*) => {
        $(
            fn $method<V: Visitor<'de>>(self, $($argument: $kind,)* visitor: V) -> Result<V::Value, Mismatch> {
                let mut parser = serde_json::Deserializer::from_slice(self.0);
                (&mut parser).$method($($argument,)* visitor).map_err(|error| Mismatch(error.to_string()))
            }
        )*
    };
}

impl<'de> Deserializer<'de> for Text<'de> {
    type Error = Mismatch;

    numbers!(deserialize_bool visit_bool bool);
    numbers!(deserialize_i8 visit_i8 i8);
    numbers!(deserialize_i16 visit_i16 i16);
    numbers!(deserialize_i32 visit_i32 i32);
    numbers!(deserialize_i64 visit_i64 i64);
    numbers!(deserialize_u8 visit_u8 u8);
    numbers!(deserialize_u16 visit_u16 u16);
    numbers!(deserialize_u32 visit_u32 u32);
    numbers!(deserialize_u64 visit_u64 u64);
    numbers!(deserialize_f32 visit_f32 f32);
    numbers!(deserialize_f64 visit_f64 f64);

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match json::plain_string(self.0) {
            Some(text) => visitor.visit_str(text),
            None => self.deserialize_string(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match json::string(self.0) {
            Some(text) => visitor.visit_string(text),
            None => Err(wanted(&visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        if self.0 == b"null" { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    parsed! {
        deserialize_any(), deserialize_char(), deserialize_bytes(), deserialize_byte_buf(), deserialize_unit(),
        deserialize_unit_struct(name: &'static str), deserialize_seq(), deserialize_tuple(len: usize),
        deserialize_tuple_struct(name: &'static str, len: usize), deserialize_map(),
        deserialize_struct(name: &'static str, fields: &'static [&'static str]),
        deserialize_enum(name: &'static str, variants: &'static [&'static str]), deserialize_identifier(),
        deserialize_ignored_any(), deserialize_i128(), deserialize_u128()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Debug;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Plan {
        name: String,
        seats: Option<u32>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    enum Level {
        Low,
    }

    /// Reads as `serde_json` itself does.
    #[track_caller]
    fn check<T: DeserializeOwned + Debug + PartialEq>(text: &str) {
        let want = serde_json::from_str::<T>(text).ok();
        assert_eq!(read::<T>(text.as_bytes()).ok(), want, "{text}");
    }

    #[test]
    fn reads_as_the_parser_does() {
        for text in
            ["\"a\"", "\"a\\n\"", "1", "-1", "1.5", "1e3", "300", "true", "null", "[1]", "{}", "\"Low\"", "\"true\""]
        {
            check::<String>(text);
            check::<bool>(text);
            check::<u8>(text);
            check::<i64>(text);
            check::<u64>(text);
            check::<f64>(text);
            check::<Option<String>>(text);
            check::<Vec<u8>>(text);
            check::<Level>(text);
            check::<serde_json::Value>(text);
            check::<BTreeMap<String, u8>>(text);
        }
        check::<Plan>(r#"{"name": "gold", "seats": 3}"#);
        check::<Plan>(r#"{"name": "gold"}"#);
        check::<Plan>(r#"{"name": 1}"#);
    }

    #[test]
    fn says_what_was_expected() {
        assert_eq!(read::<String>(b"1").unwrap_err().0, "expected a string");
        assert_eq!(read::<bool>(b"1").unwrap_err().0, "expected a boolean");
        assert_eq!(read::<u8>(b"300").unwrap_err().0, "expected u8");
    }
}
