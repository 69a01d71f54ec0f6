//! `host.hash`: hashes and HMAC.

use hmac::{KeyInit, Mac, SimpleHmac};
use md5::Md5;
use ripemd::Ripemd160;
use rquickjs::{Ctx, Exception, Function, Object, Result, TypedArray};
use sha1::Sha1;
use sha2::digest::Digest;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};

use super::bytes;

/// Calls a macro's body with the hash of a name as `$hash`.
macro_rules! with_hash {
    ($name:expr, $hash:ident => $body:expr) => {
        match $name {
            "md5" => with_hash!(@ Md5, $hash => $body),
            "ripemd160" => with_hash!(@ Ripemd160, $hash => $body),
            "sha1" => with_hash!(@ Sha1, $hash => $body),
            "sha224" => with_hash!(@ Sha224, $hash => $body),
            "sha256" => with_hash!(@ Sha256, $hash => $body),
            "sha384" => with_hash!(@ Sha384, $hash => $body),
            "sha512" => with_hash!(@ Sha512, $hash => $body),
            "sha512-224" => with_hash!(@ Sha512_224, $hash => $body),
            "sha512-256" => with_hash!(@ Sha512_256, $hash => $body),
            "sha3-224" => with_hash!(@ Sha3_224, $hash => $body),
            "sha3-256" => with_hash!(@ Sha3_256, $hash => $body),
            "sha3-384" => with_hash!(@ Sha3_384, $hash => $body),
            "sha3-512" => with_hash!(@ Sha3_512, $hash => $body),
            _ => None,
        }
    };
    (@ $type:ty, $hash:ident => $body:expr) => {{
        type $hash = $type;
        $body
    }};
}

pub(super) fn install<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let topic = Object::new(ctx.clone())?;
    topic.set("digest", Function::new(ctx.clone(), digest)?)?;
    topic.set("hmac", Function::new(ctx.clone(), hmac_of)?)?;
    Ok(topic)
}

fn unknown(ctx: &Ctx<'_>, name: &str) -> rquickjs::Error {
    Exception::throw_type(ctx, &format!("no hash is named {name}"))
}

fn digest<'js>(ctx: Ctx<'js>, name: String, data: TypedArray<'js, u8>) -> Result<TypedArray<'js, u8>> {
    let data = bytes(&data);
    let digest: Option<Vec<u8>> = with_hash!(name.as_str(), Hash => Some(Hash::digest(data).to_vec()));
    TypedArray::new(ctx.clone(), digest.ok_or_else(|| unknown(&ctx, &name))?)
}

fn hmac_of<'js>(
    ctx: Ctx<'js>,
    name: String,
    key: TypedArray<'js, u8>,
    data: TypedArray<'js, u8>,
) -> Result<TypedArray<'js, u8>> {
    let (key, data) = (bytes(&key), bytes(&data));
    let tag: Option<Vec<u8>> = with_hash!(name.as_str(), Hash => {
        SimpleHmac::<Hash>::new_from_slice(key).ok().map(|mac| mac.chain_update(data).finalize().into_bytes().to_vec())
    });
    TypedArray::new(ctx.clone(), tag.ok_or_else(|| unknown(&ctx, &name))?)
}
