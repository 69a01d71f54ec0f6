//! The action that the clients' checks see at work: what it puts into tokens and metadata is what they look for.

use postern_sdk::serde_json::{Value, json};
use postern_sdk::{Api, Error, Event, MultifactorOptions, post_login};

/// Copies the user's metadata into both tokens and counts the login; denies who has `app_metadata.deny`, and asks for a
/// second factor who has `app_metadata.mfa`.
#[post_login]
pub fn on_execute(event: &Event, api: &mut Api) -> Result<(), Error> {
    let user = event.user();
    if let Some(reason) = user.app_metadata::<String>("deny")? {
        return api.access().deny(&reason);
    }
    if user.app_metadata::<bool>("mfa")? == Some(true) {
        api.multifactor().enable("any", &MultifactorOptions::default())?;
    }
    let logins = user.app_metadata::<u64>("logins")?.unwrap_or(0) + 1;
    api.user().set_app_metadata("logins", logins)?;
    let metadata = event.get::<Value>("/user/user_metadata")?.unwrap_or_else(|| json!({}));
    let protocol = event.get::<Value>("/transaction/protocol")?.unwrap_or_default();
    for (name, value) in [("user_metadata", metadata), ("logins", json!(logins)), ("protocol", protocol)] {
        let claim = ["https://example.com/", name].concat();
        api.id_token().set_custom_claim(&claim, &value)?;
        api.access_token().set_custom_claim(&claim, &value)?;
    }
    let secret = event.secret("GREETING").unwrap_or_default();
    api.id_token().set_custom_claim("https://example.com/greeting", &secret)
}
