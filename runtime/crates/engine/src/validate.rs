//! What a module must be before it is compiled: compiling what a stranger sends costs time and memory in proportion
//! to its shape, so the shape is bounded first, and everything that the host does not offer is refused by name.

use std::borrow::Cow;

use postern_contract::{ABI_VERSION, IMPORT_MODULE, STAMP_SECTION, Stamp, export, import};
use postern_model::limits::COMPILED_MODULE_BYTES;
use wasmparser::{
    CustomSectionReader, Encoding, Export, ExternalKind, FuncValidatorAllocations, FunctionBody, MemoryType, Operator,
    Parser, Payload, TypeRef, ValType, ValidPayload, Validator, WasmFeatures,
};

use crate::invalid_module::{Countable, InvalidModule};

/// Functions of a module.
pub(crate) const FUNCTIONS: u32 = 20_000;
/// Function types of a module.
pub(crate) const TYPES: u32 = 5_000;
/// Locals of a function: the compiler's memory grows with them.
pub(crate) const LOCALS: u32 = 5_000;
/// Code of a function, bytes.
pub(crate) const FUNCTION_BYTES: usize = 512 * 1024;
/// Control flow of a module, because that is how the time to compile it grows: for each function the square of its
/// blocks and branches, and their product with its locals. One function may have 20,000 of them, or a hundred 2,000.
const CONTROL_FLOW: u64 = 400_000_000;
/// What a loop counts for in it.
const LOOP_WEIGHT: u64 = 4;
/// What a local counts for in it.
const LOCAL_WEIGHT: u64 = 32;
/// Targets of a `br_table`.
pub(crate) const BR_TABLE_TARGETS: u32 = 5_000;
/// Elements of a table, at its start and after growing.
pub(crate) const TABLE_ELEMENTS: u32 = 20_000;
/// Globals of a module.
pub(crate) const GLOBALS: u32 = 1_000;
/// Data or element segments of a module.
pub(crate) const SEGMENTS: u32 = 20_000;
/// Exports of a module.
pub(crate) const EXPORTS: u32 = 1_000;
/// Linear memory at its start, pages of 64 KiB; what a run may grow to is a limit of the run.
pub(crate) const MEMORY_PAGES: u64 = 1_024;
/// The `postern` custom section, bytes.
const STAMP_BYTES: usize = 64 * 1024;

/// The proposals that guests may use; the engine's `Config` switches on the same.
pub(crate) fn features() -> WasmFeatures {
    WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::REFERENCE_TYPES
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::SIMD
        | WasmFeatures::FLOATS
        | WasmFeatures::EXTENDED_CONST
}

/// What a module says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModuleReport {
    /// The `postern` custom section.
    pub stamp: Option<Stamp>,
    /// Whether it has `on_execute_post_login`.
    pub executes: bool,
    /// Whether it has `on_continue_post_login`.
    pub continues: bool,
    /// Whether it has `on_execute_credentials_exchange`.
    pub exchanges: bool,
    /// Whether it has `postern_init`.
    pub initializes: bool,
    /// Whether it has `postern_compile`.
    pub compiles: bool,
}

const I32: ValType = ValType::I32;
const I64: ValType = ValType::I64;

/// Parameters and results, and how to say them.
type Signature = (&'static [ValType], &'static [ValType], &'static str);

const ENTRY: Signature = (&[], &[I64], "a function of type () -> i64");

fn import_signature(name: &str) -> Option<Signature> {
    Some(match name {
        import::EVENT_READ => (&[I32, I32, I32, I32], &[I32], "(i32, i32, i32, i32) -> i32"),
        import::LOG => (&[I32, I32, I32], &[], "(i32, i32, i32)"),
        import::NOW => (&[], &[I64], "() -> i64"),
        import::RANDOM => (&[I32, I32], &[], "(i32, i32)"),
        import::CALL_START => (&[I32, I32], &[I32], "(i32, i32) -> i32"),
        import::CALL_WAIT => (&[], &[I32], "() -> i32"),
        import::CALL_TAKE => (&[I32, I32, I32], &[I32], "(i32, i32, i32) -> i32"),
        _ => return None,
    })
}

/// Version of the rules below: what was checked under other rules is checked again.
pub(crate) const RULES: u32 = 3;

/// Checks a module, and says what it is.
pub(crate) fn check(wasm: &[u8]) -> Result<ModuleReport, InvalidModule> {
    walk(wasm, Bodies::Check)
}

/// Says what a module is that has been checked under these very rules.
pub(crate) fn survey(wasm: &[u8]) -> Result<ModuleReport, InvalidModule> {
    walk(wasm, Bodies::Skip)
}

/// What to do with the code of functions, which is most of a module.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bodies {
    Check,
    Skip,
}

fn walk(wasm: &[u8], bodies: Bodies) -> Result<ModuleReport, InvalidModule> {
    if wasm.len() > COMPILED_MODULE_BYTES {
        return Err(InvalidModule::Size { size: wasm.len() });
    }
    let mut validator = Validator::new_with_features(features());
    let mut parser = Parser::new(0);
    parser.set_features(features());
    let mut seen = Seen::default();
    let mut allocations = FuncValidatorAllocations::default();
    let invalid = |error: wasmparser::BinaryReaderError| InvalidModule::Invalid { detail: error.to_string() };
    for payload in parser.parse_all(wasm) {
        let payload = payload.map_err(|error| {
            if seen.version { invalid(error) } else { InvalidModule::NotAModule { detail: error.to_string() } }
        })?;
        seen.check_before(&payload)?;
        match validator.payload(&payload).map_err(invalid)? {
            ValidPayload::Func(function, body) if bodies == Bodies::Check => {
                seen.add_control_flow(check_body(&body)?)?;
                let mut function = function.into_validator(allocations);
                function.validate(&body).map_err(invalid)?;
                allocations = function.into_allocations();
            }
            ValidPayload::Func(..) | ValidPayload::Ok | ValidPayload::Parser(_) | ValidPayload::End(_) => {}
        }
        seen.check_after(&payload)?;
    }
    seen.finish()
}

/// What has been seen of the module so far.
#[derive(Default)]
struct Seen {
    version: bool,
    types: Vec<Option<wasmparser::FuncType>>,
    functions: Vec<u32>,
    memories: u64,
    tables: u64,
    globals: Vec<wasmparser::GlobalType>,
    exports: Vec<(&'static str, Found)>,
    stamp: Option<Stamp>,
    control_flow: u64,
}

/// An export that has a meaning here.
enum Found {
    Memory,
    Function(u32),
    Global(u32),
    Other,
}

const NAMED: [&str; 8] = [
    export::MEMORY,
    export::ON_EXECUTE,
    export::ON_CONTINUE,
    export::ON_CREDENTIALS_EXCHANGE,
    export::INIT,
    export::COMPILE,
    export::ALLOC,
    export::FAILURE,
];

fn count(what: Countable, count: u64, limit: u64) -> Result<(), InvalidModule> {
    if count > limit { Err(InvalidModule::Count { what, count, limit }) } else { Ok(()) }
}

impl Seen {
    /// The cheap rules, before the validator works through the section.
    fn check_before(&mut self, payload: &Payload<'_>) -> Result<(), InvalidModule> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "the validator refuses the sections of other proposals")]
        match payload {
            Payload::Version { encoding, .. } => {
                self.version = true;
                if *encoding == Encoding::Component {
                    return Err(InvalidModule::Component);
                }
            }
            Payload::TypeSection(section) => count(Countable::Types, section.count().into(), TYPES.into())?,
            Payload::FunctionSection(section) => {
                count(Countable::Functions, section.count().into(), FUNCTIONS.into())?;
            }
            Payload::TableSection(section) if section.count() > 1 => {
                return Err(InvalidModule::Tables { count: section.count().into() });
            }
            Payload::MemorySection(section) if section.count() != 1 => {
                return Err(InvalidModule::Memories { count: section.count().into() });
            }
            Payload::GlobalSection(section) => count(Countable::Globals, section.count().into(), GLOBALS.into())?,
            Payload::ExportSection(section) => count(Countable::Exports, section.count().into(), EXPORTS.into())?,
            Payload::StartSection { .. } => return Err(InvalidModule::Start),
            Payload::ElementSection(section) => {
                count(Countable::ElementSegments, section.count().into(), SEGMENTS.into())?;
            }
            Payload::DataSection(section) => count(Countable::DataSegments, section.count().into(), SEGMENTS.into())?,
            Payload::CustomSection(section) if section.name() == STAMP_SECTION => self.check_stamp(section)?,
            _ => {}
        }
        Ok(())
    }

    /// The rules about content, once the validator has found the section well-formed.
    fn check_after(&mut self, payload: &Payload<'_>) -> Result<(), InvalidModule> {
        let invalid = |error: wasmparser::BinaryReaderError| InvalidModule::Invalid { detail: error.to_string() };
        #[expect(clippy::wildcard_enum_match_arm, reason = "no rules about the content of others")]
        match payload {
            Payload::TypeSection(section) => {
                for group in section.clone() {
                    for ty in group.map_err(invalid)?.into_types() {
                        self.types.push(match ty.composite_type.inner {
                            wasmparser::CompositeInnerType::Func(ty) => Some(ty),
                            _ => None,
                        });
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.clone().into_imports() {
                    let import = import.map_err(invalid)?;
                    self.check_import(import.module, import.name, import.ty)?;
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section.clone() {
                    self.functions.push(ty.map_err(invalid)?);
                }
            }
            Payload::TableSection(section) => {
                for table in section.clone() {
                    self.tables += 1;
                    let elements = table.map_err(invalid)?.ty.initial;
                    if elements > TABLE_ELEMENTS.into() {
                        return Err(InvalidModule::TableSize { elements });
                    }
                }
            }
            Payload::MemorySection(section) => {
                for memory in section.clone() {
                    self.check_memory(memory.map_err(invalid)?)?;
                }
            }
            Payload::GlobalSection(section) => {
                for global in section.clone() {
                    self.globals.push(global.map_err(invalid)?.ty);
                }
            }
            Payload::ExportSection(section) => {
                for export in section.clone() {
                    self.note_export(export.map_err(invalid)?);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn check_import(&mut self, module: &str, name: &str, ty: TypeRef) -> Result<(), InvalidModule> {
        let signature = (module == IMPORT_MODULE).then(|| import_signature(name)).flatten();
        let Some(signature) = signature else {
            return Err(InvalidModule::UnknownImport { module: shown(module), name: shown(name) });
        };
        let TypeRef::Func(index) = ty else {
            return Err(InvalidModule::ImportType { name: name.to_owned(), wanted: signature.2 });
        };
        if !self.is(index, signature) {
            return Err(InvalidModule::ImportType { name: name.to_owned(), wanted: signature.2 });
        }
        self.functions.push(index);
        count(Countable::Functions, self.functions.len() as u64, FUNCTIONS.into())
    }

    fn check_memory(&mut self, memory: MemoryType) -> Result<(), InvalidModule> {
        self.memories += 1;
        if memory.initial > MEMORY_PAGES {
            return Err(InvalidModule::MemorySize { pages: memory.initial });
        }
        Ok(())
    }

    fn check_stamp(&mut self, section: &CustomSectionReader<'_>) -> Result<(), InvalidModule> {
        if self.stamp.is_some() {
            return Err(InvalidModule::Stamp { detail: "it is there twice".to_owned() });
        }
        if section.data().len() > STAMP_BYTES {
            let detail = format!("it is {} bytes, at most {STAMP_BYTES} are allowed", section.data().len());
            return Err(InvalidModule::Stamp { detail });
        }
        let stamp: Stamp = serde_json::from_slice(section.data())
            .map_err(|error| InvalidModule::Stamp { detail: error.to_string() })?;
        if stamp.abi != ABI_VERSION {
            return Err(InvalidModule::AbiVersion { abi: stamp.abi });
        }
        self.stamp = Some(stamp);
        Ok(())
    }

    fn add_control_flow(&mut self, cost: u64) -> Result<(), InvalidModule> {
        self.control_flow = self.control_flow.saturating_add(cost);
        if self.control_flow > CONTROL_FLOW { Err(InvalidModule::ControlFlow) } else { Ok(()) }
    }

    fn note_export(&mut self, export: Export<'_>) {
        let Some(name) = NAMED.into_iter().find(|name| *name == export.name) else { return };
        let found = match export.kind {
            ExternalKind::Memory => Found::Memory,
            ExternalKind::Func | ExternalKind::FuncExact => Found::Function(export.index),
            ExternalKind::Global => Found::Global(export.index),
            ExternalKind::Table | ExternalKind::Tag => Found::Other,
        };
        self.exports.push((name, found));
    }

    fn is(&self, type_index: u32, (params, results, _): Signature) -> bool {
        let ty = self.types.get(type_index as usize).and_then(Option::as_ref);
        ty.is_some_and(|ty| ty.params() == params && ty.results() == results)
    }

    /// Whether the module exports a function of that name, which must then be of that type.
    fn exports_function(&self, name: &'static str, signature: Signature) -> Result<bool, InvalidModule> {
        let Some((_, found)) = self.exports.iter().find(|(found, _)| *found == name) else { return Ok(false) };
        let legal = match found {
            Found::Function(index) => {
                self.functions.get(*index as usize).is_some_and(|type_index| self.is(*type_index, signature))
            }
            Found::Memory | Found::Global(_) | Found::Other => false,
        };
        if legal { Ok(true) } else { Err(InvalidModule::ExportType { name, wanted: signature.2 }) }
    }

    fn finish(self) -> Result<ModuleReport, InvalidModule> {
        if self.memories != 1 {
            return Err(InvalidModule::Memories { count: self.memories });
        }
        match self.exports.iter().find(|(name, _)| *name == export::MEMORY) {
            None => return Err(InvalidModule::MissingExport { name: export::MEMORY }),
            Some((_, Found::Memory)) => {}
            Some((_, Found::Function(_) | Found::Global(_) | Found::Other)) => {
                return Err(InvalidModule::ExportType { name: export::MEMORY, wanted: "the memory" });
            }
        }
        let executes = self.exports_function(export::ON_EXECUTE, ENTRY)?;
        let exchanges = self.exports_function(export::ON_CREDENTIALS_EXCHANGE, ENTRY)?;
        if !executes && !exchanges {
            return Err(InvalidModule::MissingExport { name: export::ON_EXECUTE });
        }
        let continues = self.exports_function(export::ON_CONTINUE, ENTRY)?;
        let initializes = self.exports_function(export::INIT, (&[I32, I32], &[], "a function of type (i32, i32)"))?;
        let compiles =
            self.exports_function(export::COMPILE, (&[I32, I32], &[I64], "a function of type (i32, i32) -> i64"))?;
        let allocates = self.exports_function(export::ALLOC, (&[I32], &[I32], "a function of type (i32) -> i32"))?;
        if (initializes || compiles) && !allocates {
            return Err(InvalidModule::MissingExport { name: export::ALLOC });
        }
        if let Some((_, found)) = self.exports.iter().find(|(name, _)| *name == export::FAILURE) {
            let legal = match found {
                Found::Global(index) => {
                    self.globals.get(*index as usize).is_some_and(|ty| ty.content_type == I32 && !ty.mutable)
                }
                Found::Memory | Found::Function(_) | Found::Other => false,
            };
            if !legal {
                return Err(InvalidModule::ExportType { name: export::FAILURE, wanted: "an immutable i32 global" });
            }
        }
        Ok(ModuleReport { stamp: self.stamp, executes, continues, exchanges, initializes, compiles })
    }
}

/// Checks the code of a function. Answers what it costs of [`CONTROL_FLOW`].
fn check_body(body: &FunctionBody<'_>) -> Result<u64, InvalidModule> {
    let invalid = |error: wasmparser::BinaryReaderError| InvalidModule::Invalid { detail: error.to_string() };
    count(Countable::FunctionBytes, body.as_bytes().len() as u64, FUNCTION_BYTES as u64)?;
    let (mut locals, mut control_flow) = (0_u64, 0_u64);
    for group in body.get_locals_reader().map_err(invalid)? {
        locals += u64::from(group.map_err(invalid)?.0);
        count(Countable::Locals, locals, LOCALS.into())?;
    }
    for operator in body.get_operators_reader().map_err(invalid)? {
        #[expect(clippy::wildcard_enum_match_arm, reason = "no other instruction branches")]
        let weight = match operator.map_err(invalid)? {
            Operator::Block { .. } | Operator::Br { .. } | Operator::BrIf { .. } => 1,
            Operator::If { .. } => 2,
            // Both meters are read at its head.
            Operator::Loop { .. } => LOOP_WEIGHT,
            Operator::BrTable { targets } => {
                count(Countable::BrTableTargets, targets.len().into(), BR_TABLE_TARGETS.into())?;
                targets.len().into()
            }
            _ => 0,
        };
        control_flow += weight;
    }
    let locals = locals.saturating_mul(LOCAL_WEIGHT);
    Ok(control_flow.saturating_mul(control_flow.saturating_add(locals)))
}

/// A name from a stranger, short enough for an error text.
fn shown(name: &str) -> String {
    let text: Cow<'_, str> = match name.char_indices().nth(100) {
        Some((cut, _)) => Cow::Owned(format!("{}…", name.get(..cut).unwrap_or_default())),
        None => Cow::Borrowed(name),
    };
    text.escape_debug().to_string()
}
