//! The management API, `/api/v2`, in Auth0's shapes.

mod action_modules;
mod actions;
mod artifacts;
mod attack_protection;
mod authentication_methods;
mod clients;
mod connections;
mod email_templates;
mod emails;
mod empty;
mod executions;
mod grants;
mod guardian;
mod jobs;
mod keys;
mod logs;
mod resource_servers;
mod roles;
mod rules;
mod sessions;
mod simulated_logins;
mod tenant_settings;
mod tickets;
mod triggers;
mod users;
mod versions;

use postern_app::App;

use crate::openapi::Routes;

pub(crate) fn routes() -> Routes<App> {
    Routes::new()
        .merge(action_modules::routes())
        .merge(actions::routes())
        .merge(artifacts::routes())
        .merge(attack_protection::routes())
        .merge(authentication_methods::routes())
        .merge(clients::routes())
        .merge(connections::routes())
        .merge(email_templates::routes())
        .merge(emails::routes())
        .merge(empty::routes())
        .merge(executions::routes())
        .merge(grants::routes())
        .merge(jobs::routes())
        .merge(guardian::routes())
        .merge(keys::routes())
        .merge(logs::routes())
        .merge(resource_servers::routes())
        .merge(roles::routes())
        .merge(rules::routes())
        .merge(sessions::routes())
        .merge(simulated_logins::routes())
        .merge(tickets::routes())
        .merge(tenant_settings::routes())
        .merge(triggers::routes())
        .merge(users::routes())
        .merge(versions::routes())
}
