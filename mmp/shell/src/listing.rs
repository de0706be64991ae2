//! The list of what may follow, for `?` and for the second Tab.

use mmp_grammar::{Completion, complete};

use crate::session::Session;

/// Widest first column; longer words push their line to the right.
const WIDEST: usize = 32;

/// What may stand at the cursor, with the values that exist on the appliance now.
pub fn completion(session: &mut Session, line: &str, cursor: usize) -> Completion {
    let mut found = complete(line, cursor, session.welcome.role);
    if let Some(slot) = &found.live {
        // Without mmpd the words of the table are still there.
        let values = session.live(slot.kind);
        found.add_live(values.into_iter().map(|value| (value.value, value.about)));
    }
    found
}

/// One line a choice.
pub fn list(found: &Completion) -> String {
    if found.choices.is_empty() {
        return "Nothing may follow here".into();
    }
    let width = found.choices.iter().map(|choice| choice.text.chars().count()).max().unwrap_or(0).min(WIDEST);
    let line =
        |choice: &mmp_grammar::Choice| format!("  {:width$}  {}", choice.text, choice.about).trim_end().to_owned();
    found.choices.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use mmp_model::Role;

    use super::*;

    #[test]
    fn every_choice_has_its_line() {
        insta::assert_snapshot!(list(&complete("ipv4 a de", 9, Role::Admin)), @r"
          del      Remove the address
          default  Make it the interface of last resort
        ");
        assert_eq!(list(&complete("reboot x ", 9, Role::Admin)), "Nothing may follow here");
    }
}
