//! The console's conversation with somebody who has lost a password (decision 0020).
//!
//! Invariant: mmpd decides whether there is anything to be recovered; what is asked here changes nothing before the last
//! answer.

use mmp_control::{Secret, reply::RecoveryStep};
use zeroize::Zeroizing;

use crate::{
    dialogue::{Entry, Gone, PASSWORD_TIME, Terminal},
    gate::{Denial, Gate},
};

/// Typed at the login prompt. It has a blank, which no account's name has.
pub const WORDS: &str = "recover password";

/// Times that a new password may be refused.
const ATTEMPTS: usize = 3;

/// Goes through one step, to the next login prompt.
pub fn recover(terminal: &mut dyn Terminal, gate: &mut dyn Gate) -> Result<(), Gone> {
    let text = match gate.begin_recovery() {
        Ok(RecoveryStep::SwitchOff { seconds }) => format!(
            "To replace a lost password, switch the power off and on by hand within {} minutes, and type \"{WORDS}\" here \
             again after that.\nNothing is changed yet. Whoever logs in next is told of this.",
            seconds.div_ceil(60)
        ),
        Ok(RecoveryStep::Choose(administrators)) => {
            let names: Vec<&str> = administrators.iter().map(mmp_model::Username::as_str).collect();
            terminal.say(&format!("Administrators: {}\n", names.join(" ")))?;
            return choose(terminal, gate);
        }
        Err(denial) => reason(denial),
    };
    terminal.say(&format!("{text}\n\n"))
}

fn choose(terminal: &mut dyn Terminal, gate: &mut dyn Gate) -> Result<(), Gone> {
    let Entry::Line(name) = terminal.ask("Please enter user name: ", true, Some(PASSWORD_TIME))? else {
        return terminal.say("\n");
    };
    let name = String::from_utf8_lossy(&name).trim().to_owned();
    for _ in 0..ATTEMPTS {
        let mut new = Vec::new();
        for prompt in ["Please enter new password:", "Please enter new password again:"] {
            let entry = terminal.ask(prompt, false, Some(PASSWORD_TIME))?;
            terminal.say("\n")?;
            match entry {
                Entry::Line(line) => new.push(line),
                Entry::Cancelled | Entry::TimedOut => return terminal.say("Nothing was changed\n\n"),
            }
        }
        match take(gate, &name, &new) {
            Ok(()) => {
                return terminal
                    .say(&format!("The password of {name} is set. Log in with it now; it has to be changed then\n\n"));
            }
            Err(text) => terminal.say(&format!("{text}\n"))?,
        }
    }
    terminal.say("\n")
}

fn take(gate: &mut dyn Gate, name: &str, new: &[Zeroizing<Vec<u8>>]) -> Result<(), String> {
    let [first, second] = new else { return Err("Passwords do not match".into()) };
    if first != second {
        return Err("Passwords do not match".into());
    }
    let text = std::str::from_utf8(first).map_err(|_| "The password is not text".to_owned())?;
    gate.set_recovered(name, &Secret::new(text.to_owned())).map_err(reason)
}

fn reason(denial: Denial) -> String {
    match denial {
        Denial::Refused(refusal) => match refusal.hint {
            Some(hint) => format!("{}\n{hint}", refusal.message),
            None => refusal.message,
        },
        Denial::Unreachable(_) => "The management daemon is not running; try again in a minute".into(),
    }
}

#[cfg(test)]
mod tests {
    use mmp_control::{Kind, Refusal, reply::Admitted};

    use super::*;
    use crate::dialogue::tests::Script;

    /// A gate that is open or not, and what was set.
    #[derive(Default)]
    struct Machine {
        open: bool,
        set: Vec<(String, String)>,
    }

    impl Gate for Machine {
        fn authenticate(&mut self, _: &str, _: &Secret) -> Result<Admitted, Denial> {
            Err(Denial::Refused(Refusal::denied()))
        }

        fn begin_recovery(&mut self) -> Result<RecoveryStep, Denial> {
            Ok(if self.open {
                RecoveryStep::Choose(vec!["admin".parse().unwrap(), "root".parse().unwrap()])
            } else {
                RecoveryStep::SwitchOff { seconds: 599 }
            })
        }

        fn set_recovered(&mut self, user: &str, password: &Secret) -> Result<(), Denial> {
            if password.reveal() == "weak" {
                return Err(Denial::Refused(Refusal::new(
                    Kind::BadValue,
                    "Password does not meet the password rules: x",
                )));
            }
            self.set.push((user.into(), password.reveal().into()));
            Ok(())
        }
    }

    fn play(open: bool, lines: &[&[u8]]) -> (Script, Machine) {
        let (mut script, mut machine) = (Script::typing(lines), Machine { open, set: Vec::new() });
        let _ = recover(&mut script, &mut machine);
        (script, machine)
    }

    #[test]
    fn the_first_step_says_what_to_do_and_asks_nothing() {
        let (script, machine) = play(false, &[b"x"]);
        assert!(
            script.shown.starts_with("To replace a lost password, switch the power off and on by hand within 10 min")
        );
        assert!(machine.set.is_empty() && script.shown.ends_with("\n\n"));
    }

    #[test]
    fn the_second_step_sets_a_password_that_was_typed_twice() {
        let lines: [&[u8]; 7] = [b"root", b"one", b"two", b"weak", b"weak", b"good", b"good"];
        let (script, machine) = play(true, &lines);
        assert_eq!(machine.set, [("root".to_owned(), "good".to_owned())]);
        assert!(script.shown.contains("Administrators: admin root\n"));
        assert!(script.shown.contains("Passwords do not match\n") && script.shown.contains("password rules: x\n"));
        assert!(
            script.shown.ends_with("The password of root is set. Log in with it now; it has to be changed then\n\n")
        );
    }

    #[test]
    fn bytes_that_are_no_text_set_nothing() {
        let (_, machine) = play(true, &[b"admin", b"\xff", b"\xff"]);
        assert!(machine.set.is_empty());
    }
}
