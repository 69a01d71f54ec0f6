//! Asks for a second factor when a login looks risky, and not again within the same login.

use postern_sdk::{Api, Error, Event, Factor, info, post_login};

/// Asks for a factor when the login is risky.
#[post_login]
pub fn on_execute(event: &Event, api: &mut Api) -> Result<(), Error> {
    let authentication = event.authentication();
    // Confidence that all is well: `low` is a risk. Without an assessment a country that is new is one.
    let risky = match authentication.risk_confidence().as_deref() {
        Some(confidence) => confidence == "low",
        None => is_new_country(event)?,
    };
    if !risky || authentication.methods()?.iter().any(|method| method.name == "mfa") {
        return remember_country(event, api);
    }
    info!("a second factor is asked for");
    api.authentication().challenge_with(factor("otp"), &[factor("email")])
}

/// The factor is proven: the country is known from now on.
#[post_login]
pub fn on_continue(event: &Event, api: &mut Api) -> Result<(), Error> {
    remember_country(event, api)
}

fn is_new_country(event: &Event) -> Result<bool, Error> {
    let known = event.user().app_metadata::<String>("last_country")?;
    Ok(known.is_some() && known != event.request().country_code())
}

fn remember_country(event: &Event, api: &mut Api) -> Result<(), Error> {
    match event.request().country_code() {
        Some(country) => api.user().set_app_metadata("last_country", country),
        None => Ok(()),
    }
}

fn factor(kind: &str) -> Factor {
    Factor { kind: kind.to_owned(), options: None }
}
