//! Records that the user agreed to the current terms, and turns away who has not.

use postern_sdk::serde_json::json;
use postern_sdk::{Api, Error, Event, now, post_login};

/// Records the consent that came along, or denies.
#[post_login]
pub fn on_execute(event: &Event, api: &mut Api) -> Result<(), Error> {
    let Some(current) = event.client().metadata("terms_version") else { return Ok(()) };
    if event.get::<String>("/user/app_metadata/consent/version")?.as_ref() == Some(&current) {
        return Ok(());
    }
    // The login page sends the box's state along.
    let request = event.request();
    let agreed = request.body("terms").or_else(|| request.query("terms"));
    if agreed.as_ref() != Some(&current) {
        return api.access().deny("Please agree to our terms.");
    }
    api.user().set_app_metadata("consent", json!({"version": current, "at": now(), "ip": request.ip()}))
}
