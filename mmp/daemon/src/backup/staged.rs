//! A rollback on its way: the whole content in one file on `/data`, and carrying it out at a start of mmpd.
//!
//! Invariants: the file is there whole or not at all ([`durable::replace`]), and its name is the decision: whoever finds
//! it carries it out. Each step replaces a file by a whole one and can be done again; the settings come last, and the
//! file goes only when everything is done. So a power cut at any moment ends in the old box or, after the next start,
//! in the new one.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use mmp_backup::{Bundle, Item, MAX_CONTENT};
use mmp_control::chain;
use mmp_model::{Settings, Username};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{HOST_KEYS, collect::belongs, names};
use crate::{
    durable::{self, WriteError},
    logins::Logins,
    loud::{Note, Notes},
    paths::Paths,
    store::{Author, Store},
};

/// Below the folder of what mmpd remembers.
const FILE: &str = "rollback";
/// Longest file: the content and a line.
const LONGEST: u64 = MAX_CONTENT as u64 + (64 << 10);

/// First line of the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    /// Of the rollback, which becomes the generation's.
    author: Author,
    /// Of what follows.
    sha256: String,
}

/// What a start found.
#[derive(Debug, PartialEq, Eq)]
pub enum Finished {
    /// No rollback is on its way.
    Nothing,
    /// It is carried out.
    Done,
    /// It is not, or not wholly; what the administrator must know.
    Failed(String),
}

/// Why a rollback stops half-way.
#[derive(Debug, thiserror::Error)]
enum FinishError {
    #[error("cannot change `{}`", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Decides the rollback, durably.
pub fn stage(paths: &Paths, author: &Author, content: &[u8]) -> Result<(), WriteError> {
    let head = Head { author: author.clone(), sha256: digest(content) };
    let head = serde_json::to_vec(&head).expect("a head has text keys only");
    let mut file = Zeroizing::new(Vec::with_capacity(head.len() + 1 + content.len()));
    file.extend_from_slice(&head);
    file.push(b'\n');
    file.extend_from_slice(content);
    durable::replace(&paths.state().join(FILE), &file, 0o600)
}

/// Carries out what was decided.
pub fn finish(paths: &Paths) -> Finished {
    let path = paths.state().join(FILE);
    let (author, bundle) = match read(&path) {
        Ok(None) => return Finished::Nothing,
        Ok(Some(found)) => found,
        Err(cause) => {
            // Nothing was changed yet, and nothing can be made of it.
            let _ = fs::remove_file(&path);
            return Finished::Failed(format!("a rollback was not carried out and nothing was changed: {cause}"));
        }
    };
    match carry_out(paths, &author, &bundle).and_then(|()| remove(&path)) {
        Ok(()) => Finished::Done,
        Err(error) => Finished::Failed(format!(
            "a rollback is carried out in part only: {}. `reboot` tries again; `df` shows whether /data is full",
            chain(&error)
        )),
    }
}

fn read(path: &Path) -> Result<Option<(Author, Bundle)>, String> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
        Ok(metadata) if metadata.len() > LONGEST => return Err("its file is damaged".into()),
        Ok(_) => {}
    }
    let damaged = || "its file is damaged".to_owned();
    let bytes = Zeroizing::new(fs::read(path).map_err(|error| error.to_string())?);
    let end = bytes.iter().position(|&byte| byte == b'\n').ok_or_else(damaged)?;
    let (head, content) = (&bytes[..end], &bytes[end + 1..]);
    let head: Head = serde_json::from_slice(head).map_err(|_| damaged())?;
    if head.sha256 != digest(content) {
        return Err(damaged());
    }
    // Another release may have been started meanwhile.
    let bundle = Bundle::decode(content).map_err(|error| chain(&error))?;
    Ok(Some((head.author, bundle)))
}

fn carry_out(paths: &Paths, author: &Author, bundle: &Bundle) -> Result<(), FinishError> {
    let mut loaded = Store::load(&paths.settings());
    let keys = paths.system(HOST_KEYS);
    for key in &bundle.host_keys {
        let mode = if key.name.as_str().ends_with(".pub") { 0o644 } else { 0o600 };
        put(&keys, key, mode)?;
    }
    replace_files(paths, loaded.settings.as_ref(), bundle)?;
    let mut settings = bundle.settings.clone();
    if let Some(old) = &loaded.settings {
        forget_strangers(paths, old, &settings)?;
        // Numbers of accounts are never given a second time.
        settings.accounts.next_uid = settings.accounts.next_uid.max(old.accounts.next_uid);
    }
    if loaded.settings.as_ref() != Some(&settings) {
        loaded.store.save(&settings, author.clone())?;
    }
    let notes = Notes::load(&paths.state());
    let note = Note {
        user: author.user.clone(),
        at: author.at,
        text: format!("<{}> of {} from {} is carried out", author.line, author.user, author.origin),
    };
    if !notes.all().contains(&note) {
        notes.add(note);
    }
    Ok(())
}

/// The files that belong to either configuration become those of the bundle; others stay.
fn replace_files(paths: &Paths, old: Option<&Settings>, bundle: &Bundle) -> Result<(), FinishError> {
    let folder = paths.files();
    let fail = |path: &Path| {
        let path = path.to_owned();
        move |source| FinishError::File { path, source }
    };
    fs::create_dir_all(&folder).map_err(fail(&folder))?;
    for name in names(&folder).map_err(fail(&folder))? {
        let of_either = belongs(&name, &bundle.settings) || old.is_some_and(|old| belongs(&name, old));
        if of_either && !bundle.files.iter().any(|item| item.name == name) {
            let path = folder.join(name.as_str());
            remove(&path)?;
        }
    }
    bundle.files.iter().try_for_each(|item| put(&folder, item, 0o600))
}

fn put(folder: &Path, item: &Item, mode: u32) -> Result<(), FinishError> {
    let path = folder.join(item.name.as_str());
    let fail = |source| FinishError::File { path: path.clone(), source };
    fs::create_dir_all(folder).map_err(fail)?;
    let present = fs::read(&path).ok().map(Zeroizing::new);
    if present.as_deref() != Some(&item.content) {
        durable::replace(&path, &item.content, mode)?;
    }
    // Its date is for people; a restored file without it is no failure.
    let date = UNIX_EPOCH + Duration::from_secs(u64::try_from(item.modified).unwrap_or(0));
    let _ = fs::File::open(&path).and_then(|file| file.set_modified(date));
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).map_err(fail)
}

/// Away with what is remembered of accounts that are not the same any more: the next of that name is somebody else.
fn forget_strangers(paths: &Paths, old: &Settings, new: &Settings) -> Result<(), FinishError> {
    let logins = Logins::load(&paths.state());
    let number = |settings: &Settings, name: &Username| settings.accounts.accounts.get(name).map(|account| account.uid);
    for (name, account) in &old.accounts.accounts {
        if number(new, name) == Some(account.uid) {
            continue;
        }
        logins.forget(name);
        let home = paths.data().join("home").join(name.as_str());
        match fs::remove_dir_all(&home) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(FinishError::File { path: home, source });
            }
            _ => {}
        }
    }
    Ok(())
}

fn remove(path: &Path) -> Result<(), FinishError> {
    fs::remove_file(path)
        .and_then(|()| durable::sync_parent(path))
        .map_err(|source| FinishError::File { path: path.to_owned(), source })
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use mmp_backup::Item;
    use mmp_model::account::PasswordHash;

    use super::*;
    use crate::change::tests::clean;

    fn author() -> Author {
        Author { user: "admin".into(), origin: "console".into(), line: "backup rollback x".into(), at: 1 }
    }

    fn item(name: &str, content: &str) -> Item {
        Item { name: name.parse().unwrap(), modified: 1_000_000, content: Zeroizing::new(content.into()) }
    }

    fn bundle() -> Bundle {
        let mut settings = clean();
        settings.hostname = "restored".parse().unwrap();
        Bundle {
            settings,
            files: vec![item("cms.lic", "restored"), item("one.key", "restored key")],
            host_keys: vec![item("ssh_host_ed25519_key", "private"), item("ssh_host_ed25519_key.pub", "public")],
        }
    }

    /// A box with settings and files of its own, on which the rollback is decided.
    fn decided() -> (tempfile::TempDir, Paths) {
        let root = tempfile::tempdir().unwrap();
        let paths = Paths::below(root.path());
        for folder in [paths.settings(), paths.files(), paths.state(), paths.data().join("home/bob")] {
            fs::create_dir_all(folder).unwrap();
        }
        let mut settings = clean();
        let mut bob = settings.accounts.accounts.values().next().unwrap().clone();
        (bob.uid, bob.password) = (10_007, PasswordHash::new("$y$bob".into()));
        settings.accounts.accounts.insert("bob".parse().unwrap(), bob);
        settings.accounts.next_uid = 10_008;
        Store::load(&paths.settings()).store.save(&settings, author()).unwrap();
        for name in ["cms.lic", "two.cer", "kept.bak", "upgrade.img"] {
            fs::write(paths.files().join(name), "old").unwrap();
        }
        stage(&paths, &author(), &bundle().encode().unwrap()).unwrap();
        (root, paths)
    }

    fn is_new(paths: &Paths) {
        let loaded = Store::load(&paths.settings());
        let settings = loaded.settings.unwrap();
        assert_eq!((settings.hostname.as_str(), settings.accounts.next_uid), ("restored", 10_008));
        assert_eq!(loaded.store.generation(), 2, "one generation for one rollback");
        let found: Vec<String> = names(&paths.files()).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(found, ["cms.lic", "kept.bak", "one.key", "upgrade.img"]);
        assert_eq!(fs::read_to_string(paths.files().join("cms.lic")).unwrap(), "restored");
        let key = paths.system(HOST_KEYS).join("ssh_host_ed25519_key");
        assert_eq!(fs::read_to_string(&key).unwrap(), "private");
        assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!paths.data().join("home/bob").exists(), "bob is nobody here");
        assert!(!paths.state().join(FILE).exists());
    }

    #[test]
    fn a_decided_rollback_is_carried_out_once() {
        let (_root, paths) = decided();
        assert_eq!(finish(&paths), Finished::Done);
        is_new(&paths);
        assert_eq!(finish(&paths), Finished::Nothing);
        assert_eq!(Notes::load(&paths.state()).all().len(), 1);
    }

    #[test]
    fn a_rollback_that_was_cut_is_carried_out_again_from_its_start() {
        let (_root, paths) = decided();
        let staged = fs::read(paths.state().join(FILE)).unwrap();
        assert_eq!(finish(&paths), Finished::Done);
        // Cut before the last step, and with a file of the new box lost again.
        fs::write(paths.state().join(FILE), staged).unwrap();
        fs::remove_file(paths.files().join("one.key")).unwrap();
        assert_eq!(finish(&paths), Finished::Done);
        is_new(&paths);
        assert_eq!(Notes::load(&paths.state()).all().len(), 1);
    }

    #[test]
    fn a_damaged_decision_changes_nothing_and_is_told() {
        let (_root, paths) = decided();
        let mut staged = fs::read(paths.state().join(FILE)).unwrap();
        let last = staged.len() - 1;
        staged[last] ^= 1;
        fs::write(paths.state().join(FILE), staged).unwrap();
        let Finished::Failed(text) = finish(&paths) else { panic!("it is carried out") };
        assert_eq!(text, "a rollback was not carried out and nothing was changed: its file is damaged");
        assert_eq!(Store::load(&paths.settings()).store.generation(), 1);
        assert_eq!(fs::read_to_string(paths.files().join("cms.lic")).unwrap(), "old");
        assert_eq!(finish(&paths), Finished::Nothing);
    }

    #[test]
    fn a_step_that_fails_is_told_and_tried_again() {
        let (_root, paths) = decided();
        // A folder where a file should be cannot be replaced by a rename.
        fs::create_dir_all(paths.files().join("one.key/x")).unwrap();
        let Finished::Failed(text) = finish(&paths) else { panic!("it is carried out") };
        assert!(text.starts_with("a rollback is carried out in part only: cannot write"), "{text}");
        assert_eq!(Store::load(&paths.settings()).store.generation(), 1, "the settings come last");
        fs::remove_dir_all(paths.files().join("one.key")).unwrap();
        assert_eq!(finish(&paths), Finished::Done);
        is_new(&paths);
    }
}
