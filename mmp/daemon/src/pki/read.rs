//! `pki` where it only reads: `list`, `inspect`, `match`, `verify`.

use std::{fs, io::Read, os::unix::fs::OpenOptionsExt, path::Path, time::SystemTime};

use mmp_control::{Kind, Refusal, Reply};
use mmp_model::{FileName, file::FileKind};
use mmp_pki::{Certificate, File, LARGEST, ReadError, inspect};
use nix::fcntl::OFlag;
use zeroize::Zeroizing;

use crate::{appliance::Appliance, files::absent, observe::clock};

/// A file of the folder, as far as it is looked at; its memory is cleared, since it may be a key.
pub fn bytes(folder: &Path, name: &FileName) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(folder.join(name.as_str()));
    let file = file.map_err(|_| absent(name))?;
    let metadata = file.metadata().map_err(|_| absent(name))?;
    if !metadata.is_file() {
        return Err(absent(name));
    }
    // Room for all of it at once, so that nothing of a key stays behind in a smaller buffer.
    let most = LARGEST as u64 + 1;
    let room = usize::try_from(metadata.len().min(most)).unwrap_or(LARGEST) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| Refusal::new(Kind::Internal, format!("{name} cannot be read: {error}")))?;
    Ok(bytes)
}

/// A file, understood.
pub fn material(folder: &Path, name: &FileName) -> Result<File, Refusal> {
    if name.kind() != FileKind::Pki {
        return Err(Refusal::new(Kind::BadValue, format!("Invalid file name: {name}"))
            .hint("keys and certificates end in .key .pem .csr .cer .crt .der"));
    }
    File::read(&bytes(folder, name)?).map_err(|error| unusable(name, &error))
}

fn unusable(name: &FileName, error: &ReadError) -> Refusal {
    Refusal::new(Kind::BadValue, format!("{name} cannot be used: {error}"))
}

/// A certificate file's certificates; there is one at least.
pub fn certificates(folder: &Path, name: &FileName) -> Result<Vec<Certificate>, Refusal> {
    let found: Vec<Certificate> = material(folder, name)?.certificates().cloned().collect();
    if found.is_empty() {
        return Err(Refusal::new(Kind::BadValue, format!("{name} holds no certificate"))
            .hint(format!("`pki inspect {name}` shows what it is")));
    }
    Ok(found)
}

/// Names in the order in which the files came.
pub fn list(folder: &Path) -> Vec<FileName> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    // Made in one moment, the key is the first.
    let mut found: Vec<(SystemTime, bool, FileName)> = entries
        .flatten()
        .filter_map(|entry| {
            let name: FileName = entry.file_name().into_string().ok()?.parse().ok()?;
            let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            // Clients set the time of the last change to that of their own copy; that of the file's beginning is ours.
            let came = metadata.created().or_else(|_| metadata.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
            (name.kind() == FileKind::Pki && !name.as_str().ends_with(".filepart")).then_some((
                came,
                !name.as_str().ends_with(".key"),
                name,
            ))
        })
        .collect();
    found.sort();
    found.into_iter().map(|(.., name)| name).collect()
}

/// `pki inspect`.
pub fn inspect(appliance: &Appliance, name: &FileName) -> Result<Reply, Refusal> {
    let file = material(&appliance.system.paths.files(), name)?;
    let head = "Checking ssh public keys...not found\nChecking user configured certificates and keys...found";
    Ok(Reply::Value(format!("{head}\n{}", inspect::text(&file))))
}

/// `pki match`. A request matches as well as a certificate.
pub fn matches(appliance: &Appliance, key: &FileName, certificate: &FileName) -> Result<Reply, Refusal> {
    let folder = appliance.system.paths.files();
    let file = material(&folder, key)?;
    let Some(private) = file.key() else {
        let refusal = if file.is_encrypted() {
            Refusal::new(Kind::BadValue, format!("{key} is protected by a passphrase"))
                .hint(format!("type `pki unlock {key}`"))
        } else {
            Refusal::new(Kind::BadValue, format!("{key} holds no private key"))
                .hint(format!("`pki inspect {key}` shows what it is"))
        };
        return Err(refusal);
    };
    let other = material(&folder, certificate)?;
    let of_request =
        other.request().is_some_and(|request| mmp_pki::certificate::request_has_key(request, private.spki()));
    if of_request {
        return Ok(Reply::Value("Key and certificate request match".into()));
    }
    if other.certificates().next().is_none() && other.request().is_none() {
        return Err(Refusal::new(Kind::BadValue, format!("{certificate} holds no certificate"))
            .hint(format!("`pki inspect {certificate}` shows what it is")));
    }
    match other.certificates().position(|one| one.has_key(private.spki())) {
        Some(0) => Ok(Reply::Value("Key and certificate match".into())),
        Some(place) => {
            Ok(Reply::Value(format!("Key and certificate match (it is certificate {} of the file)", place + 1)))
        }
        None => Err(Refusal::new(Kind::Conflict, "Key and certificate do not match")),
    }
}

/// `pki verify`.
pub fn verify(
    appliance: &Appliance,
    name: &FileName,
    bundle: &FileName,
    ca: Option<&FileName>,
) -> Result<Reply, Refusal> {
    let folder = appliance.system.paths.files();
    let own = certificates(&folder, name)?;
    let bundle = certificates(&folder, bundle)?;
    let roots = match ca {
        Some(ca) => certificates(&folder, ca)?,
        None => bundle.iter().filter(|one| one.is_self_issued()).cloned().collect(),
    };
    let others: Vec<Certificate> = own[1..].iter().chain(&bundle).cloned().collect();
    match mmp_pki::verify(&own[0], &others, &roots, clock::now()) {
        Ok(_) => Ok(Reply::Value(format!("{name}: OK"))),
        Err(problem) => {
            Err(Refusal::new(Kind::Conflict, format!("{name}: verification failed: {problem}")).hint(problem.hint()))
        }
    }
}
