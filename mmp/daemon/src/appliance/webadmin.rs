//! Web Admin: `enable`, `restart`, and what it runs by after a boot.
//!
//! Invariants: a set that the service does not take is put back, and the one before goes on; no boot leaves an enabled
//! service without the last pair that worked.

#[cfg(test)]
mod tests;

use std::sync::{Arc, MutexGuard, PoisonError};

use mmp_control::{Kind, Refusal, Reply, chain, reply, request};
use mmp_model::{FileName, Settings, tls::TlsService};
use mmp_pki::{Fault, pair};

use super::{Appliance, Changing};
use crate::{
    apply::health,
    change, journal,
    observe::clock,
    plan::{Daemon, Step, plan},
    render::render,
    webadmin::{
        Contents, Material, Set, Status,
        checklist::{self, Checklist},
        kept, read_file,
    },
};

/// What Web Admin runs by, and how it came to it.
#[derive(Debug, Default)]
pub struct InForce {
    set: Option<Arc<Set>>,
    /// Why it is not what the settings say.
    fault: Option<String>,
    /// The greatest number of a set so far.
    generation: u64,
}

impl Appliance {
    /// The set in force, if Web Admin is enabled. The first call after a boot, or after settings that came back by a
    /// restore point, makes it.
    pub(super) fn webadmin_set(&self, settings: &Settings) -> Option<Arc<Set>> {
        if !settings.webadmin.enabled {
            return None;
        }
        if let Some(set) = self.in_force().set.clone() {
            return Some(set);
        }
        let (material, fault) = self.material_at_boot(settings);
        if let Some(fault) = &fault {
            journal::error(fault);
        }
        self.in_force().fault = fault;
        let set = Arc::new(self.new_set(settings, material?));
        self.in_force().set = Some(Arc::clone(&set));
        Some(set)
    }

    /// Goes on with what the service runs by, if mmpd alone was started anew.
    pub(super) fn adopt_webadmin(&self) {
        let set = Set::read(&self.system.paths);
        let mut in_force = self.in_force();
        in_force.generation = set.as_ref().map_or(0, |set| set.service.generation);
        in_force.set = set.map(Arc::new);
    }

    /// The pair that the settings name, whatever its dates, or the last one that worked.
    fn material_at_boot(&self, settings: &Settings) -> (Option<Material>, Option<String>) {
        let contents = Contents::read(settings, &self.system.paths);
        let now = clock::now();
        let list = checklist::check(settings, &self.letters(), &contents, now);
        if list.material.is_some() {
            return (list.material, None);
        }
        // A clock that is wrong and a certificate that has ended must not take away the way in to put it right.
        let dated = settings.webadmin.certs.as_ref().and_then(|certs| {
            let (key, own) = (contents.file(&certs.key)?, contents.file(&certs.certificate)?);
            let bundle = certs.bundle.as_ref().and_then(|file| contents.file(file));
            let Err(Fault::Expired { at } | Fault::NotYetValid { from: at }) = pair::check(key, own, bundle, now)
            else {
                return None;
            };
            pair::check(key, own, bundle, at).ok().map(|pair| Material::of(&pair, certs, &contents))
        });
        if dated.is_some() {
            return (dated, None);
        }
        let why = list.failures();
        match kept::load(&self.system.paths) {
            Some(kept) => {
                let fault = format!(
                    "webadmin serves with the last pair that worked, and not with the files that are set: {why}; put them \
                     right and type `webadmin restart`"
                );
                (Some(kept), Some(fault))
            }
            None => (None, Some(format!("webadmin cannot serve: {why}; put it right and type `webadmin restart`"))),
        }
    }

    fn new_set(&self, settings: &Settings, material: Material) -> Set {
        let mut in_force = self.in_force();
        in_force.generation += 1;
        Set::new(settings, material, in_force.generation, &self.system.paths, self.system.device)
    }

    fn checklist(&self, settings: &Settings) -> Checklist {
        let contents = Contents::read(settings, &self.system.paths);
        checklist::check(settings, &self.letters(), &contents, clock::now())
    }

    /// `webadmin enable`, before the setting changes: the checks, and the set to be.
    pub(super) fn prepare_enable(&self) -> Result<(String, Option<Arc<Set>>), Refusal> {
        let settings = self.settings();
        let list = self.checklist(&settings);
        let text = list.text();
        let Some(material) = list.material else { return Err(incomplete(text, list.hint)) };
        // One that runs takes new settings at its restart.
        let set = (!settings.webadmin.enabled).then(|| Arc::new(self.new_set(&settings, material)));
        Ok((text, set))
    }

    /// Puts a set in the place of the one in force; that one comes back.
    pub(super) fn exchange_set(&self, set: Option<Arc<Set>>) -> Option<Arc<Set>> {
        std::mem::replace(&mut self.in_force().set, set)
    }

    /// After a change that went through: what worked is kept, and what is off has no set.
    pub(super) fn settle_webadmin(&self, settings: &Settings) {
        let mut in_force = self.in_force();
        if !settings.webadmin.enabled {
            (in_force.set, in_force.fault) = (None, None);
        } else if let Some(set) = in_force.set.clone().filter(|_| in_force.fault.is_none()) {
            drop(in_force);
            kept::keep(&self.system.paths, &set.material());
        }
    }

    /// `webadmin restart`.
    pub fn restart_webadmin(&self) -> Result<Reply, Refusal> {
        let mut changing = self.changing();
        let settings = self.settings();
        let list = self.checklist(&settings);
        let text = list.text();
        if !settings.webadmin.enabled {
            return Ok(Reply::Notice(format!("{text}\nwebadmin not enabled")));
        }
        let Some(material) = list.material else {
            let refusal = incomplete(text, list.hint);
            return Err(match &self.in_force().set {
                Some(set) => refusal.state(goes_on(set)),
                None => refusal,
            });
        };
        let next = Arc::new(self.new_set(&settings, material));
        let before = self.exchange_set(Some(next));
        if let Err(cause) = self.follow_set(&mut changing, &settings) {
            let state = before.as_ref().map_or_else(|| "webadmin does not run".to_owned(), |set| goes_on(set));
            self.exchange_set(before);
            let back = self.follow_set(&mut changing, &settings);
            let state = match back {
                Ok(()) => state,
                Err(error) => format!("What ran before could not be put back: {error}"),
            };
            journal::undone(&format!("a restart of webadmin was undone: {cause}"));
            return Err(Refusal::new(Kind::Internal, format!("{text}\nFAILURE: webadmin did not take it: {cause}"))
                .state(state));
        }
        self.in_force().fault = None;
        self.settle_webadmin(&settings);
        Ok(Reply::Notice(text))
    }

    /// Has the service follow the set in force.
    fn follow_set(&self, changing: &mut MutexGuard<'_, Changing>, settings: &Settings) -> Result<(), String> {
        let rendered = render(settings, &self.surroundings(settings));
        let mut steps = plan(Some((settings, &changing.rendered)), (settings, &rendered));
        let own = |step: &Step| matches!(step, Step::Folder(..)) || step.daemon() == Some(Daemon::Webadmin);
        steps.retain(own);
        changing.touches += 1;
        self.apply_all(&steps).map_err(|error| chain(&error))?;
        changing.rendered.webadmin = rendered.webadmin;
        Ok(())
    }

    /// What Web Admin runs by and how it does.
    pub fn show_webadmin(&self) -> reply::Webadmin {
        let settings = self.settings();
        let paths = &self.system.paths;
        let (set, fault) = {
            let in_force = self.in_force();
            (in_force.set.clone(), in_force.fault.clone())
        };
        let status = Status::read(paths).filter(|_| settings.webadmin.enabled);
        let alive = !self.system.device || health::process_number(Daemon::Webadmin).is_some();
        let running = alive && status.as_ref().is_some_and(|status| !status.listening.is_empty());
        let pending =
            set.as_ref().map_or_else(Vec::new, |set| set.pending(&settings, &Contents::read(&settings, paths)));
        let mut warnings: Vec<String> = fault.into_iter().collect();
        let certificate = set.as_ref().map(|set| set.origin.certificate.clone());
        warnings.extend(certificate.as_ref().and_then(|own| checklist::expiry(own.expires, clock::now())));
        let low = change::webadmin::low(&settings.tls, TlsService::Webadmin);
        warnings.extend(low.map(|line| line.trim_start_matches("WARNING: ").to_owned()));
        let (listening, fault) = status.map(|status| (status.listening, status.fault)).unwrap_or_default();
        reply::Webadmin {
            settings: settings.webadmin.clone(),
            running,
            listening,
            fault,
            pending,
            certificate,
            warnings,
        }
    }

    /// What is told at the login.
    pub(super) fn webadmin_notices(&self, settings: &Settings) -> Vec<String> {
        let mut notices: Vec<String> = [TlsService::Sip, TlsService::Ldap]
            .into_iter()
            .filter_map(|s| change::webadmin::low(&settings.tls, s))
            .collect();
        if !settings.webadmin.enabled {
            notices.extend(change::webadmin::low(&settings.tls, TlsService::Webadmin));
            return notices;
        }
        let shown = self.show_webadmin();
        notices.extend(shown.warnings.iter().map(|warning| format!("WARNING: {warning}")));
        notices.extend(shown.fault.map(|fault| format!("WARNING: webadmin: {fault}")));
        if !shown.pending.is_empty() {
            notices.push(format!("Type 'webadmin restart' for this to take effect: {}", shown.pending.join("; ")));
        }
        notices
    }

    /// Files that `webadmin certs` or `tls ... trust` name must be there and be what they are named for (`mmp.md` section
    /// 0.3, rule 8).
    pub(super) fn check_named_files(&self, request: &mmp_control::Request) -> Result<(), Refusal> {
        match request {
            mmp_control::Request::Webadmin(request::Webadmin::Certs(Some(certs))) => {
                let key = self.named(&certs.key)?;
                match mmp_pki::File::read(&key) {
                    Ok(file) if file.key().is_some() => {}
                    Ok(file) if file.is_encrypted() => {
                        return Err(unusable(&certs.key, "is protected by a passphrase")
                            .hint(format!("type `pki unlock {}`", certs.key)));
                    }
                    Ok(_) => return Err(unusable(&certs.key, "holds no private key")),
                    Err(error) => return Err(unusable(&certs.key, &format!("cannot be used: {error}"))),
                }
                self.named_certificates(&certs.certificate)?;
                certs.bundle.as_ref().map_or(Ok(()), |bundle| self.named_certificates(bundle))
            }
            mmp_control::Request::Tls(request::Tls::Trust(_, Some(file))) => self.named_certificates(file),
            _ => Ok(()),
        }
    }

    fn named(&self, file: &FileName) -> Result<zeroize::Zeroizing<Vec<u8>>, Refusal> {
        read_file(&self.system.paths, file).ok_or_else(|| {
            Refusal::new(Kind::Absent, format!("File not found: {file}"))
                .hint(format!("upload it with `sftp> put {file}`"))
        })
    }

    fn named_certificates(&self, file: &FileName) -> Result<(), Refusal> {
        match mmp_pki::File::read(&self.named(file)?) {
            Ok(found) if found.certificates().next().is_some() => Ok(()),
            Ok(_) => Err(unusable(file, "holds no certificate")),
            Err(error) => Err(unusable(file, &format!("cannot be used: {error}"))),
        }
    }

    fn in_force(&self) -> MutexGuard<'_, InForce> {
        self.webadmin.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unusable(file: &FileName, what: &str) -> Refusal {
    Refusal::new(Kind::BadValue, format!("{file} {what}")).hint("`pki inspect` shows what a file is")
}

fn incomplete(text: String, hint: Option<String>) -> Refusal {
    let refusal = Refusal::new(Kind::Conflict, text);
    match hint {
        Some(hint) => refusal.hint(hint),
        None => refusal,
    }
}

fn goes_on(set: &Set) -> String {
    let certificate = &set.origin.certificate;
    let name = certificate.names.first().map_or("no name", String::as_str);
    format!(
        "webadmin goes on as before, with the certificate of {name} that ends on {}",
        clock::date(certificate.expires)
    )
}
