//! Keys as bytes that sort like the tuples they stand for.
//!
//! A text part has its zero bytes escaped as `00 FF` and ends with `00 01`, so a part that is a prefix of another
//! sorts before it, whatever follows. Codes are one byte, the tenant is the first part of every row and index key.

use postern_model::TenantId;

use crate::entity::{Index, Table};

const ESCAPE: u8 = 0x00;
const ESCAPED_ZERO: u8 = 0xFF;
const END: u8 = 0x01;

/// Longest id or index key, bytes of text. Long keys would swell the inner nodes of the tree.
pub(crate) const KEY_BYTES: usize = 1024;

pub(crate) fn push_open(out: &mut Vec<u8>, text: &str) {
    for &byte in text.as_bytes() {
        out.push(byte);
        if byte == ESCAPE {
            out.push(ESCAPED_ZERO);
        }
    }
}

pub(crate) fn push_text(out: &mut Vec<u8>, text: &str) {
    push_open(out, text);
    out.extend([ESCAPE, END]);
}

/// Reads a text part; `None` when it is not one.
pub(crate) fn split_text(bytes: &[u8]) -> Option<(String, &[u8])> {
    let mut text = Vec::new();
    let mut rest = bytes;
    loop {
        match rest {
            [ESCAPE, END, after @ ..] => return Some((String::from_utf8(text).ok()?, after)),
            [ESCAPE, ESCAPED_ZERO, after @ ..] => {
                text.push(ESCAPE);
                rest = after;
            }
            [ESCAPE, ..] | [] => return None,
            [byte, after @ ..] => {
                text.push(*byte);
                rest = after;
            }
        }
    }
}

/// What all rows of a tenant begin with.
pub(crate) fn tenant(tenant: &TenantId) -> Vec<u8> {
    let mut out = Vec::with_capacity(tenant.as_str().len() + 2);
    push_text(&mut out, tenant.as_str());
    out
}

/// What all rows of a table begin with.
pub(crate) fn table(of: &TenantId, table: Table) -> Vec<u8> {
    let mut out = tenant(of);
    out.push(table.code());
    out
}

pub(crate) fn row(of: &TenantId, in_table: Table, id: &str) -> Vec<u8> {
    let mut out = table(of, in_table);
    push_text(&mut out, id);
    out
}

/// Takes a row key apart: tenant, table code, id.
pub(crate) fn split_row(key: &[u8]) -> Option<(String, u8, String)> {
    let (tenant, rest) = split_text(key)?;
    let (&code, rest) = rest.split_first()?;
    let (id, rest) = split_text(rest)?;
    rest.is_empty().then_some((tenant, code, id))
}

/// What all entries of an index begin with.
pub(crate) fn index(of: &TenantId, index: Index) -> Vec<u8> {
    let mut out = tenant(of);
    out.push(index.code());
    out
}

/// An index key; the `id` follows where the key alone does not name one row.
pub(crate) fn index_entry<T: AsRef<str>>(of: &TenantId, in_index: Index, key: &[T], id: Option<&str>) -> Vec<u8> {
    let mut out = index(of, in_index);
    for part in key {
        push_text(&mut out, part.as_ref());
    }
    if let Some(id) = id {
        push_text(&mut out, id);
    }
    out
}

/// The first key after all that begin with `prefix`.
pub(crate) fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut out = prefix.to_vec();
    while let Some(last) = out.pop() {
        if last < u8::MAX {
            out.push(last + 1);
            return Some(out);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entity::{newest, oldest};

    fn tuple(parts: &[String]) -> Vec<u8> {
        let mut out = Vec::new();
        for part in parts {
            push_text(&mut out, part);
        }
        out
    }

    /// Texts over a few characters, so that equal parts, prefixes and zero bytes are met often.
    fn parts() -> impl Strategy<Value = Vec<String>> {
        prop::collection::vec("[\u{0}\u{1}\u{1f}ab\u{7f}\u{ff}é]{0,4}", 0..4)
    }

    proptest! {
        #[test]
        fn keys_sort_as_their_tuples(a in parts(), b in parts()) {
            prop_assert_eq!(tuple(&a).cmp(&tuple(&b)), a.cmp(&b));
        }

        #[test]
        fn keys_come_apart_again(parts in parts()) {
            let key = tuple(&parts);
            let mut rest = key.as_slice();
            for part in &parts {
                let (text, after) = split_text(rest).unwrap();
                prop_assert_eq!(&text, part);
                rest = after;
            }
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn a_prefix_holds_exactly_its_keys(parts in parts(), more in parts(), other in parts()) {
            let prefix = tuple(&parts);
            let end = successor(&prefix);
            let inside = |key: &[u8]| key >= prefix.as_slice() && end.as_deref().is_none_or(|end| key < end);
            prop_assert!(inside(&tuple(&[parts.clone(), more].concat())));
            prop_assert_eq!(inside(&tuple(&other)), other.starts_with(&parts));
        }

        #[test]
        fn numbers_sort_both_ways(a: u64, b: u64) {
            prop_assert_eq!(oldest(a).cmp(&oldest(b)), a.cmp(&b));
            prop_assert_eq!(newest(a).cmp(&newest(b)), b.cmp(&a));
        }
    }

    #[test]
    fn no_tenant_is_inside_another() {
        let (a, b): (TenantId, TenantId) = ("acme".parse().unwrap(), "acme-2".parse().unwrap());
        assert!(!row(&b, Table::Users, "x").starts_with(&tenant(&a)));
        assert_eq!(split_row(&row(&a, Table::Users, "auth0|1")), Some(("acme".into(), 2, "auth0|1".into())));
    }
}
