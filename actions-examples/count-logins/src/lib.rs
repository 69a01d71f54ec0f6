//! Count logins.
