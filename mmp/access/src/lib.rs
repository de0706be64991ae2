//! The two doors that ask for a password before there is a session: the console (`mmp-login`) and sshd's PAM step
//! (`mmp-auth`).
//!
//! Invariants: neither decides whether a password is right or an account may come in, mmpd does; whatever goes wrong
//! keeps the door shut; a password lives in memory that is cleared, is never shown and never logged.

pub mod dialogue;
pub mod gate;
pub mod greeting;
pub mod pam;
pub mod places;
pub mod recovery;
pub mod session;
pub mod terminal;
