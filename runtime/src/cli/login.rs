//! `postern login`: a simulated login, and what its actions did.

use anyhow::{Context as _, bail};
use clap::Args;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::clients::pairs;
use super::output::{Output, table, text};
use super::remote::{Body, Remote, Target};
use super::users::object;

/// `postern login`
#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    /// Goes on with a login that waits, by its id; needs --state
    #[arg(long = "continue", value_name = "LOGIN", requires = "state")]
    resume: Option<String>,
    /// The state token of a login that waits
    #[arg(long)]
    state: Option<String>,
    /// Id of the client, or its name [default: the management client itself]
    #[arg(long, value_name = "CLIENT")]
    client: Option<String>,
    /// Name of the connection [default: the default database]
    #[arg(long)]
    connection: Option<String>,
    /// Id of an existing user, such as auth0|123
    #[arg(long, value_name = "ID", conflicts_with_all = ["email", "profile"])]
    user: Option<String>,
    /// A user by address, made by this login when there is none
    #[arg(long, conflicts_with = "profile")]
    email: Option<String>,
    /// The profile that the connection hands over, a JSON object
    #[arg(long, value_name = "JSON")]
    profile: Option<String>,
    /// Address the login comes from
    #[arg(long)]
    ip: Option<String>,
    /// Country it comes from, two letters
    #[arg(long, value_name = "CODE")]
    country: Option<String>,
    /// Parameter of the request's query; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    query: Vec<String>,
    /// Field of the request's body; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    body: Vec<String>,
    /// API that tokens are asked for
    #[arg(long)]
    audience: Option<String>,
    /// Scopes asked for, separated by spaces
    #[arg(long, default_value = "openid profile email")]
    scope: String,
    /// Protocol of the login
    #[arg(long, default_value = "oidc-basic-profile")]
    protocol: String,
    /// Commit nothing
    #[arg(long)]
    dry_run: bool,
    /// Dry runs only: run the draft of this action (id or name); may be repeated
    #[arg(long = "draft", value_name = "ACTION", requires = "dry_run")]
    drafts: Vec<String>,
    /// Dry runs only: parts laid over the event, a JSON object
    #[arg(long, value_name = "JSON", requires = "dry_run")]
    event: Option<String>,
}

pub(crate) async fn run(target: &Target, out: &Output, args: LoginArgs) -> anyhow::Result<()> {
    let remote = target.management().await?;
    let report = match &args.resume {
        Some(login) => {
            let mut query = pairs("--query", &args.query)?;
            if let Some(state) = &args.state {
                query.insert("state".to_owned(), json!(state));
            }
            let body = json!({ "query": query, "body": pairs("--body", &args.body)? });
            remote.api(Method::POST, &["simulated-logins", login, "continue"], &[], Body::Json(body)).await?
        }
        None => {
            let body = Body::Json(Value::Object(request(&remote, &args).await?));
            remote.api(Method::POST, &["simulated-logins"], &[], body).await?
        }
    };
    out.show(&report, show);
    Ok(())
}

async fn request(remote: &Remote, args: &LoginArgs) -> anyhow::Result<Map<String, Value>> {
    let mut body = Map::new();
    body.insert("client_id".to_owned(), json!(client(remote, args.client.as_deref()).await?));
    for (name, text) in [("connection", &args.connection), ("audience", &args.audience)] {
        if let Some(text) = text {
            body.insert(name.to_owned(), json!(text));
        }
    }
    match (&args.user, &args.email, &args.profile) {
        (Some(id), _, _) => body.insert("user_id".to_owned(), json!(id)),
        (None, Some(email), _) => match known(remote, email).await? {
            Some(id) => body.insert("user_id".to_owned(), json!(id)),
            None => body.insert("user".to_owned(), json!({ "email": email })),
        },
        (None, None, Some(profile)) => body.insert("user".to_owned(), Value::Object(object("--profile", profile)?)),
        (None, None, None) => bail!("who logs in? give --user ID, --email ADDRESS or --profile JSON"),
    };
    let mut request = json!({ "query": pairs("--query", &args.query)?, "body": pairs("--body", &args.body)? });
    if let Value::Object(request) = &mut request {
        if let Some(ip) = &args.ip {
            request.insert("ip".to_owned(), json!(ip));
        }
        if let Some(country) = &args.country {
            request.insert("geoip".to_owned(), json!({ "countryCode": country }));
        }
    }
    body.insert("request".to_owned(), request);
    let scopes: Vec<&str> = args.scope.split_ascii_whitespace().collect();
    body.insert("transaction".to_owned(), json!({ "protocol": args.protocol, "requested_scopes": scopes }));
    if args.dry_run {
        body.insert("dry_run".to_owned(), json!(true));
    }
    if !args.drafts.is_empty() {
        let mut versions = Map::new();
        for action in &args.drafts {
            versions.insert(super::actions::id_of(remote, action).await?, json!("draft"));
        }
        body.insert("versions".to_owned(), Value::Object(versions));
    }
    if let Some(event) = &args.event {
        body.insert("event".to_owned(), Value::Object(object("--event", event)?));
    }
    Ok(body)
}

async fn known(remote: &Remote, email: &str) -> anyhow::Result<Option<String>> {
    let found = remote.get(&["users-by-email"], &[("email", email)]).await?;
    Ok(found.pointer("/0/user_id").and_then(Value::as_str).map(str::to_owned))
}

/// A client by id or name; the first one there is when none is named.
async fn client(remote: &Remote, wanted: Option<&str>) -> anyhow::Result<String> {
    let found = remote.get(&["clients"], &[("per_page", "100")]).await?;
    let fits = |client: &&Value| {
        let is = |name: &str| client.get(name).and_then(Value::as_str) == wanted;
        wanted.is_none() || is("client_id") || is("name")
    };
    let client = found.as_array().into_iter().flatten().find(fits);
    let id = client.and_then(|client| client.get("client_id")?.as_str());
    id.map(str::to_owned).with_context(|| format!("there is no client '{}'", wanted.unwrap_or_default()))
}

/// A login as a person reads it.
fn show(report: &Value) -> String {
    let mut lines = vec![
        format!("login      {}", text(report.get("login_id"))),
        format!("outcome    {}", outcome(report.get("outcome").unwrap_or(&Value::Null))),
        format!("user       {} (revision {})", text(report.pointer("/user/user_id")), text(report.get("revision"))),
    ];
    for (name, pointer) in [("id token", "/claims/id_token"), ("access", "/claims/access_token"), ("scope", "/scope")] {
        let value = text(report.pointer(pointer));
        if !value.is_empty() && value != "{}" {
            lines.push(format!("{name:10} {value}"));
        }
    }
    for name in ["user_metadata", "app_metadata"] {
        if let Some(metadata) = report.pointer(&format!("/user/{name}")) {
            lines.push(format!("{name} {metadata}"));
        }
    }
    lines.push(show_runs(report.get("runs").unwrap_or(&Value::Null)));
    lines.join("\n")
}

/// The outcome in a line.
pub(crate) fn outcome(outcome: &Value) -> String {
    let mut line = text(outcome.get("type"));
    for name in ["code", "reason", "message", "url", "factors", "state"] {
        if let Some(value) = outcome.get(name) {
            line.push_str(&format!("  {name}: {}", text(Some(value))));
        }
    }
    line
}

/// The runs: a table, then each run's mutations and log.
pub(crate) fn show_runs(runs: &Value) -> String {
    let runs = runs.as_array().map_or(&[][..], Vec::as_slice);
    let columns = [
        ("action", "/action"),
        ("version", "/version"),
        ("status", "/status"),
        ("fuel", "/fuel"),
        ("memory", "/memory_bytes"),
        ("µs", "/duration_us"),
    ];
    let mut lines = vec![table(runs, &columns)];
    for run in runs {
        let name = text(run.get("action").or_else(|| run.get("action_name")));
        for mutation in run.get("mutations").and_then(Value::as_array).into_iter().flatten() {
            lines.push(format!("{name}: {}", text(Some(mutation))));
        }
        for log in run.get("logs").and_then(Value::as_array).into_iter().flatten() {
            lines.push(format!("{name}: [{}] {}", text(log.get("level")), text(log.get("message"))));
        }
        if let Some(error) = run.get("error").filter(|error| !error.is_null()) {
            lines.push(format!("{name}: {}", text(Some(error))));
        }
    }
    lines.join("\n")
}
