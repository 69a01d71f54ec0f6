//! The fixed set of trees, and which table is in which.

use std::sync::Arc;

use crate::entity::Table;
use crate::error::StoreError;

/// A tree by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Tree {
    /// What the store knows of itself.
    Meta,
    /// What administrators change.
    Core,
    Users,
    History,
    /// Executions, waiting logins, the tenant log and jobs.
    Executions,
    Index,
    /// Parts of large rows.
    Chunks,
    /// Request ids of the last day.
    Requests,
}

pub(super) const TREES: [Tree; 8] =
    [Tree::Meta, Tree::Core, Tree::Users, Tree::History, Tree::Executions, Tree::Index, Tree::Chunks, Tree::Requests];

impl Tree {
    fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Core => "core",
            Self::Users => "users",
            Self::History => "history",
            Self::Executions => "executions",
            Self::Index => "index",
            Self::Chunks => "chunks",
            Self::Requests => "requests",
        }
    }

    pub(super) fn of(table: Table) -> Self {
        match table {
            Table::Users | Table::Authenticators | Table::FactorAttempts => Self::Users,
            Table::History => Self::History,
            Table::Executions
            | Table::Suspended
            | Table::Logs
            | Table::OneTimes
            | Table::RefreshTokens
            | Table::LoginFailures
            | Table::LoginClaims
            | Table::Jobs
            | Table::JobParts
            | Table::JobFailures
            | Table::Sessions
            | Table::BrowserTransactions
            | Table::Outbox => Self::Executions,
            Table::Tenants
            | Table::Clients
            | Table::Connections
            | Table::Roles
            | Table::Actions
            | Table::Versions
            | Table::Artifacts
            | Table::Bindings
            | Table::Settings
            | Table::ResourceServers
            | Table::ClientGrants
            | Table::Rules
            | Table::RuleConfigs
            | Table::ActionModules
            | Table::ActionModuleVersions => Self::Core,
        }
    }
}

/// The trees that hold rows.
pub(super) const ROW_TREES: [Tree; 4] = [Tree::Core, Tree::Users, Tree::History, Tree::Executions];

/// The open database.
#[derive(Debug, Clone)]
pub(super) struct Trees {
    pub(super) db: sled::Db,
    trees: Arc<[sled::Tree; TREES.len()]>,
}

impl Trees {
    pub(super) fn open(db: sled::Db) -> sled::Result<Self> {
        let [a, b, c, d, e, f, g, h] = TREES.map(|tree| db.open_tree(tree.name()));
        Ok(Self { trees: Arc::new([a?, b?, c?, d?, e?, f?, g?, h?]), db })
    }

    pub(super) fn tree(&self, tree: Tree) -> &sled::Tree {
        let [meta, core, users, history, executions, index, chunks, requests] = &*self.trees;
        match tree {
            Tree::Meta => meta,
            Tree::Core => core,
            Tree::Users => users,
            Tree::History => history,
            Tree::Executions => executions,
            Tree::Index => index,
            Tree::Chunks => chunks,
            Tree::Requests => requests,
        }
    }

    pub(super) fn all(&self) -> &[sled::Tree] {
        &*self.trees
    }

    pub(super) fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<sled::IVec>, StoreError> {
        self.tree(tree).get(key).map_err(engine)
    }
}

pub(super) fn engine(error: sled::Error) -> StoreError {
    StoreError::Engine(Box::new(error))
}
