//! Listing users: sorted, and by a few exact terms. The rest of the query language comes with the search index.

use postern_model::{MetadataKind, User, limits};
use postern_store::{Index, Query};
use serde_json::Value;

use crate::App;
use crate::ctx::OpCtx;
use crate::error::AppError;

/// Users a search looks through at most; beyond it a query must name an indexed field.
const SCANNED: usize = 100_000;

/// What a list of users has.
#[derive(Debug, Clone, Default)]
pub struct UserQuery {
    /// `field:"value"` terms joined by `AND`.
    pub q: Option<String>,
    /// `field:1` or `field:-1`.
    pub sort: Option<String>,
    /// Name of a connection.
    pub connection: Option<String>,
    #[expect(missing_docs, reason = "says its name")]
    pub offset: usize,
    #[expect(missing_docs, reason = "says its name")]
    pub limit: usize,
}

/// One exact condition.
#[derive(Debug, PartialEq, Eq)]
struct Term {
    path: Vec<String>,
    value: String,
}

/// Reads a page of users and how many there are in all.
///
/// # Errors
/// When the scope is missing, or the query or the sort order is not one that is understood.
pub async fn user_list(app: &App, ctx: &OpCtx, query: &UserQuery) -> Result<(Vec<User>, usize), AppError> {
    ctx.require("read:users")?;
    let terms = parse(query.q.as_deref().unwrap_or_default())?;
    let sort = sort_of(query.sort.as_deref())?;
    let tenant = &ctx.tenant.id;
    if terms.is_empty() && query.connection.is_none() && sort.field == "created_at" {
        let base = if sort.descending {
            Query::by(Index::UserByCreated).descending()
        } else {
            Query::by(Index::UserByCreated)
        };
        let total = usize::try_from(app.store().count::<User>(tenant, base.clone()).await?).unwrap_or(usize::MAX);
        let page = app.store().list::<User>(tenant, base.skip(query.offset).limit(query.limit)).await?;
        return Ok((page.rows, total));
    }
    // Keys alone are kept of the users found: they may be many, and large.
    let mut found = matching(app, ctx, &terms, (query.connection.as_deref(), &sort.field)).await?;
    found.sort_unstable();
    if sort.descending {
        found.reverse();
    }
    let total = found.len();
    let mut rows = Vec::new();
    for (_, id) in found.into_iter().skip(query.offset).take(query.limit) {
        rows.extend(app.store().fetch::<User>(tenant, &id).await?);
    }
    Ok((rows, total))
}

/// Sort key and id of the users that fit.
async fn matching(
    app: &App,
    ctx: &OpCtx,
    terms: &[Term],
    (connection, sort): (Option<&str>, &str),
) -> Result<Vec<(String, String)>, AppError> {
    let by_email = terms.iter().find(|term| term.path == ["email"]);
    let base = match by_email {
        Some(term) => Query::by(Index::UserByEmail).under(&term.value.to_lowercase()),
        None => Query::by(Index::UserByCreated),
    };
    let mut found = Vec::new();
    let mut seen = 0_usize;
    let mut after = None;
    loop {
        let query = base.clone().limit(limits::PAGE_ROWS).after(after);
        let page = app.store().list::<User>(&ctx.tenant.id, query).await?;
        seen += page.rows.len();
        let fits = |user: &&User| {
            terms.iter().all(|term| holds(user, term))
                && connection.is_none_or(|name| user.identities.iter().any(|identity| identity.connection == name))
        };
        found.extend(page.rows.iter().filter(fits).map(|user| sort_key(user, sort)));
        after = page.next;
        if after.is_none() {
            return Ok(found);
        }
        if seen >= SCANNED {
            return Err(AppError::invalid_query(format!(
                "the query would look through more than {SCANNED} users; name an email"
            )));
        }
    }
}

fn holds(user: &User, term: &Term) -> bool {
    let [first, rest @ ..] = term.path.as_slice() else { return false };
    let same = |text: Option<&str>| text.is_some_and(|text| text.to_lowercase() == term.value.to_lowercase());
    let nested = |kind| {
        let mut at = user.metadata(kind).and_then(|metadata| metadata.get(rest.first()?));
        for part in rest.iter().skip(1) {
            at = at.and_then(|value| value.get(part));
        }
        at.is_some_and(|value| equals(value, &term.value))
    };
    match first.as_str() {
        "email" => same(user.email.as_deref()),
        "user_id" => user.user_id.as_str() == term.value,
        "username" => same(user.username.as_deref()),
        "name" => same(user.name.as_deref()),
        "nickname" => same(user.nickname.as_deref()),
        "given_name" => same(user.given_name.as_deref()),
        "family_name" => same(user.family_name.as_deref()),
        "phone_number" => same(user.phone_number.as_deref()),
        "email_verified" => user.email_verified.to_string() == term.value,
        "blocked" => user.blocked.unwrap_or_default().to_string() == term.value,
        "user_metadata" => nested(MetadataKind::UserMetadata),
        "app_metadata" => nested(MetadataKind::AppMetadata),
        _ => false,
    }
}

/// The fields [`holds`] knows; metadata fields need a path.
const FIELDS: &[&str] = &[
    "email",
    "user_id",
    "username",
    "name",
    "nickname",
    "given_name",
    "family_name",
    "phone_number",
    "email_verified",
    "blocked",
];

fn equals(value: &Value, text: &str) -> bool {
    match value {
        Value::String(held) => held.to_lowercase() == text.to_lowercase(),
        Value::Number(number) => number.to_string() == text,
        Value::Bool(flag) => flag.to_string() == text,
        Value::Array(items) => items.iter().any(|item| equals(item, text)),
        Value::Null | Value::Object(_) => false,
    }
}

fn parse(q: &str) -> Result<Vec<Term>, AppError> {
    let bad = || {
        AppError::invalid_query(
            "'q' must be field:\"value\" terms joined by AND; other parts of the query language are not supported",
        )
    };
    let mut terms = Vec::new();
    let mut rest = q.trim();
    while !rest.is_empty() {
        let (field, after) = rest.split_once(':').ok_or_else(bad)?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or_else(bad)?,
            None => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
        };
        let path: Vec<String> = field.trim().split('.').map(str::to_owned).collect();
        let known = match path.as_slice() {
            [one] => FIELDS.contains(&one.as_str()),
            [first, ..] => first == "user_metadata" || first == "app_metadata",
            [] => false,
        };
        let plain = !value.is_empty() && !value.contains(['*', '?', '[', ']', '(', ')', '\\']);
        if !known || !plain || path.iter().any(String::is_empty) {
            return Err(bad());
        }
        terms.push(Term { path, value: value.to_owned() });
        rest = after.trim_start();
        if !rest.is_empty() {
            rest = rest.strip_prefix("AND ").ok_or_else(bad)?.trim_start();
            if rest.is_empty() {
                return Err(bad());
            }
        }
    }
    Ok(terms)
}

struct Sort {
    field: String,
    descending: bool,
}

fn sort_of(sort: Option<&str>) -> Result<Sort, AppError> {
    let bad = || AppError::invalid_query("'sort' must be field:1 or field:-1 of a root field");
    let Some(text) = sort else { return Ok(Sort { field: "created_at".to_owned(), descending: false }) };
    let (field, direction) = text.split_once(':').ok_or_else(bad)?;
    let known = ["created_at", "updated_at", "last_login", "logins_count"];
    if !known.contains(&field) && !FIELDS.contains(&field) {
        return Err(bad());
    }
    match direction {
        "1" => Ok(Sort { field: field.to_owned(), descending: false }),
        "-1" => Ok(Sort { field: field.to_owned(), descending: true }),
        _ => Err(bad()),
    }
}

/// Text that sorts as the field does, with the id behind it so that the order is always the same.
fn sort_key(user: &User, field: &str) -> (String, String) {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let time = |at: Option<jiff::Timestamp>| at.map_or_else(String::new, |at| format!("{:020}", at.as_millisecond()));
    let key = match field {
        "email" => text(&user.email),
        "username" => text(&user.username),
        "name" => text(&user.name),
        "nickname" => text(&user.nickname),
        "given_name" => text(&user.given_name),
        "family_name" => text(&user.family_name),
        "phone_number" => text(&user.phone_number),
        "email_verified" => user.email_verified.to_string(),
        "blocked" => user.blocked.unwrap_or_default().to_string(),
        "updated_at" => time(Some(user.updated_at)),
        "last_login" => time(user.last_login),
        "logins_count" => format!("{:020}", user.logins_count),
        "user_id" => user.user_id.to_string(),
        _ => time(Some(user.created_at)),
    };
    (key, user.user_id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(q: &str, want: Option<usize>) {
        assert_eq!(parse(q).map(|terms| terms.len()).ok(), want, "{q}");
    }

    #[test]
    fn parses_exact_terms_and_refuses_the_rest() {
        check("", Some(0));
        check("email:\"a@b.c\"", Some(1));
        check("app_metadata.run:\"x\" AND email:\"y\"", Some(2));
        check("email:\"a\" AND (", None);
        check("email:a*", None);
        check("email:\"a\" OR email:\"b\"", None);
        check("app_metadata:\"x\"", None);
        check("no_such:\"x\"", None);
        check("email:\"a\" AND ", None);
    }
}
