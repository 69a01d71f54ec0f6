//! postern-engine.
