//! The console's conversation: name, password, verdict, again.
//!
//! Invariants: no clock and no file descriptor of its own, so tests play it through at once; a wrong password costs
//! more time each time; it ends only with somebody admitted or with the line gone.

use std::time::Duration;

use mmp_control::{Secret, reply::Admitted};
use zeroize::Zeroizing;

use crate::{
    gate::{Denial, Gate},
    recovery,
};

/// The longest name that an account can have.
const LONGEST_NAME: usize = 32;

/// How long a password prompt stays open.
pub const PASSWORD_TIME: Duration = Duration::from_secs(60);

/// Pauses after wrong passwords: a brake on guessing that an honest slip hardly feels.
const BRAKE: [u64; 4] = [1, 2, 4, 8];

/// Pauses between two attempts to reach mmpd.
const BACKOFF: [u64; 5] = [1, 2, 4, 8, 8];

/// What came from the keyboard.
#[derive(Debug)]
pub enum Entry {
    /// A line, without its end.
    Line(Zeroizing<Vec<u8>>),
    /// Ctrl-C or Ctrl-D instead of one.
    Cancelled,
    /// Nothing within the time.
    TimedOut,
}

/// The line is gone.
#[derive(Debug, thiserror::Error)]
#[error("the terminal is gone")]
pub struct Gone;

/// A terminal in line mode.
pub trait Terminal {
    /// Shows text.
    fn say(&mut self, text: &str) -> Result<(), Gone>;
    /// Asks for a line, which is shown while it is typed or not: from before the prompt is seen, because fast typists
    /// and scripts answer at once.
    fn ask(&mut self, prompt: &str, echo: bool, within: Option<Duration>) -> Result<Entry, Gone>;
    /// Lets time pass.
    fn pause(&mut self, time: Duration);
}

/// Talks until somebody is admitted. `prompt` is asked anew each time, because the host name may change.
pub fn admit(terminal: &mut dyn Terminal, gate: &mut dyn Gate, prompt: &dyn Fn() -> String) -> Result<Admitted, Gone> {
    let mut failures = 0;
    loop {
        let user = match terminal.ask(&prompt(), true, None)? {
            Entry::Line(line) => match name(&line) {
                Some(user) if user.is_empty() => continue,
                Some(user) if user == recovery::WORDS => {
                    recovery::recover(terminal, gate)?;
                    continue;
                }
                Some(user) => user,
                None => {
                    terminal.say("Invalid user name\n\n")?;
                    continue;
                }
            },
            Entry::Cancelled | Entry::TimedOut => {
                terminal.say("\n")?;
                continue;
            }
        };
        let entry = terminal.ask("Please enter password:", false, Some(PASSWORD_TIME))?;
        terminal.say("\n")?;
        let line = match entry {
            Entry::Line(line) => line,
            Entry::Cancelled => continue,
            Entry::TimedOut => {
                terminal.say("Login timed out\n\n")?;
                continue;
            }
        };
        // What is not text cannot be a password; it fails as a wrong one does.
        let verdict = match std::str::from_utf8(&line) {
            Ok(text) => ask(terminal, gate, &user, &Secret::new(text.to_owned()))?,
            Err(_) => Verdict::No("Login incorrect".into()),
        };
        match verdict {
            Verdict::Yes(admitted) => return Ok(admitted),
            Verdict::No(text) => {
                terminal.pause(Duration::from_secs(BRAKE[failures.min(BRAKE.len() - 1)]));
                failures += 1;
                terminal.say(&format!("{text}\n\n"))?;
            }
            Verdict::Unknown => {
                terminal.say(
                    "The management daemon does not come back; log in again, or switch the appliance off and on\n\n",
                )?;
            }
        }
    }
}

enum Verdict {
    Yes(Admitted),
    No(String),
    Unknown,
}

fn ask(terminal: &mut dyn Terminal, gate: &mut dyn Gate, user: &str, password: &Secret) -> Result<Verdict, Gone> {
    for (attempt, seconds) in BACKOFF.into_iter().enumerate() {
        match gate.authenticate(user, password) {
            Ok(admitted) => return Ok(Verdict::Yes(admitted)),
            Err(Denial::Refused(refusal)) => {
                let mut text = refusal.message;
                if let Some(hint) = refusal.hint {
                    text.push('\n');
                    text.push_str(&hint);
                }
                return Ok(Verdict::No(text));
            }
            Err(Denial::Unreachable(_)) => {
                if attempt == 0 {
                    terminal.say("The management daemon is not running; trying again\n")?;
                }
                terminal.pause(Duration::from_secs(seconds));
            }
        }
    }
    Ok(Verdict::Unknown)
}

/// The typed name, when it can be one. Blanks round it do not count.
fn name(line: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(line).ok()?.trim_matches(' ');
    (text.len() <= LONGEST_NAME && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::VecDeque;

    use mmp_client::ClientError;
    use mmp_control::{Kind, Refusal, reply::RecoveryStep};
    use proptest::prelude::*;

    use super::*;

    /// Types its lines, then hangs up.
    #[derive(Default)]
    pub struct Script {
        typed: VecDeque<Entry>,
        pub shown: String,
        paused: Vec<u64>,
    }

    impl Script {
        pub fn typing(lines: &[&[u8]]) -> Self {
            let typed = lines.iter().map(|l| Entry::Line(Zeroizing::new(l.to_vec()))).collect();
            Self { typed, ..Self::default() }
        }
    }

    impl Terminal for Script {
        fn say(&mut self, text: &str) -> Result<(), Gone> {
            self.shown.push_str(text);
            Ok(())
        }

        fn ask(&mut self, prompt: &str, echo: bool, _: Option<Duration>) -> Result<Entry, Gone> {
            self.shown.push_str(prompt);
            let entry = self.typed.pop_front().ok_or(Gone)?;
            if let (true, Entry::Line(line)) = (echo, &entry) {
                self.shown.push_str(&String::from_utf8_lossy(line));
                self.shown.push('\n');
            }
            Ok(entry)
        }

        fn pause(&mut self, time: Duration) {
            self.paused.push(time.as_secs());
        }
    }

    /// Knows `admin` with `right`; does not answer the first `deaf` times.
    struct One {
        deaf: usize,
    }

    impl Gate for One {
        fn authenticate(&mut self, user: &str, password: &Secret) -> Result<Admitted, Denial> {
            if self.deaf > 0 {
                self.deaf -= 1;
                return Err(Denial::Unreachable(ClientError::Unexpected));
            }
            if user == "admin" && password.reveal() == "right" {
                return Ok(Admitted { user: user.parse().unwrap(), uid: 10_000 });
            }
            Err(Denial::Refused(Refusal::new(Kind::Denied, "Login incorrect")))
        }

        fn begin_recovery(&mut self) -> Result<RecoveryStep, Denial> {
            Err(Denial::Refused(Refusal::new(Kind::Denied, "Recovery is switched off")))
        }

        fn set_recovered(&mut self, _: &str, _: &Secret) -> Result<(), Denial> {
            Err(Denial::Refused(Refusal::denied()))
        }
    }

    fn play(lines: &[&[u8]], deaf: usize) -> (Script, Result<Admitted, Gone>) {
        let mut script = Script::typing(lines);
        let end = admit(&mut script, &mut One { deaf }, &|| "cms login: ".into());
        (script, end)
    }

    #[test]
    fn the_right_password_comes_in_and_is_not_shown() {
        let (script, end) = play(&[b"admin", b"right"], 0);
        assert_eq!(end.unwrap().uid, 10_000);
        assert_eq!(script.shown, "cms login: admin\nPlease enter password:\n");
        assert!(script.paused.is_empty());
    }

    #[test]
    fn a_wrong_password_repeats_the_prompt_and_each_one_costs_more() {
        let wrong: Vec<&[u8]> = [&b"admin"[..], b"wrong"].repeat(6);
        let (script, end) = play(&wrong, 0);
        assert!(end.is_err());
        assert_eq!(script.paused, [1, 2, 4, 8, 8, 8]);
        assert!(script.shown.starts_with("cms login: admin\nPlease enter password:\nLogin incorrect\n\ncms login: "));
    }

    #[test]
    fn names_that_cannot_be_are_refused_before_a_password_is_asked_for() {
        for bad in [&b"ad\x1bmin"[..], b"\xff", &[b'x'; 33], b"a\tb"] {
            let (script, _) = play(&[bad], 0);
            assert!(script.shown.ends_with("Invalid user name\n\ncms login: "), "{bad:?}");
        }
        let (script, _) = play(&[b"", b"  "], 0);
        assert_eq!(script.shown, "cms login: \ncms login:   \ncms login: ");
    }

    #[test]
    fn who_has_lost_a_password_says_so_instead_of_a_name() {
        let (script, _) = play(&[b"recover password"], 0);
        assert_eq!(script.shown, "cms login: recover password\nRecovery is switched off\n\ncms login: ");
        assert!(script.paused.is_empty());
    }

    #[test]
    fn bytes_that_are_no_text_fail_as_a_wrong_password() {
        let (script, _) = play(&[b"admin", b"\xff"], 0);
        assert!(script.shown.ends_with("Login incorrect\n\ncms login: "));
        assert_eq!(script.paused, [1]);
    }

    #[test]
    fn a_prompt_that_waits_too_long_or_is_cancelled_starts_anew() {
        let mut script = Script::typing(&[b"admin"]);
        script.typed.extend([Entry::TimedOut, Entry::Cancelled]);
        script.typed.push_back(Entry::Line(Zeroizing::new(b"admin".to_vec())));
        script.typed.push_back(Entry::Cancelled);
        assert!(admit(&mut script, &mut One { deaf: 0 }, &|| "> ".into()).is_err());
        let expected = "> admin\nPlease enter password:\nLogin timed out\n\n> \n> admin\nPlease enter password:\n> ";
        assert_eq!(script.shown, expected);
    }

    #[test]
    fn a_daemon_that_comes_back_is_waited_for() {
        let (script, end) = play(&[b"admin", b"right"], 3);
        assert!(end.is_ok());
        assert!(script.shown.ends_with("\nThe management daemon is not running; trying again\n"));
        assert_eq!(script.paused, [1, 2, 4]);
    }

    #[test]
    fn a_daemon_that_stays_away_leads_to_a_new_prompt() {
        let (script, end) = play(&[b"admin", b"right"], 99);
        assert!(end.is_err());
        assert!(script.shown.ends_with("switch the appliance off and on\n\ncms login: "));
    }

    proptest! {
        #[test]
        fn nothing_typed_makes_it_panic(lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..8)) {
            let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
            let _ = play(&lines, 0);
        }
    }
}
