//! The authentication API: what people and their applications call.

mod body;
pub(crate) mod browser;
mod change_password;
mod discovery;
mod mail_links;
mod mfa;
mod oauth;
mod signup;
mod userinfo;

use postern_app::App;

use crate::openapi::Routes;

pub(crate) fn routes() -> Routes<App> {
    browser::routes()
        .merge(discovery::routes())
        .merge(mfa::routes())
        .merge(oauth::routes())
        .merge(change_password::routes())
        .merge(mail_links::routes())
        .merge(userinfo::routes())
        .merge(signup::routes())
}
