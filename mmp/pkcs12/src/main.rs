//! `mmp-pkcs12`: opens one PKCS#12 file (RFC 7292) for mmpd.
//!
//! The format has forty years of ciphers, nested four deep. OpenSSL reads it, in this process of its own, which starts
//! for one file and has no file, no network and no right (decision 0165); mmpd reads what comes out as it reads any
//! upload.
//!
//! Standard input: the length of the passphrase (four bytes, big-endian), the passphrase (UTF-8), the file to the end.
//! Standard output: one of the words of [`word`] and a line feed; after `opened` the key and the certificates, PEM.
//! Neither is ever an argument, nor in the environment, nor in a file.

mod open;

use std::{
    io::{self, Read, Write},
    process::ExitCode,
};

use open::Closed;

/// Largest input, in bytes: more than mmpd takes of any file with keys and certificates.
const LARGEST: u64 = 2 << 20;

fn main() -> ExitCode {
    match answer() {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody reads what would be said.
        Err(_) => ExitCode::FAILURE,
    }
}

fn answer() -> io::Result<()> {
    let mut input = Vec::with_capacity(64 << 10);
    io::stdin().take(LARGEST).read_to_end(&mut input)?;
    let said = match parts(&input).ok_or(Closed::Damaged).and_then(|(passphrase, file)| open::open(file, passphrase)) {
        Ok(pem) => [b"opened\n", &pem[..]].concat(),
        Err(closed) => format!("{}\n", word(&closed)).into_bytes(),
    };
    let mut output = io::stdout();
    output.write_all(&said)?;
    output.flush()
}

fn parts(input: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = input.split_first_chunk::<4>()?;
    let (passphrase, file) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some((std::str::from_utf8(passphrase).ok()?, file))
}

/// What mmpd is told.
fn word(closed: &Closed) -> &'static str {
    match closed {
        Closed::Damaged => "damaged",
        Closed::Passphrase => "passphrase",
        Closed::NoKey => "nokey",
        Closed::Unsupported => "unsupported",
    }
}
