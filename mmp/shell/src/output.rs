//! Text on its way out: filters, then the pager or standard output.
//!
//! Invariants: everything written ends with a line feed; errors and hints go to standard error. When nobody reads any
//! more the shell ends.

use std::{
    io::{self, Write},
    os::fd::AsFd,
    process,
};

use mmp_grammar::{Filter, FilterKind};

use crate::pager;

/// Size of a terminal that does not tell, as a serial line does not.
const DEFAULT_SIZE: (usize, usize) = (24, 80);

/// Where text goes.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// Both ends are a terminal: long texts are paged, questions can be asked.
    pub terminal: bool,
}

impl Output {
    /// Prints a whole text through the filters.
    pub fn text(self, text: &str, filters: &[Filter]) {
        let text = filtered(text, filters);
        if text.is_empty() {
            return;
        }
        let (rows, columns) = size();
        if self.terminal && height(&text, columns) >= rows {
            pager::page(&text, rows, columns);
        } else {
            write(&format!("{}\n", text.trim_end_matches('\n')));
        }
    }
}

/// The lines that the filters leave.
pub fn filtered(text: &str, filters: &[Filter]) -> String {
    filters.iter().fold(text.to_owned(), |text, filter| {
        let kept: Vec<&str> = text.lines().filter(|line| filter.keeps(line)).collect();
        if filter.kind == FilterKind::Count { kept.len().to_string() } else { kept.join("\n") }
    })
}

/// Writes text as it is to standard output.
pub fn write(text: &str) {
    let mut stdout = io::stdout().lock();
    if stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).is_err() {
        // The terminal or the pipe is gone, and with it the one who asked.
        process::exit(1);
    }
}

/// Writes one line, or several, to standard error.
pub fn error(text: &str) {
    let _ = io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}

/// Rows and columns of the terminal.
pub fn size() -> (usize, usize) {
    let size = rustix_free_size();
    let or = |value: u16, default| if value == 0 { default } else { usize::from(value) };
    size.map_or(DEFAULT_SIZE, |(rows, columns)| (or(rows, DEFAULT_SIZE.0), or(columns, DEFAULT_SIZE.1)))
}

/// Rows that a text takes.
fn height(text: &str, columns: usize) -> usize {
    text.lines().map(|line| rows(line, columns)).sum()
}

/// Rows that a line takes.
pub fn rows(line: &str, columns: usize) -> usize {
    line.chars().count().div_ceil(columns.max(1)).max(1)
}
