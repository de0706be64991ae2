//! Parameters of a query and of a body, read as leniently as clients write them (`api.md` 1.3): form encoding under any
//! content type, empty pieces, names in any case, a body on any method. Nothing here can fail; what is odd is either a
//! parameter that nobody knows, or a value that its type refuses.

use std::{borrow::Cow, collections::HashMap, fmt};

/// Parameters by lower-case name. A value that is no UTF-8 is kept as `None`, so that only the parameter it belongs to
/// is refused.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Parameters(HashMap<String, Option<String>>);

/// Values are often passcodes.
impl fmt::Debug for Parameters {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} parameters", self.0.len())
    }
}

/// What is known of one parameter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Given<'a> {
    /// Not there.
    Absent,
    /// There, with this text, which may be empty.
    Text(&'a str),
    /// There, with bytes that are no text.
    Garbled,
}

impl Parameters {
    /// Of a query and a body; where both name a parameter, the later source wins, and within one the last.
    pub fn read(sources: [&[u8]; 2]) -> Self {
        let mut found = HashMap::new();
        for piece in sources.into_iter().flat_map(|source| source.split(|byte| *byte == b'&')) {
            let (name, value) = match piece.iter().position(|byte| *byte == b'=') {
                Some(at) => (&piece[..at], &piece[at + 1..]),
                None => (piece, &[][..]),
            };
            let Ok(name) = String::from_utf8(decode(name, true).into_owned()) else { continue };
            let name = name.trim().to_ascii_lowercase();
            if !name.is_empty() {
                found.insert(name, String::from_utf8(decode(value, true).into_owned()).ok());
            }
        }
        Self(found)
    }

    /// By canonical name.
    pub fn get(&self, name: &str) -> Given<'_> {
        match self.0.get(&name.to_ascii_lowercase()) {
            None => Given::Absent,
            Some(Some(text)) => Given::Text(text),
            Some(None) => Given::Garbled,
        }
    }
}

/// Percent decoding (RFC 3986 section 2.1); a percent sign that begins no escape stands for itself. In forms a plus sign is
/// a space.
pub fn decode(bytes: &[u8], form: bool) -> Cow<'_, [u8]> {
    if !bytes.iter().any(|byte| *byte == b'%' || form && *byte == b'+') {
        return Cow::Borrowed(bytes);
    }
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high << 4 | low).expect("two digits are a byte"));
                at += 2;
            }
            (b'+', ..) if form => out.push(b' '),
            (byte, ..) => out.push(byte),
        }
        at += 1;
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Parameters {
        Parameters::read([b"", text.as_bytes()])
    }

    #[test]
    fn odd_forms_are_read() {
        assert!(body("{}").get("name") == Given::Absent);
        assert!(body("&&name=Ops&").get("NAME") == Given::Text("Ops"));
        assert!(body("name").get("name") == Given::Text(""));
        assert!(body("name=a%20b+c%2Bd%").get("name") == Given::Text("a b c+d%"));
        assert!(body("name=a=b").get("name") == Given::Text("a=b"));
        assert!(body("CALLID=1&callId=2").get("callId") == Given::Text("2"));
        assert!(body("name=%ff&uri=x").get("name") == Given::Garbled);
        assert!(body("name=%ff&uri=x").get("uri") == Given::Text("x"));
    }

    #[test]
    fn the_later_source_wins() {
        assert!(Parameters::read([b"limit=1", b"limit=2"]).get("limit") == Given::Text("2"));
    }
}
