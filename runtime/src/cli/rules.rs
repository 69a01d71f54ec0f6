//! Rules: what came before actions.

use std::path::PathBuf;

use anyhow::Context as _;
use postern_javascript::{Converted, rule_convert};
use serde_json::json;

use super::output::Output;

/// What is done with rules.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Write the action that does what a rule does
    ///
    /// The rule's `configuration` becomes the action's secrets. The first lines name the packages that it requires: give
    /// them to the action as its dependencies.
    Convert(Convert),
}

/// A rule to be converted.
#[derive(Debug, clap::Args)]
pub(crate) struct Convert {
    /// The rule's script, `function (user, context, callback) { … }`
    file: PathBuf,
    /// Where the action is written; standard output when left out
    #[arg(long, short)]
    output: Option<PathBuf>,
}

/// Carries out a command.
pub(crate) fn run(out: &Output, command: Command) -> anyhow::Result<()> {
    match command {
        Command::Convert(convert) => self::convert(out, &convert),
    }
}

fn convert(out: &Output, Convert { file, output }: &Convert) -> anyhow::Result<()> {
    let script = std::fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    let name = file.file_stem().map_or_else(|| "rule".into(), |name| name.to_string_lossy().into_owned());
    let Converted { code, dependencies } = rule_convert(&name, &script);
    let rows = dependencies.iter().map(|(name, version)| json!({ "name": name, "version": version }));
    let value = json!({ "code": code, "dependencies": rows.collect::<Vec<_>>() });
    if let Some(path) = output {
        std::fs::write(path, &code).with_context(|| format!("write {}", path.display()))?;
        out.show(&value, |_| format!("{} does what {} did", path.display(), file.display()));
    } else {
        out.show(&value, |_| code.trim_end().to_owned());
    }
    Ok(())
}
