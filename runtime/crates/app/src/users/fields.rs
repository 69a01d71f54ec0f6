//! What a field of a search or a sort order means on a user.

use jiff::Timestamp;
use postern_model::{Identity, Metadata, User};
use serde_json::{Map, Value};

/// A scalar found under a field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Leaf<'a> {
    /// Compared without regard to case.
    Folded(&'a str),
    /// Compared as it is.
    Text(&'a str),
    Number(f64),
    Bool(bool),
    Time(Timestamp),
}

/// Fields that a term without a field is compared with (Auth0: "A term without a field name will not match text in the
/// user metadata fields").
pub(super) const DEFAULT_FIELDS: &[&str] =
    &["email", "name", "given_name", "family_name", "nickname", "username", "phone_number", "user_id"];

/// Whether `test` says yes to a value of the field. Arrays are looked through; an object is not a value, but has
/// values for a search for presence (`within`).
pub(super) fn any_leaf(user: &User, path: &[String], within: Within, test: &mut dyn FnMut(Leaf<'_>) -> bool) -> bool {
    let Some((root, rest)) = path.split_first() else { return false };
    let mut leaf = |leaf: Option<Leaf<'_>>| rest.is_empty() && leaf.is_some_and(&mut *test);
    match root.as_str() {
        "email" => match rest {
            [part] if part == "domain" => {
                let domain = user.email.as_deref().and_then(|email| email.rsplit_once('@'));
                domain.is_some_and(|(_, domain)| test(Leaf::Folded(domain)))
            }
            _ => leaf(user.email.as_deref().map(Leaf::Folded)),
        },
        "user_id" => leaf(Some(Leaf::Text(user.user_id.as_str()))),
        "name" => leaf(user.name.as_deref().map(Leaf::Folded)),
        "given_name" => leaf(user.given_name.as_deref().map(Leaf::Folded)),
        "family_name" => leaf(user.family_name.as_deref().map(Leaf::Folded)),
        "nickname" => leaf(user.nickname.as_deref().map(Leaf::Folded)),
        // Kept in lower case, so that how it is asked for says nothing.
        "username" => leaf(user.username.as_deref().map(Leaf::Folded)),
        "phone_number" => leaf(user.phone_number.as_deref().map(Leaf::Text)),
        "picture" => leaf(user.picture.as_deref().map(Leaf::Text)),
        "last_ip" => leaf(user.last_ip.as_deref().map(Leaf::Text)),
        "email_verified" => leaf(user.email.as_ref().map(|_| Leaf::Bool(user.email_verified))),
        "phone_verified" => leaf(user.phone_verified.map(Leaf::Bool)),
        "blocked" => leaf(user.blocked.map(Leaf::Bool)),
        "created_at" => leaf(Some(Leaf::Time(user.created_at))),
        "updated_at" => leaf(Some(Leaf::Time(user.updated_at))),
        "last_login" => leaf(user.last_login.map(Leaf::Time)),
        "last_password_reset" => leaf(user.last_password_reset.map(Leaf::Time)),
        "logins_count" => leaf((user.logins_count > 0).then(|| Leaf::Number(count(user.logins_count)))),
        "multifactor" => rest.is_empty() && user.multifactor.iter().any(|factor| test(Leaf::Text(factor))),
        "identities" => user.identities.iter().any(|identity| any_of_identity(identity, rest, within, test)),
        "user_metadata" => any_of_object(user.user_metadata.as_ref(), rest, within, test),
        "app_metadata" => any_of_object(user.app_metadata.as_ref(), rest, within, test),
        other => user.attributes.get(other).is_some_and(|value| any_of_value(value, rest, within, test)),
    }
}

/// Whether the values inside of an object count as the field's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    No,
    Yes,
}

/// Counts are far from where a double loses ones.
#[expect(clippy::cast_precision_loss, reason = "a count of logins stays below 2^52")]
fn count(count: u64) -> f64 {
    count as f64
}

fn any_of_identity(
    identity: &Identity,
    path: &[String],
    within: Within,
    test: &mut dyn FnMut(Leaf<'_>) -> bool,
) -> bool {
    match path {
        [] => within == Within::Yes && test(Leaf::Text(&identity.connection)),
        [field] if field == "connection" => test(Leaf::Text(&identity.connection)),
        [field] if field == "provider" => test(Leaf::Text(&identity.provider)),
        [field] if field == "user_id" => test(Leaf::Text(&identity.user_id)),
        [field] if field == "isSocial" => test(Leaf::Bool(identity.is_social)),
        [field, rest @ ..] if field == "profileData" => {
            any_of_object(identity.profile_data.as_ref(), rest, within, test)
        }
        _ => false,
    }
}

fn any_of_object(
    object: Option<&Metadata>,
    path: &[String],
    within: Within,
    test: &mut dyn FnMut(Leaf<'_>) -> bool,
) -> bool {
    let Some(object) = object else { return false };
    match path {
        [] => within == Within::Yes && inside(object, test),
        [first, rest @ ..] => object.get(first).is_some_and(|value| any_of_value(value, rest, within, test)),
    }
}

fn inside(object: &Map<String, Value>, test: &mut dyn FnMut(Leaf<'_>) -> bool) -> bool {
    object.values().any(|value| any_of_value(value, &[], Within::Yes, test))
}

// The depth of a stored value is bounded when it is written.
fn any_of_value(value: &Value, path: &[String], within: Within, test: &mut dyn FnMut(Leaf<'_>) -> bool) -> bool {
    match (value, path) {
        (Value::Array(items), _) => items.iter().any(|item| any_of_value(item, path, within, test)),
        (Value::Object(object), _) => any_of_object(Some(object), path, within, test),
        (_, [_, ..]) | (Value::Null, []) => false,
        (Value::Bool(flag), []) => test(Leaf::Bool(*flag)),
        (Value::Number(number), []) => number.as_f64().is_some_and(|number| test(Leaf::Number(number))),
        (Value::String(text), []) => test(Leaf::Text(text)),
    }
}

/// The instants that a text names: a day is all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// The first instant inside.
    pub(super) from: Timestamp,
    /// The first instant after it.
    pub(super) to: Timestamp,
}

/// Reads a date (`2018-05-01`), a month, a year, or a time with or without an offset (none is UTC).
pub(super) fn span(text: &str) -> Option<Span> {
    use jiff::tz::TimeZone;
    use jiff::{SignedDuration, ToSpan as _, civil};

    let at = |date: civil::DateTime| TimeZone::UTC.to_timestamp(date).ok();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let days = |from: civil::Date, length: jiff::Span| {
        let to = from.checked_add(length).ok()?;
        Some(Span { from: at(from.at(0, 0, 0, 0))?, to: at(to.at(0, 0, 0, 0))? })
    };
    if text.contains(['T', ' ']) {
        let instant = text.parse::<Timestamp>().ok();
        let instant = instant.or_else(|| at(text.parse::<civil::DateTime>().ok()?))?;
        // Times are kept and shown in milliseconds.
        let unit = if text.contains('.') { SignedDuration::from_millis(1) } else { SignedDuration::from_secs(1) };
        return Some(Span { from: instant, to: instant.checked_add(unit).ok()? });
    }
    let parts: Vec<&str> = text.split('-').collect();
    match parts.as_slice() {
        [year] if year.len() == 4 && digits(year) => days(format!("{year}-01-01").parse().ok()?, 1.year()),
        [year, month] if digits(year) && digits(month) => days(format!("{year}-{month}-01").parse().ok()?, 1.month()),
        [_, _, _] => days(text.parse().ok()?, 1.day()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<(&str, &str)>) {
        let want = want.map(|(from, to)| Span { from: from.parse().unwrap(), to: to.parse().unwrap() });
        assert_eq!(span(text), want, "{text}");
    }

    #[test]
    fn spans() {
        check("2018", Some(("2018-01-01T00:00:00Z", "2019-01-01T00:00:00Z")));
        check("2018-02", Some(("2018-02-01T00:00:00Z", "2018-03-01T00:00:00Z")));
        check("2018-02-28", Some(("2018-02-28T00:00:00Z", "2018-03-01T00:00:00Z")));
        check("2018-02-28T10:00:00", Some(("2018-02-28T10:00:00Z", "2018-02-28T10:00:01Z")));
        check("2018-02-28T10:00:00.5Z", Some(("2018-02-28T10:00:00.5Z", "2018-02-28T10:00:00.501Z")));
        check("2018-02-28T10:00:00+02:00", Some(("2018-02-28T08:00:00Z", "2018-02-28T08:00:01Z")));
        for text in ["", "x", "5", "20180", "2018-13", "2018-02-30", "T", "9999-12-31T23:59:59", "é-é"] {
            check(text, None);
        }
    }
}
