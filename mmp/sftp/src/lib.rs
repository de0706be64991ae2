//! An SFTP server, protocol version 3 (draft-ietf-secsh-filexfer-02), over one flat folder that mmpd keeps.
//!
//! ```text
//! stdin ─▶ stream ─▶ wire (bytes → Request) ─▶ server ─▶ Folder (mmpd, or a directory in tests)
//! stdout ◀─ stream ◀─ wire (Reply → bytes) ◀──┘
//! ```
//!
//! Invariants: no path is ever opened here, a name goes to mmpd as a checked [`mmp_model::FileName`] and comes back as
//! a descriptor; a file takes its name when its upload is closed without fault, never before; what a client sends can
//! end its own session and nothing else.

pub mod directory;
pub mod folder;
pub mod handles;
pub mod listing;
pub mod mmpd;
pub mod path;
pub mod server;
pub mod stream;
pub mod wire;
