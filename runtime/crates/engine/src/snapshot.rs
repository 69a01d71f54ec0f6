//! The memory after `postern_init`, kept as what differs from the module's own image, and the mutable globals that
//! are exported. Tables and globals that are not exported cannot be seen from outside, so they start as in the module.

use std::io;

use wasmtime::{Instance, Memory, Module, ModuleExport, Mutability, Store, V128, Val};

use crate::config::MEMORY_BYTES;
use crate::sandbox::Sandbox;

/// Bytes compared at a time: a cache line.
const GRANULE: usize = 64;
/// Zstandard's fastest level: higher ones gain little on memory images.
const LEVEL: i32 = 1;
/// A snapshot written out, bytes at most: all of a memory, and its stretches.
const ENCODED_BYTES: usize = MEMORY_BYTES + MEMORY_BYTES / 4;

/// What `postern_init` changed: memory, and the mutable globals that are exported.
#[derive(Default)]
pub(crate) struct Snapshot {
    memory_bytes: usize,
    /// Where each stretch of [`Self::bytes`] goes, and its length.
    stretches: Box<[Stretch]>,
    bytes: Box<[u8]>,
    globals: Box<[Global]>,
}

/// A part of the memory: address and length.
type Stretch = (u32, u32);

/// A global with its value, its name and its index.
struct Global {
    name: Box<str>,
    index: ModuleExport,
    value: Val,
}

impl Snapshot {
    /// The differences between a fresh memory and the same after `postern_init`.
    pub(crate) fn of_memory(fresh: &[u8], after: &[u8]) -> Self {
        let (mut stretches, mut bytes): (Vec<Stretch>, Vec<u8>) = (Vec::new(), Vec::new());
        let zeros = [0_u8; GRANULE];
        let (mut at, mut rest) = (0_u32, fresh);
        for granule in after.chunks(GRANULE) {
            let (before, after) = rest.split_at(granule.len().min(rest.len()));
            rest = after;
            let before = if before.is_empty() { zeros.get(..granule.len()).unwrap_or_default() } else { before };
            // A memory has at most 4 GiB.
            let len = u32::try_from(granule.len()).unwrap_or(u32::MAX);
            if before != granule {
                match stretches.last_mut() {
                    Some((start, length)) if *start + *length == at => *length += len,
                    Some(_) | None => stretches.push((at, len)),
                }
                bytes.extend_from_slice(granule);
            }
            at = at.saturating_add(len);
        }
        Self { memory_bytes: after.len(), stretches: stretches.into(), bytes: bytes.into(), globals: Box::default() }
    }

    /// Adds the exported mutable globals as they are now.
    pub(crate) fn add_globals(&mut self, module: &Module, instance: &Instance, store: &mut Store<Sandbox>) {
        let mut globals = Vec::new();
        for export in module.exports() {
            let Some(global) = export.ty().global().cloned() else { continue };
            let Some(index) = module.get_export_index(export.name()) else { continue };
            if global.mutability() == Mutability::Var
                && let Some(found) =
                    instance.get_module_export(&mut *store, &index).and_then(wasmtime::Extern::into_global)
            {
                let value = found.get(&mut *store);
                if bits(&value).is_some() {
                    globals.push(Global { name: export.name().into(), index, value });
                }
            }
        }
        self.globals = globals.into();
    }

    /// Compressed, to be kept.
    pub(crate) fn pack(&self) -> io::Result<Vec<u8>> {
        let mut text = Vec::with_capacity(self.bytes.len() + self.stretches.len() * size_of::<Stretch>() + 64);
        let number = |text: &mut Vec<u8>, number: usize| {
            text.extend(u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
        };
        number(&mut text, self.memory_bytes);
        number(&mut text, self.globals.len());
        for Global { name, value, .. } in &self.globals {
            let Some((kind, bits)) = bits(value) else { continue };
            number(&mut text, name.len());
            text.extend(name.as_bytes());
            text.push(kind);
            text.extend(bits.to_le_bytes());
        }
        number(&mut text, self.stretches.len());
        for (start, length) in &self.stretches {
            text.extend(start.to_le_bytes());
            text.extend(length.to_le_bytes());
        }
        text.extend(&self.bytes);
        zstd::bulk::compress(&text, LEVEL)
    }

    /// What [`Self::pack`] made; `None` when it is not that, or of another module.
    pub(crate) fn unpack(packed: &[u8], module: &Module) -> Option<Self> {
        let size = zstd::zstd_safe::get_frame_content_size(packed).ok()??;
        let size = usize::try_from(size).ok().filter(|size| *size <= ENCODED_BYTES)?;
        let text = zstd::bulk::decompress(packed, size).ok()?;
        let mut rest = text.as_slice();
        let memory_bytes = number(&mut rest)?;
        let mut globals = Vec::new();
        for _ in 0..number(&mut rest)? {
            let length = number(&mut rest)?;
            let name = std::str::from_utf8(take(&mut rest, length)?).ok()?;
            let kind = *take(&mut rest, 1)?.first()?;
            let value = value(kind, u128::from_le_bytes(*take(&mut rest, 16)?.first_chunk()?))?;
            globals.push(Global { name: name.into(), index: module.get_export_index(name)?, value });
        }
        let count = number(&mut rest)?;
        let places = take(&mut rest, count.checked_mul(size_of::<Stretch>())?)?;
        let (places, _) = places.as_chunks::<4>();
        let numbers = places.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect::<Vec<_>>();
        let (pairs, _) = numbers.as_chunks::<2>();
        let stretches = pairs.iter().map(|[start, length]| (*start, *length)).collect::<Box<[_]>>();
        let total: u64 = stretches.iter().map(|(_, length)| u64::from(*length)).sum();
        (total == rest.len() as u64).then(|| Self {
            memory_bytes,
            stretches,
            bytes: rest.into(),
            globals: globals.into(),
        })
    }

    /// Memory held, bytes.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len() + self.stretches.len() * size_of::<Stretch>()
    }

    /// Makes a fresh instance what the initialized one was.
    pub(crate) fn restore(
        &self,
        store: &mut Store<Sandbox>,
        instance: &Instance,
        memory: Memory,
    ) -> wasmtime::Result<()> {
        let missing = self.memory_bytes.saturating_sub(memory.data_size(&*store));
        if missing > 0 {
            memory.grow(&mut *store, (missing / 65_536) as u64)?;
        }
        let target = memory.data_mut(&mut *store);
        let mut rest = &*self.bytes;
        for (start, length) in &self.stretches {
            let (start, length) = (*start as usize, *length as usize);
            let (stretch, after) = rest.split_at(length);
            rest = after;
            target
                .get_mut(start..start + length)
                .ok_or_else(|| wasmtime::Error::msg("the snapshot does not fit the memory"))?
                .copy_from_slice(stretch);
        }
        for Global { index, value, .. } in &self.globals {
            if let Some(global) = instance.get_module_export(&mut *store, index).and_then(wasmtime::Extern::into_global)
            {
                global.set(&mut *store, *value)?;
            }
        }
        Ok(())
    }
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(taken)
}

fn number(rest: &mut &[u8]) -> Option<usize> {
    Some(u32::from_le_bytes(*take(rest, 4)?.first_chunk()?) as usize)
}

/// Kind and bits of a number; `None` for a reference, which cannot be kept.
fn bits(value: &Val) -> Option<(u8, u128)> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "all others are references")]
    Some(match value {
        Val::I32(number) => (0, number.cast_unsigned().into()),
        Val::I64(number) => (1, number.cast_unsigned().into()),
        Val::F32(bits) => (2, (*bits).into()),
        Val::F64(bits) => (3, (*bits).into()),
        Val::V128(bits) => (4, bits.as_u128()),
        _ => return None,
    })
}

fn value(kind: u8, bits: u128) -> Option<Val> {
    Some(match kind {
        0 => Val::I32(u32::try_from(bits).ok()?.cast_signed()),
        1 => Val::I64(u64::try_from(bits).ok()?.cast_signed()),
        2 => Val::F32(u32::try_from(bits).ok()?),
        3 => Val::F64(u64::try_from(bits).ok()?),
        4 => Val::V128(V128::from(bits)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_only_what_differs() {
        let fresh = vec![7_u8; 256];
        let mut after = vec![7_u8; 256];
        after.extend([0; 128]);
        after[70] = 1;
        after[130] = 2;
        after[300] = 3;
        let snapshot = Snapshot::of_memory(&fresh, &after);
        assert_eq!(*snapshot.stretches, [(64, 128), (256, 64)]);
        assert_eq!(snapshot.bytes.len(), 192);
        assert_eq!(snapshot.memory_bytes, 384);
        let engine = wasmtime::Engine::default();
        let module = Module::new(&engine, b"\0asm\x01\0\0\0").unwrap();
        let packed = snapshot.pack().unwrap();
        let unpacked = Snapshot::unpack(&packed, &module).unwrap();
        assert_eq!((&unpacked.stretches, &unpacked.bytes), (&snapshot.stretches, &snapshot.bytes));
        assert_eq!(unpacked.memory_bytes, 384);
        for cut in 0..packed.len() {
            assert!(Snapshot::unpack(&packed[..cut], &module).is_none(), "{cut}");
        }
    }
}
