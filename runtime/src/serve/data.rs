//! The data folder: its own keys, readable by the owner only.

use std::fs::{self, DirBuilder};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use postern_app::{MasterKey, ids};

/// Makes the folder when it is absent; others may not look into a new one.
pub(crate) fn folder_create(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).with_context(|| format!("create {}", path.display()))
}

/// Writes a file that only its owner may read, whole or not at all.
pub(crate) fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    write_whole(path, text, 0o600)
}

/// Writes a file whole or not at all.
pub(crate) fn write_whole(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(mode))
        .tempfile_in(parent)
        .with_context(|| format!("write in {}", parent.display()))?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).context("write a file")?;
    file.persist(path).with_context(|| format!("write {}", path.display()))?;
    Ok(())
}

/// The key that seals secrets: from `POSTERN_MASTER_KEY`, else from the folder, where the first start makes it.
pub(crate) fn master_key(data: &Path) -> anyhow::Result<MasterKey> {
    const VARIABLE: &str = "POSTERN_MASTER_KEY";
    if let Some(text) = std::env::var_os(VARIABLE) {
        let text = text.into_string().ok().with_context(|| format!("{VARIABLE} is not text"))?;
        return MasterKey::parse(&text).with_context(|| format!("read {VARIABLE}"));
    }
    let path = data.join("master.key");
    let text = private_file(&path, || {
        let bytes: [u8; 32] = ids::random()?;
        Ok(bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
    })?;
    MasterKey::parse(&text).with_context(|| format!("read {}", path.display()))
}

/// The operator's token, made by the first start.
pub(crate) fn operator_token(data: &Path) -> anyhow::Result<String> {
    private_file(&data.join("operator.token"), || Ok(ids::token()?))
}

/// The text of a file, made when absent; refused when others may read it.
pub(crate) fn private_file(path: &Path, make: impl FnOnce() -> anyhow::Result<String>) -> anyhow::Result<String> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
            bail!("{} may be read by others: set its mode to 0600", path.display())
        }
        Ok(_) => {
            let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
            let text = text.trim().to_owned();
            if text.is_empty() {
                bail!("{} is empty: restore it", path.display());
            }
            Ok(text)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let text = make()?;
            write_private(path, &format!("{text}\n"))?;
            // The folder entry must survive a power cut as the rows sealed with the key do.
            let folder = path.parent().unwrap_or_else(|| Path::new("."));
            fs::File::open(folder)
                .and_then(|folder| folder.sync_all())
                .with_context(|| format!("sync {}", folder.display()))?;
            Ok(text)
        }
        Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
    }
}
