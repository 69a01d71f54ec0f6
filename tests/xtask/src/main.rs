//! `cargo xtask`: what a newcomer and the gate run. Each command does its own set-up.

mod bench;
mod checks;
mod clients;
mod demo;
mod fuzz;
mod guests;
mod javascript;
mod process;
mod program;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "The tasks of this workspace")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Start a server, deploy the example actions, log in, and print what each login did
    Demo {
        /// Print one JSON object a login, as the API answers
        #[arg(long)]
        json: bool,
    },
    /// Run every check and every test
    Test,
    /// Build the example actions to WebAssembly
    Guests {
        /// Examples to build [default: all]
        examples: Vec<String>,
    },
    /// Measure, in a release build
    Bench {
        /// Of these packages only: postern-engine, postern-store, postern-e2e
        packages: Vec<String>,
    },
    /// Run Auth0's own clients, in a browser where they belong there, against a server of ours
    Clients {
        /// Scripts of tests/clients, by name [default: all]
        names: Vec<String>,
    },
    /// Build the fuzz targets and run each for a bounded time
    Fuzz {
        /// How long each target runs
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Demo { json } => demo::run(json),
        Task::Test => checks::run(),
        Task::Guests { examples } => list(&examples),
        Task::Bench { packages } => bench::run(&packages),
        Task::Clients { names } => clients::run(&names),
        Task::Fuzz { seconds } => fuzz::run(seconds),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            process::note(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn list(examples: &[String]) -> anyhow::Result<()> {
    let names: Vec<&str> = examples.iter().map(String::as_str).collect();
    for (name, module) in guests::build(&names)? {
        let size = std::fs::metadata(&module)?.len();
        process::say(&format!("{name}: {} ({size} bytes)", module.display()));
    }
    Ok(())
}
