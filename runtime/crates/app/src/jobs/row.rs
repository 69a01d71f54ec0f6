//! One user of an import: what it may hold (Auth0: "Bulk User Import Database Schema and Examples").

use std::collections::HashSet;

use postern_flow::{MAX_DEPTH, depth_within};
use postern_model::metadata::{BadMetadata, check_key, size};
use postern_model::{Metadata, MetadataKind, limits};
use serde_json::{Map, Value, json};

use crate::passwords::foreign;

/// Why a row is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowError {
    pub(super) code: &'static str,
    message: String,
    path: Option<String>,
}

impl RowError {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), path: None }
    }

    fn at(code: &'static str, path: &str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), path: Some(path.to_owned()) }
    }

    /// As it is kept and shown.
    pub(super) fn value(&self) -> Value {
        let mut value = json!({ "code": self.code, "message": self.message });
        if let (Some(path), Value::Object(value)) = (&self.path, &mut value) {
            value.insert("path".to_owned(), json!(path));
        }
        value
    }
}

/// A row that may be imported.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// Without the strategy.
    pub(super) user_id: Option<String>,
    /// In lower case.
    pub(super) email: Option<String>,
    /// In lower case.
    pub(super) username: Option<String>,
    /// `name`, `nickname`, …
    pub(super) texts: Map<String, Value>,
    /// `email_verified`, `blocked`, …
    pub(super) flags: Map<String, Value>,
    pub(super) user_metadata: Option<Metadata>,
    pub(super) app_metadata: Option<Metadata>,
    /// In stored form.
    pub(super) password_hash: Option<String>,
}

/// Texts with the least and the most characters they may have.
const TEXTS: &[(&str, usize, usize)] = &[
    ("email", 1, 254),
    ("username", 1, 128),
    ("user_id", 1, 255),
    ("name", 1, 300),
    ("given_name", 1, 150),
    ("family_name", 1, 150),
    ("nickname", 1, 300),
    ("picture", 1, 2048),
    ("phone_number", 1, 32),
];
const FLAGS: &[&str] = &["email_verified", "phone_verified", "blocked"];
/// Fields that are not shown with the errors of a row.
const SECRET: &[&str] = &["password_hash", "custom_password_hash", "mfa_factors"];

/// The row without what is secret.
pub(super) fn shown(row: &Value) -> Value {
    let mut shown = row.clone();
    if let Value::Object(object) = &mut shown {
        for name in SECRET {
            if let Some(value) = object.get_mut(*name) {
                *value = json!("*****");
            }
        }
    }
    shown
}

/// Which rows name a user that an earlier one names.
pub(super) fn repeated(rows: &[Value]) -> Vec<bool> {
    let mut seen = HashSet::new();
    let names = ["email", "username", "user_id"];
    rows.iter()
        .map(|row| {
            let texts = names.iter().filter_map(|name| Some((*name, row.get(*name)?.as_str()?)));
            let mut again = false;
            for (name, text) in texts {
                let text = if name == "user_id" { text.to_owned() } else { text.to_lowercase() };
                again |= !seen.insert((name, text));
            }
            again
        })
        .collect()
}

/// Checks a row.
pub(super) fn check(row: &Value) -> Result<Row, Vec<RowError>> {
    let Value::Object(object) = row else {
        return Err(vec![RowError::at(
            "INVALID_TYPE",
            "#/",
            format!("Expected type object but found type {}", kind(row)),
        )]);
    };
    let (mut checked, mut errors) = (Row::default(), Vec::new());
    for (name, value) in object {
        if let Err(error) = field(&mut checked, name, value) {
            errors.push(error);
        }
    }
    let phone = checked.texts.contains_key("phone_number");
    if errors.is_empty() && checked.email.is_none() && checked.username.is_none() && !phone {
        errors.push(RowError::at("ANY_OF_MISSING", "#/", "One of email, username or phone_number is needed"));
    }
    if object.contains_key("password_hash") && object.contains_key("custom_password_hash") {
        errors.push(RowError::at(
            "NOT_PASSED",
            "#/",
            "Only one of password_hash and custom_password_hash may be given",
        ));
    }
    if errors.is_empty() { Ok(checked) } else { Err(errors) }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn of_type(path: &str, wanted: &str, value: &Value) -> RowError {
    RowError::at("INVALID_TYPE", path, format!("Expected type {wanted} but found type {}", kind(value)))
}

fn field(row: &mut Row, name: &str, value: &Value) -> Result<(), RowError> {
    let path = format!("#/{}", name.chars().take(64).collect::<String>());
    if let Some((_, least, most)) = TEXTS.iter().find(|(known, ..)| *known == name) {
        let text = value.as_str().ok_or_else(|| of_type(&path, "string", value))?;
        check_text(&path, text, *least, *most)?;
        match name {
            "email" => row.email = Some(email(&path, text)?),
            "username" => row.username = Some(text.to_lowercase()),
            "user_id" => row.user_id = Some(text.strip_prefix("auth0|").unwrap_or(text).to_owned()),
            _ => {
                row.texts.insert(name.to_owned(), value.clone());
            }
        }
        return Ok(());
    }
    if FLAGS.contains(&name) {
        let flag = value.as_bool().ok_or_else(|| of_type(&path, "boolean", value))?;
        row.flags.insert(name.to_owned(), json!(flag));
        return Ok(());
    }
    match name {
        "user_metadata" => row.user_metadata = Some(metadata(&path, MetadataKind::UserMetadata, value)?),
        "app_metadata" => row.app_metadata = Some(metadata(&path, MetadataKind::AppMetadata, value)?),
        "password_hash" => {
            let hash = value.as_str().ok_or_else(|| of_type(&path, "string", value))?;
            if !foreign::is_bcrypt(hash) {
                return Err(RowError::at("PATTERN", &path, "The hash must be one of bcrypt, such as $2b$10$…"));
            }
            row.password_hash = Some(hash.to_owned());
        }
        "custom_password_hash" => {
            let stored = foreign::parse(value)
                .map_err(|bad| RowError::at(bad.code, &format!("{path}{}", bad.path), bad.message))?;
            row.password_hash = Some(stored);
        }
        "mfa_factors" => {
            if value.as_array().is_none_or(|factors| !factors.is_empty()) {
                return Err(RowError::at(
                    "MFA_FACTORS_FAILED",
                    &path,
                    "Factors cannot be imported; users enroll them anew",
                ));
            }
        }
        _ => {
            let message = format!("Additional properties not allowed: {}", name.chars().take(64).collect::<String>());
            return Err(RowError::at("OBJECT_ADDITIONAL_PROPERTIES", "#/", message));
        }
    }
    Ok(())
}

fn check_text(path: &str, text: &str, least: usize, most: usize) -> Result<(), RowError> {
    let length = text.chars().count();
    if length < least {
        return Err(RowError::at("MIN_LENGTH", path, format!("String is too short ({length} chars), minimum {least}")));
    }
    if length > most {
        return Err(RowError::at("MAX_LENGTH", path, format!("String is too long ({length} chars), maximum {most}")));
    }
    if text.chars().any(char::is_control) {
        return Err(RowError::at("PATTERN", path, "The text has control characters"));
    }
    Ok(())
}

fn email(path: &str, text: &str) -> Result<String, RowError> {
    let parts = text.split_once('@').filter(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if parts.is_none_or(|(_, domain)| domain.contains('@')) || text.contains(char::is_whitespace) {
        return Err(RowError::at("FORMAT", path, "Object didn't pass validation for format email"));
    }
    Ok(text.to_lowercase())
}

fn metadata(path: &str, kind: MetadataKind, value: &Value) -> Result<Metadata, RowError> {
    let Value::Object(given) = value else { return Err(of_type(path, "object", value)) };
    let mut kept = given.clone();
    kept.retain(|_, value| !value.is_null());
    for (key, value) in &kept {
        check_key(kind, key).map_err(|bad| {
            let code = match bad {
                BadMetadata::Reserved { .. } => "NOT_PASSED",
                BadMetadata::Key { .. } => "PATTERN",
                BadMetadata::TooLarge { .. } => "MAX_LENGTH",
            };
            RowError::at(code, path, bad.to_string())
        })?;
        if !depth_within(value, MAX_DEPTH) {
            return Err(RowError::at("MAXIMUM", path, format!("The value is nested more than {MAX_DEPTH} deep")));
        }
    }
    if size(&kept) > limits::METADATA_BYTES {
        return Err(RowError::at("MAX_LENGTH", path, "The object is too large"));
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "rows of a table read better so")]
    fn check_row(row: Value, want: &[&str]) {
        let what = row.to_string();
        let codes: Vec<&str> = check(&row).err().unwrap_or_default().iter().map(|error| error.code).collect();
        assert_eq!(codes, want, "{what}");
    }

    #[test]
    fn rows_are_checked_field_by_field() {
        check_row(json!({"email": "a@b.c"}), &[]);
        check_row(json!({"username": "ann", "blocked": true, "user_metadata": {"a": [1]}}), &[]);
        check_row(json!([]), &["INVALID_TYPE"]);
        check_row(json!({}), &["ANY_OF_MISSING"]);
        check_row(json!({"email": 7}), &["INVALID_TYPE"]);
        check_row(json!({"email": "no"}), &["FORMAT"]);
        check_row(json!({"email": ""}), &["MIN_LENGTH"]);
        check_row(json!({"email": "a@b.c", "name": "x".repeat(301)}), &["MAX_LENGTH"]);
        check_row(json!({"email": "a@b.c", "blocked": "yes"}), &["INVALID_TYPE"]);
        check_row(json!({"email": "a@b.c", "more": 1}), &["OBJECT_ADDITIONAL_PROPERTIES"]);
        check_row(json!({"email": "a@b.c", "app_metadata": {"user_id": 1}}), &["NOT_PASSED"]);
        check_row(json!({"email": "a@b.c", "user_metadata": {"a.b": 1}}), &["PATTERN"]);
        check_row(json!({"email": "a@b.c", "password_hash": "plain"}), &["PATTERN"]);
        check_row(json!({"email": "a@b.c", "mfa_factors": [{"totp": {}}]}), &["MFA_FACTORS_FAILED"]);
        check_row(json!({"email": "no", "blocked": 1}), &["FORMAT", "INVALID_TYPE"]);
    }

    #[test]
    fn repeated_rows_are_found_whatever_their_case() {
        let rows = [json!({"email": "A@b.c"}), json!({"email": "a@B.c"}), json!(7), json!({"username": "a@b.c"})];
        assert_eq!(repeated(&rows), [false, true, false, false]);
    }
}
