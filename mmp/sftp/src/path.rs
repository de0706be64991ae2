//! What a client's path means: the folder, a file in it, or nothing.
//!
//! Invariant: purely lexical, and only a checked [`FileName`] comes out, so that no path leads anywhere else.

use mmp_model::FileName;

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The folder itself.
    Folder,
    /// A name that a file can have.
    File(FileName),
    /// One component that cannot be a file's name.
    BadName(String),
    /// Below a folder that cannot exist.
    Deeper,
}

/// Reads a path; relative ones start in the folder, which is the only one.
pub fn place(path: &[u8]) -> Place {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|&b| b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    match parts[..] {
        [] => Place::Folder,
        [name] => {
            let text = String::from_utf8_lossy(name);
            text.parse().map_or_else(|_| Place::BadName(text.into_owned()), Place::File)
        }
        _ => Place::Deeper,
    }
}

/// A path in which `~` and `~name` at the beginning stand for the folder.
pub fn expand(path: &[u8]) -> &[u8] {
    match path {
        [b'~', rest @ ..] => rest.iter().position(|&b| b == b'/').map_or(b"/", |slash| &rest[slash..]),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_ways_to_write_the_folder_lead_to_it() {
        for path in ["", ".", "/", "//", "/.", "/..", "/../..", "./././", "x/..", "/a/b/../.."] {
            assert_eq!(place(path.as_bytes()), Place::Folder, "{path}");
        }
    }

    #[test]
    fn a_file_is_found_however_its_path_is_written() {
        for path in ["log", "/log", "//log", "./log", "/../log", "/../../log", "/x/../log", "log/"] {
            assert_eq!(place(path.as_bytes()), Place::File("log".parse().unwrap()), "{path}");
        }
    }

    #[test]
    fn there_is_nothing_below() {
        for path in ["a/b", "/etc/passwd", "../../etc/passwd", "/a/../b/c"] {
            assert_eq!(place(path.as_bytes()), Place::Deeper, "{path}");
        }
        assert_eq!(place(b"/.hidden"), Place::BadName(".hidden".into()));
        assert_eq!(place(b"a\0b"), Place::BadName("a\0b".into()));
        assert!(matches!(place(b"\xff"), Place::BadName(_)));
    }

    #[test]
    fn a_tilde_is_the_folder() {
        assert_eq!(expand(b"~"), b"/");
        assert_eq!(expand(b"~admin"), b"/");
        assert_eq!(expand(b"~/log"), b"/log");
        assert_eq!(expand(b"log~"), b"log~");
    }

    proptest! {
        #[test]
        fn no_path_makes_it_panic_or_leave(path in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Place::File(name) = place(expand(&path)) {
                prop_assert!(!name.as_str().contains('/') && name.as_str() != "..");
            }
        }
    }
}
