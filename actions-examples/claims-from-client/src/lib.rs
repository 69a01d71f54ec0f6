//! Puts the client's metadata and the user's roles into the tokens.

use postern_sdk::{Api, Error, Event, post_login};

/// Sets the claims.
#[post_login]
pub fn on_execute(event: &Event, api: &mut Api) -> Result<(), Error> {
    let client = event.client();
    let namespace = client.metadata("claims_namespace").unwrap_or_else(|| "https://example.com/".to_owned());
    let claim = |name: &str| [namespace.as_str(), name].concat();

    if let Some(tier) = client.metadata("tier") {
        api.id_token().set_custom_claim(&claim("tier"), &tier)?;
        api.access_token().set_custom_claim(&claim("tier"), &tier)?;
    }
    let roles = event.authorization().roles();
    if roles.iter().any(|role| role == "admin") {
        api.access_token().add_scope("admin:all")?;
    }
    api.id_token().set_custom_claim(&claim("roles"), &roles)?;
    api.access_token().set_custom_claim(&claim("roles"), &roles)
}
