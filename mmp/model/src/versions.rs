//! Settings as they are stored: each family with its own version, and the steps between versions.
//!
//! Invariants: a family that this release does not know is refused, never dropped; a family that is absent (written
//! by an older release) takes its default; a step forward exists from every version that was ever released, so that
//! any release's file loads. A newer version than this release knows is refused with its number: the newer release
//! keeps its own copy, and the older one its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{account::Accounts, settings::Settings};

/// One family on disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredFamily {
    /// Version of `settings`.
    pub version: u32,
    /// The family's value in that version's form.
    pub settings: Value,
}

/// All families on disk, by name.
pub type Stored = BTreeMap<String, StoredFamily>;

/// Why stored settings cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum VersionError {
    /// Not a family of this release.
    #[error("the family `{0}` is not known to this release")]
    UnknownFamily(String),
    /// Written by a newer release.
    #[error("the family `{family}` has version {found}, this release knows {known}")]
    Newer {
        /// Family name.
        family: &'static str,
        /// Version on disk.
        found: u32,
        /// Version of this release.
        known: u32,
    },
    /// The value does not have the form of its version.
    #[error("the family `{family}` cannot be read")]
    Malformed {
        /// Family name.
        family: &'static str,
        /// What serde says.
        source: serde_json::Error,
    },
    /// A family without a default is absent.
    #[error("the family `{0}` is missing")]
    Missing(&'static str),
}

/// A step from version `n` (its index plus 1) to the next, on the value in the older form.
type Step = fn(Value) -> Value;

/// One family: its name, its present version and the steps that lead there.
struct Family {
    name: &'static str,
    /// For the reference: the commands that change it.
    commands: &'static str,
    forward: &'static [Step],
}

impl Family {
    fn version(&self) -> u32 {
        1 + u32::try_from(self.forward.len()).expect("a release has few versions")
    }
}

/// Declares every family once: its field in [`Settings`], its name on disk, its commands, and its steps forward.
macro_rules! families {
    ($($field:ident: $name:literal, $commands:literal, $forward:expr;)*) => {
        const FAMILIES: &[Family] = &[$(Family { name: $name, commands: $commands, forward: $forward }),*];

        /// The settings in stored form, at this release's versions.
        pub fn store(settings: &Settings) -> Stored {
            let values = [$(to_value(&settings.$field)),*];
            let stored = |(family, settings): (&Family, Value)| {
                (family.name.to_owned(), StoredFamily { version: family.version(), settings })
            };
            FAMILIES.iter().zip(values).map(stored).collect()
        }

        /// Reads stored settings of this or an earlier release. An absent family is a clean system's.
        pub fn load(mut stored: Stored) -> Result<Settings, VersionError> {
            let accounts: Accounts = take(&mut stored.clone(), "user")?.ok_or(VersionError::Missing("user"))?;
            let mut settings = Settings::factory(accounts);
            $(if let Some(value) = take(&mut stored, $name)? {
                settings.$field = value;
            })*
            match stored.into_keys().next() {
                Some(unknown) => Err(VersionError::UnknownFamily(unknown)),
                None => Ok(settings),
            }
        }
    };
}

families! {
    interfaces: "interfaces", "iface, ipv4, ipv6", &[];
    dns: "dns", "dns", &[];
    dscp: "dscp", "dscp", &[];
    firewall: "firewall", "firewall", &[];
    hostname: "hostname", "hostname", &[];
    ntp: "ntp", "ntp", &[];
    timezone: "timezone", "timezone", &[];
    syslog: "syslog", "syslog", &[];
    audit: "audit", "audit", &[];
    recovery: "recovery", "recovery", &[];
    ssh: "ssh", "ssh", &[];
    texts: "texts", "banner, motd", &[];
    tls: "tls", "tls", &[];
    webadmin: "webadmin", "webadmin", &[];
    accounts: "user", "user, passwd", &[user_restrictions];
}

/// Version 2 of `user` has rules, and for each account hosts, duty hours and old hashes; none of them before.
fn user_restrictions(mut value: Value) -> Value {
    let accounts = value.get_mut("accounts").and_then(Value::as_object_mut);
    for account in accounts.into_iter().flatten().filter_map(|(_, account)| account.as_object_mut()) {
        account.insert("hosts".into(), Value::Array(Vec::new()));
        account.insert("duty".into(), Value::Null);
        account.insert("history".into(), Value::Array(Vec::new()));
    }
    if let Some(user) = value.as_object_mut() {
        user.insert("rules".into(), Value::Object(serde_json::Map::new()));
    }
    value
}

/// Every family's version in this release.
pub fn known() -> BTreeMap<String, u32> {
    FAMILIES.iter().map(|family| (family.name.to_owned(), family.version())).collect()
}

fn to_value(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("settings have text keys only and no failing serializer")
}

/// The reference of the stored form, in Markdown: each family's version, commands and factory value.
pub fn reference() -> String {
    let factory = Settings::factory(Accounts::factory(crate::account::PasswordHash::new("$y$...".into())));
    let mut text = String::from(
        "# Settings\n\nThe stored form of every family, with the value of a clean system. A settings generation is one \
         file with all of them.\nThis page is made from the code by `cargo xtask docs`.\n",
    );
    let stored = store(&factory);
    for family in FAMILIES {
        let stored = &stored[family.name];
        let value = serde_json::to_string_pretty(&stored.settings).expect("a value is printed as it was made");
        let (name, version, commands) = (family.name, stored.version, family.commands);
        text.push_str(&format!("\n## {name}\n\nVersion {version}. Commands: `{commands}`.\n\n```json\n{value}\n```\n"));
    }
    text
}

fn take<T: DeserializeOwned>(stored: &mut Stored, name: &'static str) -> Result<Option<T>, VersionError> {
    let Some(found) = stored.remove(name) else { return Ok(None) };
    let family = FAMILIES.iter().find(|family| family.name == name).ok_or(VersionError::Missing(name))?;
    let known = family.version();
    if found.version == 0 || found.version > known {
        return Err(VersionError::Newer { family: family.name, found: found.version, known });
    }
    let steps = family.forward.iter().skip(found.version as usize - 1);
    let value = steps.fold(found.settings, |value, step| step(value));
    serde_json::from_value(value).map(Some).map_err(|source| VersionError::Malformed { family: family.name, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::PasswordHash;

    fn clean() -> Settings {
        Settings::factory(Accounts::factory(PasswordHash::new("$y$x".into())))
    }

    #[test]
    fn what_is_stored_is_loaded() {
        assert_eq!(load(store(&clean())).unwrap(), clean());
    }

    #[test]
    fn an_absent_family_takes_its_default_but_accounts_must_be_there() {
        let mut stored = store(&clean());
        stored.remove("dns");
        assert_eq!(load(stored.clone()).unwrap(), clean());
        stored.remove("user");
        assert!(matches!(load(stored), Err(VersionError::Missing("user"))));
    }

    #[test]
    fn a_newer_version_and_an_unknown_family_are_refused() {
        let mut stored = store(&clean());
        stored.get_mut("dns").unwrap().version = 99;
        assert!(matches!(load(stored), Err(VersionError::Newer { family: "dns", found: 99, known: 1 })));
        let mut stored = store(&clean());
        stored.insert("fax".into(), StoredFamily { version: 1, settings: Value::Null });
        assert!(matches!(load(stored), Err(VersionError::UnknownFamily(f)) if f == "fax"));
    }

    #[test]
    fn accounts_of_the_first_version_have_no_restrictions() {
        let mut stored = store(&clean());
        let user = stored.get_mut("user").unwrap();
        user.version = 1;
        user.settings.as_object_mut().unwrap().remove("rules");
        let admin = user.settings["accounts"]["admin"].as_object_mut().unwrap();
        ["hosts", "duty", "history"].iter().for_each(|field| drop(admin.remove(*field).unwrap()));
        assert_eq!(load(stored).unwrap(), clean());
        // What is no account's form is refused by its type, not by a panic on the way.
        for settings in [Value::Null, serde_json::json!({"accounts": [1]}), serde_json::json!({"accounts": {"a": 1}})] {
            let stored = [("user".to_owned(), StoredFamily { version: 1, settings })].into();
            assert!(matches!(load(stored), Err(VersionError::Malformed { family: "user", .. })));
        }
    }

    #[test]
    fn an_unknown_field_is_refused() {
        let mut stored = store(&clean());
        stored.get_mut("dns").unwrap().settings["extra"] = Value::Bool(true);
        assert!(matches!(load(stored), Err(VersionError::Malformed { family: "dns", .. })));
    }
}
