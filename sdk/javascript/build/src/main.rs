//! Builds the JavaScript engine guest, `sdk/javascript/engine.wasm`, from its sources, and runs scripts in it.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

mod guest;
mod image;
mod quickjs;
mod run;

use anyhow::{Context as _, Result, ensure};
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
    Engine,
    /// Compiles the guest, makes the engine, and fails when it is not the one that the repository has.
    Check,
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
        Command::Engine => {
            let engine = engine().await?;
            let out = guest::folder().join("engine.wasm");
            std::fs::write(&out, &engine)?;
            std::fs::write(guest::folder().join("engine.txt"), guest::compilers()?)?;
            println!("{} bytes in {}", engine.len(), out.display());
            Ok(())
        }
        Command::Check => check().await,
        Command::Run(arguments) => run::run(arguments).await,
    }
}

async fn engine() -> Result<Vec<u8>> {
    let prelude = guest::prelude()?;
    image::build(&guest::built(), &prelude).await.map_err(|error| anyhow::anyhow!("{error:?}"))
}

async fn check() -> Result<()> {
    guest::build()?;
    let made = engine().await?;
    let kept = std::fs::read(guest::folder().join("engine.wasm")).context("read engine.wasm")?;
    if made == kept {
        println!("engine.wasm is what its sources give, byte for byte");
        return Ok(());
    }
    let with = std::fs::read_to_string(guest::folder().join("engine.txt")).context("read engine.txt")?;
    let here = guest::compilers()?;
    ensure!(with != here, "engine.wasm is not what its sources give: run `postern-js guest` and `postern-js engine`");
    // Nothing is proven then, and nothing is wrong.
    println!("engine.wasm was made with\n{with}and cannot be compared with what is made here with\n{here}");
    Ok(())
}
