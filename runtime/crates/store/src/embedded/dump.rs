//! Export and import: zstd-compressed NDJSON, a head, one line a row, a tail with counts and checksum.
//!
//! An export goes over all rows while writes go on and then writes again every row that changed meanwhile, the
//! last of them between two batches of the committer: taken together the lines are the store at that
//! moment. A row may have several lines, of which the last counts; one without data says that the row is gone.

use std::collections::BTreeMap;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read, Write};

use aws_lc_rs::digest;
use postern_model::TenantId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot};

use super::apply::RawRow;
use super::committer::{Committer, Job, Touched};
use super::row;
use super::tree::{ROW_TREES, Tree, Trees, engine};
use crate::entity::{Table, root_tenant};
use crate::error::{ExportError, ImportError, StoreError};
use crate::store::{ExportReport, ExportScope};
use crate::write_set::ROW_BYTES;
use crate::{key, record};

const FORMAT: &str = "postern-export";
const FORMAT_VERSION: u32 = 1;
const LEVEL: i32 = 3;
/// Changed rows that are left to the committer.
const LAST_ROWS: usize = 256;
/// How often changed rows are written again before the committer writes the rest.
const ROUNDS: usize = 8;
/// About how many bytes an import writes at once.
const IMPORT_BYTES: usize = 1024 * 1024;
/// No line of ours is longer.
const LINE_BYTES: u64 = 2 * ROW_BYTES as u64;

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    format: String,
    version: u32,
    scope: ExportScope,
}

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    #[serde(rename = "n")]
    tenant: TenantId,
    #[serde(rename = "t")]
    table: Table,
    #[serde(rename = "i")]
    id: String,
    /// The row's envelope; absent when the row is gone.
    #[serde(rename = "e", borrow, default, skip_serializing_if = "Option::is_none")]
    envelope: Option<&'a RawValue>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Tail {
    tail: ExportReport,
}

/// Counts and digests the lines between head and tail.
struct Tally {
    rows: BTreeMap<String, u64>,
    lines: u64,
    digest: digest::Context,
}

impl Tally {
    fn new() -> Self {
        Self { rows: BTreeMap::new(), lines: 0, digest: digest::Context::new(&digest::SHA256) }
    }

    fn add(&mut self, table: Table, text: &[u8]) {
        *self.rows.entry(table.name().to_owned()).or_default() += 1;
        self.lines += 1;
        self.digest.update(text);
    }

    fn report(self) -> ExportReport {
        let digest = self.digest.finish();
        let sha256 = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        ExportReport { rows: self.rows, lines: self.lines, sha256 }
    }
}

/// Runs work between two batches of the committer and waits for its answer.
fn ask<T: Send + 'static>(
    jobs: &mpsc::Sender<Job>,
    work: impl FnOnce(&mut Committer) -> T + Send + 'static,
) -> Result<T, StoreError> {
    let (answer, result) = oneshot::channel();
    let job = Job::Run(Box::new(move |committer| {
        let _ = answer.send(work(committer));
    }));
    jobs.blocking_send(job).map_err(|_gone| StoreError::Fatal)?;
    result.blocking_recv().map_err(|_gone| StoreError::Fatal)
}

pub(super) fn export(
    trees: &Trees,
    jobs: &mpsc::Sender<Job>,
    scope: &ExportScope,
    to: Box<dyn Write + Send>,
) -> Result<ExportReport, ExportError> {
    let watch = ask(jobs, Committer::watch)?;
    let result = export_watched(trees, jobs, scope, to, watch);
    if result.is_err() {
        let _ = ask(jobs, move |committer| committer.unwatch(watch));
    }
    result
}

fn export_watched(
    trees: &Trees,
    jobs: &mpsc::Sender<Job>,
    scope: &ExportScope,
    to: Box<dyn Write + Send>,
    watch: u64,
) -> Result<ExportReport, ExportError> {
    let mut out = BufWriter::new(zstd::Encoder::new(to, LEVEL)?);
    let head = Head { format: FORMAT.into(), version: FORMAT_VERSION, scope: scope.clone() };
    write_line(&mut out, &head)?;
    let mut tally = Tally::new();
    let mut write = |(table, text): (Table, Vec<u8>)| {
        tally.add(table, &text);
        out.write_all(&text)
    };
    for (tree, prefix) in ranges(scope) {
        for entry in trees.tree(tree).scan_prefix(prefix).keys() {
            let key = entry.map_err(engine)?;
            if let Some(line) = line(trees, scope, &key)? {
                write(line)?;
            }
        }
    }
    for _ in 0..ROUNDS {
        let touched = ask(jobs, move |committer| committer.touched(watch))?;
        let few = touched.len() <= LAST_ROWS;
        for line in lines(trees, scope, &touched)? {
            write(line)?;
        }
        if few {
            break;
        }
    }
    let scope = scope.clone();
    let last = ask(jobs, move |committer| {
        let touched = committer.unwatch(watch);
        lines(&committer.trees, &scope, &touched)
    })??;
    for line in last {
        write(line)?;
    }
    let report = tally.report();
    write_line(&mut out, &Tail { tail: report.clone() })?;
    let encoder = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    encoder.finish()?.flush()?;
    Ok(report)
}

fn write_line(out: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

/// Where the rows of a scope are.
fn ranges(scope: &ExportScope) -> Vec<(Tree, Vec<u8>)> {
    match scope {
        ExportScope::All => ROW_TREES.map(|tree| (tree, Vec::new())).to_vec(),
        ExportScope::Tenant(tenant) => {
            let own = key::row(&root_tenant(), Table::Tenants, tenant.as_str());
            let rows = ROW_TREES.map(|tree| (tree, key::tenant(tenant)));
            [(Tree::of(Table::Tenants), own)].into_iter().chain(rows).collect()
        }
    }
}

fn lines(trees: &Trees, scope: &ExportScope, touched: &Touched) -> Result<Vec<(Table, Vec<u8>)>, StoreError> {
    let ranges = ranges(scope);
    let inside =
        |tree: Tree, key: &[u8]| ranges.iter().any(|(range, prefix)| *range == tree && key.starts_with(prefix));
    let mut out = Vec::new();
    for (_, key) in touched.iter().filter(|(tree, key)| inside(*tree, key)) {
        out.extend(line(trees, scope, key)?);
    }
    Ok(out)
}

/// The line of a row as it is now; `None` for keys that are not of rows.
fn line(trees: &Trees, scope: &ExportScope, key: &[u8]) -> Result<Option<(Table, Vec<u8>)>, StoreError> {
    let Some((tenant, code, id)) = key::split_row(key) else { return Ok(None) };
    let table = Table::ALL.iter().copied().find(|table| table.code() == code);
    let (Ok(tenant), Some(table)) = (tenant.parse::<TenantId>(), table) else { return Ok(None) };
    if let ExportScope::Tenant(wanted) = scope
        && tenant != *wanted
        && (table != Table::Tenants || id != wanted.as_str())
    {
        return Ok(None);
    }
    let envelope = row::read_sealed(trees, &tenant, table, &id)?;
    let encode = |error: serde_json::Error| StoreError::Engine(Box::new(error));
    let envelope = envelope.map(RawValue::from_string).transpose().map_err(encode)?;
    let line = Line { tenant, table, id, envelope: envelope.as_deref() };
    let mut text = serde_json::to_vec(&line).map_err(encode)?;
    text.push(b'\n');
    Ok(Some((table, text)))
}

pub(super) fn import(jobs: &mpsc::Sender<Job>, from: Box<dyn Read + Send>) -> Result<ExportReport, ImportError> {
    let begun = ask(jobs, |committer| if committer.has_rows() { None } else { Some(committer.import(&[], false)) })?;
    begun.ok_or(ImportError::NotEmpty)??;
    match import_rows(jobs, from) {
        Ok((report, rest)) => {
            ask(jobs, move |committer| committer.import(&rest, true))??;
            Ok(report)
        }
        Err(error) => {
            ask(jobs, Committer::clear)??;
            Err(error)
        }
    }
}

/// Reads and writes all rows but the last few, which are given back to be written together with the end.
fn import_rows(
    jobs: &mpsc::Sender<Job>,
    from: Box<dyn Read + Send>,
) -> Result<(ExportReport, Vec<RawRow>), ImportError> {
    let mut input = BufReader::new(zstd::Decoder::new(from)?);
    let mut text = Vec::new();
    let mut number = 1;
    let mut next = |text: &mut Vec<u8>| -> Result<(), ImportError> {
        text.clear();
        (&mut input).take(LINE_BYTES).read_until(b'\n', text)?;
        if text.last() == Some(&b'\n') { Ok(()) } else { Err(ImportError::Truncated) }
    };
    next(&mut text)?;
    let head: Head = serde_json::from_slice(&text).map_err(|_bad| ImportError::BadLine { line: number })?;
    if head.format != FORMAT || head.version != FORMAT_VERSION {
        return Err(ImportError::BadLine { line: number });
    }
    let mut tally = Tally::new();
    let (mut rows, mut bytes) = (Vec::new(), 0);
    loop {
        number += 1;
        next(&mut text)?;
        if text.starts_with(br#"{"tail":"#) {
            let tail: Tail = serde_json::from_slice(&text).map_err(|_bad| ImportError::BadLine { line: number })?;
            let report = tally.report();
            return if report == tail.tail { Ok((report, rows)) } else { Err(ImportError::Mismatch) };
        }
        let row = raw_row(&text).ok_or(ImportError::BadLine { line: number })?;
        tally.add(row.table, &text);
        rows.push(row);
        bytes += text.len();
        if bytes >= IMPORT_BYTES {
            let full = std::mem::take(&mut rows);
            bytes = 0;
            ask(jobs, move |committer| committer.import(&full, false)).map_err(ImportError::Store)??;
        }
    }
}

/// Rows are decoded as what they are, so that a store never takes in what it cannot read, and their index entries are
/// those of this program.
fn raw_row(text: &[u8]) -> Option<RawRow> {
    let Line { tenant, table, id, envelope } = serde_json::from_slice(text).ok()?;
    let content = match envelope {
        Some(envelope) => {
            let (envelope, _) = row::parse(table, envelope.get().as_bytes()).ok()?;
            let data = envelope.data.get().as_bytes();
            let (own_id, draft) = record::redraft(table, envelope.schema, envelope.revision, data).ok()?;
            if own_id != id {
                return None;
            }
            Some((envelope.revision, draft))
        }
        None => None,
    };
    Some(RawRow { tenant, table, id, content })
}
