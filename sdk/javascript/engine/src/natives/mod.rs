//! Pure functions for the prelude, one file a topic. Each topic is an object in `host`.

mod cipher;
mod hash;
mod text;
mod time_zone;
mod url;
mod zlib;

use rquickjs::{Ctx, Object, Result, TypedArray};

/// Adds every topic to `host`.
pub(crate) fn install<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("cipher", cipher::install(ctx)?)?;
    host.set("hash", hash::install(ctx)?)?;
    host.set("zlib", zlib::install(ctx)?)?;
    text::install(ctx, host)?;
    time_zone::install(ctx, host)?;
    url::install(ctx, host)
}

/// The bytes of an array of JavaScript's; none when its buffer is gone.
fn bytes<'a>(of: &'a TypedArray<'_, u8>) -> &'a [u8] {
    // SAFETY: natives call no JavaScript while they hold the bytes, so that nothing can change or free them.
    unsafe { of.as_bytes() }.unwrap_or_default()
}
