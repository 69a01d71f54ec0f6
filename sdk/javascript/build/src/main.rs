//! Builds the JavaScript engine guest, `sdk/javascript/engine.wasm`, from its sources, and runs scripts in it.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

mod guest;
mod image;
mod quickjs;
mod run;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compiles the Rust and C of the guest.
    Guest,
    /// Bundles the prelude and makes the engine of it and the compiled guest.
    Engine {
        /// Where it goes; `sdk/javascript/engine.wasm` by default.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Runs an action on an event and prints what came of it as JSON.
    Run(run::Arguments),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Guest => {
            println!("{}", guest::build()?.display());
            Ok(())
        }
        Command::Engine { out } => {
            let out = out.unwrap_or_else(|| guest::folder().join("engine.wasm"));
            let engine = image::build(&guest::built(), &guest::prelude()?)
                .await
                .map_err(|error| anyhow::anyhow!("{error:?}"))?;
            std::fs::write(&out, &engine)?;
            println!("{} bytes in {}", engine.len(), out.display());
            Ok(())
        }
        Command::Run(arguments) => run::run(arguments).await,
    }
}
