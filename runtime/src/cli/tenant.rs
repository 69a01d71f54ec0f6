//! Tenants and exports, as the operator; the tenant log and executions.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::login::show_runs;
use super::output::{Output, text};
use super::remote::{Body, Target};

/// `postern tenant`
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a tenant; prints the credentials of its management client, once
    Create {
        /// Lower-case letters, digits, inner hyphens
        name: String,
        /// Host name, with the port if there is one, that its clients use
        #[arg(long, value_name = "HOST[:PORT]")]
        domain: String,
    },
    /// List the tenants
    List,
    /// Change what a tenant's actions may reach and use
    Set {
        /// Its name
        name: String,
        /// Which hosts actions may reach
        #[arg(long, value_parser = ["public", "none"])]
        egress: Option<String>,
        /// A limit of its own, such as fuel=100000000; may be repeated
        #[arg(long = "limit", value_name = "NAME=NUMBER")]
        limits: Vec<String>,
        /// A rate limit of its own, such as `management.burst=1000` or `authentication.per_second=500`; may be repeated
        #[arg(long = "rate-limit", value_name = "API.NAME=NUMBER")]
        rate_limits: Vec<String>,
    },
}

pub(crate) async fn run(target: &Target, out: &Output, command: Command) -> anyhow::Result<()> {
    let remote = target.operator()?;
    let path = ["operator", "v1", "tenants"];
    match command {
        Command::Create { name, domain } => {
            let body = Body::Json(json!({ "name": name, "domain": domain }));
            let made = remote.call(Method::POST, &path, &[], body).await?;
            out.show(&made, |made| {
                format!(
                    "tenant {}\nissuer {}\nclient id {}\nclient secret {}\n\nThe secret is shown only now.",
                    text(made.get("name")),
                    text(made.get("issuer")),
                    text(made.pointer("/management/client_id")),
                    text(made.pointer("/management/client_secret")),
                )
            });
        }
        Command::List => {
            let found = remote.call(Method::GET, &path, &[], Body::Nothing).await?;
            out.rows(&found, "", &[("name", "/name"), ("domain", "/domain"), ("issuer", "/issuer")]);
        }
        Command::Set { name, egress, limits, rate_limits } => {
            let mut body = Map::new();
            body.extend(egress.map(|egress| ("egress".to_owned(), json!(egress))));
            if !limits.is_empty() {
                body.insert("limits".to_owned(), Value::Object(numbers("limit", &limits)?));
            }
            if !rate_limits.is_empty() {
                body.insert("rate_limits".to_owned(), nested(numbers("rate-limit", &rate_limits)?)?);
            }
            let path = ["operator", "v1", "tenants", &name];
            let changed = remote.call(Method::PATCH, &path, &[], Body::Json(Value::Object(body))).await?;
            out.show(&changed, |changed| format!("{changed:#}"));
        }
    }
    Ok(())
}

/// Reads NAME=NUMBER arguments.
fn numbers(argument: &str, given: &[String]) -> anyhow::Result<Map<String, Value>> {
    given
        .iter()
        .map(|pair| {
            let parts = pair.split_once('=').and_then(|(name, number)| Some((name, number.parse::<u64>().ok()?)));
            let (name, number) = parts.with_context(|| format!("--{argument} '{pair}' is not NAME=NUMBER"))?;
            Ok((name.to_owned(), json!(number)))
        })
        .collect()
}

/// `{"a.b": 1}` as `{"a": {"b": 1}}`.
fn nested(flat: Map<String, Value>) -> anyhow::Result<Value> {
    let mut nested = Map::new();
    for (path, number) in flat {
        let (outer, inner) = path.split_once('.').with_context(|| {
            format!("'{path}' names no rate limit: management or authentication, a dot, per_second or burst")
        })?;
        if let Value::Object(object) = nested.entry(outer).or_insert_with(|| json!({})) {
            object.insert(inner.to_owned(), number);
        }
    }
    Ok(Value::Object(nested))
}

/// `postern export`
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// File to write
    #[arg(value_name = "FILE")]
    to: PathBuf,
    /// Only this tenant
    #[arg(long)]
    tenant: Option<String>,
}

pub(crate) async fn export(target: &Target, out: &Output, args: ExportArgs) -> anyhow::Result<()> {
    let remote = target.operator()?;
    let body = args.tenant.map_or_else(|| json!({}), |tenant| json!({ "tenant": tenant }));
    let spinner = out.spinner("exporting");
    let mut answer = remote.send(Method::POST, &["operator", "v1", "export"], &[], Body::Json(body)).await?;
    drop(spinner);
    let bar = out.bytes(answer.content_length());
    let folder = args.to.parent().filter(|parent| !parent.as_os_str().is_empty()).map(PathBuf::from);
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or_else(|| PathBuf::from(".")))
        .with_context(|| format!("write beside {}", args.to.display()))?;
    let mut written = 0_u64;
    while let Some(chunk) = answer.chunk().await.context("read the export")? {
        std::io::Write::write_all(&mut file, &chunk).context("write the export")?;
        written += chunk.len() as u64;
        bar.0.inc(chunk.len() as u64);
    }
    drop(bar);
    file.as_file().sync_all().context("write the export")?;
    file.persist(&args.to).with_context(|| format!("write {}", args.to.display()))?;
    out.show(&json!({ "file": args.to, "bytes": written }), |_| format!("{} ({written} bytes)", args.to.display()));
    Ok(())
}

/// `postern logs`
#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    /// Only entries of this type, such as s, f, sapi, `actions_execution_failed`
    #[arg(long = "type", value_name = "CODE")]
    kind: Option<String>,
    /// Only entries of this user
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// How many, newest first
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u8).range(1..=100))]
    limit: u8,
}

pub(crate) async fn logs(target: &Target, out: &Output, args: LogArgs) -> anyhow::Result<()> {
    let remote = target.management().await?;
    let terms: Vec<String> = [("type", args.kind), ("user_id", args.user)]
        .into_iter()
        .filter_map(|(field, value)| Some(format!("{field}:\"{}\"", value?)))
        .collect();
    let limit = args.limit.to_string();
    let q = terms.join(" AND ");
    let mut query = vec![("per_page", limit.as_str()), ("sort", "date:-1")];
    if !q.is_empty() {
        query.push(("q", &q));
    }
    let found = remote.get(&["logs"], &query).await?;
    let columns = [
        ("date", "/date"),
        ("type", "/type"),
        ("user", "/user_id"),
        ("client", "/client_id"),
        ("what", "/description"),
    ];
    out.rows(&found, "", &columns);
    Ok(())
}

/// `postern executions`
#[derive(Debug, Subcommand)]
pub(crate) enum ExecutionCommand {
    /// Show an execution with its runs
    Get {
        /// Id of the execution
        id: String,
    },
}

pub(crate) async fn executions(target: &Target, out: &Output, command: ExecutionCommand) -> anyhow::Result<()> {
    let ExecutionCommand::Get { id } = command;
    let found = target.management().await?.get(&["actions", "executions", &id], &[]).await?;
    out.show(&found, |found| {
        let head =
            format!("{}  {}  {}", text(found.get("id")), text(found.get("trigger_id")), text(found.get("status")));
        format!("{head}\n{}", show_runs(found.get("runs").or_else(|| found.get("results")).unwrap_or(&Value::Null)))
    });
    Ok(())
}
