//! Counts the user's logins in `app_metadata`, and keeps the answer of a slow service there for a day.

use postern_sdk::serde_json::{Value, json};
use postern_sdk::{Api, Error, Event, http, info, now, post_login, warn};

/// How long a score is good for, ms.
const GOOD_FOR_MS: i64 = 24 * 3_600_000;

/// Counts this login; asks for a score when there is none or an old one.
#[post_login]
pub fn on_execute(event: &Event, api: &mut Api) -> Result<(), Error> {
    let logins = event.user().app_metadata::<u64>("logins")?.unwrap_or(0) + 1;
    api.user().set_app_metadata("logins", logins)?;

    let scored_at = event.get::<i64>("/user/app_metadata/score/at")?;
    if scored_at.is_some_and(|at| now() - at < GOOD_FOR_MS) {
        return Ok(());
    }
    match score(event) {
        Ok(score) => api.user().set_app_metadata("score", json!({"value": score, "at": now()})),
        // The login does not depend on the service: the next one asks again.
        Err(error) => {
            warn!("no score this time: {error}");
            Ok(())
        }
    }
}

fn score(event: &Event) -> Result<Value, Error> {
    let url = event.secret("SCORE_URL")?;
    let answer = http::post(&url).json(&json!({"user_id": event.user().user_id()}))?.send()?;
    info!("{url} answered {}", answer.status);
    Ok(answer.error_for_status()?.json()?)
}
