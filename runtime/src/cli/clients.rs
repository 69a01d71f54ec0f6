//! Clients and connections.

use anyhow::Context as _;
use clap::Subcommand;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::output::{Output, text};
use super::remote::{Body, Target};
use super::users::object;

/// `postern clients`
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List clients
    List,
    /// Show a client
    Get {
        /// Id of the client
        id: String,
    },
    /// Create a client; prints its secret
    Create {
        /// Its name
        name: String,
        /// Entry of `client_metadata`; may be repeated
        #[arg(long = "metadata", value_name = "NAME=VALUE")]
        metadata: Vec<String>,
    },
    /// Change a client; `client_metadata` is merged, null removes an entry
    Patch {
        /// Id of the client
        id: String,
        /// A JSON object, as PATCH /api/v2/clients/{id} takes it
        #[arg(value_name = "JSON")]
        patch: String,
    },
    /// Delete a client
    Delete {
        /// Id of the client
        id: String,
    },
}

/// Reads NAME=VALUE arguments.
pub(crate) fn pairs(option: &str, given: &[String]) -> anyhow::Result<Map<String, Value>> {
    given
        .iter()
        .map(|pair| {
            let (name, value) = pair.split_once('=').with_context(|| format!("{option} '{pair}' is not NAME=VALUE"))?;
            Ok((name.to_owned(), json!(value)))
        })
        .collect()
}

pub(crate) async fn run(target: &Target, out: &Output, command: Command) -> anyhow::Result<()> {
    match command {
        Command::List => {
            let found = target.management().await?.get(&["clients"], &[]).await?;
            out.rows(&found, "", &[("id", "/client_id"), ("name", "/name"), ("metadata", "/client_metadata")]);
        }
        Command::Get { id } => {
            let found = target.management().await?.get(&["clients", &id], &[]).await?;
            show(out, &found);
        }
        Command::Create { name, metadata } => {
            let metadata = pairs("--metadata", &metadata)?;
            let body = Body::Json(json!({ "name": name, "client_metadata": metadata }));
            let made = target.management().await?.api(Method::POST, &["clients"], &[], body).await?;
            show(out, &made);
        }
        Command::Patch { id, patch } => {
            let patch = Body::Json(Value::Object(object("the patch", &patch)?));
            let changed = target.management().await?.api(Method::PATCH, &["clients", &id], &[], patch).await?;
            show(out, &changed);
        }
        Command::Delete { id } => {
            target.management().await?.api(Method::DELETE, &["clients", &id], &[], Body::Nothing).await?;
            out.done("deleted");
        }
    }
    Ok(())
}

fn show(out: &Output, client: &Value) {
    out.show(client, |client| {
        let names = ["client_id", "name", "client_secret", "grant_types", "client_metadata"];
        let lines: Vec<String> =
            names.iter().filter_map(|name| Some(format!("{name:15} {}", text(Some(client.get(name)?))))).collect();
        lines.join("\n")
    });
}

/// `postern connections`
#[derive(Debug, Subcommand)]
pub(crate) enum ConnectionCommand {
    /// List connections
    List,
    /// Create a connection
    Create {
        /// Its name
        name: String,
        /// Its kind: auth0 for a database, or that of an identity provider
        #[arg(long, default_value = "auth0")]
        strategy: String,
        /// When logins overwrite name, nickname and picture
        #[arg(long, default_value = "on_each_login")]
        set_user_root_attributes: String,
    },
    /// Delete a connection
    Delete {
        /// Id of the connection
        id: String,
    },
}

pub(crate) async fn run_connections(target: &Target, out: &Output, command: ConnectionCommand) -> anyhow::Result<()> {
    let remote = target.management().await?;
    match command {
        ConnectionCommand::List => {
            let found = remote.get(&["connections"], &[]).await?;
            let columns = [
                ("id", "/id"),
                ("name", "/name"),
                ("strategy", "/strategy"),
                ("sync", "/options/set_user_root_attributes"),
            ];
            out.rows(&found, "", &columns);
        }
        ConnectionCommand::Create { name, strategy, set_user_root_attributes } => {
            let options = json!({ "set_user_root_attributes": set_user_root_attributes });
            let body = json!({ "name": name, "strategy": strategy, "options": options });
            let made = remote.api(Method::POST, &["connections"], &[], Body::Json(body)).await?;
            out.show(&made, |made| text(made.get("id")));
        }
        ConnectionCommand::Delete { id } => {
            remote.api(Method::DELETE, &["connections", &id], &[], Body::Nothing).await?;
            out.done("deleted");
        }
    }
    Ok(())
}
