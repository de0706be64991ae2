//! The command table of the MMP shell, and everything that is read off it: parser, help, completion, hints, manual.
//!
//! Invariants: no IO, no terminal and no socket; a command is declared once, in `families/<family>.rs`, and nothing
//! else in the tree lists commands. Functions take any text whatever and never panic; spans they return lie on
//! character boundaries of the line that was passed in.

pub mod action;
pub mod complete;
pub mod families;
pub mod help;
pub mod manual;
pub mod parse;
pub mod suggest;
pub mod table;
pub mod tokens;

pub use action::{Action, Condition, Filter, FilterKind, Parsed};
pub use complete::{Choice, Completion, complete, hint};
pub use manual::manual;
pub use parse::{Mistake, ParseError, loggable, parse};
pub use table::{Command, Family, family, permitted};

/// Every word that the table knows, once, sorted: a dictionary for fuzzing.
pub fn dictionary() -> Vec<&'static str> {
    let mut words: Vec<_> = families::ALL.iter().map(|family| family.name).collect();
    for part in families::ALL.iter().flat_map(|f| f.commands).flat_map(|command| command.parts) {
        words.extend(part.words().iter().map(|word| word.text));
    }
    words.extend(["--json", "--yes", "|", "include", "exclude", "count", "?"]);
    words.sort_unstable();
    words.dedup();
    words
}
