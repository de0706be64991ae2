//! `pki` as mmpd carries it out (`mmp.md` section 9).
//!
//! Invariants: no lock is held while a key is made; files that are there are never overwritten, but by `unlock`, which
//! keeps the key; keys are readable by root alone and are in no reply and no log.

mod make;
pub mod pkcs12;
mod read;
pub mod uploads;
pub mod uses;

use mmp_control::{Answer, Refusal, Reply, request::Pki};

use crate::{appliance::Appliance, connection::Connection};

/// Carries a request out. Dots go to the peer while a key is made.
pub fn answer(appliance: &Appliance, ask: &Pki, connection: &mut Connection) -> Result<Reply, Refusal> {
    let changes = matches!(ask, Pki::Unlock(..) | Pki::Import(..) | Pki::Csr(..) | Pki::SelfSigned(..) | Pki::Sign(..));
    if changes {
        appliance.not_restarting()?;
    }
    let mut dot = |text: &str| {
        // A sign of life; whether somebody sees it changes nothing.
        let _ = connection.send(&Answer::Text(text.into()));
    };
    match ask {
        Pki::Show => Ok(Reply::PkiUses(uses::rows(appliance))),
        Pki::List => Ok(Reply::PkiFiles(read::list(&appliance.system.paths.files()))),
        Pki::Inspect(file) => read::inspect(appliance, file),
        Pki::Match(key, certificate) => read::matches(appliance, key, certificate),
        Pki::Verify { certificate, bundle, ca } => read::verify(appliance, certificate, bundle, ca.as_ref()),
        Pki::CheckUnlock(file) => make::check_unlock(appliance, file),
        Pki::Unlock(file, passphrase) => make::unlock(appliance, file, passphrase),
        Pki::CheckImport(file, name) => pkcs12::check_import(appliance, file, name.as_ref()),
        Pki::Import(file, name, passphrase) => pkcs12::import(appliance, file, name.as_ref(), passphrase),
        Pki::CheckToSsh(user) => pkcs12::check_to_ssh(appliance, user),
        // A change of settings: the session makes it.
        Pki::ToSsh(..) => Err(Refusal::denied()),
        Pki::Csr(name, subject) => make::request(appliance, name, subject, &mut dot),
        Pki::SelfSigned(name, subject) => make::self_signed(appliance, name, subject, &mut dot),
        Pki::Sign(request, authority) => make::sign(appliance, request, authority),
    }
}
