//! What foreign bytes look like in a line of ours.
//!
//! Invariant: nothing that comes out can move a cursor, begin a line or look like a line of ours.

use std::fmt::Write;

/// The text with every control and invisible formatting character written as `\u{1b}`.
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_format(c) {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// Characters that reorder, join or hide their neighbours: directional marks and isolates, zero-width characters, line
/// and paragraph separators, tags, the byte order mark.
fn is_format(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Bytes as `0A:1B`.
pub fn colons(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02X}")).collect::<Vec<_>>().join(":")
}

/// A time as openssl prints it: `Jan  2 10:15:30 2026 GMT`. `at` is in seconds since 1970 UTC.
pub fn moment(at: i64) -> String {
    formatted(at, "%b %e %H:%M:%S %Y GMT")
}

/// A day: `2026-01-02`. `at` is in seconds since 1970 UTC.
pub fn day(at: i64) -> String {
    formatted(at, "%Y-%m-%d")
}

fn formatted(at: i64, form: &str) -> String {
    // Not a timestamp, whose range ends a day before the last second that a certificate can name.
    let epoch = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);
    let time = jiff::Span::new().try_seconds(at).and_then(|span| epoch.checked_add(span));
    time.map_or_else(|_| "unknown".into(), |time| time.strftime(form).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_bidi_do_nothing() {
        assert_eq!(harmless("a\x1b[2Jb\nc\u{202e}d"), "a\\u{1b}[2Jb\\u{a}c\\u{202e}d");
        assert_eq!(harmless("Köln 東京"), "Köln 東京");
    }
}
