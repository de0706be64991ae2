//! Settings from a file in the form of `live.json`: the whole appliance as one change.
//!
//! Invariants: no password is in such a file, so an account that is here too keeps its own and its number, and a new one
//! has a number that was never given and no password until somebody sets one; whoever loads can go on: the own account
//! stays as it is.

use mmp_control::{Kind, Refusal, Reply, chain};
use mmp_model::{
    FileName, Settings, Username,
    readable::{self, ReadError},
};

use super::{Facts, restore};

/// Longest file that is read: settings with every list full are a tenth of it.
pub const LONGEST: u64 = 4 << 20;

/// Reads the file's content; `exists` tells whether a file that the settings name is in the folder.
pub fn read(name: &FileName, content: &[u8], exists: impl Fn(&FileName) -> bool) -> Result<Settings, Refusal> {
    let settings = readable::read(content).map_err(|error| unusable(name, &error))?;
    if let Some((words, file)) = settings.named_files().find(|(_, file)| !exists(file)) {
        return Err(Refusal::new(Kind::Absent, format!("File not found: {file}"))
            .hint(format!("`{words}` of {name} names it: upload it by SFTP and load {name} again")));
    }
    Ok(settings)
}

fn unusable(name: &FileName, error: &ReadError) -> Refusal {
    Refusal::new(Kind::BadValue, format!("{name} cannot be loaded: {}", chain(error))).hint(
        "`live.json`, `boot.json` and the `.json` of a backup, from an appliance of this release or an older one, can",
    )
}

/// Puts what was read in the place of all settings.
pub fn change(settings: &mut Settings, facts: &Facts) -> Result<Reply, Refusal> {
    let mut loaded = facts.loaded.clone().unwrap_or_else(|| Err(Refusal::new(Kind::Absent, "File not found")))?;
    let mut new = Vec::new();
    for (name, account) in &mut loaded.accounts.accounts {
        if let Some(here) = settings.accounts.accounts.get(name) {
            account.uid = here.uid;
            account.password = here.password.clone();
            account.history.clone_from(&here.history);
            (account.changed, account.expired) = (here.changed, here.expired);
        } else {
            account.uid = settings.accounts.next_uid + u32::try_from(new.len()).unwrap_or(0);
            account.history.clear();
            account.expired = true;
            new.push(name.clone());
        }
    }
    loaded.accounts.next_uid = settings.accounts.next_uid + u32::try_from(new.len()).unwrap_or(0);
    let reply = restore::put(settings, loaded, facts);
    Ok(if new.is_empty() { reply } else { Reply::Notice(without_password(&new, reply)) })
}

fn without_password(new: &[Username], reply: Reply) -> String {
    let names = new.iter().map(Username::as_str).collect::<Vec<_>>().join(", ");
    let more = if let Reply::Notice(line) = reply { format!("\n{line}") } else { String::new() };
    format!("Without a password, and so without a login until `passwd <username>`: {names}{more}")
}

#[cfg(test)]
mod tests {
    use mmp_control::{Request, Secret, request};
    use mmp_model::{Role, readable::Cards};

    use super::{
        super::{
            change as any_change,
            tests::{after, clean, facts},
        },
        *,
    };

    fn name(text: &str) -> FileName {
        text.parse().unwrap()
    }

    fn add(user: &str) -> Request {
        let user = user.parse().unwrap();
        Request::User(request::User::Add(user, Role::Audit, Secret::new("x".into())))
    }

    fn file(settings: &Settings) -> Result<Settings, Refusal> {
        read(&name("other.json"), readable::write(settings, "0.1.0", &Cards::new()).as_bytes(), |_| true)
    }

    fn loaded(now: &Settings, from: Result<Settings, Refusal>) -> Result<(Settings, Reply), Refusal> {
        let facts = Facts { loaded: Some(from), ..facts() };
        any_change(now, &Request::Settings(request::SettingsAsk::Load(name("other.json"))), &facts).unwrap()
    }

    #[test]
    fn what_one_appliance_wrote_another_loads_but_for_the_passwords() {
        let mut from = after(&[add("bob"), add("carol")]);
        from.hostname = "cms7".parse().unwrap();
        let now = after(&[add("zoe"), add("carol")]);
        let (next, reply) = loaded(&now, file(&from)).unwrap();
        assert_eq!(next.hostname, from.hostname);
        let account = |settings: &Settings, user: &str| settings.accounts.accounts[&user.parse().unwrap()].clone();
        // Known by name, whatever number it has over there.
        assert_eq!(account(&next, "carol"), account(&now, "carol"));
        assert_eq!(account(&next, "admin"), account(&now, "admin"));
        assert_eq!(account(&next, "bob").password.reveal(), readable::MASK);
        assert_eq!(account(&next, "bob").uid, now.accounts.next_uid);
        assert_eq!(next.accounts.next_uid, now.accounts.next_uid + 1);
        assert!(!next.accounts.accounts.contains_key(&"zoe".parse().unwrap()));
        let Reply::Notice(text) = reply else { panic!("{reply:?}") };
        assert!(text.contains("passwd <username>`: bob\nA reboot is required"), "{text}");
    }

    #[test]
    fn an_account_that_loads_a_file_without_itself_stays() {
        let now = after(&[add("zoe")]);
        let mut from = after(&[add("bob")]);
        from.accounts.accounts.remove(&Username::factory());
        let (next, _) = loaded(&now, file(&from)).unwrap();
        assert_eq!(next.accounts.accounts[&Username::factory()], now.accounts.accounts[&Username::factory()]);
        let mut numbers: Vec<u32> = next.accounts.accounts.values().map(|account| account.uid).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), next.accounts.accounts.len());
    }

    #[test]
    fn what_is_no_settings_or_names_missing_files_is_refused() {
        let refused = |content: &[u8]| read(&name("x.json"), content, |_| true).unwrap_err();
        assert!(refused(b"{}").message.starts_with("x.json cannot be loaded: it does not hold settings"));
        let mut from = clean();
        from.ntp.group_key = Some(name("keys"));
        let text = readable::write(&from, "0.1.0", &Cards::new());
        let refusal = read(&name("x.json"), text.as_bytes(), |_| false).unwrap_err();
        assert_eq!(refusal.message, "File not found: keys");
        assert!(refusal.hint.unwrap().contains("`ntp groupkey` of x.json"));
        assert_eq!(loaded(&clean(), Err(refused(b""))).unwrap_err(), refused(b""));
    }
}
