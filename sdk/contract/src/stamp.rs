//! The `postern` custom section of a module.

use serde::{Deserialize, Serialize};

/// What a module says of itself, as JSON in the custom section
/// [`STAMP_SECTION`](crate::STAMP_SECTION). Keys a host does not know are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// [`ABI_VERSION`](crate::ABI_VERSION) the module was built for.
    pub abi: u32,
    /// Name of the SDK, such as `postern-sdk`.
    #[serde(default)]
    pub sdk: String,
    /// Version of the SDK.
    #[serde(default)]
    pub sdk_version: String,
    /// Capabilities the action uses, such as `http`.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// Hosts the action wants to reach.
    #[serde(default)]
    pub egress: Vec<String>,
    /// Event fields wanted, as JSON Pointers.
    #[serde(default)]
    pub event: Vec<String>,
}
