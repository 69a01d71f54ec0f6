//! The way to an SMTP server: one connection a mail, bounded in time.

use std::net::IpAddr;
use std::time::Duration;

use lettre::message::Message;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls as SmtpTls, TlsParameters};
use lettre::transport::smtp::{Error, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use postern_model::TenantId;

use super::provider::{Provider, Tls};
use crate::App;
use crate::error::AppError;

/// How long one command and its answer may take.
const COMMAND_FOR: Duration = Duration::from_secs(10);
/// How long one mail may take.
const MAIL_FOR: Duration = Duration::from_secs(30);

/// Why a mail was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    /// Trying again may help.
    #[error("{0}")]
    Temporary(String),
    /// It will not.
    #[error("{0}")]
    Permanent(String),
}

/// Hands a mail to the provider's server.
pub(super) async fn send(app: &App, tenant: &TenantId, provider: &Provider, message: Message) -> Result<(), SendError> {
    let transport = transport(app, tenant, provider).map_err(|error| SendError::Temporary(error.to_string()))?;
    match tokio::time::timeout(MAIL_FOR, transport.send(message)).await {
        Ok(Ok(_taken)) => Ok(()),
        Ok(Err(error)) => Err(of(&error)),
        Err(_late) => Err(SendError::Temporary(format!("no answer within {} s", MAIL_FOR.as_secs()))),
    }
}

/// Codes about the one who logs in: an administrator can set them right, and then the mail goes.
const AUTHENTICATION: [u16; 4] = [530, 534, 535, 538];

fn of(error: &Error) -> SendError {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    let text = text.chars().take(500).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let code = error.status().map(u16::from);
    if error.is_permanent() && !code.is_some_and(|code| AUTHENTICATION.contains(&code)) {
        SendError::Permanent(text)
    } else {
        SendError::Temporary(text)
    }
}

fn transport(
    app: &App,
    tenant: &TenantId,
    provider: &Provider,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, AppError> {
    let host = provider.smtp_host.trim_matches(['[', ']']).to_owned();
    let password = provider.password(app, tenant)?;
    let credentials = provider.smtp_user.clone().zip(password);
    let tls = tls(app, provider, &host, credentials.is_some())?;
    let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
        .port(provider.smtp_port)
        .tls(tls)
        .timeout(Some(COMMAND_FOR))
        // A connection that waits is one that is gone when it is wanted.
        .pool_config(PoolConfig::new().max_size(1).idle_timeout(Duration::from_secs(1)));
    let builder = match credentials {
        Some((user, password)) => builder.credentials(Credentials::new(user, password)),
        None => builder,
    };
    Ok(builder.build())
}

fn tls(app: &App, provider: &Provider, host: &str, secret: bool) -> Result<SmtpTls, AppError> {
    let parameters = || {
        let mut builder = TlsParameters::builder(host.to_owned());
        if let Some(pem) = app.engine().extra_ca_pem() {
            let bad = |error| AppError::internal("read the certificates that are trusted").with_source(error);
            builder = builder.add_root_certificate(Certificate::from_pem(pem).map_err(bad)?);
        }
        builder.build().map_err(|error| AppError::internal("set up TLS").with_source(error))
    };
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    Ok(match provider.tls() {
        Tls::None => SmtpTls::None,
        Tls::Implicit => SmtpTls::Wrapper(parameters()?),
        Tls::Starttls => SmtpTls::Required(parameters()?),
        Tls::Auto if provider.smtp_port == 465 => SmtpTls::Wrapper(parameters()?),
        Tls::Auto if secret && !here => SmtpTls::Required(parameters()?),
        Tls::Auto => SmtpTls::Opportunistic(parameters()?),
    })
}
