//! The guests of these tests are what they should be before a server sees them.

use std::path::Path;

use postern_e2e::{module, returning};

#[test]
fn every_guest_assembles() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests");
    let mut count = 0;
    for prefix in ["", "hostile/"] {
        for entry in std::fs::read_dir(folder.join(prefix)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "wat") {
                let name = format!("{prefix}{}", path.file_stem().unwrap().to_str().unwrap());
                assert!(module(&name).starts_with(b"\0asm"), "{name}");
                count += 1;
            }
        }
    }
    assert!(count >= 30, "{count} guests");
}

#[test]
fn returning_escapes_its_text() {
    assert!(returning("{\"a\":\"ü\\n\"}").starts_with(b"\0asm"));
}
