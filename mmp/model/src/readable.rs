//! The settings as one file for people and scripts: `live.json`, `boot.json` and the `.json` beside a backup
//! (`mmp.md` sections 5 and 23).
//!
//! Invariants: complete but for secrets, each of which is [`MASK`]; what [`read`] takes is what [`write`] wrote; the
//! part `ipv4`, whose form is the product's, is for reading only, since `settings` says the same and more.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    Letter, Settings,
    account::PasswordHash,
    interface::{Addressing, Ipv4},
    versions::{self, Stored, VersionError},
};

/// Stands for a secret: the hash that no password has (`crypt(5)`).
pub const MASK: &str = "*";

/// Hardware addresses of the platform's interfaces; one that is missing has none.
pub type Cards = BTreeMap<Letter, Option<String>>;

/// The file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Readable {
    /// The product's own form.
    #[serde(default)]
    ipv4: Value,
    /// That wrote it.
    release: String,
    /// Every family.
    settings: Stored,
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Something else than settings.
    #[error("it does not hold settings")]
    Malformed(#[from] serde_json::Error),
    /// Another release's.
    #[error("it does not fit this release")]
    Version(#[from] VersionError),
}

/// The settings as text.
pub fn write(settings: &Settings, release: &str, cards: &Cards) -> String {
    let mut stored = versions::store(settings);
    stored.values_mut().for_each(|family| mask(&mut family.settings));
    let file = Readable { ipv4: ipv4(settings, cards), release: release.to_owned(), settings: stored };
    let mut text = serde_json::to_string_pretty(&file).expect("settings have text keys only");
    text.push('\n');
    text
}

/// The settings of such a text; a secret is one that nothing matches.
pub fn read(text: &[u8]) -> Result<Settings, ReadError> {
    let file: Readable = serde_json::from_slice(text)?;
    Ok(versions::load(file.settings)?)
}

/// Replaces every secret. The settings hold no other kind than password hashes; keys are files of their own.
fn mask(value: &mut Value) {
    match value {
        Value::String(text) if PasswordHash::is_hash(text) => MASK.clone_into(text),
        Value::Array(values) => values.iter_mut().for_each(mask),
        Value::Object(fields) => fields.values_mut().for_each(mask),
        _ => {}
    }
}

/// `ipv4.module.interfaces.ethN`, all values as text (`mmp.md` section 5).
fn ipv4(settings: &Settings, cards: &Cards) -> Value {
    let set = settings.interfaces.ipv4.keys();
    let letters: Vec<Letter> =
        Letter::ALL.into_iter().filter(|l| cards.contains_key(l) || set.clone().any(|s| s == l)).collect();
    let interfaces: Map<String, Value> = letters
        .into_iter()
        .map(|letter| {
            let ipv4 = settings.interfaces.ipv4.get(&letter).cloned().unwrap_or_default();
            let default = settings.interfaces.default == letter;
            (device(letter), interface(&ipv4, default, cards.get(&letter).cloned().flatten()))
        })
        .collect();
    json!({ "module": { "interfaces": interfaces } })
}

fn interface(ipv4: &Ipv4, default: bool, mac: Option<String>) -> Value {
    let mut fields = BTreeMap::from([
        ("default", default.to_string()),
        ("dhcp", (ipv4.addressing == Addressing::Dhcp).to_string()),
        ("enabled", ipv4.enabled.to_string()),
    ]);
    fields.extend(mac.map(|mac| ("macaddress", mac)));
    if let Addressing::Static { address, gateway } = &ipv4.addressing {
        fields.insert("address", address.address().to_string());
        fields.insert("gateway", gateway.to_string());
        fields.insert("prefixlen", address.length().to_string());
    }
    let routes: Map<String, Value> = ipv4
        .routes
        .iter()
        .filter_map(|route| {
            let text = route.to_string();
            let (address, length) = text.split_once('/')?;
            let key = format!("{}-{length}", address.replace('.', "="));
            Some((key, json!({ "address": address, "prefixlen": length })))
        })
        .collect();
    let mut value = json!(fields);
    if !routes.is_empty() {
        value["routes"] = Value::Object(routes);
    }
    value
}

/// The product counts its devices the other way round: `a` is eth4, `d` is eth1 (`mmp.md` section 3.1).
fn device(letter: Letter) -> String {
    format!("eth{}", 4 - letter.index())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Accounts, Username};

    fn settings() -> Settings {
        let mut settings = Settings::factory(Accounts::factory(PasswordHash::new("$y$j9T$salt$secret".into())));
        let address = Addressing::Static { address: "192.0.2.10/24".parse().unwrap(), gateway: [192, 0, 2, 1].into() };
        let routes = vec!["198.51.100.0/24".parse().unwrap()];
        settings.interfaces.ipv4.insert(Letter::A, Ipv4 { enabled: true, addressing: address, routes });
        settings.hostname = "cms1".parse().unwrap();
        settings
    }

    fn written() -> String {
        let cards = Cards::from([(Letter::A, Some("00:50:56:00:FC:7D".into())), ("b".parse().unwrap(), None)]);
        write(&settings(), "0.1.0", &cards)
    }

    #[test]
    fn interfaces_have_the_documented_form() {
        let value: Value = serde_json::from_str(&written()).unwrap();
        assert_eq!(
            value["ipv4"]["module"]["interfaces"],
            json!({
                "eth4": {
                    "address": "192.0.2.10", "default": "true", "dhcp": "false", "enabled": "true",
                    "gateway": "192.0.2.1", "macaddress": "00:50:56:00:FC:7D", "prefixlen": "24",
                    "routes": { "198=51=100=0-24": { "address": "198.51.100.0", "prefixlen": "24" } },
                },
                "eth3": { "default": "false", "dhcp": "false", "enabled": "false" },
            })
        );
    }

    #[test]
    fn every_family_is_there_and_comes_back_but_for_its_secrets() {
        let mut read = read(written().as_bytes()).unwrap();
        let admin = read.accounts.accounts.get_mut(&Username::factory()).unwrap();
        assert_eq!(admin.password.reveal(), MASK);
        admin.password = PasswordHash::new("$y$j9T$salt$secret".into());
        assert_eq!(read, settings());
    }

    #[test]
    fn no_secret_is_written() {
        assert!(!written().contains("secret") && !written().contains("$y$"));
    }

    #[test]
    fn what_is_no_settings_is_refused() {
        assert!(matches!(read(b"{}"), Err(ReadError::Malformed(_))));
        assert!(matches!(read(br#"{"release":"9","settings":{}}"#), Err(ReadError::Version(_))));
    }
}
