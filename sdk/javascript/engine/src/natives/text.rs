//! `host.text` and `host.bytes`: UTF-8, base64 and hexadecimal digits, which JavaScript would do a byte at a time.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD, URL_SAFE_NO_PAD};
use rquickjs::{Ctx, Object, Result, TypedArray, function::Func};

use super::bytes;

/// Base64 of others, who pad it or do not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Adds the topics to `host`.
pub(super) fn install<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    let topic = Object::new(ctx.clone())?;
    topic.set("encode", Func::from(encode))?;
    topic.set("decode", Func::from(decode))?;
    topic.set("isUtf8", Func::from(is_utf8))?;
    topic.set("toBase64", Func::from(|of: TypedArray<'_, u8>| to_base64(of, false)))?;
    topic.set("fromBase64", Func::from(from_base64))?;
    topic.set("atob", Func::from(atob))?;
    topic.set("btoa", Func::from(btoa))?;
    host.set("text", topic)?;
    // What Buffer asks for.
    let topic = Object::new(ctx.clone())?;
    topic.set("utf8Encode", Func::from(encode))?;
    topic.set("utf8Decode", Func::from(decode))?;
    topic.set("base64Encode", Func::from(to_base64))?;
    topic.set("base64Decode", Func::from(base64_decode))?;
    topic.set("hexEncode", Func::from(to_hex))?;
    host.set("bytes", topic)
}

fn encode<'js>(ctx: Ctx<'js>, text: String) -> Result<TypedArray<'js, u8>> {
    TypedArray::new(ctx, text.into_bytes())
}

/// What is malformed is replaced, as the web's standard replaces it.
fn decode(of: TypedArray<'_, u8>) -> String {
    String::from_utf8_lossy(bytes(&of)).into_owned()
}

fn is_utf8(of: TypedArray<'_, u8>) -> bool {
    std::str::from_utf8(bytes(&of)).is_ok()
}

fn to_base64(of: TypedArray<'_, u8>, url_safe: bool) -> String {
    if url_safe { URL_SAFE_NO_PAD.encode(bytes(&of)) } else { STANDARD.encode(bytes(&of)) }
}

fn to_hex(of: TypedArray<'_, u8>) -> String {
    bytes(&of).iter().fold(String::new(), |mut hex, byte| {
        let _never_fails = write!(hex, "{byte:02x}");
        hex
    })
}

/// Base64 of either alphabet, in lines or not; nothing when something else is in it.
fn base64_decode<'js>(ctx: Ctx<'js>, text: String) -> Result<Option<TypedArray<'js, u8>>> {
    let mut text = text.into_bytes();
    text.retain(|byte| !matches!(byte, b'\n' | b'\r' | b' '));
    text.iter_mut().for_each(|byte| match byte {
        b'-' => *byte = b'+',
        b'_' => *byte = b'/',
        _ => {}
    });
    LENIENT.decode(text).ok().map(|bytes| TypedArray::new(ctx, bytes)).transpose()
}

/// Nothing when it is not base64.
fn from_base64<'js>(ctx: Ctx<'js>, text: String) -> Result<Option<TypedArray<'js, u8>>> {
    LENIENT.decode(text).ok().map(|bytes| TypedArray::new(ctx, bytes)).transpose()
}

/// To a text whose characters are the bytes.
fn atob(base64: String) -> Option<String> {
    Some(LENIENT.decode(base64).ok()?.into_iter().map(char::from).collect())
}

/// Of a text whose characters are bytes; nothing when one is not.
fn btoa(text: String) -> Option<String> {
    let bytes: Option<Vec<u8>> = text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect();
    Some(STANDARD.encode(bytes?))
}
