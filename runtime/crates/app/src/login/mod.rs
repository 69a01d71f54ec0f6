//! The login driver.

use postern_model::TenantId;

/// What logins keep in memory.
#[derive(Debug, Default)]
pub struct LoginState {}

impl LoginState {
    /// Drops what is kept of a tenant's bindings: the next login reads them anew.
    pub fn forget(&self, _tenant: &TenantId) {}
}
