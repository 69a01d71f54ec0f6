//! The text of the ABI is true: `abi.wat` loads and names exactly what this crate names, and `ABI.md` has all of it.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "helpers of tests"
)]

use std::collections::BTreeMap;

use postern_contract::{IMPORT_MODULE, Mutation, STAMP_SECTION, Stamp, export, import};
use wasmparser::{CompositeInnerType, ExternalKind, Parser, Payload, TypeRef, Validator};

const TEXT: &str = include_str!("../abi.wat");
const PROSE: &str = include_str!("../ABI.md");

/// Imports, exported names with their kinds, and the stamp.
#[derive(Default)]
struct Module {
    imports: BTreeMap<String, String>,
    exports: BTreeMap<String, ExternalKind>,
    stamp: Option<Stamp>,
}

fn module() -> Module {
    let bytes = wat::parse_str(TEXT).unwrap();
    Validator::new().validate_all(&bytes).unwrap();
    let mut types = Vec::new();
    let mut module = Module::default();
    for payload in Parser::new(0).parse_all(&bytes) {
        match payload.unwrap() {
            Payload::TypeSection(section) => {
                for group in section {
                    types.extend(group.unwrap().into_types().map(|ty| match ty.composite_type.inner {
                        CompositeInnerType::Func(ty) => format!("{:?} -> {:?}", ty.params(), ty.results()),
                        other => panic!("{other:?}"),
                    }));
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.unwrap();
                    assert_eq!(import.module, IMPORT_MODULE);
                    let TypeRef::Func(ty) = import.ty else { panic!("{import:?}") };
                    module.imports.insert(import.name.to_owned(), types[ty as usize].clone());
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.unwrap();
                    module.exports.insert(export.name.to_owned(), export.kind);
                }
            }
            Payload::CustomSection(section) if section.name() == STAMP_SECTION => {
                module.stamp = Some(serde_json::from_slice(section.data()).unwrap());
            }
            _ => {}
        }
    }
    module
}

#[test]
fn the_text_imports_what_there_is() {
    let want = [
        (import::EVENT_READ, "[I32, I32, I32, I32] -> [I32]"),
        (import::LOG, "[I32, I32, I32] -> []"),
        (import::NOW, "[] -> [I64]"),
        (import::RANDOM, "[I32, I32] -> []"),
        (import::CALL_START, "[I32, I32] -> [I32]"),
        (import::CALL_WAIT, "[] -> [I32]"),
        (import::CALL_TAKE, "[I32, I32, I32] -> [I32]"),
    ];
    let want = want.map(|(name, ty)| (name.to_owned(), ty.to_owned()));
    assert_eq!(module().imports, BTreeMap::from(want));
}

#[test]
fn the_text_exports_what_there_is() {
    let want = [
        (export::MEMORY, ExternalKind::Memory),
        (export::ON_EXECUTE, ExternalKind::Func),
        (export::ON_CONTINUE, ExternalKind::Func),
        (export::ON_CREDENTIALS_EXCHANGE, ExternalKind::Func),
        (export::INIT, ExternalKind::Func),
        (export::COMPILE, ExternalKind::Func),
        (export::ALLOC, ExternalKind::Func),
        (export::FAILURE, ExternalKind::Global),
    ];
    let module = module();
    assert_eq!(module.exports, BTreeMap::from(want.map(|(name, kind)| (name.to_owned(), kind))));
    assert_eq!(module.stamp.unwrap().abi, postern_contract::ABI_VERSION);
}

#[test]
fn the_prose_leaves_nothing_out() {
    let module = module();
    let names = module.imports.keys().chain(module.exports.keys()).map(String::as_str);
    // Setters of a SAML response are one row.
    let mutations = Mutation::TYPES.iter().filter(|name| !name.starts_with("samlResponse."));
    for name in names.chain(mutations.copied()) {
        assert!(PROSE.contains(&format!("`{name}`")), "ABI.md does not have `{name}`");
    }
}
