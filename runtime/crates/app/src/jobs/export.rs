//! Exports: users as a gzip file of JSON lines or comma-separated values.

use std::io::Write as _;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use postern_model::{ExportField, ExportFormat, Job, JobKind, JobStatus, Metadata, Tenant, User, limits};
use postern_store::{Expect, Index, JobPart, Query, WriteSet, job_part_id};
use serde_json::{Map, Value, json};

use super::{parts, run};
use crate::error::AppError;
use crate::{App, ids};

/// Bytes after which a piece of the file is written away.
const PART_BYTES: usize = 256 * 1024;
/// Columns when none are named and the form needs some.
const DEFAULT_FIELDS: &[&str] = &[
    "user_id",
    "email",
    "email_verified",
    "username",
    "phone_number",
    "name",
    "given_name",
    "family_name",
    "nickname",
    "picture",
    "blocked",
    "created_at",
    "updated_at",
    "last_login",
    "last_ip",
    "logins_count",
    "user_metadata",
    "app_metadata",
    "identities",
];

pub(super) async fn run(app: &App, tenant: &Arc<Tenant>, mut job: Job) -> Result<(), AppError> {
    let JobKind::UsersExport { connection, format, limit, fields, .. } = job.kind.clone() else { return Ok(()) };
    // After a restart it is written anew: users may have changed in between.
    for part in parts(app, &tenant.id, &job.id).await? {
        let set = WriteSet::new(&tenant.id, ids::request()?);
        app.store().commit(set.delete::<JobPart>(&job_part_id(&job.id, part), Expect::Any)).await?;
    }
    job.summary.total = 0;
    job.rows = app.store().count::<User>(&tenant.id, Query::by(Index::UserByCreated)).await?;
    job.status = JobStatus::Processing;
    let columns = columns(format, fields);
    let mut file = GzEncoder::new(Vec::new(), Compression::default());
    if format == ExportFormat::Csv {
        let names = columns.iter().map(|field| field.export_as.as_ref().unwrap_or(&field.name));
        write(&mut file, &csv_line(names.map(|name| Value::String(name.clone()))))?;
    }
    let (mut next_part, mut after) = (0, None);
    'users: loop {
        let query = Query::by(Index::UserByCreated).limit(limits::PAGE_ROWS).after(after);
        let page = app.store().list::<User>(&tenant.id, query).await?;
        for user in &page.rows {
            if connection.as_ref().is_some_and(|name| user.identities.iter().all(|held| held.connection != *name)) {
                continue;
            }
            if limit.is_some_and(|limit| job.summary.total >= limit) {
                break 'users;
            }
            write(&mut file, &line(user, format, &columns))?;
            job.summary.total += 1;
        }
        if file.get_ref().len() >= PART_BYTES {
            let bytes = std::mem::take(file.get_mut());
            let part = JobPart { job_id: job.id.clone(), part: next_part, bytes: bytes.into() };
            let set = WriteSet::new(&tenant.id, ids::request()?).insert(&part).replace(&job);
            app.store().commit(set).await?;
            job.revision += 1;
            next_part += 1;
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let bytes = file.finish().map_err(|error| AppError::internal("compress an export").with_source(error))?;
    let part = JobPart { job_id: job.id.clone(), part: next_part, bytes: bytes.into() };
    job.rows = job.summary.total;
    let set = WriteSet::new(&tenant.id, ids::request()?).insert(&part);
    app.store().commit(run::finished(set, job, JobStatus::Completed, None)).await?;
    Ok(())
}

fn write(file: &mut GzEncoder<Vec<u8>>, text: &str) -> Result<(), AppError> {
    file.write_all(text.as_bytes()).map_err(|error| AppError::internal("compress an export").with_source(error))
}

fn columns(format: ExportFormat, fields: Vec<ExportField>) -> Vec<ExportField> {
    if !fields.is_empty() || format == ExportFormat::Json {
        return fields;
    }
    DEFAULT_FIELDS.iter().map(|name| ExportField { name: (*name).to_owned(), export_as: None }).collect()
}

fn line(user: &User, format: ExportFormat, columns: &[ExportField]) -> String {
    let object = Value::Object(object(user));
    match format {
        ExportFormat::Csv => {
            csv_line(columns.iter().map(|field| lookup(&object, &field.name).cloned().unwrap_or_default()))
        }
        ExportFormat::Json if columns.is_empty() => format!("{object}\n"),
        ExportFormat::Json => {
            let picked: Map<String, Value> = columns
                .iter()
                .filter_map(|field| {
                    let name = field.export_as.as_ref().unwrap_or(&field.name);
                    Some((name.clone(), lookup(&object, &field.name)?.clone()))
                })
                .collect();
            format!("{}\n", Value::Object(picked))
        }
    }
}

/// The value at a path such as `identities[0].connection`.
fn lookup<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(object, |at, part| {
        let (name, indexes) = part.split_once('[').map_or((part, ""), |(name, indexes)| (name, indexes));
        let value = at.get(name)?;
        indexes
            .split('[')
            .filter(|index| !index.is_empty())
            .try_fold(value, |value, index| value.get(index.strip_suffix(']')?.parse::<usize>().ok()?))
    })
}

fn csv_line(values: impl Iterator<Item = Value>) -> String {
    let cells: Vec<String> = values
        .map(|value| {
            let text = match value {
                Value::Null => String::new(),
                Value::String(text) => text,
                other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => other.to_string(),
            };
            if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
        })
        .collect();
    cells.join(",") + "\r\n"
}

/// A user as the management API shows them.
fn object(user: &User) -> Map<String, Value> {
    let mut object = user.attributes.clone();
    let Ok(Value::Object(stored)) = serde_json::to_value(user) else { return object };
    let hidden = ["password_hash", "revision", "roles", "attributes", "identities"];
    object.extend(stored.into_iter().filter(|(name, _)| !hidden.contains(&name.as_str())));
    if user.logins_count == 0 {
        object.remove("logins_count");
    }
    if user.email.is_none() {
        object.remove("email_verified");
    }
    if user.app_metadata.as_ref().is_some_and(Metadata::is_empty) {
        object.remove("app_metadata");
    }
    let time = |at: Timestamp| json!(format!("{at:.3}"));
    object.insert("created_at".to_owned(), time(user.created_at));
    object.insert("updated_at".to_owned(), time(user.updated_at));
    for (name, at) in [("last_login", user.last_login), ("last_password_reset", user.last_password_reset)] {
        if let Some(at) = at {
            object.insert(name.to_owned(), time(at));
        }
    }
    let identities = user.identities.iter().map(|held| {
        let mut identity = json!({
            "connection": held.connection, "provider": held.provider, "user_id": held.user_id,
            "isSocial": held.is_social,
        });
        if let (Some(profile), Value::Object(identity)) = (&held.profile_data, &mut identity) {
            identity.insert("profileData".to_owned(), json!(profile));
        }
        identity
    });
    object.insert("identities".to_owned(), identities.collect());
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_cells() {
        let user = json!({"a": {"b": [{"c": 1}, 2]}, "d": "x"});
        assert_eq!(lookup(&user, "a.b[0].c"), Some(&json!(1)));
        assert_eq!(lookup(&user, "a.b[1]"), Some(&json!(2)));
        for path in ["a.b[2]", "a.b[x]", "a.b[", "d.e", "", "a..b"] {
            assert!(lookup(&user, path).is_none_or(|value| path == "a.b[" && value.is_array()), "{path}");
        }
        let cells = [json!("a,b"), json!("say \"hi\""), json!(null), json!(7), json!({"k": "v"})];
        assert_eq!(csv_line(cells.into_iter()), "\"a,b\",\"say \"\"hi\"\"\",,7,\"{\"\"k\"\":\"\"v\"\"}\"\r\n");
    }
}
