//! `user` and `passwd` (`mmp.md` section 2).

use mmp_control::{Request, request::User};
use mmp_model::{Role, Username};

use super::USERNAME;
use crate::{
    action::Action,
    table::{Command, Family, Word, literal, value, word},
};

/// `user`.
pub static USER: Family = Family {
    name: "user",
    summary: "Show and manage accounts",
    details: &[
        "Passwords are asked for, never typed in the line. A new account must change its password at its first login.",
        "The last account of role admin cannot be removed.",
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
            Ok(Request::User(User::Del(v[0].parse()?)).into())
        }),
        Command::show(&[word("list")], "List all accounts", "user list", |_| Ok(Request::User(User::List).into())),
        Command::show(&[word("info"), USERNAME.part()], "Show an account", "user info bob", |v| {
            Ok(Request::User(User::Info(v[0].parse()?)).into())
        }),
        Command::set(
            &[word("expire"), USERNAME.part()],
            "Make the account choose a new password at its next login",
            "user expire bob",
            |v| Ok(Request::User(User::Expire(v[0].parse()?)).into()),
        ),
    ],
};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_the_models_roles_and_descriptions() {
        for (word, role) in ROLES.iter().zip(Role::ALL) {
            assert_eq!((word.text, word.about), (role.word(), role.describe()));
        }
    }
}
