//! Source to bytecode, and back to life.

use std::ffi::CStr;

use rquickjs::{Ctx, Error, Result, Value, qjs};

/// Whether functions can tell their source, which costs memory for each of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// Of functions that a person wrote, for `toString`; not of what they are wrapped in.
    Kept,
    Dropped,
}

/// Compiles a script. `line` is the number of its first line.
pub(crate) fn compile(ctx: &Ctx<'_>, text: &str, file: &CStr, line: i32, source: Source) -> Result<Vec<u8>> {
    let mut text = text.as_bytes().to_vec();
    text.push(0);
    let flags = qjs::JS_EVAL_TYPE_GLOBAL | qjs::JS_EVAL_FLAG_COMPILE_ONLY;
    let mut options = qjs::JSEvalOptions {
        version: qjs::JS_EVAL_OPTIONS_VERSION as i32,
        eval_flags: flags as i32,
        filename: file.as_ptr(),
        line_num: line,
    };
    let raw = ctx.as_raw().as_ptr();
    // SAFETY: the text ends with a zero that is not counted; what is made is freed or owned below.
    unsafe {
        let function = qjs::JS_Eval2(raw, text.as_ptr().cast(), (text.len() - 1) as _, &raw mut options);
        if qjs::JS_IsException(function) {
            return Err(Error::Exception);
        }
        let mut len = 0;
        let strip = if source == Source::Kept { 0 } else { qjs::JS_WRITE_OBJ_STRIP_SOURCE };
        let flags = qjs::JS_WRITE_OBJ_BYTECODE | strip;
        let written = qjs::JS_WriteObject(raw, &raw mut len, function, flags as i32);
        qjs::JS_FreeValue(raw, function);
        if written.is_null() {
            return Err(Error::Exception);
        }
        let bytes = std::slice::from_raw_parts(written, len as usize).to_vec();
        qjs::js_free(raw, written.cast());
        Ok(bytes)
    }
}

/// Runs compiled bytecode of this very engine; its value.
pub(crate) fn load<'js>(ctx: &Ctx<'js>, bytecode: &[u8]) -> Result<Value<'js>> {
    let raw = ctx.as_raw().as_ptr();
    // SAFETY: the bytecode was made by `compile` of the same engine; the host takes none from outside.
    unsafe {
        let flags = qjs::JS_READ_OBJ_BYTECODE as i32;
        let function = qjs::JS_ReadObject(raw, bytecode.as_ptr(), bytecode.len() as _, flags);
        if qjs::JS_IsException(function) {
            return Err(Error::Exception);
        }
        let value = qjs::JS_EvalFunction(raw, function);
        if qjs::JS_IsException(value) {
            return Err(Error::Exception);
        }
        Ok(Value::from_raw(ctx.clone(), value))
    }
}

/// Keeps collections away from a login: one would touch the whole heap.
pub(crate) fn set_gc_threshold(ctx: &Ctx<'_>, bytes: usize) {
    // SAFETY: the context is alive.
    unsafe { qjs::JS_SetGCThreshold(qjs::JS_GetRuntime(ctx.as_raw().as_ptr()), bytes as _) }
}
