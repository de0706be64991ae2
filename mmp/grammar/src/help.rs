//! The texts of `help`, `help <command>` and of a usage error (`mmp.md` section 1.4).

use std::fmt::Write;

use mmp_model::Role;

use crate::table::{self, Family};

/// All commands that the role may run.
pub fn all(role: Role) -> String {
    let families: Vec<_> = table::permitted(role).collect();
    let width = families.iter().map(|family| family.name.len()).max().unwrap_or(0);
    let mut text = String::from("Commands:\n");
    for family in families {
        let _ = writeln!(text, "   {:width$}  {}", family.name, family.summary);
    }
    text.push_str("Type 'help <command>' for its forms. Tab completes a word, '?' lists what may follow.\n");
    text.push_str("A command that shows something takes '--json' and '| include <text>'.");
    text
}

/// A family's usage block.
pub fn usage(family: &'static Family, role: Role) -> String {
    let mut text = format!("{}\nUsage:", family.summary);
    for command in family.permitted(role) {
        let _ = write!(text, "\n   {}", family.usage(command));
    }
    text
}

/// `help <command>`: the usage block, what else there is to know, and examples.
pub fn family(family: &'static Family, role: Role) -> String {
    let mut text = usage(family, role);
    for (index, detail) in family.details.iter().enumerate() {
        let _ = write!(text, "{}\n   {detail}", if index == 0 { "\nNotes:" } else { "" });
    }
    text.push_str("\nExamples:");
    for command in family.permitted(role) {
        let _ = write!(text, "\n   {}", command.example);
    }
    text
}
