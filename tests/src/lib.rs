//! postern-e2e.
