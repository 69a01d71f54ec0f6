//! `host.zlib`: raw deflate in both directions, brotli to be read, and the two checksums. Headers and what follows them
//! are the prelude's.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, TDEFLStatus, compress, create_comp_flags_from_zip_params,
};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use rquickjs::{Ctx, Function, Object, Result, TypedArray};

use super::bytes;

type Bytes<'js> = TypedArray<'js, u8>;

pub(super) fn install<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let topic = Object::new(ctx.clone())?;
    topic.set("deflate", Function::new(ctx.clone(), deflate)?)?;
    topic.set("inflate", Function::new(ctx.clone(), inflate)?)?;
    topic.set("brotli", Function::new(ctx.clone(), brotli)?)?;
    topic.set("crc32", Function::new(ctx.clone(), crc32)?)?;
    topic.set("adler32", Function::new(ctx.clone(), adler32)?)?;
    Ok(topic)
}

/// Raw deflate at a level from 0 to 9.
fn deflate<'js>(ctx: Ctx<'js>, data: Bytes<'js>, level: i32, strategy: i32) -> Result<Bytes<'js>> {
    let mut rest = bytes(&data);
    let mut state = CompressorOxide::new(create_comp_flags_from_zip_params(level, 0, strategy));
    let mut out = vec![0; (rest.len() / 2).max(64)];
    let mut made = 0;
    loop {
        let (status, read, written) = compress(&mut state, rest, &mut out[made..], TDEFLFlush::Finish);
        made += written;
        rest = &rest[read..];
        if status != TDEFLStatus::Okay {
            break;
        }
        out.resize(out.len() * 2, 0);
    }
    out.truncate(made);
    TypedArray::new(ctx, out)
}

/// What came of reading.
fn answer<'js>(ctx: &Ctx<'js>, status: &str, read: usize, out: Vec<u8>) -> Result<Object<'js>> {
    let answer = Object::new(ctx.clone())?;
    answer.set("status", status)?;
    answer.set("read", read)?;
    answer.set("bytes", TypedArray::new(ctx.clone(), out)?)?;
    Ok(answer)
}

/// `{status, read, bytes}` of raw deflate: `done`, `short` (the text ends too early), `bad` or `large`.
fn inflate<'js>(ctx: Ctx<'js>, data: Bytes<'js>, most: usize) -> Result<Object<'js>> {
    let data = bytes(&data);
    let mut state = DecompressorOxide::new();
    let mut out = vec![0; data.len().saturating_mul(2).clamp(64, most.saturating_add(1).max(64))];
    let (mut read, mut made) = (0, 0);
    let status = loop {
        let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let (status, in_now, out_now) = decompress(&mut state, &data[read..], &mut out, made, flags);
        read += in_now;
        made += out_now;
        match status {
            TINFLStatus::Done => break "done",
            TINFLStatus::HasMoreOutput if made > most => break "large",
            TINFLStatus::HasMoreOutput => out.resize(out.len().saturating_mul(2), 0),
            TINFLStatus::NeedsMoreInput | TINFLStatus::FailedCannotMakeProgress => break "short",
            _ => break "bad",
        }
    };
    out.truncate(made);
    let status = if made > most { "large" } else { status };
    answer(&ctx, status, read, out)
}

/// The same of brotli.
fn brotli<'js>(ctx: Ctx<'js>, data: Bytes<'js>, most: usize) -> Result<Object<'js>> {
    let data = bytes(&data);
    let alloc = || StandardAlloc::default();
    let mut state = BrotliState::new(alloc(), alloc(), alloc());
    let mut out = Vec::new();
    let mut part = [0; 4096];
    let (mut left, mut read, mut total) = (data.len(), 0, 0);
    let status = loop {
        let (mut room, mut made) = (part.len(), 0);
        let result =
            BrotliDecompressStream(&mut left, &mut read, data, &mut room, &mut made, &mut part, &mut total, &mut state);
        out.extend_from_slice(&part[..made]);
        match result {
            _ if out.len() > most => break "large",
            BrotliResult::NeedsMoreOutput => {}
            BrotliResult::ResultSuccess => break "done",
            BrotliResult::NeedsMoreInput => break "short",
            BrotliResult::ResultFailure => break "bad",
        }
    };
    answer(&ctx, status, read, out)
}

/// The checksum of gzip, from a value before.
fn crc32(data: Bytes<'_>, before: f64) -> f64 {
    let mut crc = !(before as u32);
    for byte in bytes(&data) {
        crc = (crc >> 8) ^ CRC_TABLE[((crc ^ u32::from(*byte)) & 0xff) as usize];
    }
    f64::from(!crc)
}

const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut n = 0;
    while n < 256 {
        let mut crc = n as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[n] = crc;
        n += 1;
    }
    table
};

/// The checksum of zlib.
fn adler32(data: Bytes<'_>) -> f64 {
    let (mut a, mut b) = (1_u32, 0_u32);
    for part in bytes(&data).chunks(5552) {
        for byte in part {
            a += u32::from(*byte);
            b += a;
        }
        a %= 65_521;
        b %= 65_521;
    }
    f64::from(b << 16 | a)
}
