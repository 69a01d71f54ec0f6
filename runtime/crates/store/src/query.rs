//! What a list is asked for, and what it answers.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::entity::Index;
use crate::key;

/// Which end of the order comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// As the keys sort.
    #[default]
    Ascending,
    /// The other way round.
    Descending,
}

/// Which rows of a table, in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The index to walk; `None` walks the rows by id.
    pub index: Option<Index>,
    /// Leading parts of the key that must be equal.
    pub under: Vec<String>,
    /// Which end first.
    pub order: Order,
    /// Where the page before ended ([`Page::next`]).
    pub after: Option<String>,
    /// Rows to pass over first.
    pub skip: usize,
    /// Most rows of the page.
    pub limit: usize,
    /// Where a count stops; `None` counts them all.
    pub count_to: Option<u64>,
}

impl Query {
    /// All rows, by id.
    #[must_use]
    pub fn all() -> Self {
        Self {
            index: None,
            under: Vec::new(),
            order: Order::Ascending,
            after: None,
            skip: 0,
            limit: postern_model::limits::PAGE_ROWS_DEFAULT,
            count_to: None,
        }
    }

    /// All rows, as an index sorts them.
    #[must_use]
    pub fn by(index: Index) -> Self {
        Self { index: Some(index), ..Self::all() }
    }

    /// Only rows whose key has `part` as its next part. Without an index this is a part of a composed id
    /// ([`compose`](crate::compose)); the whole id has no rows under it.
    #[must_use]
    pub fn under(mut self, part: &str) -> Self {
        self.under.push(part.to_owned());
        self
    }

    /// The other end first.
    #[must_use]
    pub fn descending(mut self) -> Self {
        self.order = Order::Descending;
        self
    }

    /// Goes on where a page ended.
    #[must_use]
    pub fn after(mut self, cursor: Option<String>) -> Self {
        self.after = cursor;
        self
    }

    /// Goes on after a row, which need not be there (any more). For lists by id.
    #[must_use]
    pub fn after_id(self, id: &str) -> Self {
        let mut suffix = Vec::new();
        key::push_text(&mut suffix, id);
        self.after(Some(BASE64_URL_SAFE_NO_PAD.encode(suffix)))
    }

    /// Passes over rows without reading them.
    #[must_use]
    pub fn skip(mut self, rows: usize) -> Self {
        self.skip = rows;
        self
    }

    /// Stops a count at that many rows.
    #[must_use]
    pub fn count_to(mut self, rows: u64) -> Self {
        self.count_to = Some(rows);
        self
    }

    /// Sets the size of the page.
    #[must_use]
    pub fn limit(mut self, rows: usize) -> Self {
        self.limit = rows;
        self
    }
}

/// A slice of a list. Pages are no snapshot: a row written between two pages may be missed or seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// In the order asked for.
    pub rows: Vec<T>,
    /// Opaque; hand it to [`Query::after`] for the next page. `None` at the end.
    pub next: Option<String>,
}
