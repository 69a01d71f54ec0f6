//! postern-flow.
