//! Users, their metadata and its history; roles.

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::output::{Output, text};
use super::remote::{Body, Target};

/// `postern users`
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List or search users
    List {
        /// field:"value" terms joined by AND
        #[arg(long, short)]
        query: Option<String>,
        /// Number of the page, from 0
        #[arg(long, default_value_t = 0)]
        page: u32,
        /// Rows of a page
        #[arg(long, default_value_t = 50)]
        per_page: u32,
    },
    /// Show a user
    Get {
        /// Id, such as auth0|123
        id: String,
    },
    /// Create a user
    Create(CreateArgs),
    /// Change a user; metadata is merged at the first level, null removes a key
    Patch {
        /// Id, such as auth0|123
        id: String,
        /// A JSON object, as PATCH /api/v2/users/{id} takes it
        #[arg(value_name = "JSON")]
        patch: String,
    },
    /// Delete a user
    Delete {
        /// Id, such as auth0|123
        id: String,
    },
    /// Show who changed which metadata key when, newest first
    History {
        /// Id, such as auth0|123
        id: String,
        /// How many changes
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u8).range(1..=100))]
        limit: u8,
    },
}

/// `postern users create`
#[derive(Args)]
pub(crate) struct CreateArgs {
    /// Name of the connection
    #[arg(long, default_value = "Username-Password-Authentication")]
    connection: String,
    #[arg(long)]
    email: Option<String>,
    #[arg(long)]
    username: Option<String>,
    /// Read from `POSTERN_USER_PASSWORD` when not given
    #[arg(long, env = "POSTERN_USER_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// The id, without the strategy
    #[arg(long)]
    user_id: Option<String>,
    /// A JSON object
    #[arg(long, value_name = "JSON")]
    user_metadata: Option<String>,
    /// A JSON object
    #[arg(long, value_name = "JSON")]
    app_metadata: Option<String>,
}

impl std::fmt::Debug for CreateArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreateArgs").field("connection", &self.connection).finish_non_exhaustive()
    }
}

/// Reads an argument that is a JSON object.
pub(crate) fn object(name: &str, text: &str) -> anyhow::Result<Map<String, Value>> {
    let value: Value = serde_json::from_str(text).with_context(|| format!("{name} is not JSON"))?;
    let Value::Object(object) = value else { bail!("{name} must be a JSON object, not {value}") };
    Ok(object)
}

pub(crate) async fn run(target: &Target, out: &Output, command: Command) -> anyhow::Result<()> {
    match command {
        Command::List { query, page, per_page } => list(target, out, query.as_deref(), page, per_page).await,
        Command::Get { id } => {
            show(out, &target.management().await?.get(&["users", &id], &[]).await?);
            Ok(())
        }
        Command::Create(args) => create(target, out, args).await,
        Command::Patch { id, patch } => {
            let patch = Value::Object(object("the patch", &patch)?);
            let remote = target.management().await?;
            show(out, &remote.api(Method::PATCH, &["users", &id], &[], Body::Json(patch)).await?);
            Ok(())
        }
        Command::Delete { id } => {
            target.management().await?.api(Method::DELETE, &["users", &id], &[], Body::Nothing).await?;
            out.done("deleted");
            Ok(())
        }
        Command::History { id, limit } => history(target, out, &id, limit).await,
    }
}

async fn list(target: &Target, out: &Output, q: Option<&str>, page: u32, per_page: u32) -> anyhow::Result<()> {
    let (page, per_page) = (page.to_string(), per_page.to_string());
    let mut query = vec![("page", page.as_str()), ("per_page", per_page.as_str())];
    query.extend(q.map(|q| ("q", q)));
    let found = target.management().await?.get(&["users"], &query).await?;
    let columns = [
        ("id", "/user_id"),
        ("email", "/email"),
        ("name", "/name"),
        ("logins", "/logins_count"),
        ("last login", "/last_login"),
    ];
    out.rows(&found, "", &columns);
    Ok(())
}

/// A user, as a person reads it: the root fields, then the metadata.
fn show(out: &Output, user: &Value) {
    out.show(user, |user| {
        let mut lines = Vec::new();
        for name in ["user_id", "email", "email_verified", "name", "blocked", "logins_count", "last_login", "revision"]
        {
            if let Some(value) = user.get(name) {
                lines.push(format!("{name:15} {}", text(Some(value))));
            }
        }
        for name in ["user_metadata", "app_metadata"] {
            if let Some(value) = user.get(name) {
                lines.push(format!("{name:15} {value:#}"));
            }
        }
        lines.join("\n")
    });
}

async fn create(target: &Target, out: &Output, args: CreateArgs) -> anyhow::Result<()> {
    let mut body = Map::new();
    body.insert("connection".to_owned(), json!(args.connection));
    let texts =
        [("email", args.email), ("username", args.username), ("password", args.password), ("user_id", args.user_id)];
    for (name, text) in texts {
        if let Some(text) = text {
            body.insert(name.to_owned(), Value::String(text));
        }
    }
    for (name, text) in [("user_metadata", args.user_metadata), ("app_metadata", args.app_metadata)] {
        if let Some(text) = text {
            body.insert(name.to_owned(), Value::Object(object(&format!("--{}", name.replace('_', "-")), &text)?));
        }
    }
    let remote = target.management().await?;
    show(out, &remote.api(Method::POST, &["users"], &[], Body::Json(Value::Object(body))).await?);
    Ok(())
}

async fn history(target: &Target, out: &Output, id: &str, limit: u8) -> anyhow::Result<()> {
    let take = limit.to_string();
    let found = target.management().await?.get(&["users", id, "history"], &[("take", &take)]).await?;
    let columns = [
        ("at", "/at"),
        ("rev", "/revision"),
        ("object", "/object"),
        ("key", "/key"),
        ("from", "/from"),
        ("to", "/to"),
        ("by", "/by"),
    ];
    if out.json {
        out.show(&found, |_| String::new());
        return Ok(());
    }
    let mut rows = found.get("history").and_then(Value::as_array).cloned().unwrap_or_default();
    for row in &mut rows {
        let by = actor(row.get("actor").unwrap_or(&Value::Null));
        if let Value::Object(row) = row {
            row.insert("by".to_owned(), json!(by));
        }
    }
    super::output::line(&super::output::table(&rows, &columns));
    Ok(())
}

/// Who made a change, in few words.
fn actor(actor: &Value) -> String {
    let field = |name: &str| text(actor.get(name));
    match field("type").as_str() {
        "action" => format!("action {} version {} in {}", field("action_id"), field("version"), field("execution_id")),
        "client" => format!("client {}", field("client_id")),
        "user" => format!("user {}", field("user_id")),
        other => other.to_owned(),
    }
}

/// `postern roles`
#[derive(Debug, Subcommand)]
pub(crate) enum RoleCommand {
    /// List roles
    List,
    /// Create a role
    Create {
        /// Its name
        name: String,
        #[arg(long, default_value = "")]
        description: String,
    },
    /// Delete a role
    Delete {
        /// Id of the role
        id: String,
    },
    /// Give a user roles
    Assign {
        /// Id of the user
        user: String,
        /// Ids of the roles
        #[arg(required = true)]
        roles: Vec<String>,
    },
    /// Take roles from a user
    Remove {
        /// Id of the user
        user: String,
        /// Ids of the roles
        #[arg(required = true)]
        roles: Vec<String>,
    },
}

pub(crate) async fn run_roles(target: &Target, out: &Output, command: RoleCommand) -> anyhow::Result<()> {
    let remote = target.management().await?;
    match command {
        RoleCommand::List => {
            let found = remote.get(&["roles"], &[]).await?;
            out.rows(&found, "", &[("id", "/id"), ("name", "/name"), ("description", "/description")]);
        }
        RoleCommand::Create { name, description } => {
            let body = json!({ "name": name, "description": description });
            let made = remote.api(Method::POST, &["roles"], &[], Body::Json(body)).await?;
            out.show(&made, |made| text(made.get("id")));
        }
        RoleCommand::Delete { id } => {
            remote.api(Method::DELETE, &["roles", &id], &[], Body::Nothing).await?;
            out.done("deleted");
        }
        RoleCommand::Assign { user, roles } => {
            let body = Body::Json(json!({ "roles": roles }));
            remote.api(Method::POST, &["users", &user, "roles"], &[], body).await?;
            out.done("assigned");
        }
        RoleCommand::Remove { user, roles } => {
            let body = Body::Json(json!({ "roles": roles }));
            remote.api(Method::DELETE, &["users", &user, "roles"], &[], body).await?;
            out.done("removed");
        }
    }
    Ok(())
}
