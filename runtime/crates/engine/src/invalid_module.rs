//! The rules a module may break, and their texts.

use postern_contract::{ABI_VERSION, IMPORT_MODULE, STAMP_SECTION};
use postern_model::limits::COMPILED_MODULE_BYTES;

use crate::validate::{MEMORY_PAGES, TABLE_ELEMENTS};

/// The rule that a module breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the texts say it")]
pub enum InvalidModule {
    #[error("the module is {size} bytes, at most {COMPILED_MODULE_BYTES} are allowed")]
    Size { size: usize },
    #[error("this is not a WebAssembly module: {detail}")]
    NotAModule { detail: String },
    #[error("the module is a component; a core module is wanted")]
    Component,
    #[error("the module is not valid: {detail}")]
    Invalid { detail: String },
    #[error("the module has {count} {what}, at most {limit} are allowed")]
    Count { what: Countable, count: u64, limit: u64 },
    #[error("the module has functions with too many blocks, branches and locals to be compiled in time; split them")]
    ControlFlow,
    #[error("the import `{module}.{name}` is not offered; a module may import only functions of `{IMPORT_MODULE}`")]
    UnknownImport { module: String, name: String },
    #[error("the import `{name}` must be a function of type {wanted}")]
    ImportType { name: String, wanted: &'static str },
    #[error("the export `{name}` is missing")]
    MissingExport { name: &'static str },
    #[error("the export `{name}` must be {wanted}")]
    ExportType { name: &'static str, wanted: &'static str },
    #[error("the module has a start function; initialize in `postern_init` instead")]
    Start,
    #[error("the module has {count} memories, exactly one is wanted")]
    Memories { count: u64 },
    #[error("the memory starts with {pages} pages of 64 KiB, at most {MEMORY_PAGES} are allowed")]
    MemorySize { pages: u64 },
    #[error("the module has {count} tables, at most one is allowed")]
    Tables { count: u64 },
    #[error("the table starts with {elements} elements, at most {TABLE_ELEMENTS} are allowed")]
    TableSize { elements: u64 },
    #[error("the `{STAMP_SECTION}` section is not legal: {detail}")]
    Stamp { detail: String },
    #[error("the module was built for ABI {abi}, this host offers {ABI_VERSION}")]
    AbiVersion { abi: u32 },
    #[error("the module cannot be instantiated: {detail}")]
    Instantiate { detail: String },
}

/// What [`InvalidModule::Count`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Countable {
    Functions,
    Types,
    Locals,
    FunctionBytes,
    BrTableTargets,
    Globals,
    DataSegments,
    ElementSegments,
    Exports,
}

impl std::fmt::Display for Countable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Functions => "functions",
            Self::Types => "types",
            Self::Locals => "locals in one function",
            Self::FunctionBytes => "bytes in one function",
            Self::BrTableTargets => "targets in one br_table",
            Self::Globals => "globals",
            Self::DataSegments => "data segments",
            Self::ElementSegments => "element segments",
            Self::Exports => "exports",
        })
    }
}

impl InvalidModule {
    /// Stable name of the rule, such as `module_size`.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Size { .. } => "module_size",
            Self::NotAModule { .. } => "not_a_module",
            Self::Component => "component",
            Self::Invalid { .. } => "invalid_module",
            Self::Count { what, .. } => match what {
                Countable::Functions => "function_count",
                Countable::Types => "type_count",
                Countable::Locals => "locals_count",
                Countable::FunctionBytes => "function_size",
                Countable::BrTableTargets => "br_table_width",
                Countable::Globals => "global_count",
                Countable::DataSegments => "data_segment_count",
                Countable::ElementSegments => "element_segment_count",
                Countable::Exports => "export_count",
            },
            Self::ControlFlow => "control_flow",
            Self::UnknownImport { .. } => "unknown_import",
            Self::ImportType { .. } => "import_type",
            Self::MissingExport { .. } => "missing_export",
            Self::ExportType { .. } => "export_type",
            Self::Start => "start_function",
            Self::Memories { .. } => "memory_count",
            Self::MemorySize { .. } => "memory_size",
            Self::Tables { .. } => "table_count",
            Self::TableSize { .. } => "table_size",
            Self::Stamp { .. } => "stamp",
            Self::AbiVersion { .. } => "abi_version",
            Self::Instantiate { .. } => "instantiate",
        }
    }
}
