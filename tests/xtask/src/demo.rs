//! `cargo xtask demo`: a real server on a temporary store, the seven example actions, and logins that show what they do.
//!
//! Everything goes through the command line, as a newcomer would type it.

mod script;
mod services;
mod show;
mod token;

use std::time::Instant;

use anyhow::Result;

use self::script::Script;
use self::services::Services;
use self::show::Show;
use crate::guests;
use crate::process::{self, cargo, note, target_folder};
use crate::program::{Postern, Server};

/// Runs the demonstration; `json` prints one JSON object a login instead of text.
pub(crate) fn run(json: bool) -> Result<()> {
    let modules = guests::build(&[])?;
    process::run(&mut cargo(&["build", "--package", "postern", "--bin", "postern"])?)?;
    let begun = Instant::now();
    let services = Services::start()?;
    let folder = tempfile::Builder::new().prefix("postern-demo-").tempdir()?;
    let program = target_folder()?.join("debug/postern");
    let server = Server::start(&program, folder.path(), &["--egress-allow", "127.0.0.0/8"])?;
    let show = Show::new(json);
    show.text(&format!(
        "\nA server listens on {}; its store is {}.",
        server.credential("/domain")?,
        folder.path().display()
    ));
    let postern = Postern::new(program, server.bootstrap().to_owned());
    let logins = Script::new(&postern, &services, show).play(&modules)?;
    server.stop()?;
    show.text("\nThe server was told to stop, finished what it did, and ended.");
    note(&format!("{logins} logins in {:.1} s, with the server's start and stop", begun.elapsed().as_secs_f64()));
    Ok(())
}
