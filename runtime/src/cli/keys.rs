//! The keys that sign a tenant's tokens.

use clap::Subcommand;
use reqwest::Method;

use super::output::{Output, text};
use super::remote::{Body, Target};

/// `postern keys`
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the signing keys
    List,
    /// Make the next key the current one; the one before checks what it signed until it is revoked
    Rotate,
    /// Revoke a previous key: tokens that it signed are refused from now on
    Revoke {
        /// Its name, as `keys list` shows it
        kid: String,
    },
}

pub(crate) async fn run(target: &Target, out: &Output, command: Command) -> anyhow::Result<()> {
    let remote = target.management().await?;
    let path = ["keys", "signing"];
    match command {
        Command::List => {
            let found = remote.get(&path, &[]).await?;
            let columns = [
                ("kid", "/kid"),
                ("current", "/current"),
                ("next", "/next"),
                ("previous", "/previous"),
                ("revoked", "/revoked"),
                ("since", "/current_since"),
                ("until", "/current_until"),
            ];
            out.rows(&found, "", &columns);
        }
        Command::Rotate => {
            let made = remote.api(Method::POST, &["keys", "signing", "rotate"], &[], Body::Nothing).await?;
            out.show(&made, |made| format!("{} signs from now on", text(made.get("kid"))));
        }
        Command::Revoke { kid } => {
            let gone = remote.api(Method::PUT, &["keys", "signing", &kid, "revoke"], &[], Body::Nothing).await?;
            out.show(&gone, |gone| format!("{} is revoked", text(gone.get("kid"))));
        }
    }
    Ok(())
}
