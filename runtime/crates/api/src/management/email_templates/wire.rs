//! E-mail templates as Auth0 sends and takes them.

use postern_app::mail::compose::{Composed, PreviewInput};
use postern_app::mail::templates::{NAMES, Template, TemplateInput};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::management::emails::wire::nullable;

/// A template.
pub(crate) fn template(template: &Template) -> Value {
    let mut object = json!({
        "template": template.template,
        "body": template.body,
        "from": template.from,
        "subject": template.subject,
        "syntax": template.syntax,
        "resultUrl": template.result_url,
        "urlLifetimeInSeconds": template.url_lifetime_in_seconds,
        "includeEmailInRedirect": template.include_email_in_redirect,
        "enabled": template.enabled,
    });
    if let Value::Object(object) = &mut object {
        object.retain(|_, value| !value.is_null());
    }
    object
}

/// What a mail says.
pub(crate) fn composed(composed: &Composed) -> Value {
    let Composed { from, to, subject, body } = composed;
    json!({ "from": from, "to": to, "subject": subject, "body": body })
}

/// Body of POST, PUT and PATCH.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TemplateBody {
    template: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    body: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    from: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    subject: Option<Option<String>>,
    #[serde(default, deserialize_with = "nullable")]
    syntax: Option<Option<String>>,
    #[serde(default, rename = "resultUrl", deserialize_with = "nullable")]
    result_url: Option<Option<String>>,
    #[serde(default, rename = "urlLifetimeInSeconds", deserialize_with = "nullable")]
    url_lifetime_in_seconds: Option<Option<u32>>,
    #[serde(default, rename = "includeEmailInRedirect", deserialize_with = "nullable")]
    include_email_in_redirect: Option<Option<bool>>,
    enabled: Option<bool>,
}

impl TemplateBody {
    pub(crate) fn input(self) -> TemplateInput {
        TemplateInput {
            template: self.template,
            body: self.body,
            from: self.from,
            subject: self.subject,
            syntax: self.syntax,
            result_url: self.result_url,
            url_lifetime_in_seconds: self.url_lifetime_in_seconds,
            include_email_in_redirect: self.include_email_in_redirect,
            enabled: self.enabled,
        }
    }
}

/// Body of a preview.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewBody {
    user_id: Option<String>,
    client_id: Option<String>,
    request_language: Option<String>,
    #[serde(default)]
    variables: Map<String, Value>,
}

impl PreviewBody {
    pub(crate) fn input(self) -> PreviewInput {
        let Self { user_id, client_id, request_language, variables } = self;
        PreviewInput { user_id, client_id, request_language, variables }
    }
}

/// Body of a mail that is sent to try.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestBody {
    to: String,
    user_id: Option<String>,
    client_id: Option<String>,
    request_language: Option<String>,
    #[serde(default)]
    variables: Map<String, Value>,
}

impl TestBody {
    pub(crate) fn input(self) -> (String, PreviewInput) {
        let Self { to, user_id, client_id, request_language, variables } = self;
        (to, PreviewInput { user_id, client_id, request_language, variables })
    }
}

pub(crate) fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "template": { "type": "string", "enum": NAMES }, "body": { "type": "string" },
            "from": { "type": "string" }, "subject": { "type": "string" },
            "syntax": { "type": "string", "enum": ["liquid"] }, "resultUrl": { "type": "string" },
            "urlLifetimeInSeconds": { "type": "integer", "minimum": 0 },
            "includeEmailInRedirect": { "type": "boolean" }, "enabled": { "type": "boolean" },
        },
    })
}

pub(crate) fn body_schema() -> Value {
    let mut schema = schema();
    if let Value::Object(object) = &mut schema {
        object.insert("additionalProperties".to_owned(), json!(false));
    }
    schema
}

pub(crate) fn preview_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "user_id": { "type": "string" }, "client_id": { "type": "string" },
            "request_language": { "type": "string" }, "variables": { "type": "object" },
        },
        "additionalProperties": false,
    })
}

pub(crate) fn test_schema() -> Value {
    let mut schema = preview_schema();
    if let Value::Object(object) = &mut schema {
        object.insert("required".to_owned(), json!(["to"]));
        if let Some(Value::Object(properties)) = object.get_mut("properties") {
            properties.insert("to".to_owned(), json!({ "type": "string" }));
        }
    }
    schema
}

pub(crate) fn composed_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "from": { "type": "string" }, "to": { "type": "string" },
            "subject": { "type": "string" }, "body": { "type": "string" },
        },
    })
}
