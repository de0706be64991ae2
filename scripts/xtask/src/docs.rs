//! Documents that are made from the code, checked in, and compared by a test.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

/// Each document and what it must hold.
fn documents() -> Vec<(PathBuf, String)> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../mmp/docs");
    vec![
        (docs.join("commands.md"), mmp_grammar::manual()),
        (docs.join("meeting-api.openapi.json"), meeting_api::openapi::document()),
        (docs.join("settings.md"), mmp_model::versions::reference()),
        (docs.join("mmp-openapi.json"), webadmin::openapi::document().to_owned()),
    ]
}

/// Writes them all.
pub fn write() -> Result<()> {
    for (path, text) in documents() {
        fs::write(&path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    Ok(())
}

/// Fails when one of them is not what the code says.
pub fn check() -> Result<()> {
    for (path, text) in documents() {
        let found = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        if found != text {
            bail!("`{}` is not what the code says; run `cargo xtask docs`", path.display());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_generated_documents_are_what_the_code_says() {
        super::check().unwrap();
    }
}
