//! What a terminal shows: the bytes of a line editor become lines of text.
//!
//! Invariants: lines are never dropped, only added, so a row number keeps its meaning; any byte is accepted; a line that
//! the terminal broke at its right edge is one line in [`Screen::text_from`].

use std::fmt::Write as _;

/// Columns of a serial console whose size nobody told.
const WIDTH: usize = 80;

/// Parameters of a control sequence that are kept.
const PARAMETERS: usize = 4;

/// A terminal with endless scrollback.
#[derive(Debug)]
pub struct Screen {
    rows: Vec<Row>,
    row: usize,
    column: usize,
    /// The last column is written; the next character goes to the next row.
    wrap_pending: bool,
    state: State,
    partial: Vec<u8>,
}

#[derive(Debug, Default, Clone)]
struct Row {
    cells: Vec<char>,
    /// Goes on in the next row because of the right edge.
    continued: bool,
}

#[derive(Debug)]
enum State {
    Text,
    Escape,
    Control {
        parameters: [usize; PARAMETERS],
        count: usize,
    },
    /// A title or the like, up to BEL or ST.
    String,
}

impl Default for Screen {
    fn default() -> Self {
        Self {
            rows: vec![Row::default()],
            row: 0,
            column: 0,
            wrap_pending: false,
            state: State::Text,
            partial: Vec::new(),
        }
    }
}

impl Screen {
    /// Takes what the peer sent.
    pub fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.byte(*byte);
        }
    }

    /// The row of the cursor.
    pub fn row(&self) -> usize {
        self.row
    }

    /// The whole line that the cursor stands in, without blanks at its end.
    pub fn current_line(&self) -> String {
        self.text_from(self.start_of_line(self.row))
    }

    /// The first row of the line that `row` belongs to.
    pub fn start_of_line(&self, row: usize) -> usize {
        let mut start = row.min(self.rows.len() - 1);
        while start > 0 && self.rows[start - 1].continued {
            start -= 1;
        }
        start
    }

    /// The first row after the line that `row` belongs to.
    pub fn end_of_line(&self, row: usize) -> usize {
        let mut end = row;
        while self.rows.get(end).is_some_and(|row| row.continued) {
            end += 1;
        }
        end + 1
    }

    /// All lines from `row` on, without blanks at their ends and without empty lines at the end.
    pub fn text_from(&self, row: usize) -> String {
        let mut text = String::new();
        for row in self.rows.iter().skip(row) {
            text.extend(&row.cells);
            if !row.continued {
                let length = text.trim_end_matches(' ').len();
                text.truncate(length);
                text.push('\n');
            }
        }
        text.truncate(text.trim_end().len());
        text
    }

    fn byte(&mut self, byte: u8) {
        match &mut self.state {
            State::Text => self.text_byte(byte),
            State::Escape => {
                self.state = match byte {
                    b'[' => State::Control { parameters: [0; PARAMETERS], count: 0 },
                    b']' | b'P' | b'_' | b'^' => State::String,
                    _ => State::Text,
                };
            }
            State::String => match byte {
                0x07 => self.state = State::Text,
                0x1b => self.state = State::Escape,
                _ => {}
            },
            State::Control { parameters, count } => match byte {
                b'0'..=b'9' => {
                    if let Some(value) = parameters.get_mut(*count) {
                        *value = value.saturating_mul(10).saturating_add(usize::from(byte - b'0')).min(10_000);
                    }
                }
                b';' => *count += 1,
                0x40..=0x7e => {
                    let parameters = *parameters;
                    self.state = State::Text;
                    self.control(byte, parameters[0]);
                }
                0x1b => self.state = State::Escape,
                _ => {}
            },
        }
    }

    fn text_byte(&mut self, byte: u8) {
        if byte < 0x20 || byte == 0x7f {
            self.partial.clear();
        }
        match byte {
            0x1b => self.state = State::Escape,
            b'\r' => self.move_to(self.row, 0),
            b'\n' => self.move_to(self.row + 1, self.column),
            0x08 => self.move_to(self.row, self.column.saturating_sub(1)),
            b'\t' => self.move_to(self.row, (self.column / 8 + 1) * 8),
            0x20..=0x7e => self.put(char::from(byte)),
            0x80.. => {
                self.partial.push(byte);
                match std::str::from_utf8(&self.partial) {
                    Ok(text) => {
                        let whole: Vec<char> = text.chars().collect();
                        self.partial.clear();
                        whole.into_iter().for_each(|character| self.put(character));
                    }
                    Err(error) if error.error_len().is_some() => {
                        self.partial.clear();
                        self.put(char::REPLACEMENT_CHARACTER);
                    }
                    Err(_) => {}
                }
            }
            _ => {}
        }
    }

    fn control(&mut self, byte: u8, parameter: usize) {
        let count = parameter.max(1);
        match byte {
            b'A' => self.move_to(self.row.saturating_sub(count), self.column),
            b'B' => self.move_to(self.row + count, self.column),
            b'C' => self.move_to(self.row, self.column + count),
            b'D' => self.move_to(self.row, self.column.saturating_sub(count)),
            b'G' => self.move_to(self.row, count - 1),
            b'K' => self.erase_line(parameter),
            b'J' if parameter == 0 => {
                self.erase_line(0);
                self.rows.truncate(self.row + 1);
            }
            // A cleared or homed screen starts below all that was said: nothing is lost.
            b'J' | b'H' => self.move_to(self.rows.len(), 0),
            _ => {}
        }
    }

    fn erase_line(&mut self, parameter: usize) {
        let row = &mut self.rows[self.row];
        match parameter {
            0 => {
                row.cells.truncate(self.column);
                row.continued = false;
            }
            1 => row.cells.iter_mut().take(self.column + 1).for_each(|cell| *cell = ' '),
            _ => *row = Row::default(),
        }
    }

    fn put(&mut self, character: char) {
        if self.wrap_pending {
            self.rows[self.row].continued = true;
            self.move_to(self.row + 1, 0);
        }
        let cells = &mut self.rows[self.row].cells;
        if cells.len() <= self.column {
            cells.resize(self.column + 1, ' ');
        }
        cells[self.column] = character;
        if self.column + 1 == WIDTH {
            self.wrap_pending = true;
        } else {
            self.column += 1;
        }
    }

    fn move_to(&mut self, row: usize, column: usize) {
        self.wrap_pending = false;
        self.row = row;
        self.column = column.min(WIDTH - 1);
        if self.rows.len() <= row {
            self.rows.resize(row + 1, Row::default());
        }
    }
}

/// Bytes as a reader sees them in a report: control characters spelt out.
pub fn spelt_out(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().fold(String::new(), |mut text, character| {
        match character {
            '\n' => text.push('\n'),
            '\r' => {}
            other if other.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(text, "{}", other.escape_default());
            }
            other => text.push(other),
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(text: &str) -> Screen {
        let mut screen = Screen::default();
        screen.feed(text.as_bytes());
        screen
    }

    #[test]
    fn plain_lines_are_kept_as_they_are() {
        assert_eq!(screen("one\r\ntwo\r\n").text_from(0), "one\ntwo");
    }

    #[test]
    fn a_line_that_the_editor_draws_again_is_there_once() {
        let text = "\r\x1b[Kcms> i\r\x1b[Kcms> ip\r\x1b[Kcms> ipv4 a\x1b[2m add\x1b[m\r\x1b[12C\x1b[K\r\nIPv4\r\n";
        assert_eq!(screen(text).text_from(0), "cms> ipv4 a\nIPv4");
    }

    #[test]
    fn a_line_broken_at_the_right_edge_is_one_line() {
        let long = "x".repeat(200);
        let screen = screen(&format!("{long}\r\nend"));
        assert_eq!(screen.text_from(0), format!("{long}\nend"));
        assert_eq!(screen.start_of_line(2), 0);
        assert_eq!(screen.end_of_line(0), 3);
    }

    #[test]
    fn a_line_of_exactly_the_width_leaves_no_empty_line() {
        let long = "x".repeat(80);
        assert_eq!(screen(&format!("{long}\r\nend")).text_from(0), format!("{long}\nend"));
    }

    #[test]
    fn clearing_the_screen_loses_nothing_that_was_said() {
        assert_eq!(screen("panic: no root\r\n\x1b[2J\x1b[Hlogin: ").text_from(0), "panic: no root\n\n\nlogin:");
    }

    #[test]
    fn characters_beyond_ascii_and_broken_ones_are_accepted() {
        let mut screen = Screen::default();
        screen.feed(b"gr\xc3");
        screen.feed(b"\xbc\xc3\x9fe \xff\xfe \x1b]0;title\x07end");
        assert_eq!(screen.text_from(0), "grüße \u{fffd}\u{fffd} end");
    }

    #[test]
    fn any_bytes_leave_the_screen_usable() {
        let mut seed = 12345_u32;
        let mut screen = Screen::default();
        for _ in 0..100_000 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            screen.feed(&[(seed >> 24) as u8]);
        }
        screen.feed(b"\x18\x1b\\\x07\r\n\x1b[0Jhere");
        assert!(screen.current_line().ends_with("here"));
    }
}
