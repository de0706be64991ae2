//! A directory as the folder: stands in for mmpd in tests and on a developer's machine. Not for the appliance: it
//! knows no roles.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom},
    os::unix::fs::MetadataExt,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use mmp_control::reply::FileInfo;
use mmp_model::{FileName, account::UnixTime};

use crate::{
    folder::{Folder, FolderError},
    wire::{Code, Space},
};

/// A directory, and the uploads into it.
#[derive(Debug)]
pub struct Directory {
    root: PathBuf,
    uploads: BTreeMap<u64, File>,
}

impl Directory {
    /// Over a directory that exists.
    pub fn new(root: PathBuf) -> Self {
        Self { root, uploads: BTreeMap::new() }
    }

    fn info(&self, name: &FileName) -> Result<FileInfo, FolderError> {
        let data = fs::metadata(self.root.join(name.as_str())).map_err(|e| error(name, &e))?;
        Ok(FileInfo { name: name.clone(), size: data.len(), modified: data.mtime(), writable: true })
    }

    /// Beside the other files, under a name that no listing shows and no client can say.
    fn hidden(&self, ticket: u64) -> PathBuf {
        self.root.join(format!(".upload-{}-{ticket}", std::process::id()))
    }
}

impl Folder for Directory {
    fn list(&mut self) -> Result<Vec<FileInfo>, FolderError> {
        let mut files = Vec::new();
        let entries = fs::read_dir(&self.root).map_err(|e| FolderError::new(Code::Failure, e.to_string()))?;
        for entry in entries.flatten() {
            if let Some(name) = entry.file_name().to_str().and_then(|name| name.parse().ok()) {
                files.push(self.info(&name)?);
            }
        }
        files.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(files)
    }

    fn stat(&mut self, name: &FileName) -> Result<FileInfo, FolderError> {
        self.info(name)
    }

    fn open(&mut self, name: &FileName) -> Result<(FileInfo, File), FolderError> {
        let file = File::open(self.root.join(name.as_str())).map_err(|e| error(name, &e))?;
        Ok((self.info(name)?, file))
    }

    fn create(&mut self, name: &FileName, ticket: u64, keep: bool) -> Result<File, FolderError> {
        let unnamed = || -> io::Result<(File, File)> {
            let path = self.hidden(ticket);
            let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
            fs::remove_file(&path)?;
            if keep {
                io::copy(&mut File::open(self.root.join(name.as_str()))?, &mut file)?;
            }
            Ok((file.try_clone()?, file))
        };
        let (kept, given) = unnamed().map_err(|e| error(name, &e))?;
        self.uploads.insert(ticket, kept);
        Ok(given)
    }

    fn commit(&mut self, name: &FileName, ticket: u64) -> Result<(), FolderError> {
        let mut upload = self.uploads.remove(&ticket).ok_or_else(|| FolderError::absent(name))?;
        let path = self.hidden(ticket);
        let mut named = || -> io::Result<()> {
            upload.seek(SeekFrom::Start(0))?;
            io::copy(&mut upload, &mut File::create_new(&path)?)?;
            fs::rename(&path, self.root.join(name.as_str()))
        };
        named().map_err(|e| error(name, &e))
    }

    fn abandon(&mut self, name: &FileName, ticket: u64) -> Result<(), FolderError> {
        self.uploads.remove(&ticket).map(drop).ok_or_else(|| FolderError::absent(name))
    }

    fn remove(&mut self, name: &FileName) -> Result<(), FolderError> {
        fs::remove_file(self.root.join(name.as_str())).map_err(|e| error(name, &e))
    }

    fn rename(&mut self, from: &FileName, to: &FileName, replace: bool) -> Result<(), FolderError> {
        self.info(from)?;
        if !replace && self.info(to).is_ok() {
            return Err(FolderError::new(Code::Failure, format!("File exists: {to}")));
        }
        fs::rename(self.root.join(from.as_str()), self.root.join(to.as_str())).map_err(|e| error(from, &e))
    }

    fn set_time(&mut self, name: &FileName, time: UnixTime) -> Result<(), FolderError> {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(time).unwrap_or_default());
        File::open(self.root.join(name.as_str())).and_then(|file| file.set_modified(time)).map_err(|e| error(name, &e))
    }

    fn space(&mut self) -> Result<Space, FolderError> {
        Ok(Space { block_size: 4096, fragment_size: 4096, blocks: 1000, blocks_free: 500, ..Space::default() })
    }
}

fn error(name: &FileName, error: &io::Error) -> FolderError {
    match error.kind() {
        io::ErrorKind::NotFound => FolderError::absent(name),
        _ => FolderError::new(Code::Failure, format!("{name}: {error}")),
    }
}
