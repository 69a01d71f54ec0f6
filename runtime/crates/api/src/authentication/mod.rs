//! The authentication API, as far as management tokens need it: tokens, discovery and keys.

mod discovery;
mod oauth;

use postern_app::App;

use crate::openapi::Routes;

pub(crate) fn routes() -> Routes<App> {
    discovery::routes().merge(oauth::routes())
}
