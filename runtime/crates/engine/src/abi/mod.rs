//! The host's side of each ABI major: it translates between the guest's memory and types of our own, no more.
//! Released majors stay for ever.

pub(crate) mod v1;
