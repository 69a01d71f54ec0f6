//! The object `host`: what the prelude, and nothing else, can ask Rust for.

use rquickjs::{Ctx, Function, Object, Result, TypedArray, function::Func};

use crate::{abi, natives};

/// Makes the object.
pub(crate) fn object<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let host = Object::new(ctx.clone())?;
    host.set("eventRead", Func::from(|pointer: String| text(abi::event_read(&pointer))))?;
    host.set("log", Func::from(|level: i32, line: String| abi::log(level, line.as_bytes())))?;
    host.set("now", Func::from(|| abi::now() as f64))?;
    host.set("random", Function::new(ctx.clone(), random)?)?;
    host.set("callStart", Func::from(|call: String| abi::call_start(call.as_bytes())))?;
    host.set("callWait", Func::from(abi::call_wait))?;
    host.set("callTake", Func::from(|id: i32| text(abi::call_take(id))))?;
    host.set("loading", Func::from(abi::loading))?;
    natives::install(ctx, &host)?;
    Ok(host)
}

/// What comes from the host is UTF-8.
fn text(bytes: Option<Vec<u8>>) -> Option<String> {
    bytes.map(|bytes| String::from_utf8(bytes).unwrap_or_default())
}

fn random<'js>(ctx: Ctx<'js>, len: usize) -> Result<TypedArray<'js, u8>> {
    let mut bytes = vec![0; len];
    abi::random(&mut bytes);
    TypedArray::new(ctx, bytes)
}
