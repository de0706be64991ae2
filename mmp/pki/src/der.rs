//! As much of DER as is needed to tell what a file is and to put a key into PKCS#8 (X.690, RFC 5208, RFC 5958).

use zeroize::Zeroizing;

/// rsaEncryption with its NULL (RFC 8017 appendix A.1).
pub const RSA: &[u8] = &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
pub const SEQUENCE: u8 = 0x30;
pub const INTEGER: u8 = 0x02;
pub const OCTETS: u8 = 0x04;
pub const OID: u8 = 0x06;

/// The first value: its tag, its content, what follows it. Lengths of more than four bytes are none of ours.
pub fn first(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = if length < 0x80 {
        (usize::from(length), rest)
    } else {
        let count = usize::from(length & 0x7f);
        let (digits, rest) = (count <= 4 && count > 0).then(|| rest.split_at_checked(count))??;
        (digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// The content of the first value when it has this tag, and what follows.
pub fn expect(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    first(bytes).filter(|(found, ..)| *found == tag).map(|(_, content, rest)| (content, rest))
}

/// A value.
pub fn value(tag: u8, content: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(content.len() + 6));
    out.push(tag);
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let bytes = content.len().to_be_bytes();
            let bytes = &bytes[bytes.iter().take_while(|b| **b == 0).count()..];
            out.push(0x80 | u8::try_from(bytes.len()).unwrap_or(8));
            out.extend_from_slice(bytes);
        }
    }
    out.extend_from_slice(content);
    out
}

/// A PKCS#1 key in PKCS#8.
pub fn pkcs8_of_rsa(pkcs1: &[u8]) -> Zeroizing<Vec<u8>> {
    let key = value(OCTETS, pkcs1);
    let mut content = Zeroizing::new(Vec::with_capacity(key.len() + 18));
    content.extend_from_slice(&[INTEGER, 1, 0]);
    content.extend_from_slice(RSA);
    content.extend_from_slice(&key);
    value(SEQUENCE, &content)
}
