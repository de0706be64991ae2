//! `help` and `exit`, which the shell answers by itself (`mmp.md` sections 1.3, 1.4).

use mmp_model::InvalidValue;

use crate::{
    action::Action,
    table::{Command, Family, checked, family},
};

/// `help`.
pub static HELP: Family = Family {
    name: "help",
    summary: "Show the commands, or the forms of one",
    details: &["'?' is the same, and typed anywhere in a line it lists what may follow there."],
    commands: &[
        Command::set(&[], "List the commands that you may run", "help", |_| Ok(Action::Help(None))),
        Command::set(
            &[checked("<command>", "First word of a command", |w| known(w).map(drop)).part()],
            "Show the forms of a command, with examples",
            "help ipv4",
            |v| Ok(Action::Help(Some(known(&v[0])?))),
        ),
    ],
};

/// `exit`.
pub static EXIT: Family = Family {
    name: "exit",
    summary: "Log out",
    details: &[],
    commands: &[Command::set(&[], "Log out", "exit", |_| Ok(Action::Exit))],
};

fn known(word: &str) -> Result<&'static crate::Family, InvalidValue> {
    family(word).ok_or_else(|| InvalidValue::new("Unknown command", word))
}
