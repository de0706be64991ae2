//! Files of the folder by what their endings say, for completion.

use mmp_control::{reply::LiveValue, request::Live};
use mmp_model::{FileName, Role, file::FileKind};

use crate::{appliance::Appliance, files::Folder};

/// Values of one kind that the role may see.
pub fn live(appliance: &Appliance, role: Role, live: Live) -> Vec<LiveValue> {
    let folder = Folder::new(appliance.system.paths.files(), role, appliance);
    let files = folder.list().unwrap_or_default();
    let names: Vec<FileName> =
        files.into_iter().map(|file| file.name).filter(|name| name.kind() == FileKind::Pki).collect();
    let value = |value: &str, about: &str| LiveValue { value: value.to_owned(), about: about.to_owned() };
    match live {
        Live::Requests => {
            names.iter().filter_map(|name| Some(value(name.as_str().strip_suffix(".csr")?, "request"))).collect()
        }
        Live::Pairs => {
            let has_key = |base: &&str| names.iter().any(|name| name.as_str().strip_suffix(".key") == Some(base));
            let bases = names.iter().filter_map(|name| name.as_str().strip_suffix(".crt"));
            bases.filter(has_key).map(|base| value(base, "key and certificate")).collect()
        }
        _ => {
            let wanted = names.iter().filter(|name| wanted(live, name.as_str()));
            wanted.map(|name| value(name.as_str(), about(name.as_str()))).collect()
        }
    }
}

fn wanted(live: Live, name: &str) -> bool {
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    match live {
        Live::KeyFiles => ends(&[".key", ".pem"]),
        Live::CertificateFiles => ends(&[".cer", ".crt", ".pem", ".der"]),
        Live::Pkcs12Files => ends(&[".p12", ".pfx"]),
        _ => true,
    }
}

fn about(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("key") => "private key",
        Some("csr") => "request",
        Some("cer" | "crt" | "der") => "certificate",
        Some("p12" | "pfx") => "PKCS#12 file",
        _ => "PEM file",
    }
}
