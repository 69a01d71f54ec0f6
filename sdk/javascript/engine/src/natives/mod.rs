//! Pure functions for the prelude, one file a topic. Each topic is an object in `host`.

use rquickjs::{Ctx, Object, Result};

/// Adds every topic to `host`.
pub(crate) fn install<'js>(_ctx: &Ctx<'js>, _host: &Object<'js>) -> Result<()> {
    Ok(())
}
