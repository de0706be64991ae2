//! The manual of all commands in Markdown, generated so that it cannot differ from what the shell takes.

use std::fmt::Write;

use mmp_model::Role;

use crate::{
    families,
    table::{Command, Family, Part},
};

/// `mmp/docs/commands.md`.
pub fn manual() -> String {
    let mut text = String::from(
        "# Commands\n\n\
         Generated from the command table in `mmp/grammar/src/families`; regenerate it instead of editing it.\n\n\
         `<x>` stands for a value, `(a|b)` for exactly one of the words. Several words in one argument are put in double \
         quotes. Every command that shows something takes `--json`, and every output can be filtered with \
         `| include <text>`, `| exclude <text>` and `| count`. Commands that ask for a confirmation take `--yes` where \
         there is no terminal to ask on.\n",
    );
    for family in families::ALL {
        chapter(&mut text, family);
    }
    text
}

fn chapter(text: &mut String, family: &'static Family) {
    let _ = write!(text, "\n## {}\n\n{}.\n", family.name, family.summary);
    for detail in family.details {
        let _ = write!(text, "\n{detail}\n");
    }
    text.push_str("\n| form | what it does | roles |\n| --- | --- | --- |\n");
    for command in family.commands {
        let usage = cell(&family.usage(command));
        let _ = writeln!(text, "| `{usage}` | {}{} | {} |", cell(command.summary), asks(command), roles(command));
    }
    let mut known = Vec::new();
    for part in family.commands.iter().flat_map(|command| command.parts) {
        let (Part::Value(value) | Part::Rest(value) | Part::Many(value)) = part else { continue };
        if known.contains(&(value.usage, value.about)) {
            continue;
        }
        if known.is_empty() {
            text.push('\n');
        }
        known.push((value.usage, value.about));
        let _ = writeln!(text, "- `{}`: {}", value.usage, value.about);
        for word in value.words {
            let _ = writeln!(text, "  - `{}`: {}", word.text, word.about);
        }
    }
    text.push_str("\n```\n");
    for command in family.commands {
        let _ = writeln!(text, "{}", command.example);
    }
    text.push_str("```\n");
}

fn asks(command: &Command) -> &'static str {
    if command.confirm.is_some() { "; asks first, and only a capital `Y` goes on" } else { "" }
}

fn roles(command: &Command) -> String {
    let roles = Role::ALL.into_iter().filter(|role| role.has_shell() && command.permits(*role));
    roles.map(Role::word).collect::<Vec<_>>().join(", ")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
