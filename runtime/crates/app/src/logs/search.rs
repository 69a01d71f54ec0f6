//! The search syntax on log entries: fields by their names on the wire, nested ones with dots.

use postern_model::LogEntry;
use serde_json::{Value, json};

use crate::lucene::{Bound, Clause, Expr, Test, looks_like};

/// Fields that a term without a field is looked for in.
const DEFAULT_FIELDS: &[&str] =
    &["type", "description", "user_name", "user_id", "client_name", "client_id", "connection", "ip", "log_id"];

/// The user that every entry found must be of, where the query says so: there is an index for it.
pub(super) fn only_user(query: &Expr) -> Option<&str> {
    match query {
        Expr::Clause(Clause { field: Some(field), test: Test::Text(user) }) if field == "user_id" => Some(user),
        Expr::All(members) => members.iter().find_map(only_user),
        Expr::Clause(_) | Expr::Everything | Expr::Not(_) | Expr::Any(_) => None,
    }
}

/// Whether the query finds the entry.
pub(super) fn finds(query: &Expr, entry: &LogEntry) -> bool {
    match query {
        Expr::Everything => true,
        Expr::Not(inner) => !finds(inner, entry),
        Expr::All(members) => members.iter().all(|member| finds(member, entry)),
        Expr::Any(members) => members.iter().any(|member| finds(member, entry)),
        Expr::Clause(Clause { field: Some(field), test }) => {
            value(entry, field).is_some_and(|value| holds(test, &value))
        }
        Expr::Clause(Clause { field: None, test }) => {
            DEFAULT_FIELDS.iter().filter_map(|field| value(entry, field)).any(|value| holds(test, &value))
        }
    }
}

/// A field of an entry; `None` when it is not there or `null`.
fn value(entry: &LogEntry, field: &str) -> Option<Value> {
    let found = match field {
        "_id" | "log_id" => json!(entry.log_id),
        "date" => json!(entry.date),
        "type" => json!(entry.kind.code()),
        "description" => json!(entry.description),
        _ => {
            let mut parts = field.split('.');
            let first = entry.fields.get(parts.next()?)?;
            parts.try_fold(first, |value, part| value.get(part))?.clone()
        }
    };
    (!found.is_null()).then_some(found)
}

fn holds(test: &Test, value: &Value) -> bool {
    if let Value::Array(items) = value {
        return items.iter().any(|item| holds(test, item));
    }
    let text = match value {
        Value::String(text) => text.to_lowercase(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Null | Value::Object(_) | Value::Array(_) => return *test == Test::Exists,
    };
    match test {
        Test::Exists => true,
        Test::Text(wanted) => text == wanted.to_lowercase(),
        Test::Pattern(pieces) => looks_like(pieces, &text) || value.as_str().is_some_and(|it| looks_like(pieces, it)),
        Test::Range { low, high } => {
            let after = |bound: &Bound| match bound {
                Bound::Open => true,
                Bound::Including(at) => order(&text, at).is_ge(),
                Bound::Excluding(at) => order(&text, at).is_gt(),
            };
            let before = |bound: &Bound| match bound {
                Bound::Open => true,
                // A day as an end is the whole day: every instant of it begins with it.
                Bound::Including(at) => order(&text, at).is_le() || text.starts_with(&at.to_lowercase()),
                Bound::Excluding(at) => order(&text, at).is_lt(),
            };
            after(low) && before(high)
        }
    }
}

/// Numbers by value, everything else, dates too, as text.
fn order(text: &str, bound: &str) -> std::cmp::Ordering {
    match (text.parse::<f64>(), bound.parse::<f64>()) {
        (Ok(text), Ok(bound)) => text.total_cmp(&bound),
        _ => text.cmp(&bound.to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use postern_model::LogType;
    use serde_json::Map;

    use super::*;
    use crate::lucene::parse;

    #[track_caller]
    fn check(query: &str, want: bool) {
        let fields = json!({
            "user_id": "auth0|1", "ip": "203.0.113.7", "client_id": "Abc", "details": {"n": 7, "actions": ["x", "y"]},
            "audience": null,
        });
        let fields: Map<String, Value> = serde_json::from_value(fields).unwrap();
        let entry = LogEntry {
            log_id: "900123".parse().unwrap(),
            date: "2026-11-25T10:00:00Z".parse().unwrap(),
            kind: LogType::SuccessLogin,
            description: "Welcome back".to_owned(),
            fields,
        };
        assert_eq!(finds(&parse(query).unwrap(), &entry), want, "{query}");
    }

    #[test]
    fn entries_are_found() {
        check("type:\"s\"", true);
        check("type:s AND ip:203.0.*", true);
        check("type:f OR user_id:\"auth0|1\"", true);
        check("NOT type:s", false);
        check("client_id:abc", true);
        check("details.n:[5 TO 10]", true);
        check("details.n:{7 TO 10}", false);
        check("details.actions:y", true);
        check("_exists_:audience", false);
        check("_exists_:details", true);
        check("date:[2026-11-25 TO *]", true);
        check("date:[2026-11-24 TO 2026-11-25]", true);
        check("date:[2026-11-26 TO *]", false);
        check("\"welcome back\"", true);
        check("description:welc*", true);
        check("no_such_field:x", false);
    }
}
