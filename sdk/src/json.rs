//! JSON text straight into a buffer: no tree of values, no formatting machinery.

use serde::Serialize;

use crate::Error;

/// Appends a string literal.
pub(crate) fn text(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|&b| b < b' ' || b == b'"' || b == b'\\') {
        let (plain, tail) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((&byte, after)) = tail.split_first() else { break };
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            _ => {
                let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
            }
        }
        rest = after;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Appends any value.
pub(crate) fn value<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) -> Result<(), Error> {
    serde_json::to_writer(out, value).map_err(Error::from)
}

/// An object that begins with `{"type":…`: a mutation or a host call.
pub(crate) struct Object<'b> {
    out: &'b mut Vec<u8>,
    start: usize,
}

impl<'b> Object<'b> {
    /// Opens an object at the buffer's end, behind a comma unless it is the first of a list or of the buffer.
    pub(crate) fn begin(out: &'b mut Vec<u8>, kind: &str) -> Self {
        let start = out.len();
        if !matches!(out.last(), None | Some(b'[')) {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"type\":\"");
        out.extend_from_slice(kind.as_bytes());
        out.push(b'"');
        Self { out, start }
    }

    fn key(&mut self, key: &str) {
        self.out.extend_from_slice(b",\"");
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// Adds a member that is a string.
    pub(crate) fn text(mut self, key: &str, value: &str) -> Self {
        self.key(key);
        text(self.out, value);
        self
    }

    /// Adds a member of any kind. On an error the whole object is taken back.
    pub(crate) fn value<T: Serialize + ?Sized>(mut self, key: &str, value: &T) -> Result<Self, Error> {
        self.key(key);
        match self::value(self.out, value) {
            Ok(()) => Ok(self),
            Err(error) => {
                self.out.truncate(self.start);
                Err(error)
            }
        }
    }

    /// Adds a member if there is a value.
    pub(crate) fn option<T: Serialize>(self, key: &str, value: Option<&T>) -> Result<Self, Error> {
        match value {
            Some(value) => self.value(key, value),
            None => Ok(self),
        }
    }

    /// Closes the object.
    pub(crate) fn end(self) {
        self.out.push(b'}');
    }
}

/// The text of a JSON string, when it can be taken as it is: no escapes.
pub(crate) fn plain_string(json: &[u8]) -> Option<&str> {
    let inner = json.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if inner.contains(&b'\\') { None } else { std::str::from_utf8(inner).ok() }
}

/// A JSON string. The text is a host's, so it is JSON; what is not a string is none.
pub(crate) fn string(json: &[u8]) -> Option<String> {
    match plain_string(json) {
        Some(text) => Some(text.to_owned()),
        None => unescaped(std::str::from_utf8(json.strip_prefix(b"\"")?.strip_suffix(b"\"")?).ok()?),
    }
}

/// Undoes the escapes. A parser would do too, but is a large thing to link for this.
#[cold]
fn unescaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        let mut chars = escape.chars();
        match chars.next()? {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'u' => {
                let first = unit(&mut chars)?;
                let code = if (0xd800..0xdc00).contains(&first) {
                    let second = chars.as_str().strip_prefix("\\u").map(str::chars).and_then(|mut after| {
                        let second = unit(&mut after)?;
                        chars = after;
                        Some(second)
                    })?;
                    0x1_0000 + ((first - 0xd800) << 10) + second.checked_sub(0xdc00)?
                } else {
                    first
                };
                out.push(char::from_u32(code)?);
            }
            // `"`, `\` and `/` stand for themselves.
            other => out.push(other),
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    Some(out)
}

/// Four hexadecimal digits.
fn unit(chars: &mut std::str::Chars<'_>) -> Option<u32> {
    (0..4).try_fold(0, |unit, _| Some(unit << 4 | chars.next()?.to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str) {
        let mut out = Vec::new();
        text(&mut out, value);
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), value);
        assert_eq!(string(&out).as_deref(), Some(value));
    }

    #[test]
    fn strings_are_escaped_and_read_back() {
        for value in ["", "plain", "a \"b\" \\ c", "line\nend\t\0\u{1f}", "grüße 🎉", "\\\\\"\""] {
            check(value);
        }
        assert_eq!(string(b"12"), None);
        assert_eq!(string(b"\"\\n\\t\\r\\b\\f\\/\\\\\\\"\\u00fc\"").as_deref(), Some("\n\t\r\u{8}\u{c}/\\\"ü"));
        for broken in ["\"\\u12\"", "\"\\ud83c\"", "\"\\ud83cx\"", "\"\\ud83c\\u0041\"", "\"\\"] {
            assert_eq!(string(broken.as_bytes()), None, "{broken}");
        }
        assert_eq!(string(b"\"\\ud83c\\udf89\"").as_deref(), Some("🎉"));
    }

    #[test]
    fn a_value_that_fails_takes_its_object_back() {
        let mut out = b"[1".to_vec();
        let bad = std::collections::BTreeMap::from([(vec![1], 1)]);
        assert!(Object::begin(&mut out, "x.y").text("a", "b").value("c", &bad).is_err());
        assert_eq!(out, b"[1");
    }
}
