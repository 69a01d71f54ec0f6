//! `/api/v2/attack-protection`: settings against attacks.

use axum::extract::State;
use axum::http::Method;
use postern_app::App;
use postern_app::attack_protection::{Protection, attack_protection_fetch, attack_protection_update};
use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::extract::Json;
use crate::openapi::{Access, Content, Operation, Routes};
use crate::permission::Caller;

/// Path, kind, ids and summaries of reading and of changing.
type Kind = (&'static str, Protection, [(&'static str, &'static str); 2]);

const KINDS: [Kind; 5] = [
    (
        "/api/v2/attack-protection/brute-force-protection",
        Protection::BruteForce,
        [
            ("brute_force_protection_fetch", "Fetch brute-force protection"),
            ("brute_force_protection_update", "Change brute-force protection"),
        ],
    ),
    (
        "/api/v2/attack-protection/breached-password-detection",
        Protection::BreachedPassword,
        [
            ("breached_password_detection_fetch", "Fetch breached-password detection"),
            ("breached_password_detection_update", "Change breached-password detection"),
        ],
    ),
    (
        "/api/v2/attack-protection/suspicious-ip-throttling",
        Protection::SuspiciousIp,
        [
            ("suspicious_ip_throttling_fetch", "Fetch suspicious-IP throttling"),
            ("suspicious_ip_throttling_update", "Change suspicious-IP throttling"),
        ],
    ),
    (
        "/api/v2/attack-protection/bot-detection",
        Protection::BotDetection,
        [("bot_detection_fetch", "Fetch bot detection"), ("bot_detection_update", "Change bot detection")],
    ),
    (
        "/api/v2/attack-protection/captcha",
        Protection::Captcha,
        [("captcha_fetch", "Fetch captcha settings"), ("captcha_update", "Change captcha settings")],
    ),
];

/// The routes of this module.
pub(crate) fn routes() -> Routes<App> {
    let object = Some(Content::json(|| json!({ "type": "object" })));
    let mut routes = Routes::new();
    for (path, kind, [(fetch, fetch_summary), (update, update_summary)]) in KINDS {
        routes = routes
            .add(
                Method::GET,
                path,
                Operation {
                    response: object,
                    ..Operation::new(fetch, fetch_summary, Access::Scopes(&["read:attack_protection"]))
                },
                async move |State(app): State<App>, Caller(ctx): Caller| {
                    Ok::<_, ApiError>(Json(attack_protection_fetch(&app, &ctx, kind).await?))
                },
            )
            .add(
                Method::PATCH,
                path,
                Operation {
                    request: object,
                    response: object,
                    failures: &[409],
                    ..Operation::new(update, update_summary, Access::Scopes(&["update:attack_protection"]))
                },
                async move |State(app): State<App>, Caller(ctx): Caller, Json(patch): Json<Map<String, Value>>| {
                    Ok::<_, ApiError>(Json(attack_protection_update(&app, &ctx, kind, &patch).await?))
                },
            );
    }
    routes
}
