//! postern-sdk-macros.
