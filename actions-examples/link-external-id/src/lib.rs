//! Looks the user up in a customer database at the first login and keeps the id found there.

use std::time::Duration;

use postern_sdk::serde_json::{Value, json};
use postern_sdk::{Api, Error, Event, http, post_login};

/// Finds the id once, and puts it into the token each time.
#[post_login]
pub fn on_execute(event: &Event, api: &mut Api) -> Result<(), Error> {
    let user = event.user();
    let known = user.app_metadata::<String>("customer_id")?;
    // Only a proven address says who the customer is.
    let email = user.email().filter(|_| user.email_verified() == Some(true));
    let customer = match (known, email) {
        (None, Some(email)) => find_customer(event, &email)?,
        (known, _) => known,
    };
    let Some(customer) = customer else { return Ok(()) };
    api.user().set_app_metadata("customer_id", &customer)?;
    api.access_token().set_custom_claim("https://example.com/customer_id", &customer)
}

fn find_customer(event: &Event, email: &str) -> Result<Option<String>, Error> {
    let answer = http::post(&event.secret("CUSTOMERS_URL")?)
        .bearer(&event.secret("CUSTOMERS_TOKEN")?)
        .timeout(Duration::from_secs(5))
        .json(&json!({"email": email}))?
        .send()?;
    if answer.status == 404 {
        return Ok(None);
    }
    let customer: Value = answer.error_for_status()?.json()?;
    Ok(customer.get("id").and_then(Value::as_str).map(str::to_owned))
}
