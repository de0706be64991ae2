//! A long text, a screen at a time.
//!
//! Keys: space goes on by a page, Enter by a line, `/` looks for a text, `q` ends. Nothing else is needed of the
//! terminal than a carriage return and "erase to the end of the line", so a serial line will do.

use crate::{
    input,
    output::write,
    terminal::{Mode, rows},
};

const PROMPT: &str = "--More-- (space: page, Enter: line, /: find, q: end)";
const ERASE: &str = "\r\x1b[K";
const CTRL_C: u8 = 3;
const CTRL_D: u8 = 4;
const ESCAPE: u8 = 27;

/// What a key asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Rows(usize),
    Find(String),
    All,
    End,
}

/// Shows the text on a terminal of this size.
pub fn page(text: &str, screen: usize, columns: usize) {
    let lines = text.trim_end_matches('\n').lines().map(str::to_owned).collect();
    pages(lines, &mut Vec::new, screen, columns);
}

/// Shows lines, and those that `more` gives when they are wanted, until it gives none.
pub fn pages(first: Vec<String>, more: &mut dyn FnMut() -> Vec<String>, screen: usize, columns: usize) {
    let mut lines = first;
    let mut complete = false;
    let mut fetch = |lines: &mut Vec<String>, wanted: usize| {
        while !complete && lines.len() < wanted {
            let piece = more();
            complete = piece.is_empty();
            lines.extend(piece);
        }
    };
    // One row is the prompt's.
    let whole = screen.saturating_sub(1).max(1);
    let mut shown = 0;
    let mut step = Step::Rows(whole);
    let _mode = Mode::keys();
    loop {
        let end = match step {
            Step::Rows(room) => {
                fetch(&mut lines, shown + room + 1);
                advance(&lines, shown, room, columns)
            }
            Step::Find(wanted) => match find(&mut lines, shown, &wanted, &mut fetch) {
                Some(at) => {
                    if at > shown {
                        write("...skipping\n");
                    }
                    shown = at;
                    fetch(&mut lines, shown + whole + 1);
                    advance(&lines, shown, whole.saturating_sub(1).max(1), columns)
                }
                None => {
                    write("Not found\n");
                    shown
                }
            },
            Step::All => {
                // Written as it comes: a log may be long.
                let mut end = shown;
                loop {
                    write_lines(&lines[end..]);
                    end = lines.len();
                    fetch(&mut lines, end + 1);
                    if lines.len() == end {
                        return;
                    }
                }
            }
            Step::End => return,
        };
        write_lines(&lines[shown..end]);
        shown = end;
        if shown == lines.len() {
            return;
        }
        write(PROMPT);
        step = next(whole);
        write(ERASE);
    }
}

fn write_lines(lines: &[String]) {
    let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    write(&text);
}

/// The first line from `from` on that holds the text.
fn find(
    lines: &mut Vec<String>,
    from: usize,
    wanted: &str,
    fetch: &mut dyn FnMut(&mut Vec<String>, usize),
) -> Option<usize> {
    let mut at = from;
    loop {
        if let Some(offset) = lines[at..].iter().position(|line| line.contains(wanted)) {
            return Some(at + offset);
        }
        at = lines.len();
        fetch(lines, at + 1);
        if lines.len() == at {
            return None;
        }
    }
}

/// The line after the last that fits into the room; at least one line, even one that is higher than the screen.
fn advance(lines: &[String], from: usize, room: usize, columns: usize) -> usize {
    let mut left = room;
    let mut end = from;
    while let Some(line) = lines.get(end) {
        let height = rows(line, columns);
        if height > left && end > from {
            break;
        }
        left = left.saturating_sub(height);
        end += 1;
        if left == 0 {
            break;
        }
    }
    end
}

fn next(page: usize) -> Step {
    loop {
        match input::key() {
            Some(b' ' | b'f') => return Step::Rows(page),
            Some(b'\r' | b'\n' | b'j') => return Step::Rows(1),
            Some(b'G') => return Step::All,
            Some(b'/') => {
                if let Some(wanted) = wanted() {
                    return Step::Find(wanted);
                }
                write(ERASE);
                write(PROMPT);
            }
            // The rest of an escape sequence is read as keys, which mean nothing or move on; never a command.
            None | Some(b'q' | b'Q' | CTRL_C | CTRL_D) => return Step::End,
            Some(_) => {}
        }
    }
}

/// The text to look for, typed in place of the prompt.
fn wanted() -> Option<String> {
    write(ERASE);
    write("/");
    let mut typed = Vec::new();
    loop {
        match input::key()? {
            b'\r' | b'\n' => return String::from_utf8(typed).ok().filter(|text| !text.is_empty()),
            CTRL_C | ESCAPE => return None,
            8 | 127 => {
                while typed.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
                write(&format!("{ERASE}/{}", String::from_utf8_lossy(&typed)));
            }
            byte if byte >= b' ' && typed.len() < 200 => {
                typed.push(byte);
                write(&format!("{ERASE}/{}", String::from_utf8_lossy(&typed)));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_before_the_line_that_does_not_fit() {
        let wide = "x".repeat(25);
        let lines = ["a", "b", wide.as_str(), "c"].map(str::to_owned);
        assert_eq!(advance(&lines, 0, 3, 10), 2);
        assert_eq!(advance(&lines, 2, 2, 10), 3, "a line higher than the screen is shown all the same");
        assert_eq!(advance(&lines, 0, 100, 10), 4);
    }
}
