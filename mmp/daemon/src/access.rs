//! Who may come in: the one decision for console, SSH and web.
//!
//! Invariants: only root's programs may ask; a wrong name costs the time of a wrong password and is answered alike.

use mmp_control::{
    Kind, Login, Refusal, Reply,
    reply::Admitted,
    request::{Access, Door},
};
use mmp_model::{Username, account::Account, rules::Rule};

use crate::{appliance::Appliance, journal, observe::clock, password, show::ssh::fingerprint};

/// Answers a door's question.
pub fn answer(appliance: &Appliance, ask: &Access) -> Result<Reply, Refusal> {
    let settings = appliance.settings();
    let find = |typed: &str| {
        let name: Username = typed.parse().ok()?;
        settings.accounts.accounts.get_key_value(&name)
    };
    match ask {
        // Whether it may was asked a moment ago.
        Access::CameIn { user, origin, key, .. } => {
            let (name, _) = find(user).ok_or_else(incorrect)?;
            let login = Login { at: clock::now(), origin: origin.clone() };
            appliance.logins.came_in(name, login);
            let key = key.parse().map_or_else(|_| "a key".into(), |key| format!("key {}", fingerprint(&key)));
            journal::login(&format!("User {name} logged in from {origin} with {key}"));
            Ok(Reply::Nothing)
        }
        Access::Admit { user, door, .. } => {
            let (name, account) = find(user).ok_or_else(incorrect)?;
            admit(name, account, *door)
        }
        Access::Authenticate { user, password, door, origin } => {
            let Some((name, account)) = find(user) else {
                password::check_nobody(password);
                // The name is not written out: people type passwords there.
                journal::login(&format!("Login from {origin} refused: no such user"));
                return Err(incorrect());
            };
            if !password::is_right(password, &account.password) {
                appliance.logins.failed(name);
                journal::login(&format!("Login of {name} from {origin} refused: wrong password"));
                return Err(incorrect());
            }
            let admitted = admit(name, account, *door).inspect_err(|refusal| {
                journal::login(&format!("Login of {name} from {origin} refused: {refusal}"));
            })?;
            let rules = &settings.accounts.rules;
            if account.must_change_password(rules, clock::now()) && rules.number(Rule::MinChangedCharacters).is_some() {
                appliance.given.keep(name, password);
            }
            appliance.logins.came_in(name, Login { at: clock::now(), origin: origin.clone() });
            journal::login(&format!("User {name} logged in from {origin}"));
            Ok(admitted)
        }
    }
}

fn admit(name: &Username, account: &Account, door: Door) -> Result<Reply, Refusal> {
    if door != Door::Web && !account.role.has_shell() {
        return Err(Refusal::new(Kind::Denied, format!("Role {} has no access to the command line", account.role))
            .hint("use Web Admin or the API"));
    }
    Ok(Reply::Admitted(Admitted { user: name.clone(), uid: account.uid }))
}

fn incorrect() -> Refusal {
    Refusal::new(Kind::Denied, "Login incorrect")
}
