//! postern-sdk.
