//! The list of refused passwords, uploaded as `dictionary` (`mmp.md` section 2.4): one word a line.
//!
//! Invariants: a word counts as a whole and without regard to case; the list is read line by line and never further
//! than [`LARGEST`] bytes, so no list eats the memory; a list that is there and cannot be read lets no password pass.

use std::{
    fs::OpenOptions,
    io::{self, BufRead, BufReader, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use mmp_control::{Kind, Refusal};
use mmp_model::rules::LONGEST_PASSWORD;
use nix::fcntl::OFlag;

/// Its name in the SFTP folder.
pub const NAME: &str = "dictionary";
/// Largest list, which is a second's reading; a longer one is refused when it is uploaded.
pub const LARGEST: u64 = 16 << 20;

/// Whether the word is in the list of this folder. Without a list none is.
pub fn has(folder: &Path, word: &str) -> Result<bool, Refusal> {
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    match OpenOptions::new().read(true).custom_flags(flags).open(folder.join(NAME)) {
        Ok(file) => found(BufReader::new(file.take(LARGEST)), word),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
    .map_err(|error| {
        Refusal::new(Kind::Internal, format!("The dictionary cannot be read: {error}"))
            .state("The password was not changed")
            .hint("upload the file `dictionary` again, or remove it, by SFTP")
    })
}

fn found(mut list: impl BufRead, word: &str) -> io::Result<bool> {
    let wanted = word.to_lowercase();
    let mut line = Vec::new();
    loop {
        line.clear();
        // No password is longer, so the rest of a longer line need not be kept.
        let most = 4 * LONGEST_PASSWORD as u64;
        if list.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
            return Ok(false);
        }
        let whole = line.last() == Some(&b'\n') || (line.len() as u64) < most;
        let text = String::from_utf8_lossy(&line);
        if whole && text.trim_end_matches(['\n', '\r']).to_lowercase() == wanted {
            return Ok(true);
        }
        if !whole {
            list.skip_until(b'\n')?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_are_found_in_any_case_and_line_form() {
        let list = b"123456\nPassword\r\ncorrect horse\n\n\xff\nlast";
        let has = |word| found(&list[..], word).unwrap();
        assert!(has("123456") && has("pASSWORD") && has("correct horse") && has("last"));
        assert!(!has("12345") && !has("horse") && !has("Password1"));
    }

    #[test]
    fn a_line_that_is_no_word_hides_no_other() {
        let mut list = vec![b'x'; 5_000];
        list.extend(b"secret\nhidden\n");
        assert!(found(&list[..], "hidden").unwrap());
        assert!(!found(&list[..], "secret").unwrap());
    }

    #[test]
    fn without_a_list_every_word_will_do_and_an_unreadable_one_lets_none_pass() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!has(folder.path(), "x").unwrap());
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join(NAME)).unwrap();
        assert!(has(folder.path(), "x").is_err());
        std::fs::remove_file(folder.path().join(NAME)).unwrap();
        std::fs::write(folder.path().join(NAME), "x\n").unwrap();
        assert!(has(folder.path(), "x").unwrap());
    }
}
