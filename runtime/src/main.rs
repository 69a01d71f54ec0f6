//! `postern`: the server, and the command line over its HTTP API.

mod cli;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A self-hosted login-flow engine: after a user authenticates it runs the tenant's post-login actions, each in a
/// fresh sandbox, and commits what they ask for in one transaction.
#[derive(Debug, Parser)]
#[command(name = "postern", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    target: cli::Target,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server until it is told to stop
    Serve(Box<serve::ServeArgs>),
    /// Read an export into an empty data folder, while no server runs on it
    Import(serve::ImportArgs),
    #[command(flatten)]
    Remote(cli::Command),
}

fn main() -> ExitCode {
    let Cli { target, command } = Cli::parse();
    let done = match command {
        Command::Serve(args) => serve::serve(*args),
        Command::Import(args) => serve::import(&args),
        Command::Remote(command) => cli::run(&target, command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            cli::output::complain(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn the_arguments_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_domain_of_a_new_tenant_is_not_the_domain_asked() {
        let arguments = ["postern", "tenant", "create", "acme", "--domain", "acme.example.com"];
        let given = Cli::command().try_get_matches_from(arguments).unwrap();
        assert_eq!(given.get_one::<String>("tenant_domain"), None);
    }
}
