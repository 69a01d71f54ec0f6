//! E-mail templates: looked at, and tried.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::clients::pairs;
use super::output::{Output, text};
use super::remote::{Body, Target};

/// `postern email`
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the mail that a template makes
    Preview(PreviewArgs),
    /// Send the mail that a template makes to an address
    SendTest {
        /// The address
        #[arg(long, value_name = "ADDRESS")]
        to: String,
        #[command(flatten)]
        with: PreviewArgs,
    },
}

/// What the mail is made with.
#[derive(Debug, Args)]
pub(crate) struct PreviewArgs {
    /// Name of the template, such as `verify_email`
    template: String,
    /// Id of the user it is to
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// Id of the client for whose sake it is
    #[arg(long, value_name = "ID")]
    client: Option<String>,
    /// Language of the request
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
    /// Variable laid over the others; JSON, or else a text; may be repeated
    #[arg(long = "variable", value_name = "NAME=VALUE")]
    variables: Vec<String>,
}

impl PreviewArgs {
    fn body(&self) -> anyhow::Result<Map<String, Value>> {
        let mut variables = pairs("--variable", &self.variables)?;
        for value in variables.values_mut() {
            if let Some(read) = value.as_str().and_then(|text| serde_json::from_str(text).ok()) {
                *value = read;
            }
        }
        let given = [("user_id", &self.user), ("client_id", &self.client), ("request_language", &self.language)];
        let mut body: Map<String, Value> =
            given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?)))).collect();
        body.insert("variables".to_owned(), Value::Object(variables));
        Ok(body)
    }
}

pub(crate) async fn run(target: &Target, out: &Output, command: Command) -> anyhow::Result<()> {
    let remote = target.management().await?;
    match command {
        Command::Preview(args) => {
            let path = ["email-templates", &args.template, "preview"];
            let body = Body::Json(Value::Object(args.body()?));
            let shown = remote.api(Method::POST, &path, &[], body).await?;
            out.show(&shown, |shown| {
                let head = ["from", "to", "subject"].map(|name| format!("{name:8} {}", text(shown.get(name))));
                format!("{}\n\n{}", head.join("\n"), text(shown.get("body")))
            });
        }
        Command::SendTest { to, with } => {
            let path = ["email-templates", &with.template, "send-test"];
            let mut body = with.body()?;
            body.insert("to".to_owned(), json!(to));
            remote.api(Method::POST, &path, &[], Body::Json(Value::Object(body))).await?;
            out.done("put into the outbox; `postern logs` tells how it went");
        }
    }
    Ok(())
}
