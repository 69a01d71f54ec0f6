//! The memory after `postern_init`, kept as what differs from the module's own image, and the mutable globals that
//! are exported. Tables and globals that are not exported cannot be seen from outside, so they start as in the module.

use wasmtime::{Instance, Memory, ModuleExport, Mutability, Store, Val};

use crate::sandbox::Sandbox;

/// Bytes compared at a time: a cache line.
const GRANULE: usize = 64;

/// What `postern_init` changed: memory, and the mutable globals that are exported.
#[derive(Default)]
pub(crate) struct Snapshot {
    memory_bytes: usize,
    /// Where each stretch of [`Self::bytes`] goes, and its length.
    stretches: Vec<(usize, usize)>,
    bytes: Vec<u8>,
    globals: Vec<(ModuleExport, Val)>,
}

impl Snapshot {
    /// The differences between a fresh memory and the same after `postern_init`.
    pub(crate) fn of_memory(fresh: &[u8], after: &[u8]) -> Self {
        let mut snapshot = Self { memory_bytes: after.len(), ..Self::default() };
        let zeros = [0_u8; GRANULE];
        for (index, granule) in after.chunks(GRANULE).enumerate() {
            let at = index * GRANULE;
            let before = fresh.get(at..at + granule.len()).or_else(|| zeros.get(..granule.len())).unwrap_or_default();
            if before == granule {
                continue;
            }
            match snapshot.stretches.last_mut() {
                Some((start, len)) if *start + *len == at => *len += granule.len(),
                Some(_) | None => snapshot.stretches.push((at, granule.len())),
            }
            snapshot.bytes.extend_from_slice(granule);
        }
        snapshot.bytes.shrink_to_fit();
        snapshot
    }

    /// Adds the exported mutable globals as they are now.
    pub(crate) fn add_globals(&mut self, module: &wasmtime::Module, instance: &Instance, store: &mut Store<Sandbox>) {
        for export in module.exports() {
            let Some(global) = export.ty().global().cloned() else { continue };
            let Some(index) = module.get_export_index(export.name()) else { continue };
            if global.mutability() == Mutability::Var
                && let Some(found) =
                    instance.get_module_export(&mut *store, &index).and_then(wasmtime::Extern::into_global)
            {
                let value = found.get(&mut *store);
                if matches!(value, Val::I32(_) | Val::I64(_) | Val::F32(_) | Val::F64(_) | Val::V128(_)) {
                    self.globals.push((index, value));
                }
            }
        }
    }

    /// Memory held, bytes.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len() + self.stretches.len() * size_of::<(usize, usize)>()
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
        let mut rest = self.bytes.as_slice();
        for (start, len) in &self.stretches {
            let (stretch, after) = rest.split_at(*len);
            rest = after;
            target
                .get_mut(*start..start + len)
                .ok_or_else(|| wasmtime::Error::msg("the snapshot does not fit the memory"))?
                .copy_from_slice(stretch);
        }
        for (index, value) in &self.globals {
            if let Some(global) = instance.get_module_export(&mut *store, index).and_then(wasmtime::Extern::into_global)
            {
                global.set(&mut *store, *value)?;
            }
        }
        Ok(())
    }
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
        assert_eq!(snapshot.stretches, [(64, 128), (256, 64)]);
        assert_eq!(snapshot.bytes.len(), 192);
        assert_eq!(snapshot.memory_bytes, 384);
    }
}
