//! What the clients need: Node, Python, Chromium, and the packages that the lock files name.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::process::{self, is_there, note, workspace};

/// What `auth0-deploy-cli` needs.
const NODE: (u32, u32) = (20, 19);
/// Where a browser may be.
const CHROMIUM: [&str; 3] = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/// Programs that are there and packages that are installed.
#[derive(Debug)]
pub(super) struct Tools {
    pub(super) node: PathBuf,
    pub(super) python: PathBuf,
    pub(super) schemathesis: PathBuf,
    pub(super) chromium: Option<PathBuf>,
}

impl Tools {
    /// Installs what is missing; packages of Python into `folder`.
    ///
    /// # Errors
    /// When something is missing and cannot be installed.
    pub(super) fn set_up(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        let clients = workspace()?.join("tests/clients");
        let environment = folder.join("venv");
        python_packages(&environment, &clients.join("python/requirements.txt"))?;
        let node = node(&environment, &clients.join("python/requirements-node.txt"))?;
        node_packages(&node, &clients.join("node"))?;
        let bin = environment.join("bin");
        Ok(Self {
            node,
            python: bin.join("python"),
            schemathesis: bin.join("schemathesis"),
            chromium: Some(chromium()?),
        })
    }
}

/// Node, with the packages that a folder's lock file names; `folder` is where a Node of our own may be.
///
/// # Errors
/// When something is missing and cannot be installed.
pub(crate) fn node_with(packages: &Path, folder: &Path) -> Result<PathBuf> {
    let clients = workspace()?.join("tests/clients");
    let environment = folder.join("venv");
    if !(is_there("npm", "--version") && is_new_enough(Path::new("node"))) {
        fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        python_packages(&environment, &clients.join("python/requirements.txt"))?;
    }
    let node = node(&environment, &clients.join("python/requirements-node.txt"))?;
    node_packages(&node, packages)?;
    Ok(node)
}

/// A program of Debian's, installed when it is missing.
pub(crate) fn program(name: &str, version: &str) -> Result<()> {
    if is_there(name, version) { Ok(()) } else { install(&[name]) }
}

/// Packages of Debian, installed when this is root on Debian.
fn install(packages: &[&str]) -> Result<()> {
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    ensure!(root && is_there("apt-get", "--version"), "please install {}", packages.join(" and "));
    let mut update = Command::new("apt-get");
    process::run(update.args(["-qq", "update"]))?;
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive").args(["-qq", "install", "-y", "--no-install-recommends"]);
    process::run(install.args(packages))
}

/// Whether the packages that a lock file names are those that were installed last.
fn is_installed(marker: &Path, lock: &Path) -> Result<bool> {
    let wanted = fs::read(lock).with_context(|| format!("read {}", lock.display()))?;
    Ok(fs::read(marker).is_ok_and(|found| found == wanted))
}

fn set_installed(marker: &Path, lock: &Path) -> Result<()> {
    fs::copy(lock, marker).with_context(|| format!("write {}", marker.display()))?;
    Ok(())
}

fn python_packages(environment: &Path, lock: &Path) -> Result<()> {
    let marker = environment.join("installed.txt");
    if is_installed(&marker, lock)? {
        return Ok(());
    }
    let mut python = Command::new("python3");
    let created = python.args(["-m", "venv", "--clear"]).arg(environment).status();
    if !created.is_ok_and(|status| status.success()) {
        install(&["python3", "python3-venv"])?;
        process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(environment))?;
    }
    pip(environment, lock)?;
    set_installed(&marker, lock)
}

fn pip(environment: &Path, lock: &Path) -> Result<()> {
    let mut pip = Command::new(environment.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r"]).arg(lock);
    process::run(&mut pip)
}

/// The machine's Node when it is new enough, else one that comes as a Python package.
fn node(environment: &Path, lock: &Path) -> Result<PathBuf> {
    let program = PathBuf::from("node");
    if is_there("npm", "--version") && is_new_enough(&program) {
        return Ok(program);
    }
    let program = environment.join("bin/node");
    if !is_new_enough(&program) {
        pip(environment, lock)?;
    }
    ensure!(is_new_enough(&program), "please install Node.js {}.{} or newer, and npm", NODE.0, NODE.1);
    Ok(program)
}

fn is_new_enough(node: &Path) -> bool {
    let Ok(output) = Command::new(node).arg("--version").output() else { return false };
    let version = String::from_utf8_lossy(&output.stdout);
    let mut numbers = version.trim().trim_start_matches('v').split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= NODE
}

fn node_packages(node: &Path, folder: &Path) -> Result<()> {
    let lock = folder.join("package-lock.json");
    let marker = folder.join("node_modules/installed.json");
    if is_installed(&marker, &lock)? {
        return Ok(());
    }
    // npm beside the node in use, and that node for what npm starts.
    let npm = node.with_file_name("npm");
    let mut command = Command::new(npm);
    if let Some(bin) = node.parent().filter(|bin| bin.is_absolute()) {
        let path = env::var_os("PATH").unwrap_or_default();
        let paths = [bin.to_path_buf()].into_iter().chain(env::split_paths(&path));
        command.env("PATH", env::join_paths(paths).context("put node into PATH")?);
    }
    // No package's own program runs while it is installed.
    process::run(command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder))?;
    set_installed(&marker, &lock)
}

fn chromium() -> Result<PathBuf> {
    let find = || {
        env::var_os("CHROMIUM")
            .map(PathBuf::from)
            .or_else(|| CHROMIUM.map(PathBuf::from).into_iter().find(|path| path.exists()))
    };
    if let Some(found) = find() {
        return Ok(found);
    }
    note("There is no Chromium: it is installed.");
    install(&["chromium"])?;
    match find() {
        Some(found) => Ok(found),
        None => bail!("please install Chromium, or name it in CHROMIUM"),
    }
}
