//! What `webadmin enable` and `restart` print: one line a check (`mmp.md` sections 0.3 and 10). Pure.

use mmp_model::{Letter, Settings, account::UnixTime, ports};
use mmp_pki::{Note, Pair, pair};

use super::{Contents, Material};
use crate::observe::clock;

/// Days before the end of a certificate from which on it is told.
const WARNED: UnixTime = 60;

/// The checks and what came of them.
#[derive(Clone, Debug)]
pub struct Checklist {
    lines: Vec<String>,
    failed: bool,
    /// What to type next.
    pub hint: Option<String>,
    /// The pair, when all is well.
    pub material: Option<Material>,
}

impl Checklist {
    fn success(&mut self, text: &str) {
        self.lines.push(format!("SUCCESS: {text}"));
    }

    fn failure(&mut self, text: &str, hint: String) {
        self.lines.push(format!("FAILURE: {text}"));
        self.failed = true;
        self.hint.get_or_insert(hint);
    }

    /// What failed, on one line.
    pub fn failures(&self) -> String {
        self.lines.iter().filter_map(|line| line.strip_prefix("FAILURE: ")).collect::<Vec<_>>().join("; ")
    }

    /// All lines, with the closing one where something is missing.
    pub fn text(&self) -> String {
        let mut lines = self.lines.clone();
        if self.failed {
            lines.push("FAILURE: webadmin configuration not complete".into());
        }
        lines.join("\n")
    }
}

/// Checks everything that the service needs.
pub fn check(settings: &Settings, letters: &[Letter], contents: &Contents, now: UnixTime) -> Checklist {
    let mut list = Checklist { lines: Vec::new(), failed: false, hint: None, material: None };
    network(&mut list, settings, letters);
    let material = certificate(&mut list, settings, contents, now);
    list.material = material.filter(|_| !list.failed);
    list
}

fn network(list: &mut Checklist, settings: &Settings, letters: &[Letter]) {
    let Some(listen) = settings.webadmin.listen else {
        list.failure("TLS interface and port not configured", "type `webadmin listen a 445`".into());
        return;
    };
    if !letters.contains(&listen.interface) {
        let there = letters.iter().map(|letter| format!("`{letter}`")).collect::<Vec<_>>().join(", ");
        let text = format!("interface {} is not on this appliance", listen.interface);
        list.failure(&text, format!("this appliance has {there}"));
        return;
    }
    let clashes = ports::clashes(settings, "webadmin");
    if clashes.is_empty() {
        list.success("TLS interface and port configured");
    }
    for (interface, port, other) in clashes {
        let text = format!("port {port} on interface {interface} already in use by {other}");
        list.failure(&text, format!("take another port with `webadmin listen {interface} 445`"));
    }
}

fn certificate(list: &mut Checklist, settings: &Settings, contents: &Contents, now: UnixTime) -> Option<Material> {
    let Some(certs) = &settings.webadmin.certs else {
        list.failure("Key and certificate not configured", "type `webadmin certs <key-file> <crt-file>`".into());
        return None;
    };
    let mut get = |file| {
        let found = contents.file(file);
        if found.is_none() {
            list.failure(&format!("File not found: {file}"), format!("upload it with `sftp> put {file}`"));
        }
        found
    };
    let (key, own) = (get(&certs.key), get(&certs.certificate));
    let bundle = certs.bundle.as_ref().map(&mut get);
    let (key, own) = (key?, own?);
    let bundle = match bundle {
        Some(None) => return None,
        Some(bundle) => bundle,
        None => None,
    };
    match pair::check(key, own, bundle, now) {
        Ok(pair) => {
            list.success("Key and certificate pair match");
            warn(list, &pair, now);
            Some(Material::of(&pair, certs, contents))
        }
        Err(fault) => {
            list.failure(&fault.to_string(), fault.hint().into());
            None
        }
    }
}

fn warn(list: &mut Checklist, pair: &Pair, now: UnixTime) {
    list.lines.extend(pair.notes().iter().map(|note: &Note| format!("WARNING: {note}")));
    list.lines.extend(expiry(pair.expires(), now).map(|line| format!("WARNING: {line}")));
}

/// The line about a certificate that ends soon or has ended.
pub fn expiry(expires: UnixTime, now: UnixTime) -> Option<String> {
    let days = (expires - now) / mmp_model::account::DAY;
    let date = clock::date(expires);
    if expires < now {
        Some(format!("the certificate of webadmin expired on {date}; browsers and clients refuse it"))
    } else if days < WARNED {
        Some(format!("the certificate of webadmin expires on {date}, in {days} days"))
    } else {
        None
    }
}
