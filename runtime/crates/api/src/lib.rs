//! postern-api.
