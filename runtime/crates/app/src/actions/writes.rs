//! How the modules of an action's life write: one transaction that names the revisions it saw, made again on the
//! fresh rows when another write was faster.

use postern_store::{BindingList, CommitError, Expect, Index, Receipt, WriteSet};

use crate::App;
use crate::error::AppError;

/// How often a write is made again when its rows changed meanwhile.
pub(crate) const ATTEMPTS: u32 = 5;

/// Commits; `None` when a row is not as `set` expects it.
pub(crate) async fn commit(app: &App, set: WriteSet) -> Result<Option<Receipt>, AppError> {
    match app.store().commit(set).await {
        Ok(receipt) => Ok(Some(receipt)),
        Err(CommitError::Conflict { .. }) => Ok(None),
        Err(CommitError::Duplicate { index: Index::ActionByName, .. }) => {
            Err(AppError::conflict("An action with the same name already exists."))
        }
        Err(other) => Err(other.into()),
    }
}

/// Says that the bindings of a trigger are as they were read.
pub(crate) fn expect_list(set: WriteSet, list: &BindingList) -> WriteSet {
    let expect = if list.revision == 0 { Expect::Absent } else { Expect::Revision(list.revision) };
    set.expect::<BindingList>(&list.trigger_id, expect)
}

/// The rows changed at every attempt.
pub(crate) fn stale() -> AppError {
    AppError::conflict("The action was changed at the same time by others; send the request again.")
}
