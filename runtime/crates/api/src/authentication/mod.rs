//! The authentication API, as far as management tokens need it: tokens, discovery and keys.

pub(crate) mod browser;
mod discovery;
mod oauth;

use postern_app::App;

use crate::openapi::Routes;

pub(crate) fn routes() -> Routes<App> {
    browser::routes().merge(discovery::routes()).merge(oauth::routes())
}
