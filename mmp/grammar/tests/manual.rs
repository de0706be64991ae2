//! The manual in the tree is the one that the table generates.

use std::{fs, path::Path};

#[test]
fn the_manual_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/commands.md");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, mmp_grammar::manual()).expect("the manual's folder is there");
    }
    let text = fs::read_to_string(&path).unwrap_or_default();
    assert!(text == mmp_grammar::manual(), "mmp/docs/commands.md is out of date: run this test with UPDATE=1");
}
