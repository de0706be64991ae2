//! The file: lines that a person can read, the last of which is a signature over the others.
//!
//! ```text
//! Rostrum licence 1
//! Licensee: Example Ltd
//! Issued: 2026-06-01
//! Kind: full
//! MAC: 00:50:56:00:FC:7D
//! Feature: callbridge until 2027-04-28
//! Feature: recording until 2027-04-28 limit 5
//! Issuer: 9f86d081884c7d65
//! Signature: <64 bytes, base64>
//! ```
//!
//! Invariants: the signature (Ed25519, RFC 8032) covers the lines before it, each without blanks at its end and with one
//! line feed, so that a file survives mail and other line ends; a line that is not known makes the file unreadable,
//! since it may limit what the others grant.

use std::{collections::BTreeSet, fmt, fmt::Write};

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::{Span, civil::Date};

use crate::{IssuerKey, Keyring, LARGEST};

/// The first line.
pub const TITLE: &str = "Rostrum licence 1";
/// Longest time from issue to end of a trial, in days (`mmp.md` section 4.1).
pub const TRIAL_DAYS: i64 = 90;

/// What is licensed, in the order of `license`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// Calls.
    Callbridge,
    /// TURN server.
    Turn,
    /// Web app.
    Webbridge,
    /// Own prompts and pictures.
    Customizations,
    /// Recordings at a time.
    Recording,
    /// Streams at a time.
    Streaming,
    /// Users with a personal licence.
    Personal,
    /// Shared licences.
    Shared,
    /// XMPP clients.
    Xmpp,
    /// Capacity units.
    CapacityUnits,
}

impl Feature {
    /// All of them: word in the file and in `license`, name in the API (`api.md` section 3.10).
    pub const ALL: [(Self, &str, &str); 10] = [
        (Self::Callbridge, "callbridge", "callBridge"),
        (Self::Turn, "turn", "turn"),
        (Self::Webbridge, "webbridge", "webBridge"),
        (Self::Customizations, "customizations", "branding"),
        (Self::Recording, "recording", "recording"),
        (Self::Streaming, "streaming", "streaming"),
        (Self::Personal, "personal", "personal"),
        (Self::Shared, "shared", "shared"),
        (Self::Xmpp, "xmpp", "xmpp"),
        (Self::CapacityUnits, "capacityunits", "capacityUnits"),
    ];

    /// The word in the file and in `license`.
    pub fn word(self) -> &'static str {
        Self::ALL.into_iter().find(|(feature, ..)| *feature == self).map_or("", |(_, word, _)| word)
    }

    /// The name in the API.
    pub fn api_name(self) -> &'static str {
        Self::ALL.into_iter().find(|(feature, ..)| *feature == self).map_or("", |(.., name)| name)
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known, _)| *known == word).map(|(feature, ..)| feature)
    }
}

/// One feature's grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What.
    pub feature: Feature,
    /// The last day, UTC.
    pub until: Date,
    /// How many at a time; none for as many as the appliance can.
    pub limit: Option<u32>,
}

/// A licence before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Whose.
    pub licensee: String,
    /// The day it was issued, UTC.
    pub issued: Date,
    /// A trial, which ends without a time of grace.
    pub trial: bool,
    /// MAC addresses of interface `a`, upper case with colons; one at least.
    pub macs: BTreeSet<String>,
    /// What is granted, each feature once.
    pub grants: Vec<Grant>,
}

/// A genuine licence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Licence {
    /// What it says.
    pub content: Draft,
    /// Who signed it.
    pub issuer: String,
}

/// Why a file is no licence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Larger than a licence is.
    #[error("it is larger than 64 KiB, which no license file is")]
    TooLarge,
    /// Something else.
    #[error("it is not a license file of this product")]
    Foreign,
    /// A line that is not understood.
    #[error("line {0} is not understood")]
    Line(usize),
    /// A line that has to be there.
    #[error("it has no line '{0}:'")]
    Missing(&'static str),
    /// A trial that is too long.
    #[error("it is a trial of more than 90 days")]
    LongTrial,
    /// Signed by a key that is not on this appliance.
    #[error("its issuer {0} is not known to this release")]
    UnknownIssuer(String),
    /// Changed after it was signed.
    #[error("its signature is wrong: the file was changed or damaged")]
    Signature,
}

/// A MAC address in the form of `iface a`.
pub fn mac(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | '-' | '.')).collect();
    let hex = digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    hex.then(|| {
        let pairs: Vec<String> = digits
            .to_ascii_uppercase()
            .as_bytes()
            .chunks(2)
            .map(|pair| pair.iter().map(|b| char::from(*b)).collect())
            .collect();
        pairs.join(":")
    })
}

impl Draft {
    /// The lines that are signed.
    pub fn text(&self, issuer: &str) -> String {
        let mut out = format!(
            "{TITLE}\nLicensee: {}\nIssued: {}\nKind: {}\n",
            self.licensee,
            self.issued,
            if self.trial { "trial" } else { "full" }
        );
        // Writing to a string cannot fail.
        for mac in &self.macs {
            let _ = writeln!(out, "MAC: {mac}");
        }
        for grant in &self.grants {
            let limit = grant.limit.map_or_else(String::new, |limit| format!(" limit {limit}"));
            let _ = writeln!(out, "Feature: {} until {}{limit}", grant.feature.word(), grant.until);
        }
        let _ = writeln!(out, "Issuer: {issuer}");
        out
    }
}

impl Licence {
    /// Reads a file and checks its signature.
    ///
    /// # Errors
    /// Why it is none.
    pub fn read(bytes: &[u8], keys: &Keyring) -> Result<Self, ParseError> {
        if bytes.len() > LARGEST {
            return Err(ParseError::TooLarge);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ParseError::Foreign)?.trim_start_matches('\u{feff}');
        let mut signed = String::with_capacity(text.len());
        let mut fields = Fields::default();
        let mut signature = None;
        for (index, line) in text.lines().enumerate() {
            let (number, line) = (index + 1, line.trim_end());
            if number == 1 {
                if line != TITLE {
                    return Err(ParseError::Foreign);
                }
            } else if let Some(encoded) = line.strip_prefix("Signature: ") {
                if signature.is_some() {
                    return Err(ParseError::Line(number));
                }
                signature = Some(BASE64_STANDARD.decode(encoded).map_err(|_| ParseError::Line(number))?);
                continue;
            } else if signature.is_some() {
                // Nothing stands behind the signature but empty lines.
                if line.is_empty() {
                    continue;
                }
                return Err(ParseError::Line(number));
            } else {
                fields.take(line).ok_or(ParseError::Line(number))?;
            }
            signed.push_str(line);
            signed.push('\n');
        }
        if signed.is_empty() {
            return Err(ParseError::Foreign);
        }
        let signature = signature.ok_or(ParseError::Missing("Signature"))?;
        let issuer = fields.issuer.take().ok_or(ParseError::Missing("Issuer"))?;
        let key: &IssuerKey = keys.get(&issuer).ok_or_else(|| ParseError::UnknownIssuer(issuer.clone()))?;
        UnparsedPublicKey::new(&ED25519, key.bytes())
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| ParseError::Signature)?;
        let content = fields.draft()?;
        Ok(Self { content, issuer })
    }
}

#[derive(Default)]
struct Fields {
    licensee: Option<String>,
    issued: Option<Date>,
    trial: Option<bool>,
    macs: BTreeSet<String>,
    grants: Vec<Grant>,
    issuer: Option<String>,
}

impl Fields {
    /// A line; `None` when it is wrong, or there a second time.
    fn take(&mut self, line: &str) -> Option<()> {
        let (name, value) = line.split_once(": ")?;
        fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
            place.replace(value).is_none().then_some(())
        }
        match name {
            "Licensee" => {
                let plain = !value.chars().any(char::is_control) && value.len() <= 200;
                plain.then(|| once(&mut self.licensee, value.to_owned()))?
            }
            "Issued" => once(&mut self.issued, value.parse().ok()?),
            "Kind" => once(
                &mut self.trial,
                match value {
                    "trial" => true,
                    "full" => false,
                    _ => return None,
                },
            ),
            "MAC" => self.macs.insert(mac(value)?).then_some(()),
            "Feature" => {
                let grant = grant(value)?;
                let known = self.grants.iter().any(|other| other.feature == grant.feature);
                self.grants.push(grant);
                (!known).then_some(())
            }
            "Issuer" => {
                let hex = value.len() == 16 && value.bytes().all(|b| b.is_ascii_hexdigit());
                hex.then(|| once(&mut self.issuer, value.to_ascii_lowercase()))?
            }
            _ => None,
        }
    }

    fn draft(self) -> Result<Draft, ParseError> {
        let issued = self.issued.ok_or(ParseError::Missing("Issued"))?;
        let trial = self.trial.ok_or(ParseError::Missing("Kind"))?;
        if self.macs.is_empty() {
            return Err(ParseError::Missing("MAC"));
        }
        let longest = issued.checked_add(Span::new().days(TRIAL_DAYS)).unwrap_or(Date::MAX);
        if trial && self.grants.iter().any(|grant| grant.until > longest) {
            return Err(ParseError::LongTrial);
        }
        let mut grants = self.grants;
        grants.sort_by_key(|grant| grant.feature);
        let licensee = self.licensee.ok_or(ParseError::Missing("Licensee"))?;
        Ok(Draft { licensee, issued, trial, macs: self.macs, grants })
    }
}

/// `recording until 2027-04-28 limit 5`.
pub fn grant(text: &str) -> Option<Grant> {
    let words: Vec<&str> = text.split(' ').collect();
    let (feature, until, limit) = match words[..] {
        [feature, "until", until] => (feature, until, None),
        [feature, "until", until, "limit", limit] => (feature, until, Some(limit.parse().ok()?)),
        _ => return None,
    };
    Some(Grant { feature: Feature::of(feature)?, until: until.parse().ok()?, limit })
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
