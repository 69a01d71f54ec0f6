//! Lists of what we have none of. Auth0's tools read them all when they export a tenant, and give up at a 404; what is
//! made or changed there is not served.

use axum::http::Method;
use postern_app::App;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::extract::{Json, Query};
use crate::openapi::{Access, Content, Operation, Routes};
use crate::page::{PARAMETERS, PageQuery};
use crate::permission::Caller;

/// A list that is an object under this name, in the form that the query asks for.
type Named = (&'static str, &'static str, &'static str, &'static [&'static str]);

const NAMED: &[Named] = &[
    ("/api/v2/forms", "forms", "form_list", &["read:forms"]),
    ("/api/v2/flows", "flows", "flow_list", &["read:flows"]),
    ("/api/v2/flows/vault/connections", "connections", "vault_connection_list", &["read:flows_vault_connections"]),
    (
        "/api/v2/self-service-profiles",
        "self_service_profiles",
        "self_service_profile_list",
        &["read:self_service_profiles"],
    ),
    (
        "/api/v2/token-exchange-profiles",
        "token_exchange_profiles",
        "token_exchange_profile_list",
        &["read:token_exchange_profiles"],
    ),
    ("/api/v2/organizations", "organizations", "organization_list", &["read:organizations"]),
];

/// An answer that is always the same.
type Fixed = (&'static str, &'static str, &'static [&'static str], fn() -> Value);

const FIXED: &[Fixed] = &[
    (
        "/api/v2/branding/phone/providers",
        "phone_provider_list",
        &["read:phone_providers"],
        || json!({ "providers": [] }),
    ),
    (
        "/api/v2/branding/phone/templates",
        "phone_template_list",
        &["read:phone_templates"],
        || json!({ "templates": [] }),
    ),
    ("/api/v2/log-streams", "log_stream_list", &["read:log_streams"], || json!([])),
    ("/api/v2/custom-domains", "custom_domain_list", &["read:custom_domains"], || json!([])),
    ("/api/v2/event-streams", "event_stream_list", &["read:event_streams"], || json!({ "eventStreams": [] })),
    (
        "/api/v2/supplemental-signals",
        "supplemental_signal_fetch",
        &["read:tenant_settings"],
        || json!({ "akamai_enabled": false }),
    ),
    (
        "/api/v2/prompts",
        "prompt_settings_fetch",
        &["read:prompts"],
        || json!({ "universal_login_experience": "new", "identifier_first": false }),
    ),
    ("/api/v2/prompts/{prompt}/custom-text/{language}", "prompt_text_fetch", &["read:prompts"], || json!({})),
    ("/api/v2/prompts/{prompt}/partials", "prompt_partials_fetch", &["read:prompts"], || json!({})),
];

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    let mut routes = Routes::new();
    for (path, name, id, scopes) in NAMED {
        let operation = Operation {
            query: &PARAMETERS,
            response: Some(Content::json(|| json!({ "type": ["array", "object"] }))),
            ..Operation::new(id, "An empty list: there are none", Access::Scopes(scopes))
        };
        let handler = move |_caller: Caller, Query(page): Query<PageQuery>| async move {
            Ok::<_, ApiError>(Json(page.paging()?.answer_all(name, Vec::new())?))
        };
        routes = routes.add(Method::GET, path, operation, handler);
    }
    for (path, id, scopes, answer) in FIXED {
        let operation = Operation {
            response: Some(Content::json(|| json!({ "type": ["array", "object"] }))),
            ..Operation::new(id, "Always the same: there is nothing to set", Access::Scopes(scopes))
        };
        routes = routes.add(Method::GET, path, operation, move |_caller: Caller| async move { Json(answer()) });
    }
    routes
}
