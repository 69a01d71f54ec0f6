//! What a command prints: tables for people, JSON for programs.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use comfy_table::presets;
use comfy_table::{ContentArrangement, Table};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

/// How a command prints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    pub(crate) json: bool,
}

impl Output {
    /// JSON as it came, or what `people` makes of it.
    pub(crate) fn show(self, value: &Value, people: impl FnOnce(&Value) -> String) {
        if self.json { line(&format!("{value:#}")) } else { line(&people(value)) }
    }

    /// Rows under a pointer as a table; each column is a heading and a pointer into the row.
    pub(crate) fn rows(self, value: &Value, rows: &str, columns: &[(&str, &str)]) {
        self.show(value, |value| {
            table(value.pointer(rows).and_then(Value::as_array).map_or(&[], Vec::as_slice), columns)
        });
    }

    /// A word about something done, for people only.
    pub(crate) fn done(self, text: &str) {
        if !self.json {
            line(text);
        }
    }

    /// A spinner on standard error, on a terminal only; gone when dropped.
    pub(crate) fn spinner(self, text: impl Into<String>) -> Spinner {
        if self.json || !std::io::stderr().is_terminal() {
            return Spinner(ProgressBar::hidden());
        }
        let bar = ProgressBar::new_spinner().with_message(text.into());
        bar.enable_steady_tick(Duration::from_millis(100));
        Spinner(bar)
    }

    /// A bar of bytes on standard error, on a terminal only; gone when dropped.
    pub(crate) fn bytes(self, total: Option<u64>) -> Spinner {
        if self.json || !std::io::stderr().is_terminal() {
            return Spinner(ProgressBar::hidden());
        }
        let bar = match total {
            Some(total) => ProgressBar::new(total),
            None => ProgressBar::new_spinner(),
        };
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {bytes} {bytes_per_sec}") {
            bar.set_style(style);
        }
        Spinner(bar)
    }
}

/// A progress display that cleans up behind itself.
#[derive(Debug)]
pub(crate) struct Spinner(pub(crate) ProgressBar);

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A table; an absent value is an empty cell.
pub(crate) fn table(rows: &[Value], columns: &[(&str, &str)]) -> String {
    if rows.is_empty() {
        return "none".to_owned();
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(columns.iter().map(|(heading, _)| *heading));
    for row in rows {
        table.add_row(columns.iter().map(|(_, pointer)| text(row.pointer(pointer))));
    }
    table.to_string()
}

/// A value in a cell or a line.
pub(crate) fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Prints a line. A reader that has gone is no error: `postern … | head`.
pub(crate) fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Prints a line on standard error.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
