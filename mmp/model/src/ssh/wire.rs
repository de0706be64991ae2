//! The inside of a public key (RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4, and OpenSSH's
//! `PROTOCOL.u2f`): strings and numbers with their lengths before them.
//!
//! Invariant: a key that passes has exactly the parts that its type has, of sizes that the type can have.

use super::KeyError;

/// Shortest modulus that is taken, in bits.
const SHORTEST_RSA: usize = 2048;
/// Longest modulus that sshd takes, in bits (OpenSSH's `SSHBUF_MAX_BIGNUM`).
const LONGEST_RSA: usize = 16_384;

/// Checks the bytes of a key of this type.
pub fn check(algorithm: &str, blob: &[u8]) -> Result<(), KeyError> {
    let mut parts = Parts { rest: blob };
    if parts.string()? != algorithm.as_bytes() {
        return Err(KeyError::OtherType);
    }
    match algorithm {
        "ssh-ed25519" => parts.exactly(32)?,
        "ssh-rsa" => rsa(&mut parts)?,
        "ecdsa-sha2-nistp256" => curve(&mut parts, b"nistp256", 65)?,
        "ecdsa-sha2-nistp384" => curve(&mut parts, b"nistp384", 97)?,
        "ecdsa-sha2-nistp521" => curve(&mut parts, b"nistp521", 133)?,
        "sk-ssh-ed25519@openssh.com" => {
            parts.exactly(32)?;
            application(&mut parts)?;
        }
        "sk-ecdsa-sha2-nistp256@openssh.com" => {
            curve(&mut parts, b"nistp256", 65)?;
            application(&mut parts)?;
        }
        _ => return Err(KeyError::UnknownType),
    }
    if parts.rest.is_empty() { Ok(()) } else { Err(KeyError::Damaged) }
}

struct Parts<'a> {
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    fn string(&mut self) -> Result<&'a [u8], KeyError> {
        let (length, rest) = self.rest.split_first_chunk::<4>().ok_or(KeyError::Damaged)?;
        let length = u32::from_be_bytes(*length) as usize;
        let (string, rest) = rest.split_at_checked(length).ok_or(KeyError::Damaged)?;
        self.rest = rest;
        Ok(string)
    }

    fn exactly(&mut self, length: usize) -> Result<(), KeyError> {
        if self.string()?.len() == length { Ok(()) } else { Err(KeyError::Damaged) }
    }

    /// A positive number without leading zeros, big endian.
    fn number(&mut self) -> Result<&'a [u8], KeyError> {
        let bytes = match self.string()? {
            [0, rest @ ..] if rest.first().is_some_and(|first| first & 0x80 != 0) => rest,
            [first, ..] if first & 0x80 != 0 || *first == 0 => return Err(KeyError::Damaged),
            bytes => bytes,
        };
        if bytes.is_empty() { Err(KeyError::Damaged) } else { Ok(bytes) }
    }
}

fn rsa(parts: &mut Parts<'_>) -> Result<(), KeyError> {
    let (exponent, modulus) = (parts.number()?, parts.number()?);
    let bits = modulus.len() * 8 - modulus[0].leading_zeros() as usize;
    if bits < SHORTEST_RSA {
        return Err(KeyError::Weak(bits));
    }
    let odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
    if bits > LONGEST_RSA || exponent.len() > 8 || exponent == [1] || !odd(exponent) || !odd(modulus) {
        return Err(KeyError::Damaged);
    }
    Ok(())
}

/// A point of the named curve in uncompressed form (SEC 1 section 2.3.3).
fn curve(parts: &mut Parts<'_>, name: &[u8], length: usize) -> Result<(), KeyError> {
    let named = parts.string()? == name;
    let point = parts.string()?;
    if named && point.len() == length && point[0] == 4 { Ok(()) } else { Err(KeyError::Damaged) }
}

/// What a security key's signature is bound to: `ssh:` and what its owner chose.
fn application(parts: &mut Parts<'_>) -> Result<(), KeyError> {
    let text = parts.string()?;
    let printable = text.iter().all(u8::is_ascii_graphic);
    if text.starts_with(b"ssh:") && text.len() <= 128 && printable { Ok(()) } else { Err(KeyError::Damaged) }
}
