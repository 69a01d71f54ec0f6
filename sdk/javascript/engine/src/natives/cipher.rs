//! `host.cipher`: AES in the modes that Node's `createCipheriv` and Web Crypto are built from. Padding, chaining between
//! calls and the comparison of tags are the prelude's.

use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256};
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use rquickjs::{Ctx, Exception, Function, Object, Result, TypedArray};

use super::bytes;

type Block = [u8; 16];

/// A key ready for use.
enum Aes {
    K128(Aes128),
    K192(Aes192),
    K256(Aes256),
}

impl Aes {
    fn new(key: &[u8]) -> Option<Self> {
        match key.len() {
            16 => Aes128::new_from_slice(key).ok().map(Self::K128),
            24 => Aes192::new_from_slice(key).ok().map(Self::K192),
            32 => Aes256::new_from_slice(key).ok().map(Self::K256),
            _ => None,
        }
    }

    fn encrypt(&self, block: &mut Block) {
        let block: &mut Array<u8, _> = block.into();
        match self {
            Self::K128(aes) => aes.encrypt_block(block),
            Self::K192(aes) => aes.encrypt_block(block),
            Self::K256(aes) => aes.encrypt_block(block),
        }
    }

    fn decrypt(&self, block: &mut Block) {
        let block: &mut Array<u8, _> = block.into();
        match self {
            Self::K128(aes) => aes.decrypt_block(block),
            Self::K192(aes) => aes.decrypt_block(block),
            Self::K256(aes) => aes.decrypt_block(block),
        }
    }
}

pub(super) fn install<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let topic = Object::new(ctx.clone())?;
    topic.set("cbc", Function::new(ctx.clone(), cbc)?)?;
    topic.set("ecb", Function::new(ctx.clone(), ecb)?)?;
    topic.set("ctr", Function::new(ctx.clone(), ctr)?)?;
    topic.set("gcm", Function::new(ctx.clone(), gcm)?)?;
    topic.set("gcmTag", Function::new(ctx.clone(), gcm_tag)?)?;
    topic.set("wrap", Function::new(ctx.clone(), wrap)?)?;
    topic.set("unwrap", Function::new(ctx.clone(), unwrap)?)?;
    Ok(topic)
}

type Bytes<'js> = TypedArray<'js, u8>;

fn key_of(ctx: &Ctx<'_>, key: &Bytes<'_>) -> Result<Aes> {
    Aes::new(bytes(key)).ok_or_else(|| Exception::throw_range(ctx, "Invalid key length"))
}

fn block_of(ctx: &Ctx<'_>, text: &[u8]) -> Result<Block> {
    text.try_into().map_err(|_other| Exception::throw_range(ctx, "16 bytes are wanted"))
}

fn xor(block: &mut Block, other: &[u8]) {
    block.iter_mut().zip(other).for_each(|(byte, other)| *byte ^= other);
}

/// Whole blocks, chained from `iv`.
fn cbc<'js>(ctx: Ctx<'js>, encrypts: bool, key: Bytes<'js>, iv: Bytes<'js>, data: Bytes<'js>) -> Result<Bytes<'js>> {
    let aes = key_of(&ctx, &key)?;
    let mut previous = block_of(&ctx, bytes(&iv))?;
    let mut out = bytes(&data).to_vec();
    let (blocks, rest) = out.as_chunks_mut::<16>();
    if !rest.is_empty() {
        return Err(Exception::throw_range(&ctx, "whole blocks are wanted"));
    }
    for block in blocks {
        if encrypts {
            xor(block, &previous);
            aes.encrypt(block);
            previous = *block;
        } else {
            let sealed = *block;
            aes.decrypt(block);
            xor(block, &previous);
            previous = sealed;
        }
    }
    TypedArray::new(ctx, out)
}

/// Whole blocks, each by itself.
fn ecb<'js>(ctx: Ctx<'js>, encrypts: bool, key: Bytes<'js>, data: Bytes<'js>) -> Result<Bytes<'js>> {
    let aes = key_of(&ctx, &key)?;
    let mut out = bytes(&data).to_vec();
    let (blocks, rest) = out.as_chunks_mut::<16>();
    if !rest.is_empty() {
        return Err(Exception::throw_range(&ctx, "whole blocks are wanted"));
    }
    for block in blocks {
        if encrypts { aes.encrypt(block) } else { aes.decrypt(block) }
    }
    TypedArray::new(ctx, out)
}

/// Adds a stream of encrypted counters, from its byte `skip` on. `counter` gives the counter of a number.
fn add_stream(aes: &Aes, skip: usize, data: &mut [u8], counter: impl Fn(u128) -> Block) {
    let mut number = skip as u128 / 16;
    let mut used = skip % 16;
    let mut rest = data;
    while !rest.is_empty() {
        let mut stream = counter(number);
        aes.encrypt(&mut stream);
        let stream = &stream[used..];
        let (now, later) = rest.split_at_mut(stream.len().min(rest.len()));
        now.iter_mut().zip(stream).for_each(|(byte, add)| *byte ^= add);
        rest = later;
        used = 0;
        number += 1;
    }
}

/// Counts with all 128 bits of the block.
fn ctr<'js>(ctx: Ctx<'js>, key: Bytes<'js>, counter: Bytes<'js>, skip: usize, data: Bytes<'js>) -> Result<Bytes<'js>> {
    let aes = key_of(&ctx, &key)?;
    let first = u128::from_be_bytes(block_of(&ctx, bytes(&counter))?);
    let mut out = bytes(&data).to_vec();
    add_stream(&aes, skip, &mut out, |number| first.wrapping_add(number).to_be_bytes());
    TypedArray::new(ctx, out)
}

fn ghash(aes: &Aes, parts: &[&[u8]], lengths: [u64; 2]) -> Block {
    let mut key = [0; 16];
    aes.encrypt(&mut key);
    let mut hash = GHash::new(&key.into());
    parts.iter().for_each(|part| hash.update_padded(part));
    let mut last = [0; 16];
    last[..8].copy_from_slice(&(lengths[0] * 8).to_be_bytes());
    last[8..].copy_from_slice(&(lengths[1] * 8).to_be_bytes());
    hash.update(&[last.into()]);
    hash.finalize().into()
}

/// The counter block of a GCM initialization vector.
fn first_counter(aes: &Aes, iv: &[u8]) -> Block {
    if iv.len() == 12 {
        let mut block = [0; 16];
        block[..12].copy_from_slice(iv);
        block[15] = 1;
        return block;
    }
    ghash(aes, &[iv], [0, iv.len() as u64])
}

/// The same block whose last 32 bits are counted on.
fn counted(block: &Block, by: u128) -> Block {
    let mut next = *block;
    if let Some(count) = next.last_chunk_mut::<4>() {
        *count = u32::from_be_bytes(*count).wrapping_add(by as u32).to_be_bytes();
    }
    next
}

/// GCM without its tag.
fn gcm<'js>(ctx: Ctx<'js>, key: Bytes<'js>, iv: Bytes<'js>, skip: usize, data: Bytes<'js>) -> Result<Bytes<'js>> {
    let aes = key_of(&ctx, &key)?;
    let first = first_counter(&aes, bytes(&iv));
    let mut out = bytes(&data).to_vec();
    add_stream(&aes, skip, &mut out, |number| counted(&first, number + 1));
    TypedArray::new(ctx, out)
}

/// The tag of GCM, of 16 bytes.
fn gcm_tag<'js>(
    ctx: Ctx<'js>,
    key: Bytes<'js>,
    iv: Bytes<'js>,
    aad: Bytes<'js>,
    sealed: Bytes<'js>,
) -> Result<Bytes<'js>> {
    let aes = key_of(&ctx, &key)?;
    let (aad, sealed) = (bytes(&aad), bytes(&sealed));
    let mut tag = first_counter(&aes, bytes(&iv));
    aes.encrypt(&mut tag);
    xor(&mut tag, &ghash(&aes, &[aad, sealed], [aad.len() as u64, sealed.len() as u64]));
    TypedArray::new(ctx, tag.to_vec())
}

/// RFC 3394: what the first 8 bytes are when nothing was changed.
const WRAPPED: [u8; 8] = [0xa6; 8];

/// AES key wrap.
fn wrap<'js>(ctx: Ctx<'js>, key: Bytes<'js>, data: Bytes<'js>) -> Result<Bytes<'js>> {
    let aes = key_of(&ctx, &key)?;
    let mut out = [WRAPPED.as_slice(), bytes(&data)].concat();
    let (parts, rest) = out.as_chunks_mut::<8>();
    if !rest.is_empty() || parts.len() < 3 {
        return Err(Exception::throw_range(&ctx, "a multiple of 8 bytes is wanted"));
    }
    for step in 0..6 * (parts.len() - 1) {
        let part = 1 + step % (parts.len() - 1);
        let mut block: Block = [0; 16];
        block[..8].copy_from_slice(&parts[0]);
        block[8..].copy_from_slice(&parts[part]);
        aes.encrypt(&mut block);
        parts[part].copy_from_slice(&block[8..]);
        parts[0].copy_from_slice(&block[..8]);
        xor_number(&mut parts[0], step as u64 + 1);
    }
    TypedArray::new(ctx, out)
}

/// The other way.
fn unwrap<'js>(ctx: Ctx<'js>, key: Bytes<'js>, data: Bytes<'js>) -> Result<Bytes<'js>> {
    let aes = key_of(&ctx, &key)?;
    let mut out = bytes(&data).to_vec();
    let failed = || Exception::throw_range(&ctx, "the wrapped key was changed");
    let (parts, rest) = out.as_chunks_mut::<8>();
    if !rest.is_empty() || parts.len() < 3 {
        return Err(failed());
    }
    for step in (0..6 * (parts.len() - 1)).rev() {
        let part = 1 + step % (parts.len() - 1);
        xor_number(&mut parts[0], step as u64 + 1);
        let mut block: Block = [0; 16];
        block[..8].copy_from_slice(&parts[0]);
        block[8..].copy_from_slice(&parts[part]);
        aes.decrypt(&mut block);
        parts[part].copy_from_slice(&block[8..]);
        parts[0].copy_from_slice(&block[..8]);
    }
    if parts[0] != WRAPPED {
        return Err(failed());
    }
    TypedArray::new(ctx.clone(), &out[8..])
}

fn xor_number(part: &mut [u8; 8], number: u64) {
    *part = (u64::from_be_bytes(*part) ^ number).to_be_bytes();
}
