//! The authentication API, as far as management tokens need it: tokens, discovery and keys.

pub(crate) mod browser;
mod change_password;
mod discovery;
mod mail_links;
mod oauth;

use postern_app::App;

use crate::openapi::Routes;

pub(crate) fn routes() -> Routes<App> {
    browser::routes()
        .merge(discovery::routes())
        .merge(oauth::routes())
        .merge(change_password::routes())
        .merge(mail_links::routes())
}
