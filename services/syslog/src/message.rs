//! A record as a syslog message (RFC 5424), and its framing on each transport. Pure.
//!
//! Over TCP a line feed ends a message (RFC 6587 section 3.4.2), which every receiver takes without being told; a
//! record's text never holds one. TLS counts octets as RFC 5425 section 4.3 demands. A datagram is a message (RFC 5426).

use std::fmt::Write;

use jiff::Timestamp;
use mmp_log::{Record, forward::Log};
use mmp_model::syslog::Transport;

/// Longest datagram: what a receiver should take (RFC 5426 section 3.2).
const LONGEST_DATAGRAM: usize = 2048;
/// Numbers of messages start again after this (RFC 5424 section 7.3.1).
const LARGEST_NUMBER: u64 = 2_147_483_647;

/// The message. `number` is the line's own in its log: one that comes twice after a server died can be told by it.
pub fn message(record: &Record, log: Log, number: Option<u64>) -> String {
    let priority = record.facility.number() * 8 + record.level.number();
    let at = Timestamp::from_microsecond(record.at).unwrap_or_default();
    let at = at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ");
    let program = header(record.program(), 48);
    let mut text = format!("<{priority}>1 {at} {} {program} ", header(record.host(), 255));
    match record.pid {
        Some(pid) => write!(text, "{pid}").expect("text takes text"),
        None => text.push('-'),
    }
    text.push_str(if log == Log::Audit { " audit " } else { " - " });
    match number {
        Some(number) => {
            let number = (number.max(1) - 1) % LARGEST_NUMBER + 1;
            write!(text, "[meta sequenceId=\"{number}\"] ").expect("text takes text");
        }
        None => text.push_str("- "),
    }
    text.push_str(record.text());
    text
}

/// A field of the header: printable ASCII without spaces, or a dash.
fn header(text: &str, longest: usize) -> String {
    let plain: String = text.chars().map(|c| if c.is_ascii_graphic() { c } else { '?' }).take(longest).collect();
    if plain.is_empty() { "-".into() } else { plain }
}

/// The message as it goes onto the wire.
pub fn framed(message: &str, transport: Transport) -> Vec<u8> {
    match transport {
        Transport::Tcp => format!("{message}\n").into_bytes(),
        Transport::Tls => format!("{} {message}", message.len()).into_bytes(),
        Transport::Udp => {
            let end = (0..=message.len().min(LONGEST_DATAGRAM)).rev().find(|end| message.is_char_boundary(*end));
            message.as_bytes()[..end.unwrap_or(0)].to_vec()
        }
    }
}

#[cfg(test)]
mod tests {
    use mmp_log::{Facility, Level};
    use proptest::prelude::*;

    use super::*;

    fn record(text: &str) -> Record {
        Record::new(1_781_735_081_867_999, Facility::LOCAL0, Level::INFO, "cms01", "cli", text)
    }

    #[test]
    fn a_message_is_as_rfc_5424_wants_it() {
        assert_eq!(
            message(&record("User admin"), Log::System, Some(7)),
            "<134>1 2026-06-17T22:24:41.867999Z cms01 cli - - [meta sequenceId=\"7\"] User admin"
        );
        let mut with_pid = record("x");
        with_pid.pid = Some(42);
        assert_eq!(message(&with_pid, Log::Audit, None), "<134>1 2026-06-17T22:24:41.867999Z cms01 cli 42 audit - x");
    }

    #[test]
    fn each_transport_has_its_framing() {
        assert_eq!(framed("ab", Transport::Tcp), b"ab\n");
        assert_eq!(framed("aé", Transport::Tls), "3 aé".as_bytes());
        let long = "é".repeat(2000);
        let datagram = framed(&long, Transport::Udp);
        assert_eq!(datagram.len(), 2048);
        assert!(std::str::from_utf8(&datagram).is_ok());
    }

    #[test]
    fn numbers_stay_within_their_range() {
        let number = |n| message(&record(""), Log::System, Some(n)).split('"').nth(1).unwrap().to_owned();
        assert_eq!(
            (number(LARGEST_NUMBER), number(LARGEST_NUMBER + 1), number(0)),
            ("2147483647".into(), "1".into(), "1".into())
        );
    }

    proptest! {
        #[test]
        fn a_line_feed_ends_a_message_and_stands_nowhere_else(text in any::<String>(), name in any::<String>()) {
            let record = Record::new(0, Facility::USER, Level::INFO, &name, &name, &text);
            let bytes = framed(&message(&record, Log::System, None), Transport::Tcp);
            prop_assert_eq!(bytes.iter().filter(|b| **b == b'\n').count(), 1);
            prop_assert_eq!(bytes.last(), Some(&b'\n'));
        }
    }
}
