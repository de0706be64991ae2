//! Who is asked whether somebody may come in.
//!
//! Invariant: only mmpd's word "admitted", for the very name that was asked about, opens the door.

use mmp_client::{Client, ClientError};
use mmp_control::{
    Kind, Refusal, Reply, Request, Secret,
    reply::{Admitted, RecoveryStep},
    request::{Access, Door, Recover},
};

/// Why somebody does not come in.
#[derive(Debug, thiserror::Error)]
pub enum Denial {
    /// mmpd says no.
    #[error(transparent)]
    Refused(Refusal),
    /// mmpd could not be asked.
    #[error("the management daemon is not running")]
    Unreachable(#[source] ClientError),
}

/// Decides over names and passwords.
pub trait Gate {
    /// Is this the account's password, and may it come in?
    fn authenticate(&mut self, user: &str, password: &Secret) -> Result<Admitted, Denial>;

    /// Somebody has lost a password: what is to be done?
    fn begin_recovery(&mut self) -> Result<RecoveryStep, Denial>;

    /// A new password for an administrator.
    fn set_recovered(&mut self, user: &str, password: &Secret) -> Result<(), Denial>;
}

/// mmpd, asked from one door.
#[derive(Clone, Debug)]
pub struct Daemon {
    /// The door.
    pub door: Door,
    /// Where the person sits, for the logs.
    pub origin: String,
}

impl Daemon {
    /// May an account that has authenticated come in by this door?
    pub fn admit(&self, user: &str) -> Result<(), Denial> {
        match self.ask(Access::Admit { user: user.to_owned(), door: self.door, origin: self.origin.clone() })? {
            Reply::Nothing => Ok(()),
            Reply::Admitted(admitted) if admitted.user.as_str() == user => Ok(()),
            _ => Err(unexpected()),
        }
    }

    /// An account came in with a key.
    pub fn came_in(&self, user: &str, key: Option<&str>) -> Result<(), Denial> {
        let (user, origin) = (user.to_owned(), self.origin.clone());
        match self.ask(Access::CameIn { user, door: self.door, origin, key: key.map(str::to_owned) })? {
            Reply::Nothing => Ok(()),
            _ => Err(unexpected()),
        }
    }

    /// Recovery is asked for from a console alone.
    fn recover(&self, ask: Recover) -> Result<Reply, Denial> {
        let console = self.origin.strip_prefix("console ").filter(|_| self.door == Door::Console);
        let console = console.ok_or_else(unexpected)?.to_owned();
        self.ask(Access::Recover { console, ask })
    }

    fn ask(&self, access: Access) -> Result<Reply, Denial> {
        // A conversation per question: a console may wait for days between two, and mmpd may have been started anew.
        let mut client = Client::open_access(&self.origin).map_err(denial)?;
        client.call("login", Request::Access(access)).map_err(denial)
    }
}

impl Gate for Daemon {
    fn authenticate(&mut self, user: &str, password: &Secret) -> Result<Admitted, Denial> {
        let access = Access::Authenticate {
            user: user.to_owned(),
            password: password.clone(),
            door: self.door,
            origin: self.origin.clone(),
        };
        match self.ask(access)? {
            Reply::Admitted(admitted) if admitted.user.as_str() == user => Ok(admitted),
            _ => Err(unexpected()),
        }
    }

    fn begin_recovery(&mut self) -> Result<RecoveryStep, Denial> {
        match self.recover(Recover::Begin)? {
            Reply::Recovery(step) => Ok(step),
            _ => Err(unexpected()),
        }
    }

    fn set_recovered(&mut self, user: &str, password: &Secret) -> Result<(), Denial> {
        self.recover(Recover::Set { user: user.to_owned(), password: password.clone() }).map(drop)
    }
}

fn denial(error: ClientError) -> Denial {
    match error {
        ClientError::Refused(refusal) => Denial::Refused(refusal),
        other => Denial::Unreachable(other),
    }
}

fn unexpected() -> Denial {
    Denial::Unreachable(ClientError::Unexpected)
}

/// What a person who has not proven who they are may read of a refusal: nothing that tells a name that exists from one
/// that does not.
pub fn public_text(refusal: &Refusal) -> Option<&str> {
    match refusal.kind {
        Kind::Unavailable | Kind::Internal => Some(&refusal.message),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_learns_only_of_faults() {
        assert_eq!(public_text(&Refusal::new(Kind::Denied, "Account locked")), None);
        assert_eq!(public_text(&Refusal::new(Kind::Absent, "No such user: x")), None);
        assert_eq!(
            public_text(&Refusal::new(Kind::Internal, "Settings are being read")),
            Some("Settings are being read")
        );
    }
}
