//! `backup` and `factory_reset` as mmpd carries them out (`mmp.md` sections 23 and 24).
//!
//! Invariants: a refused rollback has changed nothing; once a rollback or an erasing is decided, nothing else is changed
//! until the restart that carries it out.

use std::{fs, io, os::unix::fs::MetadataExt, path::Path, sync::atomic::Ordering};

use mmp_backup::{
    BackupKey, Bundle, MAX_FILE, OpenError, Sealed,
    sealed::{NONCE, seal},
};
use mmp_control::{
    Kind, Refusal, Reply, Secret, chain,
    reply::{BackupCheck, BackupRow},
    request::FactoryReset,
};
use mmp_model::{Letter, backup::BackupName};
use nix::sys::statvfs::statvfs;

use super::{Appliance, DATA_FAULT, RELEASE};
use crate::{
    backup::{
        collect,
        keyring::{KeyError, Keyring},
        staged,
    },
    durable, journal,
    observe::{clock, links},
    store::Author,
};

/// The boot looks here before anything else reads `/data`.
const RESET: &str = "factory-reset";
/// Bytes that stay free, so that settings can always be written.
const RESERVE: u64 = 32 << 20;
/// Said until somebody has seen the key.
const WRITE_IT_DOWN: &str = "To restore it on another appliance, write down the key that `backup key` shows";

impl Appliance {
    /// Takes a backup. `on_step` is called now and then on the way.
    pub fn snapshot(&self, name: &BackupName, on_step: &mut dyn FnMut()) -> Result<Reply, Refusal> {
        let paths = &self.system.paths;
        let (sealed_file, readable_file) =
            (paths.files().join(name.sealed_file().as_str()), paths.files().join(name.readable_file().as_str()));
        let there = |path: &Path| fs::symlink_metadata(path).is_ok();
        // One at a time, and of settings that nobody changes meanwhile.
        let _changing = self.changing();
        if there(&sealed_file) || there(&readable_file) {
            return Err(Refusal::new(Kind::Conflict, format!("Backup already exists: {name}"))
                .hint("take another name, or remove both files by SFTP"));
        }
        let settings = self.settings();
        let bundle = collect::collect(paths, &settings, on_step).map_err(not_taken)?;
        let ring = Keyring::load_or_make(paths).map_err(not_taken)?;
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|error| not_taken(KeyError::Random(error)))?;
        let mac = links::card(Letter::A).mac;
        on_step();
        let sealed = seal(&bundle, RELEASE, clock::now(), mac, &ring.key, nonce).map_err(not_taken)?;
        let readable = self.readable(&settings);
        self.room_for((sealed.len() + readable.len()) as u64, RESERVE)?;
        on_step();
        // The one that brings everything back first: alone it is a backup, the other one is not.
        let written = durable::replace(&sealed_file, &sealed, 0o600)
            .and_then(|()| durable::replace(&readable_file, readable.as_bytes(), 0o600));
        if let Err(error) = written {
            let _ = fs::remove_file(&sealed_file);
            return Err(not_taken(error).hint("`df` shows whether /data is full"));
        }
        let mut text = format!("{} ready for download", name.sealed_file());
        if !ring.shown {
            text.push('\n');
            text.push_str(WRITE_IT_DOWN);
        }
        Ok(Reply::Notice(text))
    }

    /// All backups in the folder.
    pub fn backups(&self) -> Vec<BackupRow> {
        let Ok(entries) = fs::read_dir(self.system.paths.files()) else { return Vec::new() };
        let row = |entry: fs::DirEntry| {
            let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            let name = entry.file_name().into_string().ok()?.strip_suffix(".bak")?.parse().ok()?;
            Some(BackupRow { name, size: metadata.size(), modified: metadata.mtime() })
        };
        let mut rows: Vec<BackupRow> = entries.flatten().filter_map(row).collect();
        rows.sort_by(|a, b| a.name.cmp(&b.name));
        rows
    }

    /// The key of this appliance, for an administrator to write down.
    pub fn backup_key(&self) -> Result<Reply, Refusal> {
        let key = Keyring::load_or_make(&self.system.paths).and_then(|mut ring| ring.show());
        key.map(|key| Reply::Value(key.to_string()))
            .map_err(|error| Refusal::new(Kind::Internal, format!("There is no backup key: {}", chain(&error))))
    }

    /// Whether the backup could be rolled back to, as far as that is known without another appliance's key.
    pub fn check_backup(&self, name: &BackupName) -> Result<Reply, Refusal> {
        self.may_roll_back()?;
        let mut sealed = self.read_backup(name)?;
        let own = Keyring::load(&self.system.paths).filter(|ring| sealed.wants(&ring.key));
        let mut warnings = Vec::new();
        let mac = links::card(Letter::A).mac;
        if sealed.header.mac != mac {
            let text = |mac: Option<&String>| mac.map_or_else(|| "unknown".to_owned(), String::clone);
            warnings.push(format!(
                "This is a backup of another appliance, {}: its license is for MAC address {}, this one has {}",
                sealed.header.hostname,
                text(sealed.header.mac.as_ref()),
                text(mac.as_ref())
            ));
        }
        if let Some(ring) = &own {
            let bundle = sealed.open(&ring.key).map_err(|error| refused(name, error))?;
            warnings.extend(self.missing_interfaces(&bundle));
        }
        Ok(Reply::BackupCheck(BackupCheck { wants_key: own.is_none(), warnings }))
    }

    /// Decides the rollback and restarts.
    pub fn rollback(&self, name: &BackupName, key: Option<&Secret>, author: &Author) -> Result<Reply, Refusal> {
        let _changing = self.changing();
        self.may_roll_back()?;
        let mut sealed = self.read_backup(name)?;
        let key = match Keyring::load(&self.system.paths).filter(|ring| sealed.wants(&ring.key)) {
            Some(ring) => ring.key.clone(),
            None => typed(key)?,
        };
        let bundle = sealed.open(&key).map_err(|error| refused(name, error))?;
        let content = bundle.encode().map_err(|error| refused(name, error.into()))?;
        // The content, and every file of it beside the one that it replaces.
        self.room_for(2 * content.len() as u64, 1 << 20)?;
        self.restarting.store(true, Ordering::SeqCst);
        if let Err(error) = staged::stage(&self.system.paths, author, &content) {
            self.restarting.store(false, Ordering::SeqCst);
            return Err(Refusal::new(Kind::Internal, format!("The rollback was not begun: {}", chain(&error)))
                .state("Nothing was changed")
                .hint("`df` shows whether /data is full"));
        }
        journal::warning(&format!("{} from {} rolls back to {name}: restarting", author.user, author.origin));
        self.restart("The rollback is carried out at the next start")
    }

    /// Decides the erasing and restarts; the boot carries it out.
    pub fn factory_reset(&self, scope: FactoryReset, author: &Author) -> Result<Reply, Refusal> {
        let _changing = self.changing();
        self.lasting()?;
        let word: &[u8] = match scope {
            FactoryReset::App => b"app\n",
            FactoryReset::Full => b"full\n",
        };
        self.restarting.store(true, Ordering::SeqCst);
        if let Err(error) = durable::replace(&self.system.paths.data().join(RESET), word, 0o600) {
            self.restarting.store(false, Ordering::SeqCst);
            return Err(Refusal::new(Kind::Internal, format!("Nothing is erased: {}", chain(&error)))
                .state("Nothing was changed"));
        }
        journal::warning(&format!("{} from {} typed {}: restarting", author.user, author.origin, author.line));
        self.restart("The erasing is carried out at the next start")
    }

    /// Refuses what would be lost: a restart that replaces everything is on its way.
    pub fn not_restarting(&self) -> Result<(), Refusal> {
        if self.restarting.load(Ordering::SeqCst) {
            return Err(Refusal::new(Kind::Unavailable, "The appliance is about to restart")
                .state("Nothing was changed")
                .hint("log in again after the restart"));
        }
        Ok(())
    }

    fn restart(&self, decided: &str) -> Result<Reply, Refusal> {
        self.end_recovery("the appliance is restarted by command");
        self.system.power("reboot").map_err(|error| {
            Refusal::new(Kind::Internal, format!("The system does not go down: {}", chain(&error)))
                .state(decided)
                .hint("type `reboot`, or switch it off and on")
        })?;
        Ok(Reply::Notice("System will reboot now".into()))
    }

    fn may_roll_back(&self) -> Result<(), Refusal> {
        self.lasting()?;
        self.not_restarting()?;
        if let Some(trial) = self.trial() {
            return Err(Refusal::new(
                Kind::Conflict,
                format!("<{}> of {} waits for its confirmation", trial.lines.join("; "), trial.user),
            )
            .state("Nothing was changed")
            .hint("type 'confirm' or 'undo' first"));
        }
        Ok(())
    }

    /// What is decided in memory would be forgotten by the restart that is to carry it out.
    fn lasting(&self) -> Result<(), Refusal> {
        if Path::new(DATA_FAULT).exists() {
            return Err(Refusal::new(
                Kind::Unavailable,
                "/data cannot be used, so nothing can be kept for the restart",
            )
            .state("Nothing was changed"));
        }
        Ok(())
    }

    fn read_backup(&self, name: &BackupName) -> Result<Sealed, Refusal> {
        let path = self.system.paths.files().join(name.sealed_file().as_str());
        let metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_file() => metadata,
            _ => {
                return Err(Refusal::new(Kind::Absent, format!("No such backup: {name}"))
                    .hint("see `backup list`; upload the .bak file by SFTP"));
            }
        };
        if metadata.len() > MAX_FILE as u64 {
            return Err(refused(name, OpenError::TooLarge));
        }
        let bytes = fs::read(&path).map_err(|error: io::Error| {
            Refusal::new(Kind::Internal, format!("The backup cannot be read: {error}")).state("Nothing was changed")
        })?;
        Sealed::read(bytes, RELEASE).map_err(|error| refused(name, error))
    }

    fn missing_interfaces(&self, bundle: &Bundle) -> Option<String> {
        let here = self.letters();
        let set = bundle.settings.interfaces.ipv4.iter().filter(|(_, ipv4)| ipv4.enabled).map(|(letter, _)| letter);
        let missing: Vec<String> = set.filter(|letter| !here.contains(letter)).map(ToString::to_string).collect();
        if missing.is_empty() {
            return None;
        }
        Some(format!("This appliance does not have interface {}, which the backup configures", missing.join(", ")))
    }

    pub fn room_for(&self, bytes: u64, reserve: u64) -> Result<(), Refusal> {
        let Ok(space) = statvfs(&self.system.paths.data()) else { return Ok(()) };
        if space.blocks_available() * space.fragment_size() < bytes + reserve {
            return Err(Refusal::new(Kind::Unavailable, "No space left on /data")
                .state("Nothing was changed")
                .hint("remove files that are not needed; `df` shows the use"));
        }
        Ok(())
    }
}

fn typed(key: Option<&Secret>) -> Result<BackupKey, Refusal> {
    let Some(key) = key else {
        return Err(Refusal::new(Kind::BadValue, "The backup key of the appliance that took it is needed")
            .state("Nothing was changed"));
    };
    key.reveal().parse().map_err(|error| {
        Refusal::new(Kind::BadValue, format!("Invalid backup key: {error}")).state("Nothing was changed")
    })
}

fn not_taken(error: impl std::error::Error) -> Refusal {
    Refusal::new(Kind::Internal, format!("The backup was not taken: {}", chain(&error)))
}

/// The documented lines (`mmp.md` section 23), with what is known beyond them.
fn refused(name: &BackupName, error: OpenError) -> Refusal {
    let refusal = match error {
        OpenError::Damaged => {
            Refusal::new(Kind::BadValue, "Backup file is corrupt").hint(format!("upload {} again", name.sealed_file()))
        }
        OpenError::TooLarge => {
            Refusal::new(Kind::BadValue, "Backup file is corrupt").hint("it is larger than a backup can be")
        }
        OpenError::Content(error) => Refusal::new(Kind::BadValue, "Backup file is corrupt").hint(chain(&error)),
        OpenError::OtherRelease(release) => {
            let made = release.filter(|release| release != RELEASE);
            let made = made.map_or_else(|| "another build".to_owned(), |release| format!("release {release}"));
            Refusal::new(Kind::Conflict, "Backup was made with a different software version")
                .hint(format!("it was made with {made}; this is release {RELEASE}"))
        }
        OpenError::WrongKey => Refusal::new(Kind::Denied, "Wrong backup key")
            .hint("type the key that `backup key` shows on the appliance that took the backup"),
    };
    refusal.state("Nothing was changed")
}
