//! Web Admin as mmpd prepares it: the set of files that the service runs by, and what became of it.
//!
//! Invariants: a [`Set`] is made only of settings that have passed the checklist, or of a pair that once did, so the
//! service never gets a pair that does not work; it changes at `enable`, `restart` and boot only; key and chain are in
//! the folder together, which is swapped as a whole.

pub mod checklist;
pub mod kept;

use std::{collections::BTreeMap, fs, io::Read as _, path::PathBuf};

use mmp_control::reply;
use mmp_model::{
    FileName, Letter, Settings,
    tls::Rules,
    webadmin::{Certs, Listen},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    paths::Paths,
    render::{File, Files},
};

/// The folder that the service reads.
pub const FOLDER: &str = "/run/mmpd/services/webadmin";
/// What the service runs by, in it.
pub const SERVICE: &str = "/run/mmpd/services/webadmin/service.json";
/// What the service says of itself.
pub const STATUS: &str = "/run/webadmin/status.json";
/// The group that reads the folder.
const GROUP: &str = "webadmin";
/// A file that belongs to a pair and is longer is none.
const LARGEST: u64 = mmp_pki::LARGEST as u64;

/// `service.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Grows with each set.
    pub generation: u64,
    /// Where HTTPS is answered.
    pub listen: Vec<Socket>,
    /// Where plain HTTP leads there.
    pub redirect: Vec<Socket>,
    /// Versions and ciphers.
    pub tls: Rules,
    /// mmpd's socket.
    pub control: PathBuf,
}

/// An address to listen at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Socket {
    /// `::` takes IPv4 too.
    pub address: String,
    /// TCP.
    pub port: u16,
    /// The interface alone; none on a developer's machine, which has no interface of that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<Letter>,
}

/// What a set was made of, to tell what was changed since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    listen: Option<Listen>,
    http_redirect: bool,
    tls: Rules,
    certs: Option<Certs>,
    /// SHA-256 of each file, hexadecimal.
    files: BTreeMap<FileName, String>,
    /// The certificate.
    pub certificate: reply::Certificate,
}

/// Everything that the service runs by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    /// For the service.
    pub service: Service,
    /// For ourselves.
    pub origin: Origin,
    key: Zeroizing<String>,
    chain: String,
}

/// A key with its chain, both in PEM, and what they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Material {
    /// PKCS#8.
    pub key: Zeroizing<String>,
    /// Own certificate first.
    pub chain: String,
    /// The own one.
    pub certificate: reply::Certificate,
    /// The files that it came from.
    pub certs: Option<Certs>,
    files: BTreeMap<FileName, String>,
}

impl Material {
    /// Of a pair that has passed the checks.
    pub fn of(pair: &mmp_pki::Pair, certs: &Certs, contents: &Contents) -> Self {
        Self {
            key: pair.key_pem(),
            chain: pair.chain_pem(),
            certificate: reply::Certificate {
                names: pair.names(),
                expires: pair.expires(),
                fingerprint: pair.fingerprint(),
            },
            certs: Some(certs.clone()),
            files: contents.digests(),
        }
    }
}

impl Set {
    /// The set of these settings with this pair.
    pub fn new(settings: &Settings, material: Material, generation: u64, paths: &Paths, device: bool) -> Self {
        let webadmin = &settings.webadmin;
        let socket = |port: u16, interface: Letter| Socket {
            address: "::".into(),
            port,
            interface: device.then_some(interface),
        };
        let listen: Vec<Socket> = webadmin.listen.iter().map(|l| socket(l.port.number(), l.interface)).collect();
        let redirect = webadmin.listen.iter().filter(|_| webadmin.http_redirect);
        let redirect = redirect.map(|l| socket(mmp_model::ports::HTTP, l.interface)).collect();
        let tls = settings.tls.webadmin.clone();
        Self {
            service: Service { generation, listen, redirect, tls: tls.clone(), control: paths.socket() },
            origin: Origin {
                listen: webadmin.listen,
                http_redirect: webadmin.http_redirect,
                tls,
                certs: material.certs,
                files: material.files,
                certificate: material.certificate,
            },
            key: material.key,
            chain: material.chain,
        }
    }

    /// The files of the folder.
    pub fn files(&self) -> Files {
        let shared = |content: String| File { content, mode: 0o640, group: Some(GROUP) };
        let own = File { content: pretty(&self.origin), mode: 0o600, group: None };
        let path = |name: &str| PathBuf::from(FOLDER).join(name);
        [
            (path("service.json"), shared(pretty(&self.service))),
            (path("key.pem"), shared(self.key.to_string())),
            (path("chain.pem"), shared(self.chain.clone())),
            (path("origin.json"), own),
        ]
        .into()
    }

    /// The set in the folder: a restarted mmpd goes on with what its service runs by.
    pub fn read(paths: &Paths) -> Option<Self> {
        let read = |name: &str| fs::read_to_string(paths.system(FOLDER).join(name)).ok();
        Some(Self {
            service: serde_json::from_str(&read("service.json")?).ok()?,
            origin: serde_json::from_str(&read("origin.json")?).ok()?,
            key: Zeroizing::new(read("key.pem")?),
            chain: read("chain.pem")?,
        })
    }

    /// What its pair is kept as for the next boot.
    pub fn material(&self) -> Material {
        Material {
            key: self.key.clone(),
            chain: self.chain.clone(),
            certificate: self.origin.certificate.clone(),
            certs: self.origin.certs.clone(),
            files: self.origin.files.clone(),
        }
    }

    /// What was set since it was made, as the words of the commands.
    pub fn pending(&self, settings: &Settings, contents: &Contents) -> Vec<String> {
        let (now, then) = (&settings.webadmin, &self.origin);
        let mut pending = Vec::new();
        let mut note = |differs: bool, what: &str| {
            if differs {
                pending.push(what.to_owned());
            }
        };
        note(now.listen != then.listen, "webadmin listen");
        note(now.http_redirect != then.http_redirect, "webadmin http-redirect");
        note(settings.tls.webadmin != then.tls, "tls webadmin");
        if now.certs != then.certs {
            note(true, "webadmin certs");
        } else {
            let digests = contents.digests();
            for (file, digest) in &then.files {
                note(digests.get(file) != Some(digest), &format!("{file} was replaced"));
            }
        }
        pending
    }
}

/// The files of a pair as they are now; what is not there has no entry.
#[derive(Clone, Debug, Default)]
pub struct Contents(BTreeMap<FileName, Zeroizing<Vec<u8>>>);

impl Contents {
    /// Reads the files that the settings name.
    pub fn read(settings: &Settings, paths: &Paths) -> Self {
        let files = settings.webadmin.certs.iter().flat_map(|certs| {
            [Some(&certs.key), Some(&certs.certificate), certs.bundle.as_ref()].into_iter().flatten()
        });
        Self(files.filter_map(|file| Some((file.clone(), read_file(paths, file)?))).collect())
    }

    /// One of them.
    pub fn file(&self, file: &FileName) -> Option<&[u8]> {
        self.0.get(file).map(|bytes| bytes.as_slice())
    }

    fn digests(&self) -> BTreeMap<FileName, String> {
        let hexadecimal = |bytes: &[u8]| Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        self.0.iter().map(|(name, bytes)| (name.clone(), hexadecimal(bytes))).collect()
    }
}

/// A file of the SFTP folder, if it is there. Of one that is too large for a key or certificates only so much that whoever
/// looks at it says so.
pub fn read_file(paths: &Paths, file: &FileName) -> Option<Zeroizing<Vec<u8>>> {
    let path = paths.files().join(file.as_str());
    let found = fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file)?;
    // Room for all of it at once: a buffer that grows would leave copies of a key behind.
    let mut content = Zeroizing::new(Vec::with_capacity(usize::try_from(found.len().min(LARGEST)).ok()? + 1));
    fs::File::open(&path).ok()?.take(LARGEST + 1).read_to_end(&mut content).ok()?;
    Some(content)
}

/// `status.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Status {
    /// Of the set that it speaks of.
    pub generation: u64,
    /// Where it answers.
    pub listening: Vec<String>,
    /// Why it did not take that set.
    pub fault: Option<String>,
}

impl Status {
    /// What the service says; nothing while it does not run.
    pub fn read(paths: &Paths) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(paths.system(STATUS)).ok()?).ok()
    }
}

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("a service file has text keys only")
}
