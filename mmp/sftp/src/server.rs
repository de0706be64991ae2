//! The server's core: a request in, a reply out.
//!
//! Invariants: every request gets exactly one reply; a failed write keeps its upload from ever getting its name; what
//! the folder refuses reaches the client as a status with its text.

use std::{
    fs::File,
    io::{self, Seek, SeekFrom, Write},
    os::unix::fs::FileExt,
};

use mmp_model::{FileName, account::UnixTime};

use crate::{
    folder::{Folder, FolderError},
    handles::{Handles, MOST, Open, Upload},
    listing,
    path::{Place, expand, place},
    wire::{Attributes, Code, LONGEST_DATA, LONGEST_PACKET, OpenFlags, Reply, Request},
};

const FLAT: &str = "The appliance has one flat folder";

/// Entries in one reply to a readdir: about 20 KiB.
const ENTRIES_A_REPLY: usize = 100;

/// One session.
#[derive(Debug)]
pub struct Server<F> {
    folder: F,
    owner: String,
    clock: fn() -> UnixTime,
    handles: Handles,
    next_ticket: u64,
}

type Outcome = Result<Reply, FolderError>;

impl<F: Folder> Server<F> {
    /// A session over a folder. `owner` is the name in long listings.
    pub fn new(folder: F, owner: &str, clock: fn() -> UnixTime) -> Self {
        Self { folder, owner: owner.to_owned(), clock, handles: Handles::default(), next_ticket: 0 }
    }

    /// Carries a request out.
    pub fn answer(&mut self, request: &Request<'_>) -> Reply {
        self.carry_out(request).unwrap_or_else(|error| Reply::Status(error.code, error.text))
    }

    fn carry_out(&mut self, request: &Request<'_>) -> Outcome {
        match *request {
            Request::Open { path, flags, .. } => self.open(path, flags),
            Request::Close { handle } => self.close(handle),
            Request::Read { handle, offset, length } => self.read(handle, offset, length),
            Request::Write { handle, offset, data } => self.write(handle, offset, data),
            Request::Lstat { path } | Request::Stat { path } => self.stat(path),
            Request::Fstat { handle } => self.fstat(handle),
            Request::Setstat { path, attributes } => self.setstat(path, &attributes),
            Request::Fsetstat { handle, attributes } => self.fsetstat(handle, &attributes),
            Request::Opendir { path } => self.opendir(path),
            Request::Readdir { handle } => self.readdir(handle),
            Request::Remove { path } => {
                let name = existing(path)?;
                self.folder.remove(&name).map(|()| Reply::ok())
            }
            Request::Rename { from, to } => self.rename(from, to, false),
            Request::PosixRename { from, to } => self.rename(from, to, true),
            Request::Realpath { path } => realpath(path),
            Request::ExpandPath { path } => realpath(expand(path)),
            Request::Statvfs { .. } | Request::Fstatvfs { .. } => self.folder.space().map(Reply::Space),
            Request::Fsync { handle } => self.fsync(handle),
            Request::Limits => {
                Ok(Reply::Limits([LONGEST_PACKET as u64, LONGEST_DATA as u64, LONGEST_DATA as u64, MOST as u64]))
            }
            Request::Mkdir { .. } | Request::Rmdir { .. } => Err(failure(FLAT)),
            Request::Symlink => Err(unsupported("The appliance's folder has no links")),
            Request::Readlink { path } => {
                let name = existing(path)?;
                self.folder.stat(&name)?;
                Err(failure("Not a link"))
            }
            Request::Unknown => Err(unsupported("Operation unsupported")),
        }
    }

    fn open(&mut self, path: &[u8], flags: OpenFlags) -> Outcome {
        if !self.handles.has_room() {
            return Err(failure("Too many open files; close one first"));
        }
        if flags.has(OpenFlags::WRITE) {
            return self.open_to_write(&writable(path)?, flags);
        }
        if !flags.has(OpenFlags::READ) {
            return Err(failure("A file is opened to read or to write"));
        }
        let (info, file) = self.folder.open(&existing(path)?)?;
        Ok(Reply::Handle(self.handles.insert(Open::Download(info, file))))
    }

    fn open_to_write(&mut self, name: &FileName, flags: OpenFlags) -> Outcome {
        let (create, truncate) = (flags.has(OpenFlags::CREATE), flags.has(OpenFlags::TRUNCATE));
        // Creating and truncating is the plain upload, which needs no look at what is there.
        let exists = if create && truncate && !flags.has(OpenFlags::EXCLUSIVE) {
            false
        } else {
            match self.folder.stat(name) {
                Ok(_) => true,
                Err(error) if error.code == Code::NoSuchFile => false,
                Err(error) => return Err(error),
            }
        };
        if exists && create && flags.has(OpenFlags::EXCLUSIVE) {
            return Err(failure(format!("File exists: {name}")));
        }
        if !exists && !create {
            return Err(FolderError::absent(name));
        }
        let ticket = self.ticket();
        let file = self.folder.create(name, ticket, exists && !truncate)?;
        let append = flags.has(OpenFlags::APPEND);
        let upload = Upload { name: name.clone(), ticket, file, append, time: None, broken: false };
        Ok(Reply::Handle(self.handles.insert(Open::Upload(upload))))
    }

    fn ticket(&mut self) -> u64 {
        self.next_ticket += 1;
        self.next_ticket
    }

    fn close(&mut self, handle: &[u8]) -> Outcome {
        let Open::Upload(Upload { name, ticket, file, time, broken, .. }) =
            self.handles.remove(handle).ok_or_else(no_handle)?
        else {
            return Ok(Reply::ok());
        };
        drop(file);
        if broken {
            self.folder.abandon(&name, ticket)?;
            return Err(failure(format!("The upload of {name} failed; nothing was changed")));
        }
        self.folder.commit(&name, ticket)?;
        if let Some(time) = time {
            self.folder.set_time(&name, time)?;
        }
        Ok(Reply::ok())
    }

    fn read(&mut self, handle: &[u8], offset: u64, length: u32) -> Outcome {
        let file = match self.handles.get(handle) {
            Some(Open::Download(_, file)) => &*file,
            Some(Open::Upload(upload)) => &upload.file,
            _ => return Err(no_handle()),
        };
        let most = usize::try_from(length).unwrap_or(LONGEST_DATA).min(LONGEST_DATA);
        let mut data = vec![0; most];
        let mut filled = 0;
        while filled < most {
            match file.read_at(&mut data[filled..], offset.saturating_add(filled as u64)) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Past what the kernel can count there is nothing.
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => break,
                Err(error) => return Err(io_failure("read", &error)),
            }
        }
        if filled == 0 {
            return Ok(Reply::Status(Code::Eof, "End of file".into()));
        }
        data.truncate(filled);
        Ok(Reply::Data(data))
    }

    fn write(&mut self, handle: &[u8], offset: u64, data: &[u8]) -> Outcome {
        let upload = self.upload(handle)?;
        let written = if upload.append {
            upload.file.seek(SeekFrom::End(0)).and_then(|_| upload.file.write_all(data))
        } else {
            upload.file.write_all_at(data, offset)
        };
        written.map_err(|error| {
            upload.broken = true;
            io_failure("write", &error)
        })?;
        Ok(Reply::ok())
    }

    fn fsync(&mut self, handle: &[u8]) -> Outcome {
        let upload = self.upload(handle)?;
        upload.file.sync_all().map_err(|error| {
            upload.broken = true;
            io_failure("write", &error)
        })?;
        Ok(Reply::ok())
    }

    fn upload(&mut self, handle: &[u8]) -> Result<&mut Upload, FolderError> {
        match self.handles.get(handle) {
            Some(Open::Upload(upload)) => Ok(upload),
            Some(_) => Err(FolderError::new(Code::PermissionDenied, "The file is open for reading only")),
            None => Err(no_handle()),
        }
    }

    fn stat(&mut self, path: &[u8]) -> Outcome {
        if place(path) == Place::Folder {
            return Ok(Reply::Attributes(listing::folder_attributes((self.clock)())));
        }
        let info = self.folder.stat(&existing(path)?)?;
        Ok(Reply::Attributes(listing::file_attributes(&info)))
    }

    fn fstat(&mut self, handle: &[u8]) -> Outcome {
        let now = (self.clock)();
        let size = |file: &File| file.metadata().map(|m| m.len()).map_err(|error| io_failure("read", &error));
        match self.handles.get(handle).ok_or_else(no_handle)? {
            Open::Listing(_) => Ok(Reply::Attributes(listing::folder_attributes(now))),
            Open::Download(info, file) => {
                info.size = size(file)?;
                Ok(Reply::Attributes(listing::file_attributes(info)))
            }
            Open::Upload(upload) => {
                let time = u32::try_from(upload.time.unwrap_or(now).max(0)).unwrap_or(u32::MAX);
                let size = size(&upload.file)?;
                Ok(Reply::Attributes(Attributes {
                    size: Some(size),
                    permissions: Some(0o100_600),
                    times: Some((time, time)),
                    owner: None,
                }))
            }
        }
    }

    /// Permissions and owners are the appliance's: they are accepted without effect, because clients set them
    /// unasked. Times and sizes are carried out.
    fn setstat(&mut self, path: &[u8], attributes: &Attributes) -> Outcome {
        if place(path) == Place::Folder {
            return Ok(Reply::ok());
        }
        let name = existing(path)?;
        if let Some(size) = attributes.size {
            self.truncate(&name, size)?;
        }
        match attributes.times {
            Some((_, modified)) => self.folder.set_time(&name, modified.into())?,
            None => drop(self.folder.stat(&name)?),
        }
        Ok(Reply::ok())
    }

    /// Cuts or extends a file by its name: a change of its content like any other, whole or not at all.
    fn truncate(&mut self, name: &FileName, size: u64) -> Result<(), FolderError> {
        if self.folder.stat(name)?.size == size {
            return Ok(());
        }
        let ticket = self.ticket();
        let file = self.folder.create(name, ticket, true)?;
        let cut = file.set_len(size);
        drop(file);
        match cut {
            Ok(()) => self.folder.commit(name, ticket),
            Err(error) => {
                self.folder.abandon(name, ticket)?;
                Err(io_failure("write", &error))
            }
        }
    }

    fn fsetstat(&mut self, handle: &[u8], attributes: &Attributes) -> Outcome {
        match self.handles.get(handle).ok_or_else(no_handle)? {
            Open::Listing(_) => Ok(Reply::ok()),
            Open::Upload(upload) => {
                if let Some(size) = attributes.size {
                    upload.file.set_len(size).map_err(|error| {
                        upload.broken = true;
                        io_failure("write", &error)
                    })?;
                }
                if let Some((_, modified)) = attributes.times {
                    upload.time = Some(modified.into());
                }
                Ok(Reply::ok())
            }
            Open::Download(info, _) => {
                if attributes.size.is_some() {
                    return Err(FolderError::new(Code::PermissionDenied, "The file is open for reading only"));
                }
                if let Some((_, modified)) = attributes.times {
                    self.folder.set_time(&info.name, modified.into())?;
                }
                Ok(Reply::ok())
            }
        }
    }

    fn opendir(&mut self, path: &[u8]) -> Outcome {
        if !self.handles.has_room() {
            return Err(failure("Too many open files; close one first"));
        }
        match place(path) {
            Place::Folder => {}
            Place::File(name) => {
                self.folder.stat(&name)?;
                return Err(failure(format!("Not a folder: {name}")));
            }
            Place::BadName(_) | Place::Deeper => return Err(FolderError::new(Code::NoSuchFile, FLAT)),
        }
        let files = self.folder.list()?;
        let mut entries = listing::entries(&files, &self.owner, (self.clock)());
        // Taken from the end, a reply at a time.
        entries.reverse();
        Ok(Reply::Handle(self.handles.insert(Open::Listing(entries))))
    }

    fn readdir(&mut self, handle: &[u8]) -> Outcome {
        let Some(Open::Listing(rest)) = self.handles.get(handle) else {
            return Err(no_handle());
        };
        if rest.is_empty() {
            return Ok(Reply::Status(Code::Eof, "End of listing".into()));
        }
        let next = rest.split_off(rest.len().saturating_sub(ENTRIES_A_REPLY));
        Ok(Reply::Names(next.into_iter().rev().collect()))
    }

    fn rename(&mut self, from: &[u8], to: &[u8], replace: bool) -> Outcome {
        let (from, to) = (existing(from)?, writable(to)?);
        self.folder.rename(&from, &to, replace).map(|()| Reply::ok())
    }
}

/// Where a path leads, whether or not there is something: clients ask before they create.
fn realpath(path: &[u8]) -> Outcome {
    let path = match place(path) {
        Place::Folder => "/".to_owned(),
        Place::File(name) => format!("/{name}"),
        Place::BadName(name) => format!("/{name}"),
        Place::Deeper => return Err(FolderError::new(Code::NoSuchFile, FLAT)),
    };
    Ok(Reply::Names(vec![listing::bare(path)]))
}

/// The name in a path to something that is there.
fn existing(path: &[u8]) -> Result<FileName, FolderError> {
    match place(path) {
        Place::File(name) => Ok(name),
        Place::Folder => Err(failure("This is the folder itself")),
        Place::BadName(name) => Err(FolderError::new(Code::NoSuchFile, format!("File not found: {name}"))),
        Place::Deeper => Err(FolderError::new(Code::NoSuchFile, FLAT)),
    }
}

/// The name in a path to something that shall be there.
fn writable(path: &[u8]) -> Result<FileName, FolderError> {
    match place(path) {
        Place::BadName(name) => Err(failure(format!(
            "Invalid file name: {name}; a name has 1 to 64 letters, digits, '.', '-' or '_' and does not start with a dot"
        ))),
        _ => existing(path),
    }
}

fn failure(text: impl Into<String>) -> FolderError {
    FolderError::new(Code::Failure, text)
}

fn unsupported(text: &str) -> FolderError {
    FolderError::new(Code::OpUnsupported, text)
}

fn no_handle() -> FolderError {
    failure("No such handle")
}

fn io_failure(what: &str, error: &io::Error) -> FolderError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            failure("No space left on the appliance; nothing was changed. Remove files that are not used")
        }
        _ => failure(format!("Cannot {what} the file: {error}")),
    }
}
