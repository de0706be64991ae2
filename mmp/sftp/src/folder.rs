//! What the server needs of the folder behind it.
//!
//! Invariant: an upload is invisible until [`Folder::commit`], and gone when it is abandoned or the connection ends.

use std::fs::File;

use mmp_control::reply::FileInfo;
use mmp_model::{FileName, account::UnixTime};

use crate::wire::{Code, Space};

/// Why the folder does not do it, in a line for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct FolderError {
    /// What SFTP calls it.
    pub code: Code,
    /// What happened and what to do.
    pub text: String,
}

impl FolderError {
    /// An error.
    pub fn new(code: Code, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }

    /// There is no such file.
    pub fn absent(name: &FileName) -> Self {
        Self::new(Code::NoSuchFile, format!("File not found: {name}"))
    }
}

/// One flat folder.
pub trait Folder {
    /// All files that the account may see.
    fn list(&mut self) -> Result<Vec<FileInfo>, FolderError>;
    /// One file.
    fn stat(&mut self, name: &FileName) -> Result<FileInfo, FolderError>;
    /// A file to read from.
    fn open(&mut self, name: &FileName) -> Result<(FileInfo, File), FolderError>;
    /// A file without a name yet to write to, with the present content or empty.
    fn create(&mut self, name: &FileName, ticket: u64, keep: bool) -> Result<File, FolderError>;
    /// Gives an upload its name. The file that [`Self::create`] gave has been closed.
    fn commit(&mut self, name: &FileName, ticket: u64) -> Result<(), FolderError>;
    /// Drops an upload.
    fn abandon(&mut self, name: &FileName, ticket: u64) -> Result<(), FolderError>;
    /// Deletes.
    fn remove(&mut self, name: &FileName) -> Result<(), FolderError>;
    /// Renames, over an existing file only when told so.
    fn rename(&mut self, from: &FileName, to: &FileName, replace: bool) -> Result<(), FolderError>;
    /// Sets the time of last change.
    fn set_time(&mut self, name: &FileName, time: UnixTime) -> Result<(), FolderError>;
    /// How much room there is.
    fn space(&mut self) -> Result<Space, FolderError>;
}
