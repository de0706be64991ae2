//! Text on its way out: filters, then the pager or standard output.
//!
//! Invariants: everything written ends with a line feed; errors and hints go to standard error. When nobody reads any
//! more the shell ends.

use std::{
    io::{self, Write},
    process,
};

use mmp_grammar::{Filter, FilterKind};

use crate::{pager, terminal};

/// Prints a whole text through the filters; on a terminal page by page when it is long.
pub fn text(text: &str, filters: &[Filter], on_terminal: bool) {
    let text = filtered(text, filters);
    if text.is_empty() {
        return;
    }
    let (rows, columns) = terminal::size();
    let height: usize = text.lines().map(|line| terminal::rows(line, columns)).sum();
    if on_terminal && height >= rows {
        pager::page(&text, rows, columns);
    } else {
        write(&format!("{}\n", text.trim_end_matches('\n')));
    }
}

/// Prints lines as they are fetched, page by page.
pub fn pages(piece: &mut dyn FnMut() -> Vec<String>) {
    let (rows, columns) = terminal::size();
    let first = piece();
    pager::pages(first, piece, rows, columns);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_work_on_lines_one_after_the_other() {
        let filter = |kind, text: &str| Filter { kind, text: text.into() };
        let text = "one\ntwo\nthree";
        assert_eq!(filtered(text, &[filter(FilterKind::Include, "o")]), "one\ntwo");
        assert_eq!(filtered(text, &[filter(FilterKind::Exclude, "o")]), "three");
        let both = [filter(FilterKind::Include, "o"), filter(FilterKind::Count, "")];
        assert_eq!(filtered(text, &both), "2");
    }
}
