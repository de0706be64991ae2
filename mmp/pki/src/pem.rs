//! PEM (RFC 7468), as people bring it: with a byte order mark, any line ends, blanks at line ends, text before, between
//! and after the blocks, and the headers of old key files.
//!
//! Invariant: a block that begins also ends with its own label and holds base64, or the file is refused.

use base64::{Engine, engine::DecodePaddingMode, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use crate::material::ReadError;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// One block.
#[derive(Clone)]
pub struct Block {
    /// `CERTIFICATE`.
    pub label: String,
    /// `Proc-Type: 4,ENCRYPTED` and the like.
    pub headers: Vec<String>,
    /// What is inside; cleared when dropped, since it may be a key.
    pub content: Zeroizing<Vec<u8>>,
}

/// The blocks of a text; none when nothing in it is PEM.
///
/// # Errors
/// A block that does not end or is not base64.
pub fn blocks(bytes: &[u8]) -> Result<Vec<Block>, ReadError> {
    let mut found = Vec::new();
    let mut open: Option<(String, Vec<String>, Zeroizing<String>)> = None;
    for line in bytes.split(|b| matches!(b, b'\n' | b'\r')) {
        let line = String::from_utf8_lossy(line);
        let line = line.trim_start_matches('\u{feff}').trim();
        let begins = line.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(DASHES));
        let ends = line.strip_prefix(END).and_then(|rest| rest.strip_suffix(DASHES));
        match (&mut open, begins, ends) {
            (Some((label, ..)), Some(_), _) => return Err(ReadError::Unended(label.clone())),
            (None, Some(label), _) => {
                open = Some((label.to_owned(), Vec::new(), Zeroizing::new(String::with_capacity(bytes.len()))));
            }
            (Some((label, ..)), None, Some(end)) if label != end => return Err(ReadError::Unended(label.clone())),
            (Some(_), None, Some(_)) => {
                if let Some((label, headers, text)) = open.take() {
                    let content = decode(&text).ok_or_else(|| ReadError::NotBase64(label.clone()))?;
                    found.push(Block { label, headers, content });
                }
            }
            (Some((_, headers, text)), None, None) => {
                if line.contains(':') && text.is_empty() {
                    headers.push(line.to_owned());
                } else {
                    text.extend(line.chars().filter(|c| !c.is_ascii_whitespace()));
                }
            }
            (None, None, _) => {}
        }
    }
    match open {
        Some((label, ..)) => Err(ReadError::Unended(label)),
        None => Ok(found),
    }
}

fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let lenient = base64::engine::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    lenient.decode(text).ok().map(Zeroizing::new)
}

/// A block with lines of 64 characters.
pub fn write(label: &str, content: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(BASE64_STANDARD.encode(content));
    let mut text = Zeroizing::new(String::with_capacity(body.len() + body.len() / 64 + 2 * label.len() + 40));
    for part in [BEGIN, label, DASHES, "\n"] {
        text.push_str(part);
    }
    for line in body.as_bytes().chunks(64) {
        text.push_str(std::str::from_utf8(line).unwrap_or_default());
        text.push('\n');
    }
    for part in [END, label, DASHES, "\n"] {
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blocks_are_found_in_whatever_surrounds_them() {
        let text = "\u{feff}Bag Attributes\r\n-----BEGIN A-----  \r\nAAEC\r\nAw==\r\n-----END A-----\r\nsome: text\n\
                    -----BEGIN B-----\nProc-Type: 4,ENCRYPTED\n\nAAEC\n-----END B-----";
        let found = blocks(text.as_bytes()).unwrap();
        assert_eq!(found.iter().map(|b| (b.label.as_str(), b.content.len())).collect::<Vec<_>>(), [("A", 4), ("B", 3)]);
        assert_eq!(found[1].headers, ["Proc-Type: 4,ENCRYPTED"]);
    }

    #[test]
    fn half_a_block_is_told() {
        for half in [
            "-----BEGIN A-----\nAAEC\n",
            "-----BEGIN A-----\n-----BEGIN A-----\n",
            "-----BEGIN A-----\n-----END B-----",
        ] {
            assert!(matches!(blocks(half.as_bytes()), Err(ReadError::Unended(label)) if label == "A"));
        }
        assert!(matches!(blocks(b"-----BEGIN A-----\n!!!\n-----END A-----"), Err(ReadError::NotBase64(_))));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(content: Vec<u8>) {
            let found = blocks(write("X", &content).as_bytes()).unwrap();
            prop_assert_eq!(&*found[0].content, &content);
        }
    }
}
