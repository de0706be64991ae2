//! `pki import` and `pki pkcs12-to-ssh`: PKCS#12 is opened by a process without rights (decision 0165).
//!
//! Invariants: mmpd looks into no PKCS#12 file itself; what comes back it reads as it reads an upload. Passphrase and
//! key travel over a socket, never in an argument, the environment or a file.

use std::{
    io::{self, Read, Write},
    net::Shutdown,
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::Command,
    time::Duration,
};

use mmp_control::{Kind, Refusal, Reply, Secret};
use mmp_model::{FileName, Username, certificates::Basename, ssh::PublicKeys};
use mmp_pki::import::{self, Imported};
use zeroize::Zeroizing;

use super::{make, read};
use crate::{appliance::Appliance, change::ssh::may_have_keys, journal, observe::clock};

/// Whoever connects to it, and that is root alone, has a process of its own on the other side.
const SOCKET: &str = "/run/pkcs12.sock";
/// The program, beside mmpd on a developer's machine.
const PROGRAM: &str = "mmp-pkcs12";
/// A file whose passphrase takes longer to try was made to keep somebody busy.
const LONGEST: Duration = Duration::from_secs(20);
/// Most that is read of the answer, in bytes.
const MOST: u64 = 2 << 20;
const ENDINGS: [&str; 2] = [".p12", ".pfx"];

/// Whether `pki import` has something to do.
pub fn check_import(appliance: &Appliance, file: &FileName, name: Option<&Basename>) -> Result<Reply, Refusal> {
    let names = Names::of(file, name)?;
    bytes(appliance, file)?;
    make::prepared(appliance, &[&names.key, &names.certificate, &names.bundle]).map(|_| Reply::Nothing)
}

/// `pki import`.
pub fn import(
    appliance: &Appliance,
    file: &FileName,
    name: Option<&Basename>,
    passphrase: &Secret,
) -> Result<Reply, Refusal> {
    let names = Names::of(file, name)?;
    let folder = make::prepared(appliance, &[&names.key, &names.certificate, &names.bundle])?;
    let found = opened(appliance, file, passphrase)?;
    let (key, certificate, bundle) = (found.key.pem(), found.certificate.pem(), found.bundle());
    let mut files = vec![(&names.key, key.as_bytes()), (&names.certificate, certificate.as_bytes())];
    if !bundle.is_empty() {
        files.push((&names.bundle, bundle.as_bytes()));
    }
    make::store_all(&folder, &files)?;
    let bundle = if bundle.is_empty() {
        "; the file holds no certificate of its issuer".to_owned()
    } else {
        format!(" and CA bundle file {}", names.bundle)
    };
    Ok(Reply::Notice(format!("Created key file {}, certificate file {}{bundle}", names.key, names.certificate)))
}

/// Whether `pki pkcs12-to-ssh` has something to do.
pub fn check_to_ssh(appliance: &Appliance, user: &Username) -> Result<Reply, Refusal> {
    may_have_keys(&appliance.settings().accounts, user)?;
    of_account(appliance, user).map(|_| Reply::Nothing)
}

/// The account's keys with that of its file, and the file.
pub fn with_key(
    appliance: &Appliance,
    user: &Username,
    passphrase: &Secret,
) -> Result<(PublicKeys, FileName), Refusal> {
    let file = of_account(appliance, user)?;
    let found = opened(appliance, &file, passphrase)?;
    let comment = found.certificate.common_name().unwrap_or_default();
    let line = import::ssh_line(&found.key, &comment).or_else(|| import::ssh_line(&found.key, ""));
    let settings = appliance.settings();
    let present = settings.ssh.keys.get(user).map(PublicKeys::file).unwrap_or_default();
    let keys = PublicKeys::read(format!("{present}{}", line.unwrap_or_default()).as_bytes());
    let keys = keys.map_err(|error| {
        Refusal::new(Kind::BadValue, format!("The key was not taken: {error}")).state("Nothing was changed")
    })?;
    Ok((keys, file))
}

/// Removes the file that the key was taken from: nothing else of it is wanted, and a private key lies in it.
pub fn spent(appliance: &Appliance, user: &Username, file: &FileName) -> Reply {
    let path = appliance.system.paths.files().join(file.as_str());
    let removed = std::fs::remove_file(&path).and_then(|()| crate::durable::sync_parent(&path));
    let rest = match removed {
        Ok(()) => format!("{file} was removed"),
        Err(error) => {
            journal::error(&format!("{file} was not removed: {error}"));
            format!("{file} could not be removed: remove it by SFTP")
        }
    };
    Reply::Notice(format!("{user} can log in with the key; {rest}"))
}

/// `<username>.p12`, or `.pfx`.
fn of_account(appliance: &Appliance, user: &Username) -> Result<FileName, Refusal> {
    let folder = appliance.system.paths.files();
    let names = ENDINGS.iter().filter_map(|ending| format!("{user}{ending}").parse::<FileName>().ok());
    let mut missing = None;
    for name in names {
        match read::bytes(&folder, &name) {
            Ok(_) => return Ok(name),
            Err(refusal) => missing = missing.or(Some(refusal)),
        }
    }
    let refusal = missing.unwrap_or_else(|| Refusal::new(Kind::BadValue, format!("Invalid file name: {user}.p12")));
    Err(refusal.hint(format!("upload the file by SFTP as {user}.p12")))
}

/// Names of the files that are made.
struct Names {
    key: FileName,
    certificate: FileName,
    bundle: FileName,
}

impl Names {
    fn of(file: &FileName, name: Option<&Basename>) -> Result<Self, Refusal> {
        let stem = ENDINGS.iter().find_map(|ending| file.as_str().strip_suffix(ending)).ok_or_else(|| {
            Refusal::new(Kind::BadValue, format!("Invalid file name: {file}")).hint("PKCS#12 ends in .p12 or .pfx")
        })?;
        let rename = |text: String| {
            Refusal::new(Kind::BadValue, text).hint(format!("give the new files a name: pki import {file} <basename>"))
        };
        let base = match name {
            Some(name) => name.clone(),
            None => stem.parse::<Basename>().map_err(|error| rename(error.to_string()))?,
        };
        let bundle = format!("{base}-bundle.cer");
        let bundle = bundle.parse().map_err(|_| rename(format!("The base name is too long: {base}")))?;
        Ok(Self { key: base.file("key"), certificate: base.file("cer"), bundle })
    }
}

fn bytes(appliance: &Appliance, name: &FileName) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let bytes = read::bytes(&appliance.system.paths.files(), name)?;
    if bytes.len() > mmp_pki::LARGEST {
        return Err(Refusal::new(Kind::BadValue, format!("{name} cannot be used: {}", mmp_pki::ReadError::TooLarge)));
    }
    Ok(bytes)
}

fn opened(appliance: &Appliance, name: &FileName, passphrase: &Secret) -> Result<Imported, Refusal> {
    let bytes = bytes(appliance, name)?;
    let line = line(appliance).map_err(|error| broken(&error))?;
    let said = asked(line, &import::question(passphrase.reveal(), &bytes)).map_err(|error| broken(&error))?;
    let refuse = |text: &str| Refusal::new(Kind::BadValue, text.to_owned());
    match said.iter().position(|byte| *byte == b'\n').map(|end| said.split_at(end + 1)) {
        Some((b"opened\n", pem)) => Imported::read(pem, clock::now()).map_err(|error| refuse(&error.to_string())),
        Some((b"passphrase\n", _)) => Err(refuse("Incorrect passphrase")),
        Some((b"nokey\n", _)) => Err(refuse("The file holds no private key")
            .hint("certificates alone are uploaded as .cer or .pem: openssl pkcs12 -nokeys")),
        Some((b"unsupported\n", _)) => Err(refuse("The file is protected in a form that is not read here")
            .hint("export it again where it was made, with AES-256 or 3DES")),
        Some((b"damaged\n", _)) => {
            Err(refuse(&format!("{name} cannot be used: it is no PKCS#12 file, or a damaged one"))
                .hint("upload it again in binary mode"))
        }
        _ => Err(broken(&io::Error::other("no answer"))),
    }
}

fn broken(error: &io::Error) -> Refusal {
    Refusal::new(Kind::Internal, format!("The file was not opened: {error}")).state("Nothing was changed")
}

/// To a process for this one file.
fn line(appliance: &Appliance) -> io::Result<UnixStream> {
    if appliance.system.device {
        return UnixStream::connect(appliance.system.paths.system(SOCKET));
    }
    let (near, far) = UnixStream::pair()?;
    let program = std::env::current_exe()?.with_file_name(PROGRAM);
    let mut command = Command::new(program);
    command.env_clear().stdin(OwnedFd::from(far.try_clone()?)).stdout(OwnedFd::from(far));
    let mut child = command.spawn()?;
    // It ends with the answer; somebody has to take its last word.
    std::thread::spawn(move || child.wait());
    Ok(near)
}

fn asked(mut line: UnixStream, question: &[u8]) -> io::Result<Zeroizing<Vec<u8>>> {
    line.set_write_timeout(Some(LONGEST))?;
    line.set_read_timeout(Some(LONGEST))?;
    line.write_all(question)?;
    line.shutdown(Shutdown::Write)?;
    let mut said = Zeroizing::new(Vec::with_capacity(64 << 10));
    line.take(MOST).read_to_end(&mut said)?;
    Ok(said)
}
