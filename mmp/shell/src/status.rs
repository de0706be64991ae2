//! How a line ended, for `ssh host "line"`.

use std::process::ExitCode;

use mmp_client::ClientError;
use mmp_control::Kind;

/// The exit status of a line, and of the shell after its last line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Carried out.
    Done = 0,
    /// Refused: by mmpd, or because a confirmation was missing.
    Refused = 1,
    /// Not a command.
    Usage = 2,
    /// Not for this role.
    Denied = 3,
    /// mmpd does not answer.
    Unreachable = 4,
    /// A new password must be set first, in an interactive session.
    Expired = 5,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}

impl From<&ClientError> for Status {
    fn from(error: &ClientError) -> Self {
        match error {
            ClientError::Refused(refusal) => match refusal.kind {
                Kind::Denied => Self::Denied,
                Kind::PasswordExpired => Self::Expired,
                _ => Self::Refused,
            },
            _ => Self::Unreachable,
        }
    }
}
