//! `pki` where it makes files: `csr`, `selfsigned`, `sign`, `unlock`.
//!
//! Invariant: a file gets its name when it is whole and on the medium, and only if no other has it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::{fd::AsRawFd, unix::fs::OpenOptionsExt},
    path::{Path, PathBuf},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use mmp_control::{Kind, Refusal, Reply, Secret};
use mmp_model::{
    FileName, Settings,
    certificates::{Basename, Field, Subject},
};
use mmp_pki::{
    generate::{self, Made, MakeError},
    unlock::{self, UnlockError},
};
use nix::{
    fcntl::{AtFlags, OFlag},
    unistd::linkat,
};

use super::read;
use crate::{appliance::Appliance, durable, journal, observe::clock};

/// Between two dots.
const DOT: Duration = Duration::from_millis(20);
/// Dots in a line.
const DOTS: usize = 64;
/// Room that the files of one command take at most, in bytes.
const ROOM: u64 = 64 << 10;
/// Bytes that stay free, so that settings can always be written.
const RESERVE: u64 = 32 << 20;

/// `pki csr`.
pub fn request(
    appliance: &Appliance,
    name: &Basename,
    subject: &Subject,
    dot: &mut dyn FnMut(&str),
) -> Result<Reply, Refusal> {
    let (key, request) = (name.file("key"), name.file("csr"));
    let folder = prepared(appliance, &[&key, &request])?;
    let made = with_dots(dot, || generate::request(subject))?;
    store_all(&folder, &[(&key, made.key.as_bytes()), (&request, made.public.as_bytes())])?;
    Ok(Reply::Notice(format!(
        "Created key file {key} and CSR {request}\nCSR file {request} ready for download via SFTP"
    )))
}

/// `pki selfsigned`.
pub fn self_signed(
    appliance: &Appliance,
    name: &Basename,
    subject: &Subject,
    dot: &mut dyn FnMut(&str),
) -> Result<Reply, Refusal> {
    let (key, certificate) = (name.file("key"), name.file("crt"));
    let folder = prepared(appliance, &[&key, &certificate])?;
    let subject = named(subject, &appliance.settings());
    let made = with_dots(dot, || generate::self_signed(&subject, clock::now()))?;
    store_all(&folder, &[(&key, made.key.as_bytes()), (&certificate, made.public.as_bytes())])?;
    Ok(Reply::Notice(format!("Created key file {key} and self-signed certificate {certificate}")))
}

/// Without a name it is for the appliance's own.
fn named(subject: &Subject, settings: &Settings) -> Subject {
    let mut subject = subject.clone();
    if subject.common_name().is_none() {
        subject.fields.insert(0, (Field::CommonName, settings.hostname.to_string()));
    }
    subject
}

/// `pki sign`.
pub fn sign(appliance: &Appliance, request: &Basename, authority: &Basename) -> Result<Reply, Refusal> {
    let certificate = request.file("crt");
    let folder = prepared(appliance, &[&certificate])?;
    let (request, key_file, issuer_file) = (request.file("csr"), authority.file("key"), authority.file("crt"));
    let wanted = read::material(&folder, &request)?;
    let Some(wanted) = wanted.request() else {
        return Err(Refusal::new(Kind::BadValue, format!("{request} holds no certificate request"))
            .hint(format!("`pki inspect {request}` shows what it is")));
    };
    let issuer = read::certificates(&folder, &issuer_file)?.swap_remove(0);
    let keys = read::material(&folder, &key_file)?;
    let key = keys.key().filter(|key| issuer.has_key(key.spki())).ok_or_else(|| {
        Refusal::new(Kind::Conflict, "Key and certificate do not match")
            .hint(format!("{key_file} must be the key of {issuer_file}"))
    })?;
    // What it signs nobody takes longer than itself.
    if issuer.not_after() < clock::now() {
        return Err(Refusal::new(Kind::Conflict, format!("{issuer_file} has expired"))
            .hint("make another authority with `pki selfsigned`"));
    }
    if !mmp_pki::verify::may_sign(&issuer) {
        return Err(Refusal::new(Kind::Conflict, format!("{issuer_file} must not sign other certificates"))
            .hint("make an authority with `pki selfsigned`"));
    }
    let signed = generate::sign(wanted, &issuer, key, clock::now()).map_err(|error| not_made(&error))?;
    store(&folder, &certificate, signed.as_bytes())?;
    Ok(Reply::Notice(format!("Created certificate {certificate}, signed by {issuer_file}")))
}

/// Whether `pki unlock` has something to do.
pub fn check_unlock(appliance: &Appliance, name: &FileName) -> Result<Reply, Refusal> {
    let bytes = read::bytes(&appliance.system.paths.files(), name)?;
    unlock::check(&bytes).map(|()| Reply::Nothing).map_err(|error| locked(name, &error))
}

/// `pki unlock`.
pub fn unlock(appliance: &Appliance, name: &FileName, passphrase: &Secret) -> Result<Reply, Refusal> {
    let folder = appliance.system.paths.files();
    let bytes = read::bytes(&folder, name)?;
    let key = unlock::unlock(&bytes, passphrase.reveal()).map_err(|error| locked(name, &error))?;
    appliance.room_for(ROOM, RESERVE)?;
    let path = folder.join(name.as_str());
    durable::replace(&path, key.pem().as_bytes(), 0o600).map_err(|error| not_stored(name, &error.source))?;
    journal::info(&format!("the passphrase of {name} was removed"));
    Ok(Reply::Notice(format!("Removed the passphrase of {name}")))
}

fn locked(name: &FileName, error: &UnlockError) -> Refusal {
    let refusal = Refusal::new(Kind::BadValue, error.to_string());
    match error {
        UnlockError::Old => {
            refusal.hint(format!("convert it where it was made: openssl pkcs8 -topk8 -in {name} -out new.key"))
        }
        UnlockError::Read(_) | UnlockError::NoKey => refusal.hint(format!("`pki inspect {name}` shows what it is")),
        _ => refusal,
    }
}

/// The folder, when the files can be made.
pub(super) fn prepared(appliance: &Appliance, names: &[&FileName]) -> Result<PathBuf, Refusal> {
    let folder = appliance.system.paths.files();
    for name in names {
        if fs::symlink_metadata(folder.join(name.as_str())).is_ok() {
            return Err(exists(name));
        }
    }
    appliance.room_for(ROOM, RESERVE)?;
    fs::create_dir_all(&folder).map_err(|error| not_stored(names[0], &error))?;
    Ok(folder)
}

/// Makes something slow on a thread of its own and shows that it goes on.
fn with_dots(
    dot: &mut dyn FnMut(&str),
    make: impl FnOnce() -> Result<Made, MakeError> + Send,
) -> Result<Made, Refusal> {
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        scope.spawn(move || {
            // The receiver lives until something came.
            let _ = sender.send(make());
        });
        let mut dots = 0;
        let made = loop {
            dot(".");
            dots += 1;
            if dots % DOTS == 0 {
                dot("\n");
            }
            match receiver.recv_timeout(DOT) {
                Ok(made) => break made.map_err(|error| not_made(&error)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    break Err(Refusal::new(Kind::Internal, "The key could not be made"));
                }
            }
        };
        dot("\n");
        made
    })
}

/// The files of one command: all, or none.
pub(super) fn store_all(folder: &Path, files: &[(&FileName, &[u8])]) -> Result<(), Refusal> {
    for (place, (name, content)) in files.iter().enumerate() {
        store(folder, name, content).inspect_err(|_| {
            // A key that nobody has a certificate or request for is of no use to anybody.
            for (made, _) in &files[..place] {
                let _ = fs::remove_file(folder.join(made.as_str()));
            }
        })?;
    }
    Ok(())
}

fn store(folder: &Path, name: &FileName, content: &[u8]) -> Result<(), Refusal> {
    let path = folder.join(name.as_str());
    let unnamed = || -> io::Result<File> {
        let flags = OFlag::O_TMPFILE.bits();
        let mut file = OpenOptions::new().write(true).mode(0o600).custom_flags(flags).open(folder)?;
        file.write_all(content)?;
        file.sync_all()?;
        Ok(file)
    };
    let file = unnamed().map_err(|error| not_stored(name, &error))?;
    let source = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    match linkat(nix::fcntl::AT_FDCWD, &source, nix::fcntl::AT_FDCWD, &path, AtFlags::AT_SYMLINK_FOLLOW) {
        Err(nix::errno::Errno::EEXIST) => Err(exists(name)),
        Err(error) => Err(not_stored(name, &error.into())),
        Ok(()) => durable::sync_parent(&path).map_err(|error| not_stored(name, &error)),
    }
}

fn exists(name: &FileName) -> Refusal {
    Refusal::new(Kind::Conflict, format!("File already exists: {name}"))
        .hint("take another name, or remove the file by SFTP")
}

fn not_stored(name: &FileName, error: &io::Error) -> Refusal {
    Refusal::new(Kind::Internal, format!("{name} was not stored: {error}")).hint("`df` shows whether /data is full")
}

fn not_made(error: &MakeError) -> Refusal {
    let kind = match error {
        MakeError::Signature | MakeError::Unsupported | MakeError::Name => Kind::BadValue,
        MakeError::Library(_) | MakeError::Clock | MakeError::Random => Kind::Internal,
    };
    Refusal::new(kind, format!("Nothing was made: {error}"))
}
