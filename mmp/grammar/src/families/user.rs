//! `user` and `passwd` (`mmp.md` section 2).

use mmp_control::{
    Request,
    request::{Live, User},
};
use mmp_model::{
    InvalidValue, Role, Username,
    duty::Duty,
    rules::{Rule, RuleChange, could_be_value},
};

use super::{HOST, USERNAME};
use crate::{
    action::Action,
    table::{Command, Family, Part, Word, checked, group, literal, value, word},
};

const HOST_LIST: Part = group("host", "Bind the account to remote hosts");
const RULE: Part = group("rule", "Show and set the rules for passwords and logins");

/// `user`.
pub static USER: Family = Family {
    name: "user",
    summary: "Show and manage accounts",
    details: &[
        "Passwords are asked for, never typed in the line. A new account must change its password at its first login.",
        "The last account of role admin cannot be removed.",
        "An account with hosts may log in from these only; without any, from everywhere. The console is no host.",
        "Duty hours: days Mo Tu We Th Fr Sa Su, Wk (Mo to Fr), Wd (Sa, Su), Al (all), then HHMM-HHMM or nothing.",
        "A day named twice is off again (MoWk is Tu to Fr), ! is anything but, | is or, 2200-0600 runs past midnight.",
        "They hold in the time of 'timezone', for logging in: who is logged in stays.",
        "A rule is set to a number, or to true or false; none takes it away. A word list uploaded as 'dictionary'",
        "names passwords that are refused.",
        "Locks and duty hours never keep the last administrator who could come in from the console.",
    ],
    commands: &[
        Command::set(
            &[
                word("add"),
                value::<Username>("<username>", "Name of the account to be").part(),
                value::<Role>("(admin|crypto|audit|appadmin|api)", "Role").or(&ROLES).part(),
            ],
            "Add an account; asks for its password",
            "user add root admin",
            |v| Ok(Action::AddUser(v[0].parse()?, v[1].parse()?)),
        ),
        Command::set(&[word("del"), USERNAME.part()], "Remove an account", "user del bob", |v| {
            ask(User::Del(v[0].parse()?))
        }),
        Command::show(&[word("list")], "List all accounts", "user list", |_| ask(User::List)),
        Command::show(&[word("info"), USERNAME.part()], "Show an account", "user info bob", |v| {
            ask(User::Info(v[0].parse()?))
        }),
        Command::set(
            &[word("expire"), USERNAME.part()],
            "Make the account choose a new password at its next login",
            "user expire bob",
            |v| ask(User::Expire(v[0].parse()?)),
        ),
        Command::set(
            &[word("evict"), USERNAME.part()],
            "End an account's logins, but for the one that you type in",
            "user evict bob",
            |v| ask(User::Evict(v[0].parse()?)),
        ),
        Command::set(&[word("unlock"), USERNAME.part()], "Take away an account's lock", "user unlock bob", |v| {
            ask(User::Unlock(v[0].parse()?))
        }),
        Command::set(
            &[HOST_LIST, USERNAME.part(), word("add"), HOST.part()],
            "Let the account log in from a host",
            "user host bob add 192.0.2.3",
            |v| ask(User::AddHost(v[0].parse()?, v[1].parse()?)),
        ),
        Command::set(
            &[HOST_LIST, USERNAME.part(), word("delete"), HOST.live_after(Live::UserHosts, 2).part()],
            "Take a host off the account's list",
            "user host bob delete 192.0.2.3",
            |v| ask(User::DelHost(v[0].parse()?, v[1].parse()?)),
        ),
        Command::set(
            &[
                word("duty"),
                USERNAME.part(),
                value::<Duty>("(<duty-hours>|none)", "Days and hours, such as MoTu1200-1400|We1400-1500")
                    .or(&[literal("none", "Log in at any time")])
                    .part(),
            ],
            "Set when the account may log in",
            "user duty bob Wk0700-1900|Sa",
            |v| {
                let duty = (v[1] != "none").then(|| v[1].parse()).transpose()?;
                ask(User::Duty(v[0].parse()?, duty))
            },
        ),
        Command::show(&[RULE], "Show the rules for passwords and logins", "user rule", |_| ask(User::Rules)),
        Command::set(
            &[
                RULE,
                value::<Rule>("<rule-name>", "Rule").or(&RULES).part(),
                checked("(<number>|true|false|none)", "Its value", could_be_value).or(&RULE_WORDS).part(),
            ],
            "Set a rule or take it away",
            "user rule min_length 12",
            |v| ask(User::SetRule(RuleChange::parse(&v[0], &v[1])?)),
        ),
    ],
};

fn ask(ask: User) -> Result<Action, InvalidValue> {
    Ok(Request::User(ask).into())
}

/// `passwd`.
pub static PASSWD: Family = Family {
    name: "passwd",
    summary: "Change a password",
    details: &["Without a name it changes your own. Another account's new password is temporary."],
    commands: &[
        Command::set(&[], "Change your own password", "passwd", |_| Ok(Action::ChangePassword)),
        Command::set(&[USERNAME.part()], "Set another account's password", "passwd bob", |v| {
            Ok(Action::ResetPassword(v[0].parse()?))
        }),
    ],
};

/// The roles as the model words and describes them; a test holds the two together.
static ROLES: [Word; 5] = [
    literal("admin", "everything"),
    literal("crypto", "keys and certificates"),
    literal("audit", "the audit log"),
    literal("appadmin", "application settings in Web Admin and the API, no command line"),
    literal("api", "the REST API only, no command line"),
];

/// The rules as the model words and describes them; a test holds the two together.
static RULES: [Word; 17] = [
    literal("max_history", "Earlier passwords that a new one must differ from"),
    literal("password_age", "Days that a password lives"),
    literal("min_password_age", "Days between two changes of the own password"),
    literal("min_length", "Fewest characters"),
    literal("min_special", "Fewest special characters"),
    literal("min_uppercase", "Fewest upper-case letters"),
    literal("min_lowercase", "Fewest lower-case letters"),
    literal("min_digits", "Fewest digits"),
    literal("longest_digits_run", "Most digits in a row"),
    literal("max_repeated_char", "Most times the same character in a row"),
    literal("min_changed_characters", "Fewest places that differ from the old password"),
    literal("only_ascii", "ASCII characters only"),
    literal("no_username", "The account's name must not be in it"),
    literal("no_palindrome", "It must not read the same backwards"),
    literal("max_failed_logins", "Wrong passwords before a lock of 15 minutes"),
    literal("max_idle", "Days without a login before a lock"),
    literal("max_sessions", "Logins of one account over the network at a time"),
];

static RULE_WORDS: [Word; 3] =
    [literal("true", "On"), literal("false", "Off"), literal("none", "Not set, which restricts nothing")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_the_models_roles_and_descriptions() {
        for (word, role) in ROLES.iter().zip(Role::ALL) {
            assert_eq!((word.text, word.about), (role.word(), role.describe()));
        }
    }

    #[test]
    fn the_table_has_the_models_rules_and_descriptions() {
        for (word, rule) in RULES.iter().zip(Rule::ALL) {
            assert_eq!((word.text, word.about), (rule.word(), rule.describe()));
        }
    }
}
