//! Runs the prelude in the compiled guest, and makes the memory after it the module's own.

use std::path::Path;

use wasmparser::ValType;
use wasmtime::error::Context as _;
use wasmtime::{Config, Engine, Instance, Linker, Memory, Module, Result, Store, Val, format_err};
use wasmtime_wizer::{InstanceState, SnapshotVal, Wizer};

/// Makes the engine's module.
pub(crate) async fn build(guest: &Path, prelude: &str) -> Result<Vec<u8>> {
    let wasm = std::fs::read(guest).with_context(|| format!("read {}: build the guest first", guest.display()))?;
    let engine = engine()?;
    let wizer = Wizer::new();
    let (context, instrumented) = wizer.instrument(&wasm)?;
    let module = Module::new(&engine, &instrumented)?;
    // Twice, so that the image holds nothing of compiling.
    let bytecode = {
        let mut guest = Guest::new(&engine, &module)?;
        let (place, len) = guest.give(prelude.as_bytes())?;
        let compile = guest.instance.get_typed_func::<(i32, i32), i64>(&mut guest.store, "prelude_compile")?;
        match compile.call(&mut guest.store, (place, len)) {
            Ok(packed) => guest.bytes(packed).to_vec(),
            Err(error) => return Err(guest.why(&error)),
        }
    };
    let mut guest = Guest::new(&engine, &module)?;
    let (place, len) = guest.give(&bytecode)?;
    let load = guest.instance.get_typed_func::<(i32, i32), ()>(&mut guest.store, "prelude_load")?;
    if let Err(error) = load.call(&mut guest.store, (place, len)) {
        return Err(guest.why(&error));
    }
    wizer.snapshot(&context, &mut guest).await
}

fn engine() -> Result<Engine> {
    let mut config = Config::new();
    config.max_wasm_stack(4 << 20).async_stack_size(8 << 20);
    Engine::new(&config)
}

struct Guest {
    store: Store<()>,
    instance: Instance,
    memory: Memory,
}

impl Guest {
    fn new(engine: &Engine, module: &Module) -> Result<Self> {
        let mut store = Store::new(engine, ());
        let mut linker = Linker::new(engine);
        linker.define_unknown_imports_as_traps(module)?;
        let instance = linker.instantiate(&mut store, module)?;
        let memory = instance.get_memory(&mut store, "memory").context("no memory")?;
        Ok(Self { store, instance, memory })
    }

    fn give(&mut self, bytes: &[u8]) -> Result<(i32, i32)> {
        let len = i32::try_from(bytes.len())?;
        let alloc = self.instance.get_typed_func::<i32, i32>(&mut self.store, "postern_alloc")?;
        let place = alloc.call(&mut self.store, len)?;
        self.memory.write(&mut self.store, place.cast_unsigned() as usize, bytes)?;
        Ok((place, len))
    }

    fn bytes(&self, packed: i64) -> &[u8] {
        let packed = packed.cast_unsigned();
        let place = usize::try_from(packed >> 32).ok().zip(usize::try_from(packed & u64::from(u32::MAX)).ok());
        let text = place.and_then(|(start, len)| self.memory.data(&self.store).get(start..)?.get(..len));
        text.unwrap_or_default()
    }

    /// The text in the failure cell beside the trap.
    fn why(&mut self, error: &wasmtime::Error) -> wasmtime::Error {
        let global = self.instance.get_global(&mut self.store, "postern_failure");
        let cell = global.and_then(|global| global.get(&mut self.store).i32()).unwrap_or_default();
        let cell = self.memory.data(&self.store).get(cell.cast_unsigned() as usize..).unwrap_or_default();
        let packed = cell.first_chunk::<8>().map_or(0, |bytes| i64::from_le_bytes(*bytes));
        format_err!("{}\n{error:?}", String::from_utf8_lossy(self.bytes(packed)))
    }
}

impl InstanceState for Guest {
    async fn global_get(&mut self, name: &str, _hint: ValType) -> SnapshotVal {
        match self.instance.get_global(&mut self.store, name).map(|global| global.get(&mut self.store)) {
            Some(Val::I32(value)) => SnapshotVal::I32(value),
            Some(Val::I64(value)) => SnapshotVal::I64(value),
            Some(Val::F32(value)) => SnapshotVal::F32(value),
            Some(Val::F64(value)) => SnapshotVal::F64(value),
            other => {
                // What `InstanceState` asks for.
                #[expect(clippy::panic, reason = "documented to panic")]
                {
                    panic!("global {name} is {other:?}")
                }
            }
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        if let Some(memory) = self.instance.get_memory(&mut self.store, name) {
            contents(memory.data(&self.store));
        }
    }
}
