//! Paging as Auth0's clients ask for it: `page`/`per_page` with or without `include_totals`, or `from`/`take`.

use postern_app::AppError;
use postern_model::limits::{PAGE_ROWS, PAGE_ROWS_DEFAULT};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::openapi::Parameter;

/// The query parameters of paging, as they come.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct PageQuery {
    page: Option<u32>,
    per_page: Option<u32>,
    include_totals: Option<bool>,
    from: Option<String>,
    take: Option<u32>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Paging {
    /// Rows by their number.
    Offset {
        page: usize,
        per_page: usize,
        /// Whether the list comes in an object with its totals.
        totals: bool,
    },
    /// Rows after a place in the list. `take` wins over the rest.
    Checkpoint { from: Option<String>, take: usize },
}

impl PageQuery {
    /// Of a list that has no pages by number.
    pub(crate) fn checkpoint(from: Option<String>, take: Option<u32>) -> Self {
        let take = take.or_else(|| u32::try_from(PAGE_ROWS_DEFAULT).ok());
        Self { from, take, ..Self::default() }
    }

    /// Checks the numbers.
    pub(crate) fn paging(&self) -> Result<Paging, AppError> {
        let size = |name: &str, rows: Option<u32>, least: usize| match rows {
            None => Ok(PAGE_ROWS_DEFAULT),
            Some(rows) => {
                let rows = usize::try_from(rows).unwrap_or(usize::MAX);
                if (least..=PAGE_ROWS).contains(&rows) {
                    Ok(rows)
                } else {
                    Err(AppError::invalid_query(format!("'{name}' must be {least} to {PAGE_ROWS}")))
                }
            }
        };
        if self.take.is_some() || self.from.is_some() {
            return Ok(Paging::Checkpoint { from: self.from.clone(), take: size("take", self.take, 1)? });
        }
        Ok(Paging::Offset {
            page: usize::try_from(self.page.unwrap_or_default()).unwrap_or(usize::MAX),
            per_page: size("per_page", self.per_page, 0)?,
            totals: self.include_totals.unwrap_or_default(),
        })
    }
}

impl Paging {
    /// Rows to pass over; for checkpoints our cursor is the number of rows passed.
    pub(crate) fn offset(&self) -> Result<usize, AppError> {
        match self {
            Self::Offset { page, per_page, .. } => Ok(page.saturating_mul(*per_page)),
            Self::Checkpoint { from: None, .. } => Ok(0),
            Self::Checkpoint { from: Some(from), .. } => {
                from.parse().map_err(|_bad| AppError::invalid_query("'from' is not a cursor of this list"))
            }
        }
    }

    /// Most rows of the page.
    pub(crate) fn limit(&self) -> usize {
        match self {
            Self::Offset { per_page, .. } => *per_page,
            Self::Checkpoint { take, .. } => *take,
        }
    }

    /// The answer: a bare array, or an object with totals, or one with the next cursor.
    pub(crate) fn answer(&self, name: &str, rows: Vec<Value>, total: usize) -> Result<Value, AppError> {
        let offset = self.offset()?;
        Ok(match self {
            Self::Offset { totals: false, .. } => Value::Array(rows),
            Self::Offset { totals: true, per_page, .. } => {
                json!({ "start": offset, "limit": per_page, "length": rows.len(), "total": total, name: rows })
            }
            Self::Checkpoint { .. } => {
                let end = offset.saturating_add(rows.len());
                let mut answer = json!({ name: rows });
                if let (true, Value::Object(answer)) = (end < total, &mut answer) {
                    answer.insert("next".to_owned(), json!(end.to_string()));
                }
                answer
            }
        })
    }

    /// The answer to a list that is at hand whole.
    pub(crate) fn answer_all(&self, name: &str, rows: Vec<Value>) -> Result<Value, AppError> {
        let total = rows.len();
        let rows = rows.into_iter().skip(self.offset()?).take(self.limit()).collect();
        let mut answer = self.answer(name, rows, total)?;
        // Auth0 tells how many came with users and log entries only.
        if let Value::Object(answer) = &mut answer {
            answer.remove("length");
        }
        Ok(answer)
    }
}

/// The parameters, for the document.
pub(crate) const PARAMETERS: [Parameter; 5] = [
    Parameter { name: "page", kind: "integer", summary: "Number of the page, from 0" },
    Parameter { name: "per_page", kind: "integer", summary: "Rows of a page, at most 100" },
    Parameter { name: "include_totals", kind: "boolean", summary: "Answer with an object that has the totals" },
    Parameter { name: "from", kind: "string", summary: "Where the page before ended" },
    Parameter { name: "take", kind: "integer", summary: "Rows after `from`, at most 100" },
];

/// Keeps or drops the fields named in `fields` (`include_fields` says which; it keeps by default).
pub(crate) fn project(mut row: Value, fields: Option<&str>, include: Option<bool>) -> Value {
    let (Some(fields), Value::Object(object)) = (fields.filter(|fields| !fields.is_empty()), &mut row) else {
        return row;
    };
    let named: Vec<&str> = fields.split(',').map(str::trim).collect();
    let keep = include.unwrap_or(true);
    object.retain(|name, _| named.contains(&name.as_str()) == keep);
    row
}

/// The parameters of [`project`], for the document.
pub(crate) const FIELDS: [Parameter; 2] = [
    Parameter { name: "fields", kind: "string", summary: "Names of fields, separated by commas" },
    Parameter { name: "include_fields", kind: "boolean", summary: "Whether `fields` are kept (default) or dropped" },
];
