//! What the console shows before anybody has logged in.
//!
//! Invariant: text from files is cut to a page and cleared of control characters, so that no file can steer the terminal.

use serde::Deserialize;

use crate::recovery;

/// The longest text that `banner` takes, in characters.
const LONGEST_TEXT: usize = 2048;

/// What the texts are made from; what is absent is not shown.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The text of `banner`.
    pub banner: Option<String>,
    /// The early boot's description of the board, JSON.
    pub board: Option<String>,
    /// A lost password can be replaced on this console now.
    pub recovery: bool,
    /// The settings on `/data` are damaged, and the factory's are in force.
    pub settings_lost: bool,
    /// What the early boot found wrong with `/data`, and what is true now.
    pub data_fault: Option<String>,
}

#[derive(Deserialize)]
struct Board {
    model: String,
}

/// The lines above the first prompt.
pub fn greeting(sources: &Sources) -> String {
    let mut text = String::from("\n");
    if let Some(fault) = &sources.data_fault {
        for line in printable(fault).lines() {
            text.push_str("*** ");
            text.push_str(line);
            text.push('\n');
        }
        text.push('\n');
    }
    if sources.settings_lost {
        text.push_str(
            "*** The settings on /data cannot be read, so factory settings are in force.\n\
             *** Log in as admin with the factory password, at the console only; what to do is told then.\n\n",
        );
    }
    if sources.recovery {
        text.push_str(&format!("*** To replace a lost password, log in as: {}\n\n", recovery::WORDS));
    }
    match &sources.banner {
        Some(banner) => {
            text.push_str(printable(banner).trim_end());
            text.push('\n');
        }
        None => {
            text.push_str("Welcome to the Rostrum meeting server");
            let board = sources.board.as_deref().and_then(|json| serde_json::from_str::<Board>(json).ok());
            if let Some(board) = board {
                text.push_str(&format!(" ({})", printable(&board.model)));
            }
            text.push('\n');
        }
    }
    text
}

/// `cms login: `
pub fn login_prompt(hostname: &str) -> String {
    format!("{} login: ", printable(hostname))
}

fn printable(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).filter(|c| *c == '\n' || !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_system_names_itself_and_its_model() {
        assert_eq!(greeting(&Sources::default()), "\nWelcome to the Rostrum meeting server\n");
        let board = Some(r#"{"board":"qemu","model":"CMS VM","consoles":[],"nics":[]}"#.into());
        let expected = "\nWelcome to the Rostrum meeting server (CMS VM)\n";
        assert_eq!(greeting(&Sources { board, ..Sources::default() }), expected);
        let broken = Some("not json".into());
        let plain = "\nWelcome to the Rostrum meeting server\n";
        assert_eq!(greeting(&Sources { board: broken, ..Sources::default() }), plain);
    }

    #[test]
    fn a_banner_takes_the_greetings_place_and_cannot_steer_the_terminal() {
        let banner = Some("Authorised use only\x1b[2J\r\nLine two\n\n".into());
        let text = greeting(&Sources { banner, ..Sources::default() });
        assert_eq!(text, "\nAuthorised use only[2J\nLine two\n");
    }

    #[test]
    fn a_data_fault_is_loud() {
        let data_fault = Some("No partition 'data' on vda\n".into());
        let text = greeting(&Sources { data_fault, ..Sources::default() });
        assert!(text.starts_with("\n*** No partition 'data' on vda\n"));
        assert!(text.ends_with("\n\nWelcome to the Rostrum meeting server\n"));
    }

    #[test]
    fn lost_settings_say_who_may_log_in_and_where() {
        let text = greeting(&Sources { settings_lost: true, ..Sources::default() });
        assert!(text.starts_with("\n*** The settings on /data cannot be read"));
        assert!(text.contains("as admin with the factory password, at the console only"));
    }

    #[test]
    fn the_prompt_has_the_full_host_name() {
        assert_eq!(login_prompt("cms1.example.com"), "cms1.example.com login: ");
    }
}
