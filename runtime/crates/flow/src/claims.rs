//! Custom claims.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a login adds to its tokens.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Claims {
    #[allow(missing_docs, reason = "says its name")]
    pub id_token: Map<String, Value>,
    #[allow(missing_docs, reason = "says its name")]
    pub access_token: Map<String, Value>,
}
