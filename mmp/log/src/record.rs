//! One line of a log, and its layouts (`mmp.md` sections 1.6 and 21).
//!
//! Invariant: every text in a [`Record`] is printable and on one line, so that a log line can neither move a terminal's
//! cursor nor forge a second line, here or on a log server.

use std::fmt::Write;

use jiff::{Timestamp, tz::TimeZone};

/// Longest text in bytes; the rest is cut off and marked.
const LONGEST: usize = 16 << 10;
/// What stands for the rest.
const CUT: &str = "...";

/// syslog(3) facility, 0 to 23.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facility(u8);

impl Facility {
    /// Where a program says nothing else.
    pub const USER: Self = Self(1);
    /// Daemons.
    pub const DAEMON: Self = Self(3);
    /// The handing on of logs.
    pub const SYSLOG: Self = Self(5);
    /// Commands of administrators (`mmp.md` section 1.6).
    pub const LOCAL0: Self = Self(16);

    /// By its number.
    pub fn from_number(number: u8) -> Option<Self> {
        (number < 24).then_some(Self(number))
    }

    /// Its number (RFC 5424 section 6.2.1).
    pub fn number(self) -> u8 {
        self.0
    }

    /// As it stands in a line.
    pub fn name(self) -> &'static str {
        const NAMES: [&str; 24] = [
            "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
            "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
            "local7",
        ];
        NAMES[usize::from(self.0)]
    }
}

/// syslog(3) severity, 0 (worst) to 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(u8);

impl Level {
    /// Something did not work.
    pub const ERROR: Self = Self(3);
    /// Somebody should look.
    pub const WARNING: Self = Self(4);
    /// A step on the way.
    pub const INFO: Self = Self(6);

    /// By its number.
    pub fn from_number(number: u8) -> Option<Self> {
        (number < 8).then_some(Self(number))
    }

    /// Its number (RFC 5424 section 6.2.1).
    pub fn number(self) -> u8 {
        self.0
    }

    /// As it stands in a line.
    pub fn name(self) -> &'static str {
        const NAMES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
        NAMES[usize::from(self.0)]
    }
}

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When, in microseconds since 1970 UTC.
    pub at: i64,
    /// What kind of program.
    pub facility: Facility,
    /// How bad.
    pub level: Level,
    /// The appliance's name then.
    host: String,
    /// Which program.
    program: String,
    /// Its process, where it said so.
    pub pid: Option<u32>,
    /// What it said.
    text: String,
}

impl Record {
    /// Whatever the texts are, what the record holds is one line.
    pub fn new(at: i64, facility: Facility, level: Level, host: &str, program: &str, text: &str) -> Self {
        let mut text = printable(text.trim_end());
        if text.len() > LONGEST {
            let end = (0..=LONGEST - CUT.len()).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
            text.truncate(end);
            text.push_str(CUT);
        }
        Self { at, facility, level, host: word(host), program: word(program), pid: None, text }
    }

    /// The appliance's name when the line was written; one word.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The program; one word.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// What was said; one printable line.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// `Jun 17 22:24:41.867 user.info cms01 host:server: INFO : ...`, as a terminal shows it.
    pub fn line(&self, zone: &TimeZone) -> String {
        self.laid_out(zone, "%b %e %H:%M:%S%.3f")
    }

    /// `2026-03-06T09:34:45.395 local0.info cms01 cli: ...`, for files, which outlive a year.
    pub fn dated(&self, zone: &TimeZone) -> String {
        self.laid_out(zone, "%Y-%m-%dT%H:%M:%S%.3f")
    }

    fn laid_out(&self, zone: &TimeZone, stamp: &str) -> String {
        // Rounded down, so that the stamp is never later than the line.
        let at = Timestamp::from_millisecond(self.at.div_euclid(1000)).unwrap_or_default();
        let at = at.to_zoned(zone.clone());
        let mut line = String::with_capacity(64 + self.text.len());
        let (facility, level) = (self.facility.name(), self.level.name());
        write!(line, "{} {facility}.{level} {} {}", at.strftime(stamp), self.host, self.program)
            .expect("text takes text");
        if let Some(pid) = self.pid {
            write!(line, "[{pid}]").expect("text takes text");
        }
        line.push_str(": ");
        line.push_str(&self.text);
        line
    }
}

/// One word without what separates the parts of a line.
fn word(text: &str) -> String {
    let word: String = printable(text).chars().map(|c| if c.is_whitespace() { '_' } else { c }).take(64).collect();
    if word.is_empty() { "-".into() } else { word }
}

/// The text with everything that would act on a terminal, or end the line, spelt out: `#` and the octal value of a
/// control byte, as log servers do it; `<U+202E>` of a mark that turns the direction of writing.
pub fn printable(text: &str) -> String {
    if text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return text.to_owned();
    }
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            _ if c.is_control() => write!(clean, "#{:03o}", u32::from(c)).expect("text takes text"),
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => {
                write!(clean, "<U+{:04X}>", u32::from(c)).expect("text takes text");
            }
            _ => clean.push(c),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(text: &str) -> Record {
        Record::new(1_781_735_081_867_999, Facility::USER, Level::INFO, "cms01", "host:server", text)
    }

    #[test]
    fn the_layouts_are_those_of_the_transcripts() {
        let line = record("INFO : web bridge link 2: connected");
        let text = "user.info cms01 host:server: INFO : web bridge link 2: connected";
        assert_eq!(line.line(&TimeZone::UTC), format!("Jun 17 22:24:41.867 {text}"));
        assert_eq!(line.dated(&TimeZone::UTC), format!("2026-06-17T22:24:41.867 {text}"));
    }

    #[test]
    fn a_process_number_stands_in_brackets_and_days_are_padded() {
        let mut line = record("x");
        (line.at, line.pid) = (1_780_272_000_000_000, Some(42));
        assert_eq!(line.line(&TimeZone::UTC), "Jun  1 00:00:00.000 user.info cms01 host:server[42]: x");
    }

    #[test]
    fn escape_sequences_and_further_lines_are_spelt_out() {
        assert_eq!(record("a\x1b[2J\nroot: b\u{9b}31m\n").text(), "a#033[2J#012root: b#23331m");
        assert_eq!(record("abc\u{202e}fdp.exe").text(), "abc<U+202E>fdp.exe");
        let forged = Record::new(0, Facility::USER, Level::INFO, "a b", "x\ny: z", "t");
        assert_eq!((forged.host(), forged.program()), ("a_b", "x#012y:_z"));
        assert_eq!(Record::new(0, Facility::USER, Level::INFO, "", "", "").host(), "-");
    }

    #[test]
    fn a_text_without_end_is_cut() {
        let long = record(&"é".repeat(LONGEST));
        assert!(long.text().len() <= LONGEST && long.text().ends_with("é..."));
    }

    proptest! {
        #[test]
        fn whatever_a_program_writes_is_one_printable_line(text in any::<String>(), name in any::<String>(), at in any::<i64>()) {
            let record = Record::new(at, Facility::USER, Level::INFO, &name, &name, &text);
            prop_assert!(!record.line(&TimeZone::UTC).chars().any(char::is_control));
            prop_assert!(!record.host().contains(' ') && !record.program().contains(' '));
        }
    }
}
