//! `user list` and `user info` (`mmp.md` section 2.3).

use std::fmt::Write;

use mmp_control::reply::{Lock, RuleRow, UserInfo, UserRow};

use super::{or_none, utc};

/// One line an account.
pub fn list(rows: &[UserRow]) -> String {
    let longest = rows.iter().map(|row| row.username.as_str().len()).max().unwrap_or(0);
    let width = longest.max(8) + 4;
    let mut text = format!("{:<width$}{:<11}{:<19}LOGGED IN", "USERNAME", "ROLE", "PASSWORD EXPIRY");
    for row in rows {
        let logged_in = if row.logged_in { "yes" } else { "no" };
        let (name, role) = (row.username.as_str(), row.role.word());
        let _ = write!(text, "\n{name:<width$}{role:<11}{:<19}{logged_in}", row.password_expiry);
    }
    text
}

/// One account.
pub fn info(user: &UserInfo) -> String {
    let login = user.last_login.as_ref();
    let mut lines = vec![
        ("Role", user.role.word().to_owned()),
        (
            "Last login",
            login.map_or_else(|| "never".into(), |login| format!("{} from {}", utc(login.at), login.origin)),
        ),
        ("Failed logins", user.failed_logins.to_string()),
        ("Last password change", user.last_password_change.clone()),
        ("Password expiry", user.password_expiry.clone()),
        ("Locked", locked(user.lock.as_ref())),
    ];
    if !user.hosts.is_empty() {
        lines.push(("Allowed hosts", user.hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")));
    }
    lines.extend(user.duty.as_ref().map(|duty| ("Duty hours", duty.to_string())));
    lines.into_iter().map(|(label, value)| format!("{label:<22}: {value}")).collect::<Vec<_>>().join("\n")
}

fn locked(lock: Option<&Lock>) -> String {
    match lock {
        None => "no".into(),
        Some(Lock::Failed(until)) => format!("yes (too many failed logins, until {})", utc(*until)),
        Some(Lock::Idle(days)) => format!("yes (no login for {days} days, until 'user unlock')"),
    }
}

/// One line a rule.
pub fn rules(rows: &[RuleRow]) -> String {
    rows.iter().map(|row| format!("{:<23}: {}", row.rule.word(), or_none(row.value))).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use mmp_control::Login;
    use mmp_model::{
        Role,
        rules::{Rule, RuleValue},
    };

    use super::*;

    #[test]
    fn the_table_is_as_documented() {
        let row = |name: &str, role, expiry: &str, logged_in| UserRow {
            username: name.parse().unwrap(),
            role,
            password_expiry: expiry.into(),
            logged_in,
        };
        let rows = [
            row("root", Role::Admin, "10000-Dec-31", false),
            row("admin", Role::Admin, "2026-Nov-05", true),
            row("cucm", Role::Api, "2027-Apr-02", false),
        ];
        insta::assert_snapshot!(list(&rows), @r"
        USERNAME    ROLE       PASSWORD EXPIRY    LOGGED IN
        root        admin      10000-Dec-31       no
        admin       admin      2026-Nov-05        yes
        cucm        api        2027-Apr-02        no
        ");
    }

    #[test]
    fn an_account_is_shown_as_documented() {
        let mut user = UserInfo {
            username: "cucm".parse().unwrap(),
            role: Role::Appadmin,
            last_login: None,
            failed_logins: 0,
            last_password_change: "2026-Oct-05".into(),
            password_expiry: "2027-Apr-05".into(),
            locked: false,
            lock: None,
            hosts: Vec::new(),
            duty: None,
        };
        insta::assert_snapshot!(info(&user), @r"
        Role                  : appadmin
        Last login            : never
        Failed logins         : 0
        Last password change  : 2026-Oct-05
        Password expiry       : 2027-Apr-05
        Locked                : no
        ");
        user.lock = Some(Lock::Failed(1_791_206_340));
        user.hosts = vec!["192.0.2.3".parse().unwrap(), "office.example.com".parse().unwrap()];
        user.duty = Some("Wk0700-1900|Sa".parse().unwrap());
        let restricted = info(&user);
        insta::assert_snapshot!(restricted.split_once("Locked").unwrap().1, @r"
                        : yes (too many failed logins, until 2026-10-05 13:19:00 UTC)
        Allowed hosts         : 192.0.2.3 office.example.com
        Duty hours            : Wk0700-1900|Sa
        ");
        user.lock = Some(Lock::Idle(91));
        assert!(info(&user).contains("Locked                : yes (no login for 91 days, until 'user unlock')"));
        user.last_login = Some(Login { at: 1_791_205_440, origin: "console ttyS0".into() });
        assert!(info(&user).contains("Last login            : 2026-10-05 13:04:00 UTC from console ttyS0"));
    }

    #[test]
    fn rules_are_a_line_each() {
        let row = |rule, value| RuleRow { rule, value };
        let rows = [
            row(Rule::PasswordAge, Some(RuleValue::Number(183))),
            row(Rule::MinChangedCharacters, None),
            row(Rule::OnlyAscii, Some(RuleValue::Flag(true))),
        ];
        insta::assert_snapshot!(rules(&rows), @r"
        password_age           : 183
        min_changed_characters : none
        only_ascii             : true
        ");
    }
}
