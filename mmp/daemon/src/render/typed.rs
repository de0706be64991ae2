//! No command of the table puts a line of its own into a file that a daemon reads.
//!
//! Every command's example is taken, and each of its words, and each text of the request that it comes down to, is replaced
//! by hostile ones in turn: once as somebody types it, once as somebody writes it to the control socket past the shell.
//! It is refused with one clear line, or it is rendered and changes no line but its own. A new command is tried without
//! a word here.

use mmp_control::{Request, Secret, request::User};
use mmp_grammar::{Action, families, parse, tokens::tokens};
use mmp_model::{Role, Settings};
use serde_json::Value;

use super::hostile::{check, payloads, replaced, sample};
use crate::change::{self, tests::facts};

/// What came of all lines and requests.
#[derive(Debug, Default)]
struct Outcomes {
    /// By the grammar, or by the types of the protocol.
    not_understood: usize,
    refused: usize,
    /// Nothing that settings are made of.
    no_change: usize,
    rendered: usize,
}

/// Requests with which the shell goes on after its questions, too.
fn requests(action: &Action) -> Vec<Request> {
    let secret = || Secret::new("A-Secret-Of-Somebody-9".into());
    let further = match action {
        Action::AddUser(user, role) => Some(Request::User(User::Add(user.clone(), *role, secret()))),
        Action::ResetPassword(user) => Some(Request::User(User::Reset(user.clone(), secret()))),
        _ => None,
    };
    action.probe().into_iter().chain(further).collect()
}

fn try_out(settings: &Settings, request: &Request, what: &str, outcomes: &mut Outcomes) {
    match change::change(settings, request, &facts()) {
        None => outcomes.no_change += 1,
        Some(Err(refusal)) => {
            assert!(!refusal.message.trim().is_empty(), "{what}: refused without a word");
            outcomes.refused += 1;
        }
        Some(Ok((next, _))) => {
            check(&next, "", what);
            outcomes.rendered += 1;
        }
    }
}

#[test]
fn no_typed_word_ends_its_line_in_any_file() {
    let settings = sample();
    let mut outcomes = Outcomes::default();
    let commands = families::ALL.iter().flat_map(|family| family.commands);
    for command in commands {
        let words: Vec<String> = tokens(command.example).into_iter().map(|token| token.text).collect();
        for at in 0..words.len() {
            for payload in payloads(&words[at]) {
                let quoted = |(index, word): (usize, &String)| {
                    let word = if index == at { &payload } else { word };
                    format!("\"{}\"", word.replace('"', "\\\""))
                };
                let line = words.iter().enumerate().map(quoted).collect::<Vec<_>>().join(" ");
                match parse(&line, Role::Admin) {
                    Err(error) => {
                        assert!(!error.message(Role::Admin).trim().is_empty(), "{line:?}: refused without a word");
                        outcomes.not_understood += 1;
                    }
                    Ok(parsed) => {
                        for request in requests(&parsed.action) {
                            try_out(&settings, &request, &line, &mut outcomes);
                        }
                    }
                }
            }
        }
    }
    // What is rendered are texts of the login, whose lines are people's own, and words after which nothing follows.
    assert!(outcomes.not_understood > 3000, "{outcomes:?}");
}

#[test]
fn no_text_of_a_request_ends_its_line_in_any_file() {
    let settings = sample();
    let mut outcomes = Outcomes::default();
    let mut texts = 0;
    let commands = families::ALL.iter().flat_map(|family| family.commands);
    for command in commands {
        let action = parse(command.example, Role::Admin).unwrap_or_else(|_| panic!("{}", command.example)).action;
        for request in requests(&action) {
            let json = serde_json::to_value(&request).unwrap();
            for index in 0.. {
                let old = std::cell::RefCell::new(String::new());
                let keep = |text: &str| {
                    *old.borrow_mut() = text.to_owned();
                    text.to_owned()
                };
                if replaced(json.clone(), index, &keep).is_none() {
                    break;
                }
                texts += 1;
                for payload in payloads(&old.borrow()) {
                    let Some(hostile) = replaced(json.clone(), index, &|_| payload.clone()) else { continue };
                    tried(&settings, hostile, command.example, &mut outcomes);
                }
            }
        }
    }
    assert!(texts > 200 && outcomes.not_understood > 3000, "{texts} texts, {outcomes:?}");
}

fn tried(settings: &Settings, json: Value, example: &str, outcomes: &mut Outcomes) {
    let what = format!("{example}: {json}");
    match serde_json::from_value::<Request>(json) {
        Err(_) => outcomes.not_understood += 1,
        Ok(request) => try_out(settings, &request, &what, outcomes),
    }
}
