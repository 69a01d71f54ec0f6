//! `/api/v2/rules` and `/api/v2/rules-configs`: kept and listed, not run.

use axum::extract::State;
use axum::http::{Method, StatusCode};
use postern_app::App;
use postern_app::rules::{self, RuleInput};
use postern_model::Rule;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::extract::{Json, Path, Query};
use crate::openapi::{Access, Content, Operation, Parameter, Routes};
use crate::page::{FIELDS, PARAMETERS, PageQuery, project};
use crate::permission::Caller;

const READ: Access = Access::Scopes(&["read:rules"]);
const LIST: &str = "/api/v2/rules";
const ONE: &str = "/api/v2/rules/{id}";
const CONFIGS: &str = "/api/v2/rules-configs";
const CONFIG: &str = "/api/v2/rules-configs/{key}";
const LIST_QUERY: [Parameter; 6] = [
    PARAMETERS[0],
    PARAMETERS[1],
    PARAMETERS[2],
    FIELDS[0],
    FIELDS[1],
    Parameter { name: "enabled", kind: "boolean", summary: "Only rules that are, or are not, enabled" },
];

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    let rule = Some(Content::json(rule_schema));
    Routes::new()
        .add(
            Method::GET,
            LIST,
            Operation {
                query: &LIST_QUERY,
                response: Some(Content::json(|| json!({ "type": ["array", "object"] }))),
                ..Operation::new("rule_list", "List rules in their order", READ)
            },
            rule_list,
        )
        .add(
            Method::POST,
            LIST,
            Operation {
                request: Some(Content::json(rule_schema)),
                success: 201,
                response: rule,
                failures: &[409, 413],
                ..Operation::new("rule_create", "Keep a rule", Access::Scopes(&["create:rules"]))
            },
            rule_create,
        )
        .add(
            Method::GET,
            ONE,
            Operation {
                query: &FIELDS,
                response: rule,
                failures: &[404],
                ..Operation::new("rule_fetch", "Get a rule", READ)
            },
            rule_fetch,
        )
        .add(
            Method::PATCH,
            ONE,
            Operation {
                request: Some(Content::json(rule_schema)),
                response: rule,
                failures: &[404, 409, 413],
                ..Operation::new("rule_update", "Change a rule", Access::Scopes(&["update:rules"]))
            },
            rule_update,
        )
        .add(
            Method::DELETE,
            ONE,
            Operation {
                success: 204,
                ..Operation::new("rule_delete", "Delete a rule", Access::Scopes(&["delete:rules"]))
            },
            rule_delete,
        )
        .merge(config_routes())
}

fn config_routes() -> Routes<App> {
    Routes::new()
        .add(
            Method::GET,
            CONFIGS,
            Operation {
                response: Some(Content::json(|| json!({ "type": "array", "items": { "type": "object" } }))),
                ..Operation::new(
                    "rule_config_list",
                    "List the keys of the rules' configuration",
                    Access::Scopes(&["read:rules_configs"]),
                )
            },
            rule_config_list,
        )
        .add(
            Method::PUT,
            CONFIG,
            Operation {
                request: Some(Content::json(|| {
                    json!({
                        "type": "object", "required": ["value"], "properties": { "value": { "type": "string" } },
                        "additionalProperties": false,
                    })
                })),
                response: Some(Content::json(|| json!({ "type": "object" }))),
                failures: &[413],
                ..Operation::new(
                    "rule_config_replace",
                    "Set a value of the rules' configuration",
                    Access::Scopes(&["update:rules_configs"]),
                )
            },
            rule_config_replace,
        )
        .add(
            Method::DELETE,
            CONFIG,
            Operation {
                success: 204,
                ..Operation::new(
                    "rule_config_delete",
                    "Delete a value of the rules' configuration",
                    Access::Scopes(&["delete:rules_configs"]),
                )
            },
            rule_config_delete,
        )
}

fn rule_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string" }, "script": { "type": "string" }, "order": { "type": "integer" },
            "enabled": { "type": "boolean" }, "stage": { "type": "string" },
        },
        "additionalProperties": false,
    })
}

fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.id, "enabled": rule.enabled, "script": rule.script, "name": rule.name, "order": rule.order,
        "stage": rule.stage,
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleBody {
    name: Option<String>,
    script: Option<String>,
    order: Option<i64>,
    enabled: Option<bool>,
    stage: Option<String>,
}

impl RuleBody {
    fn input(self) -> RuleInput {
        let Self { name, script, order, enabled, stage } = self;
        RuleInput { name, script, order, enabled, stage }
    }
}

#[derive(Debug, Default, Deserialize)]
struct ListQuery {
    enabled: Option<bool>,
    fields: Option<String>,
    include_fields: Option<bool>,
}

impl ListQuery {
    fn of(&self, row: &Rule) -> Value {
        project(rule(row), self.fields.as_deref(), self.include_fields)
    }
}

async fn rule_list(
    State(app): State<App>,
    Caller(ctx): Caller,
    Query(page): Query<PageQuery>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let found = rules::rule_list(&app, &ctx).await?;
    let wanted = |rule: &&Rule| query.enabled.is_none_or(|enabled| rule.enabled == enabled);
    let rows = found.iter().filter(wanted).map(|rule| query.of(rule)).collect();
    Ok(Json(page.paging()?.answer_all("rules", rows)?))
}

async fn rule_create(
    State(app): State<App>,
    Caller(ctx): Caller,
    Json(body): Json<RuleBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    Ok((StatusCode::CREATED, Json(rule(&rules::rule_create(&app, &ctx, body.input()).await?))))
}

async fn rule_fetch(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(query.of(&rules::rule_fetch(&app, &ctx, &id).await?)))
}

async fn rule_update(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
    Json(body): Json<RuleBody>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(rule(&rules::rule_update(&app, &ctx, &id, body.input()).await?)))
}

async fn rule_delete(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    rules::rule_delete(&app, &ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn rule_config_list(State(app): State<App>, Caller(ctx): Caller) -> Result<Json<Value>, ApiError> {
    let keys = rules::rule_config_list(&app, &ctx).await?;
    Ok(Json(keys.into_iter().map(|key| json!({ "key": key })).collect()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigBody {
    value: String,
}

async fn rule_config_replace(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(key): Path<String>,
    Json(body): Json<ConfigBody>,
) -> Result<Json<Value>, ApiError> {
    rules::rule_config_replace(&app, &ctx, &key, &body.value).await?;
    // Auth0 echoes what was just sent; it is never read back.
    Ok(Json(json!({ "key": key, "value": body.value })))
}

async fn rule_config_delete(
    State(app): State<App>,
    Caller(ctx): Caller,
    Path(key): Path<String>,
) -> Result<StatusCode, ApiError> {
    rules::rule_config_delete(&app, &ctx, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}
