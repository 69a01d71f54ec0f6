//! postern-app.
