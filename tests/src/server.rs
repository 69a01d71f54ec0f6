//! A real `postern serve` process.

use std::fs::{self, File};
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::Api;

/// A start that takes longer than this is a failure.
const START_FOR: Duration = Duration::from_secs(60);
/// How often the server is asked whether it is ready.
const POLL_EVERY: Duration = Duration::from_millis(3);

/// What the first start hands to the operator.
#[derive(Debug, Clone)]
pub struct Bootstrap {
    /// The default tenant's domain.
    pub domain: String,
    /// Client with all management rights.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Token of the operator endpoints; empty in the answer to a new tenant.
    pub operator_token: String,
    /// `iss` of its tokens, and where it is reached: `http://…/` or `https://…/`.
    pub issuer: String,
    /// Certificate authority to trust, of a server with [`ServerOptions::tls_dev`].
    pub ca_pem_file: Option<PathBuf>,
}

impl Bootstrap {
    /// Reads the bootstrap file, or the answer to a new tenant.
    ///
    /// # Panics
    /// When a part is missing.
    #[must_use]
    pub fn parse(value: &Value) -> Self {
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        Self {
            domain: text("/domain").expect("domain"),
            client_id: text("/management/client_id").expect("management.client_id"),
            client_secret: text("/management/client_secret").expect("management.client_secret"),
            operator_token: text("/operator_token").unwrap_or_default(),
            issuer: text("/issuer").expect("issuer"),
            ca_pem_file: text("/ca_pem_file").map(PathBuf::from),
        }
    }
}

/// How to start a server.
#[derive(Debug, Clone, Default)]
pub struct ServerOptions {
    /// Further arguments of `postern serve`.
    pub arguments: Vec<String>,
    /// Further environment.
    pub environment: Vec<(String, String)>,
    /// Serve HTTPS by a local authority (`--tls-dev`); [`Api::http`] trusts it.
    pub tls_dev: bool,
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Option<Child>,
    folder: TempDir,
    address: SocketAddr,
    options: ServerOptions,
    /// What the first start wrote.
    pub bootstrap: Bootstrap,
    /// A client of the default tenant with all rights.
    pub api: Api,
}

impl Server {
    /// Starts a server on an empty data folder.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start() -> Self {
        Self::start_with(ServerOptions::default()).await
    }

    /// Starts a server on an empty data folder.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start_with(options: ServerOptions) -> Self {
        let folder = tempfile::Builder::new().prefix("postern-e2e-").tempdir().expect("a temporary folder");
        // Another process may take the free port before the server does: then with another one.
        for _ in 0..4 {
            let address = free_address();
            let mut child = spawn(folder.path(), address, &options);
            let scheme = if options.tls_dev { "https" } else { "http" };
            let base = format!("{scheme}://{address}");
            let Some(http) = client(folder.path(), &options, &mut child).await else { continue };
            if !ready(&http, &base, &mut child).await {
                continue;
            }
            let text = fs::read(folder.path().join("bootstrap.json")).expect("the bootstrap file");
            let bootstrap = Bootstrap::parse(&serde_json::from_slice(&text).expect("the bootstrap file is JSON"));
            let mut api = Api { http, base, domain: bootstrap.domain.clone(), token: None };
            api.token = Some(api.token(&bootstrap.client_id, &bootstrap.client_secret, None).await);
            return Self { child: Some(child), folder, address, options, bootstrap, api };
        }
        panic!("the server did not start:\n{}", log_of(folder.path()));
    }

    /// Kills the process at once, as a crash does, and waits until it is gone.
    ///
    /// # Panics
    /// When there is no process.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("a running server");
        child.kill().expect("the process is ours");
        child.wait().expect("the process is ours");
    }

    /// Asks the process to stop (SIGTERM) and waits for its end.
    ///
    /// # Panics
    /// When there is no process, or it does not end.
    pub fn stop(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("a running server");
        let pid = i32::try_from(child.id()).expect("a pid");
        #[expect(unsafe_code, reason = "the standard library sends no signal but SIGKILL; the pid is our own child's")]
        let sent = unsafe { libc::kill(pid, libc::SIGTERM) };
        assert_eq!(sent, 0, "SIGTERM was sent");
        child.wait().expect("the process is ours")
    }

    /// Starts again on the same data folder and address.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn restart(&mut self) {
        self.spawn();
        self.ready().await;
    }

    /// Starts again without waiting until it is ready.
    ///
    /// # Panics
    /// When it still runs.
    pub fn spawn(&mut self) {
        assert!(self.child.is_none(), "stop or kill the server first");
        self.child = Some(spawn(self.folder.path(), self.address, &self.options));
    }

    /// Starts again with other arguments, without waiting.
    ///
    /// # Panics
    /// When it still runs.
    pub fn respawn(&mut self, arguments: &[&str]) {
        self.options.arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        self.spawn();
    }

    /// Runs the program's command line in this server's folder.
    ///
    /// # Panics
    /// When it cannot be run.
    #[must_use]
    pub fn postern(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(postern_path());
        let command = command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.output().unwrap_or_else(|error| panic!("{}: {error}", postern_path().display()))
    }

    /// Waits until the server is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn ready(&mut self) {
        let child = self.child.as_mut().expect("a running server");
        if !ready(&self.api.http, &self.api.base, child).await {
            panic!("the server did not start:\n{}", log_of(self.folder.path()));
        }
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The folder that holds the data folder, the bootstrap file and the log.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Everything the server printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        log_of(self.folder.path())
    }

    /// Asserts that the process still runs.
    ///
    /// # Panics
    /// When it ended.
    #[track_caller]
    pub fn assert_alive(&mut self) {
        let child = self.child.as_mut().expect("a running server");
        if let Some(status) = child.try_wait().expect("the process is ours") {
            panic!("the server ended ({status}):\n{}", log_of(self.folder.path()));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address")
}

fn spawn(folder: &Path, address: SocketAddr, options: &ServerOptions) -> Child {
    let log = File::options().create(true).append(true).open(folder.join("server.log")).expect("the log file");
    Command::new(postern_path())
        .arg("serve")
        .arg("--data")
        .arg(folder.join("data"))
        .args(["--listen", &address.to_string(), "--bootstrap-file"])
        .arg(folder.join("bootstrap.json"))
        .args(options.tls_dev.then_some("--tls-dev"))
        .args(&options.arguments)
        .envs(options.environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("the log file"))
        .stderr(log)
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", postern_path().display()))
}

/// A client that trusts the server; nothing when the server ended instead of writing its authority.
async fn client(folder: &Path, options: &ServerOptions, child: &mut Child) -> Option<reqwest::Client> {
    let mut builder = reqwest::Client::builder().pool_max_idle_per_host(256).no_proxy();
    if options.tls_dev {
        let file = folder.join("data/tls-dev-ca.pem");
        let mut poll = tokio::time::interval(POLL_EVERY);
        while !file.exists() {
            poll.tick().await;
            if child.try_wait().expect("the process is ours").is_some() {
                return None;
            }
        }
        let pem = fs::read(&file).expect("the authority");
        builder = builder.tls_certs_only(reqwest::Certificate::from_pem_bundle(&pem).expect("it is PEM"));
    }
    Some(builder.build().expect("a client"))
}

/// Whether the server became ready; `false` when it ended instead.
async fn ready(http: &reqwest::Client, base: &str, child: &mut Child) -> bool {
    let mut poll = tokio::time::interval(POLL_EVERY);
    let deadline = Instant::now() + START_FOR;
    while Instant::now() < deadline {
        poll.tick().await;
        if child.try_wait().expect("the process is ours").is_some() {
            return false;
        }
        let answer = http.get(format!("{base}/health")).send().await;
        if answer.is_ok_and(|answer| answer.status().is_success()) {
            return true;
        }
    }
    drop(child.kill());
    drop(child.wait());
    false
}

fn log_of(folder: &Path) -> String {
    fs::read_to_string(folder.join("server.log")).unwrap_or_default()
}

/// The target folder this test was built into.
pub(crate) fn target_folder() -> PathBuf {
    profile_folder().parent().expect("target/<profile>").to_owned()
}

/// `target/<profile>`: tests are at `target/<profile>/deps/<name>`.
fn profile_folder() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    test.parent().and_then(Path::parent).expect("target/<profile>/deps").to_owned()
}

/// The `postern` binary of the profile this test was built with, built now unless this test run already did.
#[must_use]
pub fn postern_path() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(path) = std::env::var_os("POSTERN_BIN") {
            return path.into();
        }
        let folder = profile_folder();
        // nextest runs every test in a process of its own, and names the run.
        match std::env::var("NEXTEST_RUN_ID") {
            Ok(run) => once_per_run(&folder, &run, || build(&folder)),
            Err(_) => build(&folder),
        }
        folder.join("postern")
    })
}

/// Does `work` in the first process of the run that comes here; the others wait for it.
fn once_per_run(folder: &Path, run: &str, work: impl FnOnce()) {
    let lock = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(folder.join("postern-e2e.lock"))
        .expect("the lock file");
    #[expect(unsafe_code, reason = "flock on a descriptor that lives as long as the call")]
    let locked = unsafe { libc::flock(lock.as_raw_fd(), libc::LOCK_EX) };
    assert_eq!(locked, 0, "the lock is taken");
    let mut done = String::new();
    (&lock).read_to_string(&mut done).expect("the lock file is text");
    if done != run {
        work();
        fs::write(folder.join("postern-e2e.lock"), run).expect("the lock file");
    }
}

fn build(folder: &Path) {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--package", "postern", "--bin", "postern"]);
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).arg("--target-dir").arg(target_folder());
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    let status = cargo.status().expect("cargo runs");
    assert!(status.success(), "`cargo build --package postern` failed");
}
