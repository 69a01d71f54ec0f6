//! Lets users in from the countries of a list only.

use postern_sdk::{Api, Error, Event, info, post_login};

/// Denies unless the country is in the list.
#[post_login]
pub fn on_execute(event: &Event, api: &mut Api) -> Result<(), Error> {
    let allowed = event.secret("ALLOWED_COUNTRIES")?;
    let country = event.request().country_code().unwrap_or_default();
    if allowed.split(',').any(|one| one.trim() == country) {
        return Ok(());
    }
    info!("denied: country `{country}` is not in the list");
    api.access().deny("You cannot log in from this country.")
}
