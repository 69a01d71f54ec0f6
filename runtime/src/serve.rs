//! `postern serve`: puts the program together, runs it, and stops it without losing a request.

mod data;
mod tls;

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use postern_api::Front;
use postern_app::tenants::{Bootstrap, Scheme, bootstrap};
use postern_app::{App, AppConfig, PackagesConfig};
use postern_engine::{EgressConfig, Engine, EngineConfig};
use postern_model::tenant::{RateLimit, RateLimits};

use postern_store::{SledConfig, SledStore, Store as _};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

/// Life time of management tokens (Auth0: 24 hours).
const TOKEN_FOR: Duration = Duration::from_secs(24 * 3600);
/// How long requests under way may take once the server was told to stop: a login at its deadline, and some.
const DRAIN_FOR: Duration = Duration::from_secs(30);

/// How the program's own log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Arguments of `postern serve`; each can be given in the environment too.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Folder that holds everything; made when absent.
    #[arg(long, env = "POSTERN_DATA", value_name = "DIR")]
    data: PathBuf,
    /// Address to listen on.
    #[arg(long, env = "POSTERN_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// Domain of the tenant `default`, as its clients name it [default: localhost and the port listened on].
    #[arg(long, env = "POSTERN_DOMAIN", value_name = "HOST[:PORT]")]
    domain: Option<String>,
    #[command(flatten)]
    tls: tls::TlsArgs,
    /// Writes the credentials of the tenant `default` and of the operator here, readable by the owner only.
    #[arg(long, env = "POSTERN_BOOTSTRAP_FILE", value_name = "FILE")]
    bootstrap_file: Option<PathBuf>,
    /// A private address, range (CIDR) or host that actions may reach all the same; may be repeated.
    #[arg(long = "egress-allow", env = "POSTERN_EGRESS_ALLOW", value_name = "CIDR|HOST", value_delimiter = ',')]
    egress_allow: Vec<String>,
    /// Sends the requests of actions through this proxy.
    #[arg(long, env = "POSTERN_EGRESS_PROXY", value_name = "URL")]
    egress_proxy: Option<Url>,
    /// Certificates, PEM, that the requests of actions trust beside the system's.
    #[arg(long, env = "POSTERN_EGRESS_CA_FILE", value_name = "FILE")]
    egress_ca_file: Option<PathBuf>,
    /// Registry of the npm packages that actions depend on [default: npm's own configuration].
    #[arg(long, env = "POSTERN_NPM_REGISTRY", value_name = "URL")]
    npm_registry: Option<Url>,
    /// Fetches no npm packages: an action whose dependencies are not at hand is refused.
    #[arg(long, env = "POSTERN_NPM_OFFLINE")]
    npm_offline: bool,
    /// Runs of actions at the same time, in the whole process.
    #[arg(long, env = "POSTERN_CONCURRENT_RUNS", value_name = "N", default_value_t = 256)]
    concurrent_runs: usize,
    /// Runs of one tenant's actions at the same time.
    #[arg(long, env = "POSTERN_RUNS_PER_TENANT", value_name = "N", default_value_t = 128)]
    runs_per_tenant: usize,
    /// Days that entries of the tenant logs and records of executions are kept; 0 keeps them for ever.
    #[arg(long, env = "POSTERN_LOG_RETENTION_DAYS", value_name = "DAYS", default_value_t = 30)]
    log_retention_days: u32,
    /// Pages of the database kept in memory, MiB.
    #[arg(long, env = "POSTERN_STORE_CACHE_MIB", value_name = "MIB", default_value_t = 256)]
    store_cache_mib: u64,
    /// Management requests of one tenant in a second, in the long run; the operator may set a tenant's own.
    #[arg(long, env = "POSTERN_MANAGEMENT_RATE", value_name = "N", default_value_t = RateLimit::default().per_second)]
    management_rate: NonZeroU32,
    /// The same, at once.
    #[arg(long, env = "POSTERN_MANAGEMENT_BURST", value_name = "N", default_value_t = RateLimit::default().burst)]
    management_burst: NonZeroU32,
    /// Requests of one tenant's users and applications in a second, in the long run.
    #[arg(long, env = "POSTERN_AUTHENTICATION_RATE", value_name = "N", default_value_t = RateLimit::default().per_second)]
    authentication_rate: NonZeroU32,
    /// The same, at once.
    #[arg(long, env = "POSTERN_AUTHENTICATION_BURST", value_name = "N", default_value_t = RateLimit::default().burst)]
    authentication_burst: NonZeroU32,
    /// How the log on standard error is written. `POSTERN_LOG` sets what is in it, such as `debug`.
    #[arg(long, env = "POSTERN_LOG_FORMAT", value_enum, default_value_t)]
    log_format: LogFormat,
}

/// Runs the server.
///
/// # Errors
/// When it cannot start, or the store stops.
pub(crate) fn serve(args: ServeArgs) -> anyhow::Result<()> {
    start_log(args.log_format);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("start the workers")?;
    let done = runtime.block_on(run(args));
    // Runs that hang in a host call do not keep the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    done
}

fn start_log(format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("POSTERN_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let colors = std::io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colors).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
}

/// Arguments of `postern import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// File that `postern export` wrote
    #[arg(value_name = "FILE")]
    from: PathBuf,
    /// Folder of the new server; absent or empty. The master key of the old one goes into it as `master.key`, or into
    /// the environment as `POSTERN_MASTER_KEY`: secrets do not open without it.
    #[arg(long, env = "POSTERN_DATA", value_name = "DIR")]
    data: PathBuf,
}

/// Reads an export into an empty data folder.
///
/// # Errors
/// When the folder is not empty, or the export is not whole.
pub(crate) fn import(args: &ImportArgs) -> anyhow::Result<()> {
    let file = std::fs::File::open(&args.from).with_context(|| format!("read {}", args.from.display()))?;
    data::folder_create(&args.data)?;
    let store = SledStore::open(args.data.join("store"), SledConfig::default()).context("open the store")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start")?;
    let report = runtime.block_on(store.import(Box::new(file))).context("import")?;
    for (table, rows) in &report.rows {
        crate::cli::output::line(&format!("{table:12} {rows}"));
    }
    crate::cli::output::line(&format!("{} lines, sha256 {}", report.lines, report.sha256));
    Ok(())
}

async fn run(args: ServeArgs) -> anyhow::Result<()> {
    data::folder_create(&args.data)?;
    let listener = TcpListener::bind(args.listen).await.with_context(|| format!("listen on {}", args.listen))?;
    let address = listener.local_addr().context("read the address listened on")?;
    let domain = args.domain.clone().unwrap_or_else(|| format!("localhost:{}", address.port()));
    let tls = args.tls.load(&args.data, &domain)?;
    let app = assemble(&args)?;
    let made = bootstrap(&app, &domain, Timestamp::now()).await.context("set up the tenant 'default'")?;
    postern_app::jobs::jobs_resume(&app).await.context("go on with the jobs under way")?;
    let ca = tls.as_ref().and_then(|tls| tls.ca_pem_file.as_deref());
    if let Some(path) = &args.bootstrap_file {
        data::write_private(path, &bootstrap_json(&made, ca)).context("write the bootstrap file")?;
    }
    if let Some(path) = ca {
        crate::cli::output::line(&format!("The certificate authority for clients to trust: {}", path.display()));
    }
    tracing::info!(%address, domain = made.domain, issuer = made.issuer, "listening");
    let front = Front { listener, tls: tls.map(|tls| tls.config), behind_proxy: args.tls.behind_tls };
    // The first login that needs it shall not wait for it.
    let engine = app.clone();
    let _javascript = tokio::spawn(async move {
        if let Err(error) = engine.javascript().await {
            tracing::error!(error = &error as &dyn std::error::Error, "the JavaScript engine does not compile");
        }
    });
    // Ends with the process: what is not sent by then waits in the store.
    let _outbox = tokio::spawn(postern_app::mail::outbox::run(app.clone()));
    if args.log_retention_days > 0 {
        let kept_for = Duration::from_secs(u64::from(args.log_retention_days) * 24 * 3600);
        let _retention = tokio::spawn(postern_app::retention::run(app.clone(), kept_for));
    }
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let server = postern_api::serve(front, app, async move {
        told_to_stop().await;
        tracing::info!("stopping: requests under way are finished");
        // Nobody waits any more when the server has ended by itself.
        let _ = stop.send(true);
    });
    tokio::select! {
        ended = server => ended.context("serve")?,
        () = overdue(stopping) => tracing::warn!("stopped with requests still under way"),
    }
    tracing::info!("stopped");
    Ok(())
}

/// Ends when the time for requests under way is over.
async fn overdue(mut stopping: tokio::sync::watch::Receiver<bool>) {
    if stopping.wait_for(|stopping| *stopping).await.is_err() {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(DRAIN_FOR).await;
}

async fn told_to_stop() {
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => drop(terminate.recv().await),
            Err(error) => {
                tracing::warn!(%error, "SIGTERM cannot be watched");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        () = terminate => {}
        interrupted = tokio::signal::ctrl_c() => {
            if let Err(error) = interrupted {
                tracing::warn!(%error, "SIGINT cannot be watched");
                std::future::pending::<()>().await;
            }
        }
    }
}

fn assemble(args: &ServeArgs) -> anyhow::Result<App> {
    let store_config =
        SledConfig { cache_bytes: args.store_cache_mib.saturating_mul(1024 * 1024), ..SledConfig::default() };
    let store = SledStore::open(args.data.join("store"), store_config).context("open the store")?;
    let extra_ca_pem = match &args.egress_ca_file {
        Some(path) => Some(std::fs::read(path).with_context(|| format!("read {}", path.display()))?),
        None => None,
    };
    let engine = Engine::new(EngineConfig {
        concurrent_runs: args.concurrent_runs,
        runs_per_tenant: args.runs_per_tenant,
        cache_dir: Some(args.data.join("code")),
        egress: EgressConfig { allow: args.egress_allow.clone(), proxy: args.egress_proxy.clone(), extra_ca_pem },
        ..EngineConfig::default()
    })
    .context("set up the engine")?;
    Ok(App::new(AppConfig {
        store: Arc::new(store),
        engine,
        master_key: data::master_key(&args.data)?,
        operator_token: data::operator_token(&args.data)?,
        token_for: TOKEN_FOR,
        rate_limits: RateLimits {
            management: RateLimit { per_second: args.management_rate, burst: args.management_burst },
            authentication: RateLimit { per_second: args.authentication_rate, burst: args.authentication_burst },
        },
        packages: PackagesConfig {
            registry: args.npm_registry.clone(),
            offline: args.npm_offline,
            ..PackagesConfig::new(args.data.join("build-tools"))
        },
        scheme: if args.tls.is_on() { Scheme::Https } else { Scheme::Http },
    }))
}

fn bootstrap_json(made: &Bootstrap, ca_pem_file: Option<&Path>) -> String {
    let value = serde_json::json!({
        "issuer": made.issuer,
        "domain": made.domain,
        "management": { "client_id": made.client_id, "client_secret": made.client_secret },
        "operator_token": made.operator_token,
        "ca_pem_file": ca_pem_file,
    });
    format!("{value:#}\n")
}
