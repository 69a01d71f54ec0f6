//! Pages of Auth0's actions API: by number, and numbers that are zero are left out of the answer.

use postern_app::actions::Slice;
use postern_app::error::AppError;
use postern_model::limits;
use serde_json::{Map, Value, json};

use crate::openapi::Parameter;

pub(crate) const PAGE: Parameter = Parameter { name: "page", kind: "integer", summary: "Number of the page, from 0" };
pub(crate) const PER_PAGE: Parameter =
    Parameter { name: "per_page", kind: "integer", summary: "Rows of a page: 1 to 100, 50 when left out" };

/// Which page is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paging {
    page: u32,
    per_page: u32,
}

impl Paging {
    /// Checks what the query says.
    pub(crate) fn of(page: Option<u32>, per_page: Option<u32>) -> Result<Self, AppError> {
        let default = u32::try_from(limits::PAGE_ROWS_DEFAULT).unwrap_or(u32::MAX);
        let paging = Self { page: page.unwrap_or(0), per_page: per_page.unwrap_or(default) };
        let most = u32::try_from(limits::PAGE_ROWS).unwrap_or(u32::MAX);
        if paging.per_page == 0 || paging.per_page > most {
            return Err(AppError::invalid_query(format!("'per_page' must be from 1 to {most}")));
        }
        Ok(paging)
    }

    /// The part of the list that it is.
    pub(crate) fn slice(self) -> Slice {
        let limit = self.per_page as usize;
        Slice { offset: (self.page as usize).saturating_mul(limit), limit }
    }

    /// The answer.
    pub(crate) fn list(self, name: &str, rows: Value, total: usize) -> Value {
        // A page past the end has no total, as recorded.
        let total = if rows.as_array().is_some_and(Vec::is_empty) { 0 } else { total };
        let mut object = Map::new();
        object.insert(name.to_owned(), rows);
        for (key, number) in [("total", total), ("page", self.page as usize), ("per_page", self.per_page as usize)] {
            if number > 0 {
                object.insert(key.to_owned(), json!(number));
            }
        }
        Value::Object(object)
    }
}
