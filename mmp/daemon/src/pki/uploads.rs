//! Uploads over files that services use (`mmp.md` section 9.3).
//!
//! Invariant: a file in use is replaced only by one of its kind; the service goes on with what it has read until its
//! own `restart`.

use std::io::Read;

use mmp_control::{Kind, Refusal, request::File as Ask};
use mmp_model::{
    FileName, Settings,
    certificates::{Purpose, Use, uses},
    file::FileAccess,
};
use mmp_pki::{File, LARGEST};
use zeroize::Zeroizing;

use crate::files::Folder;

/// Whether the new content may take the place of a file in use; then the line that tells when it counts.
///
/// # Errors
/// It is in use, and the content is of another kind.
pub fn check(settings: &Settings, name: &FileName, content: &[u8]) -> Result<Option<String>, Refusal> {
    let all = || uses(settings).filter(|used| used.file == name && used.purpose != Purpose::Secret);
    for used in all() {
        fits(&used, content).map_err(|reason| {
            Refusal::new(
                Kind::Conflict,
                format!(
                    "The file was not taken: {name} is used by {} as {}, and {reason}",
                    used.service(),
                    used.purpose
                ),
            )
            .state("The old file is still there")
            .hint("upload it under another name, or repair it; `pki inspect` shows what a file is")
        })?;
    }
    let services: Vec<&str> = all().map(|used| used.service()).collect();
    Ok(services
        .first()
        .map(|_| format!("{name} was replaced; what uses it ({}) reads it at its restart", services.join(", "))))
}

/// What a request to the folder would put in the place of a file in use.
///
/// # Errors
/// As of [`check`].
pub fn examine(settings: &Settings, folder: &Folder<'_>, ask: &Ask) -> Result<Option<String>, Refusal> {
    let used = |name: &FileName| uses(settings).any(|used| used.file == name);
    match ask {
        Ask::Commit { ticket } if folder.upload(*ticket).is_some_and(used) => match folder.peek(*ticket, LARGEST + 1) {
            Some((name, bytes)) => check(settings, name, &bytes),
            None => Ok(None),
        },
        Ask::Rename { from, to, .. } if used(to) => {
            folder.permit(from, FileAccess::Remove)?;
            let mut bytes = Zeroizing::new(Vec::new());
            let file = folder.plain(from)?.take(LARGEST as u64 + 1).read_to_end(&mut bytes);
            file.map_err(|error| Refusal::new(Kind::Internal, format!("{from} cannot be read: {error}")))?;
            check(settings, to, &bytes)
        }
        _ => Ok(None),
    }
}

fn fits(used: &Use<'_>, content: &[u8]) -> Result<(), String> {
    let file = File::read(content).map_err(|error| format!("this file cannot be used: {error}"))?;
    match used.purpose {
        Purpose::Key if file.key().is_none() && !file.is_encrypted() => Err("this file holds no private key".into()),
        Purpose::Certificate | Purpose::Bundle | Purpose::Trust if file.certificates().next().is_none() => {
            Err("this file holds no certificate".into())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::tests::clean;

    #[test]
    fn a_file_in_use_is_replaced_by_its_kind_only() {
        let mut settings = clean();
        let name: FileName = "logs-ca.cer".parse().unwrap();
        assert_eq!(check(&settings, &name, b"anything").unwrap(), None);
        settings.syslog.trust = Some(name.clone());
        let refusal = check(&settings, &name, b"anything").unwrap_err();
        assert_eq!(
            refusal.message,
            "The file was not taken: logs-ca.cer is used by syslog as trust, and this file cannot be used: it is neither \
             PEM nor DER"
        );
        let made = mmp_pki::generate::self_signed(&mmp_model::certificates::Subject::default(), 1_780_272_000).unwrap();
        assert!(check(&settings, &name, made.key.as_bytes()).unwrap_err().message.ends_with("holds no certificate"));
        assert!(check(&settings, &name, made.public.as_bytes()).unwrap().unwrap().contains("(syslog)"));
    }
}
