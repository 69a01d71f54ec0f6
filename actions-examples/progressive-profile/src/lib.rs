//! Asks for what is missing in the profile on a page of one's own, one field a login.

use postern_sdk::serde_json::{Value, json};
use postern_sdk::{Api, Error, Event, post_login};

/// What the profile should have, in the order it is asked for.
const FIELDS: [&str; 2] = ["company", "job_title"];

/// Sends the user to the page when a field is missing.
#[post_login]
pub fn on_execute(event: &Event, api: &mut Api) -> Result<(), Error> {
    if !api.redirect().can_redirect() {
        return Ok(());
    }
    let missing = FIELDS.into_iter().find(|field| !event.has(&format!("/user/user_metadata/{field}")));
    let Some(field) = missing else { return Ok(()) };
    api.transaction().set_metadata("asked", field)?;
    let token = api.redirect().encode_token(&event.secret("FORM_SECRET")?, json!({"field": field}), None)?;
    api.redirect().send_user_to(&event.secret("FORM_URL")?, &[("session_token", &token)])
}

/// Saves what the page answered.
#[post_login]
pub fn on_continue(event: &Event, api: &mut Api) -> Result<(), Error> {
    // The page signs its answer with the same secret, so nobody else can answer for the user.
    let answer = api.redirect().validate_token(&event.secret("FORM_SECRET")?, None)?;
    let field = event.transaction().metadata::<String>("asked")?.ok_or_else(|| Error::new("nothing was asked"))?;
    match answer.get(&field).and_then(Value::as_str).map(str::trim) {
        Some(text) if !text.is_empty() => api.user().set_user_metadata(&field, text),
        // The user skipped it: the next login asks again.
        Some(_) | None => Ok(()),
    }
}
