//! The SFTP folder on disk (`mmp.md` section 5).
//!
//! Invariants: an upload is an unnamed file until it is committed, so a cut connection or power cut leaves nothing;
//! nobody can write to a file that has a name (a commit is refused while its descriptor is still open elsewhere);
//! who may do what stands in [`mmp_model::file`]; names are [`FileName`]s, so nothing outside can be named.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Seek},
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::fs::{FileExt, MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use mmp_control::{Kind, Refusal, Reply, reply::FileInfo, request::File as Ask};
use mmp_model::{FileName, Role, account::UnixTime, file::FileAccess};
use nix::{
    fcntl::{AtFlags, OFlag},
    sys::statvfs::fstatvfs,
    unistd::linkat,
};

use zeroize::Zeroizing;

use crate::{dictionary, durable, seal::seal};

/// Uploads that one connection may have open.
const MOST_UPLOADS: usize = 16;
/// Bytes that uploads leave free, so that settings can always be written.
const RESERVE: u64 = 32 << 20;

/// Makes files of the folder that are on no disk, each time they are read.
pub trait Producer {
    /// Their names.
    fn names(&self) -> Vec<FileName>;
    /// One of them, to be read from its start; `None` when the name is none of them.
    fn produce(&self, name: &FileName) -> Option<io::Result<File>>;
    /// Its size in bytes and the time of its last change; an estimate will do where making it is dear.
    fn describe(&self, name: &FileName) -> Option<io::Result<(u64, UnixTime)>> {
        let file = self.produce(name)?;
        Some(file.and_then(|file| file.metadata()).map(|metadata| (metadata.size(), metadata.mtime())))
    }
}

/// The folder, for one connection.
pub struct Folder<'a> {
    path: PathBuf,
    role: Role,
    producer: &'a dyn Producer,
    uploads: HashMap<u64, Upload>,
}

#[derive(Debug)]
struct Upload {
    name: FileName,
    file: File,
}

/// Away with what a power cut left of files that had no name yet.
pub fn tidy(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            // It is in nobody's way but takes room; the next start tries again.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A reply, and the descriptor that travels with it.
pub type Answer = (Reply, Option<OwnedFd>);

impl<'a> Folder<'a> {
    /// The folder as one role sees it.
    pub fn new(path: PathBuf, role: Role, producer: &'a dyn Producer) -> Self {
        Self { path, role, producer, uploads: HashMap::new() }
    }

    /// Carries a request out.
    pub fn answer(&mut self, ask: &Ask) -> Result<Answer, Refusal> {
        let done = |()| (Reply::Nothing, None);
        match ask {
            Ask::List => Ok((Reply::Files(self.list()?), None)),
            Ask::Stat(name) => Ok((Reply::File(self.info(name)?), None)),
            Ask::Open(name) => self.open(name),
            Ask::Create { name, ticket, keep } => {
                self.create(name, *ticket, keep.then(|| self.content(name)).transpose()?)
            }
            Ask::Commit { ticket } => self.commit(*ticket).map(done),
            Ask::Abandon { ticket } => {
                self.uploads.remove(ticket);
                Ok(done(()))
            }
            Ask::Remove(name) => self.remove(name).map(done),
            Ask::Rename { from, to, replace } => self.rename(from, to, *replace).map(done),
            Ask::SetTime(name, at) => {
                self.check(name, FileAccess::Write)?;
                let at = UNIX_EPOCH + Duration::from_secs(u64::try_from(*at).unwrap_or(0));
                let file = self.plain(name)?;
                file.set_modified(at).map_err(|error| broken("The time was not set", &error)).map(done)
            }
        }
    }

    /// Takes an upload that is whole out, to be read and not to get a name.
    pub fn take(&mut self, ticket: u64) -> Result<File, Refusal> {
        let Upload { name, file } = self.uploads.remove(&ticket).ok_or_else(no_upload)?;
        self.check(&name, FileAccess::Write)?;
        let mut sealed = seal(file).map_err(|error| broken("The file was not taken", &error))?;
        sealed.rewind().map_err(|error| broken("The file was not taken", &error))?;
        Ok(sealed)
    }

    /// The name that an upload is to get.
    pub fn upload(&self, ticket: u64) -> Option<&FileName> {
        self.uploads.get(&ticket).map(|upload| &upload.name)
    }

    /// The name that an upload is to get, and what has come of it, as far as `most` bytes.
    pub fn peek(&self, ticket: u64, most: usize) -> Option<(&FileName, Zeroizing<Vec<u8>>)> {
        let Upload { name, file } = self.uploads.get(&ticket)?;
        let length = usize::try_from(file.metadata().ok()?.len()).ok()?.min(most);
        let mut bytes = Zeroizing::new(vec![0; length]);
        // Not through the descriptor's own position, which is the commit's.
        file.read_exact_at(&mut bytes, 0).ok()?;
        Some((name, bytes))
    }

    /// Whether the role may do this with a file of this name.
    pub fn permit(&self, name: &FileName, access: FileAccess) -> Result<(), Refusal> {
        self.check(name, access)
    }

    /// All names that the role sees.
    pub fn list(&self) -> Result<Vec<FileInfo>, Refusal> {
        let entries: Vec<_> = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            other => other.map_err(|error| broken("The files cannot be listed", &error))?.flatten().collect(),
        };
        let stored = entries.into_iter().filter_map(|entry| entry.file_name().into_string().ok()?.parse().ok());
        let mut names: Vec<FileName> = self.producer.names().into_iter().chain(stored).collect();
        names.sort();
        names.dedup();
        Ok(names.iter().filter_map(|name| self.info(name).ok()).collect())
    }

    fn info(&self, name: &FileName) -> Result<FileInfo, Refusal> {
        self.check(name, FileAccess::List)?;
        let described = self.producer.describe(name).transpose();
        let described = described.map_err(|error| broken(&format!("{name} cannot be made"), &error))?;
        let (size, modified) = match described {
            Some(made) => made,
            None => {
                let stored = fs::symlink_metadata(self.at(name)).ok().filter(fs::Metadata::is_file);
                stored.map(|metadata| (metadata.size(), metadata.mtime())).ok_or_else(|| absent(name))?
            }
        };
        let writable = name.kind().permits(self.role, FileAccess::Write);
        Ok(FileInfo { name: name.clone(), size, modified, writable })
    }

    fn open(&self, name: &FileName) -> Result<Answer, Refusal> {
        self.check(name, FileAccess::Read)?;
        let file = self.content(name)?;
        let info = self.info(name)?;
        let size = file.metadata().map_or(info.size, |metadata| metadata.size());
        Ok((Reply::File(FileInfo { size, ..info }), Some(file.into())))
    }

    /// To be read, from wherever it comes.
    fn content(&self, name: &FileName) -> Result<File, Refusal> {
        self.produced(name)?.map_or_else(|| self.plain(name), Ok)
    }

    fn produced(&self, name: &FileName) -> Result<Option<File>, Refusal> {
        let made = self.producer.produce(name).transpose();
        made.map_err(|error| broken(&format!("{name} cannot be made"), &error))
    }

    /// A named file, read-only. Nothing in the folder is followed elsewhere, whoever put it there.
    pub fn plain(&self, name: &FileName) -> Result<File, Refusal> {
        let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
        let file = OpenOptions::new().read(true).custom_flags(flags).open(self.at(name)).map_err(|_| absent(name))?;
        let plain = file.metadata().is_ok_and(|metadata| metadata.is_file());
        if plain { Ok(file) } else { Err(absent(name)) }
    }

    /// `from` is what the upload begins with.
    pub fn create(&mut self, name: &FileName, ticket: u64, from: Option<File>) -> Result<Answer, Refusal> {
        self.check(name, FileAccess::Write)?;
        if self.uploads.len() >= MOST_UPLOADS {
            return Err(Refusal::new(Kind::Conflict, format!("Maximum of {MOST_UPLOADS} uploads at a time")));
        }
        let not_stored = |error: io::Error| broken("The file was not stored", &error);
        let mut file = self.unnamed().map_err(not_stored)?;
        let space = fstatvfs(&file).map_err(|e| not_stored(e.into()))?;
        if space.blocks_available() * space.fragment_size() < RESERVE {
            return Err(Refusal::new(Kind::Unavailable, "No space left for files")
                .hint("remove files that are not needed; `df` shows the use"));
        }
        if let Some(mut from) = from {
            io::copy(&mut from, &mut file).map_err(not_stored)?;
        }
        // A second description of the same file: the peer's own position and life.
        let given = OpenOptions::new()
            .read(true)
            .write(true)
            .open(format!("/proc/self/fd/{}", file.as_raw_fd()))
            .map_err(not_stored)?;
        self.uploads.insert(ticket, Upload { name: name.clone(), file });
        let info = FileInfo { name: name.clone(), size: 0, modified: 0, writable: true };
        Ok((Reply::File(info), Some(given.into())))
    }

    /// A new file that no name leads to.
    pub fn unnamed(&self) -> io::Result<File> {
        fs::create_dir_all(&self.path)?;
        let flags = OFlag::O_TMPFILE.bits();
        OpenOptions::new().read(true).write(true).mode(0o600).custom_flags(flags).open(&self.path)
    }

    fn commit(&mut self, ticket: u64) -> Result<(), Refusal> {
        let Some(Upload { name, file }) = self.uploads.remove(&ticket) else {
            return Err(no_upload());
        };
        self.check(&name, FileAccess::Write)?;
        let not_stored = |error: io::Error| broken("The file was not stored", &error);
        fits(&name, file.metadata().map_err(not_stored)?.len())?;
        file.sync_all().map_err(not_stored)?;
        let sealed = seal(file).map_err(not_stored)?;
        // linkat(2) replaces nothing, so the name is taken by a rename from a name that no client can say.
        let hidden = self.path.join(format!(".upload-{ticket}-{}", sealed.as_raw_fd()));
        let _ = fs::remove_file(&hidden);
        let source = PathBuf::from(format!("/proc/self/fd/{}", sealed.as_raw_fd()));
        linkat(nix::fcntl::AT_FDCWD, &source, nix::fcntl::AT_FDCWD, &hidden, AtFlags::AT_SYMLINK_FOLLOW)
            .map_err(|e| not_stored(e.into()))?;
        let named = fs::rename(&hidden, self.at(&name)).and_then(|()| durable::sync_parent(&hidden));
        if named.is_err() {
            let _ = fs::remove_file(&hidden);
        }
        named.map_err(not_stored)
    }

    fn remove(&self, name: &FileName) -> Result<(), Refusal> {
        self.info(name)?;
        self.check(name, FileAccess::Remove)?;
        let path = self.at(name);
        fs::remove_file(&path)
            .and_then(|()| durable::sync_parent(&path))
            .map_err(|error| broken("The file was not removed", &error))
    }

    fn rename(&self, from: &FileName, to: &FileName, replace: bool) -> Result<(), Refusal> {
        let info = self.info(from)?;
        self.check(from, FileAccess::Remove)?;
        self.check(to, FileAccess::Write)?;
        fits(to, info.size)?;
        if !replace && fs::symlink_metadata(self.at(to)).is_ok() {
            return Err(Refusal::new(Kind::Conflict, format!("File already exists: {to}")));
        }
        let target = self.at(to);
        fs::rename(self.at(from), &target)
            .and_then(|()| durable::sync_parent(&target))
            .map_err(|error| broken("The file was not renamed", &error))
    }

    /// A name that the role may not even see is absent for it.
    fn check(&self, name: &FileName, access: FileAccess) -> Result<(), Refusal> {
        let kind = name.kind();
        if kind.permits(self.role, access) {
            Ok(())
        } else if access == FileAccess::Write || kind.permits(self.role, FileAccess::List) {
            Err(Refusal::denied().hint(format!("{name} is not yours to change")))
        } else {
            Err(absent(name))
        }
    }

    fn at(&self, name: &FileName) -> PathBuf {
        self.path.join(name.as_str())
    }
}

/// A list of words that is longer than what is read of it would promise too much.
fn fits(name: &FileName, size: u64) -> Result<(), Refusal> {
    if name.as_str() != dictionary::NAME || size <= dictionary::LARGEST {
        return Ok(());
    }
    Err(Refusal::new(Kind::BadValue, format!("A dictionary has {} MiB at most", dictionary::LARGEST >> 20)))
}

fn no_upload() -> Refusal {
    Refusal::new(Kind::Absent, "No such upload")
}

/// The documented line.
pub fn absent(name: &FileName) -> Refusal {
    Refusal::new(Kind::Absent, format!("File not found: {name}"))
}

fn broken(what: &str, error: &io::Error) -> Refusal {
    Refusal::new(Kind::Internal, format!("{what}: {error}"))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    fn name(text: &str) -> FileName {
        text.parse().unwrap()
    }

    /// Nothing is made.
    impl Producer for () {
        fn names(&self) -> Vec<FileName> {
            Vec::new()
        }
        fn produce(&self, _: &FileName) -> Option<io::Result<File>> {
            None
        }
    }

    /// `live.json` holds its own name.
    struct Live;

    impl Producer for Live {
        fn names(&self) -> Vec<FileName> {
            vec![name("live.json")]
        }
        fn produce(&self, asked: &FileName) -> Option<io::Result<File>> {
            let make = || {
                let mut file = tempfile::tempfile()?;
                file.write_all(b"live.json")?;
                std::io::Seek::rewind(&mut file)?;
                Ok(file)
            };
            (*asked == name("live.json")).then(make)
        }
    }

    fn folder(role: Role) -> (tempfile::TempDir, Folder<'static>) {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::new(temporary.path().to_owned(), role, &());
        (temporary, folder)
    }

    fn begin(folder: &mut Folder<'_>, to: &str, ticket: u64) -> File {
        let ask = Ask::Create { name: name(to), ticket, keep: false };
        folder.answer(&ask).unwrap().1.unwrap().into()
    }

    fn put(folder: &mut Folder<'_>, to: &str, content: &str) {
        begin(folder, to, 1).write_all(content.as_bytes()).unwrap();
        folder.answer(&Ask::Commit { ticket: 1 }).unwrap();
    }

    #[test]
    fn an_upload_appears_whole_at_its_commit_and_replaces_what_was_there() {
        let (temporary, mut folder) = folder(Role::Admin);
        put(&mut folder, "cms.lic", "old");
        let mut upload = begin(&mut folder, "cms.lic", 2);
        upload.write_all(b"new license").unwrap();
        assert_eq!(fs::read(temporary.path().join("cms.lic")).unwrap(), b"old");
        drop(upload);
        folder.answer(&Ask::Commit { ticket: 2 }).unwrap();
        let mut text = String::new();
        File::from(folder.answer(&Ask::Open(name("cms.lic"))).unwrap().1.unwrap()).read_to_string(&mut text).unwrap();
        assert_eq!(text, "new license");
        assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_cut_upload_leaves_nothing() {
        let (temporary, mut folder) = folder(Role::Admin);
        begin(&mut folder, "cms.lic", 1).write_all(b"half").unwrap();
        drop(folder);
        assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_that_can_still_be_written_to_gets_no_name() {
        let (_temporary, mut folder) = folder(Role::Admin);
        let upload = begin(&mut folder, "cms.lic", 1);
        let refusal = folder.answer(&Ask::Commit { ticket: 1 }).unwrap_err();
        assert_eq!(refusal.message, "The file was not stored: it is still being written to");
        drop(upload);
        assert!(folder.list().unwrap().is_empty());
    }

    #[test]
    fn roles_see_and_change_what_is_theirs() {
        let (temporary, mut admin) = folder(Role::Admin);
        put(&mut admin, "cms.lic", "x");
        put(&mut admin, "one.cer", "x");
        fs::write(temporary.path().join("log"), "x").unwrap();
        assert!(admin.answer(&Ask::Remove(name("log"))).is_err());
        let mut crypto = Folder::new(temporary.path().to_owned(), Role::Crypto, &());
        assert_eq!(crypto.list().unwrap().iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["one.cer"]);
        assert_eq!(crypto.answer(&Ask::Open(name("cms.lic"))).unwrap_err().message, "File not found: cms.lic");
        assert!(crypto.answer(&Ask::Rename { from: name("one.cer"), to: name("two.lic"), replace: true }).is_err());
        crypto.answer(&Ask::Rename { from: name("one.cer"), to: name("two.cer"), replace: false }).unwrap();
    }

    #[test]
    fn what_is_made_when_read_is_listed_and_read_by_its_readers_only() {
        let temporary = tempfile::tempdir().unwrap();
        let seen_by = |role| Folder::new(temporary.path().to_owned(), role, &Live);
        let mut admin = seen_by(Role::Admin);
        let list = admin.list().unwrap();
        assert_eq!(
            list.iter().map(|f| (f.name.as_str(), f.size, f.writable)).collect::<Vec<_>>(),
            [("live.json", 9, false)]
        );
        let mut text = String::new();
        File::from(admin.answer(&Ask::Open(name("live.json"))).unwrap().1.unwrap()).read_to_string(&mut text).unwrap();
        assert_eq!(text, "live.json");
        assert!(admin.answer(&Ask::Create { name: name("live.json"), ticket: 1, keep: false }).is_err());
        let mut crypto = seen_by(Role::Crypto);
        assert!(crypto.list().unwrap().is_empty());
        assert_eq!(crypto.answer(&Ask::Open(name("live.json"))).unwrap_err().message, "File not found: live.json");
    }

    #[test]
    fn what_a_cut_left_is_tidied_away() {
        let (temporary, mut folder) = folder(Role::Admin);
        put(&mut folder, "cms.lic", "x");
        fs::write(temporary.path().join(".upload-1-7"), "half").unwrap();
        tidy(temporary.path());
        assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_in_the_folder_leads_nowhere() {
        let (temporary, mut folder) = folder(Role::Admin);
        std::os::unix::fs::symlink("/etc/passwd", temporary.path().join("x.cer")).unwrap();
        assert!(folder.answer(&Ask::Open(name("x.cer"))).is_err());
        assert!(folder.list().unwrap().is_empty());
        put(&mut folder, "x.cer", "mine");
        assert!(fs::read_to_string("/etc/passwd").unwrap().contains("root"));
    }

    #[test]
    fn a_dictionary_is_as_long_as_it_is_read() {
        let (_temporary, mut folder) = folder(Role::Admin);
        begin(&mut folder, "words", 1).set_len(dictionary::LARGEST + 1).unwrap();
        folder.answer(&Ask::Commit { ticket: 1 }).unwrap();
        let rename = Ask::Rename { from: name("words"), to: name("dictionary"), replace: true };
        assert_eq!(folder.answer(&rename).unwrap_err().message, "A dictionary has 16 MiB at most");
        begin(&mut folder, "dictionary", 2).set_len(dictionary::LARGEST + 1).unwrap();
        assert!(folder.answer(&Ask::Commit { ticket: 2 }).is_err());
        put(&mut folder, "dictionary", "letmein\n");
    }

    #[test]
    fn rename_replaces_only_when_told_to() {
        let (_temporary, mut folder) = folder(Role::Admin);
        put(&mut folder, "a", "1");
        put(&mut folder, "b", "2");
        let rename = |replace| Ask::Rename { from: name("a"), to: name("b"), replace };
        assert_eq!(folder.answer(&rename(false)).unwrap_err().message, "File already exists: b");
        folder.answer(&rename(true)).unwrap();
        assert_eq!(folder.list().unwrap().len(), 1);
    }
}
