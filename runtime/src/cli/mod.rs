//! The command line: each command is a call or two of the HTTP API, and a table or JSON of what came back.

mod actions;
mod build;
mod clients;
mod dev;
mod email;
mod javascript;
mod keys;
mod local_tests;
mod login;
pub(crate) mod output;
mod project;
mod remote;
mod rules;
mod tenant;
mod users;

use anyhow::Context as _;
use clap::Subcommand;

use self::output::Output;
pub(crate) use self::remote::Target;

/// What is done over HTTP, or with an action's source.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write, build, upload, deploy, bind and test actions
    #[command(subcommand)]
    Actions(actions::Command),
    /// Make actions of rules
    #[command(subcommand)]
    Rules(rules::Command),
    /// Simulate logins
    Login(Box<login::LoginArgs>),
    /// Read and change users, their metadata and its history
    #[command(subcommand)]
    Users(users::Command),
    /// Read and change clients
    #[command(subcommand)]
    Clients(clients::Command),
    /// Read connections
    #[command(subcommand)]
    Connections(clients::ConnectionCommand),
    /// Look at e-mail templates, and try them
    #[command(subcommand)]
    Email(email::Command),
    /// Read and change roles, and give them to users
    #[command(subcommand)]
    Roles(users::RoleCommand),
    /// List, rotate and revoke the keys that sign tokens
    #[command(subcommand)]
    Keys(keys::Command),
    /// Read the tenant log
    Logs(tenant::LogArgs),
    /// Read executions
    #[command(subcommand)]
    Executions(tenant::ExecutionCommand),
    /// Create and list tenants, as the operator
    #[command(subcommand)]
    Tenant(tenant::Command),
    /// Export everything, or one tenant, while logins go on; as the operator
    Export(tenant::ExportArgs),
}

/// Carries out a command.
pub(crate) fn run(target: &Target, command: Command) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start")?;
    runtime.block_on(async {
        let out = Output { json: target.json };
        match command {
            Command::Actions(command) => actions::run(target, &out, command).await,
            Command::Rules(command) => rules::run(&out, command),
            Command::Login(args) => login::run(target, &out, *args).await,
            Command::Users(command) => users::run(target, &out, command).await,
            Command::Clients(command) => clients::run(target, &out, command).await,
            Command::Connections(command) => clients::run_connections(target, &out, command).await,
            Command::Email(command) => email::run(target, &out, command).await,
            Command::Roles(command) => users::run_roles(target, &out, command).await,
            Command::Keys(command) => keys::run(target, &out, command).await,
            Command::Logs(args) => tenant::logs(target, &out, args).await,
            Command::Executions(command) => tenant::executions(target, &out, command).await,
            Command::Tenant(command) => tenant::run(target, &out, command).await,
            Command::Export(args) => tenant::export(target, &out, args).await,
        }
    })
}
