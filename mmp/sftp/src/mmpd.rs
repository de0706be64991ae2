//! The folder as mmpd keeps it.
//!
//! Invariant: mmpd decides; each call carries the line that goes to the audit log.

use std::{fs::File as Descriptor, path::PathBuf};

use mmp_client::{Client, ClientError};
use mmp_control::{Kind, Refusal, Reply, Request, reply::FileInfo, request::File};
use mmp_model::{FileName, account::UnixTime};
use nix::sys::statvfs::statvfs;

use crate::{
    folder::{Folder, FolderError},
    wire::{Code, Space},
};

/// The file system that the folder lies on. Only its sizes are asked for.
const DATA: &str = "/data";

/// The folder behind mmpd's socket.
#[derive(Debug)]
pub struct Mmpd {
    client: Client,
    data: PathBuf,
}

impl Mmpd {
    /// Over an open conversation.
    pub fn new(client: Client) -> Self {
        Self { client, data: DATA.into() }
    }

    fn ask(&mut self, line: &str, file: File) -> Result<Reply, FolderError> {
        self.client.call(line, Request::File(file)).map_err(error)
    }

    fn done(&mut self, line: &str, file: File) -> Result<(), FolderError> {
        self.ask(line, file).map(drop)
    }

    fn descriptor(&mut self, line: &str, file: File) -> Result<(Reply, Descriptor), FolderError> {
        let (reply, descriptor) = self.client.call_for_descriptor(line, Request::File(file)).map_err(error)?;
        Ok((reply, descriptor.into()))
    }
}

impl Folder for Mmpd {
    fn list(&mut self) -> Result<Vec<FileInfo>, FolderError> {
        match self.ask("sftp ls", File::List)? {
            Reply::Files(files) => Ok(files),
            _ => Err(error(ClientError::Unexpected)),
        }
    }

    fn stat(&mut self, name: &FileName) -> Result<FileInfo, FolderError> {
        match self.ask(&format!("sftp stat {name}"), File::Stat(name.clone()))? {
            Reply::File(info) => Ok(info),
            _ => Err(error(ClientError::Unexpected)),
        }
    }

    fn open(&mut self, name: &FileName) -> Result<(FileInfo, Descriptor), FolderError> {
        match self.descriptor(&format!("sftp get {name}"), File::Open(name.clone()))? {
            (Reply::File(info), file) => Ok((info, file)),
            _ => Err(error(ClientError::Unexpected)),
        }
    }

    fn create(&mut self, name: &FileName, ticket: u64, keep: bool) -> Result<Descriptor, FolderError> {
        let create = File::Create { name: name.clone(), ticket, keep };
        Ok(self.descriptor(&format!("sftp put {name}"), create)?.1)
    }

    fn commit(&mut self, name: &FileName, ticket: u64) -> Result<(), FolderError> {
        self.done(&format!("sftp close {name}"), File::Commit { ticket })
    }

    fn abandon(&mut self, name: &FileName, ticket: u64) -> Result<(), FolderError> {
        self.done(&format!("sftp abandon {name}"), File::Abandon { ticket })
    }

    fn remove(&mut self, name: &FileName) -> Result<(), FolderError> {
        self.done(&format!("sftp rm {name}"), File::Remove(name.clone()))
    }

    fn rename(&mut self, from: &FileName, to: &FileName, replace: bool) -> Result<(), FolderError> {
        let rename = File::Rename { from: from.clone(), to: to.clone(), replace };
        self.done(&format!("sftp rename {from} {to}"), rename)
    }

    fn set_time(&mut self, name: &FileName, time: UnixTime) -> Result<(), FolderError> {
        self.done(&format!("sftp touch {name}"), File::SetTime(name.clone(), time))
    }

    fn space(&mut self) -> Result<Space, FolderError> {
        let sizes = statvfs(&self.data)
            .map_err(|error| FolderError::new(Code::Failure, format!("The disk's size cannot be read: {error}")))?;
        Ok(Space {
            block_size: sizes.block_size(),
            fragment_size: sizes.fragment_size(),
            blocks: sizes.blocks(),
            blocks_free: sizes.blocks_free(),
            blocks_available: sizes.blocks_available(),
            files: sizes.files(),
            files_free: sizes.files_free(),
        })
    }
}

/// What the client is told of an answer that did not come or is no.
pub fn error(error: ClientError) -> FolderError {
    match error {
        ClientError::Refused(refusal) => refused(refusal),
        other => FolderError::new(
            Code::Failure,
            format!("{other}. Connect again in a minute; uploads that were not finished are gone"),
        ),
    }
}

fn refused(refusal: Refusal) -> FolderError {
    let code = match refusal.kind {
        Kind::Absent => Code::NoSuchFile,
        Kind::Denied | Kind::PasswordExpired => Code::PermissionDenied,
        Kind::BadValue | Kind::Conflict | Kind::Unavailable | Kind::Internal => Code::Failure,
    };
    let parts = [Some(refusal.message), refusal.state, refusal.hint];
    FolderError::new(code, parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_its_text_and_gets_the_nearest_code() {
        let refusal = Refusal::new(Kind::Absent, "File not found: x").hint("Type ls");
        assert_eq!(refused(refusal), FolderError::new(Code::NoSuchFile, "File not found: x; Type ls"));
        assert_eq!(refused(Refusal::denied()).code, Code::PermissionDenied);
        assert_eq!(refused(Refusal::new(Kind::Conflict, "File exists: x")).code, Code::Failure);
    }

    #[test]
    fn a_lost_daemon_is_a_failure_that_says_what_to_do() {
        let lost = error(ClientError::Lost(std::io::ErrorKind::UnexpectedEof.into()));
        assert_eq!(lost.code, Code::Failure);
        assert!(lost.text.contains("Connect again"));
    }
}
