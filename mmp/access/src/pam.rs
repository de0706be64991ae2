//! What `pam_exec` asks for: the step and the person from its environment, the password from standard input.
//!
//! Invariants: a step, service or text that is not understood is an error, so the door stays shut; at most
//! [`LONGEST_PASSWORD`] bytes are read, into memory that is cleared.

use std::io::{self, Read};

use mmp_control::Secret;
use zeroize::Zeroizing;

/// PAM itself carries no longer answer than this.
pub const LONGEST_PASSWORD: usize = 512;

/// An RSA key of 16384 bits is 2800 characters.
const LONGEST_KEY: usize = 4096;

/// The only service that this step is made for.
const SERVICE: &str = "sshd";

/// What is to be found out.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Is this the password?
    Authenticate {
        /// As typed; it may name nobody.
        user: String,
        /// As typed.
        password: Secret,
        /// The peer's address.
        origin: String,
    },
    /// May the account come in, however it authenticated?
    Admit {
        /// As authenticated.
        user: String,
        /// The peer's address.
        origin: String,
    },
    /// The account has come in.
    CameIn {
        /// As authenticated.
        user: String,
        /// The peer's address.
        origin: String,
        /// `ssh-ed25519 AAAA...`; none: with a password.
        key: Option<String>,
    },
    /// The end of a session, which is nobody's to note.
    Nothing,
}

/// Why the step is not one.
#[derive(Debug, thiserror::Error)]
pub enum PamError {
    /// A variable is missing or not text.
    #[error("{0} is not given")]
    Missing(&'static str),
    /// Another service's PAM file leads here.
    #[error("not a step of sshd")]
    Service,
    /// Password changes and credentials are not this program's.
    #[error("a step that is not asked here")]
    UnknownStep,
    /// The password did not come.
    #[error("the password cannot be read")]
    Password(#[source] io::Error),
    /// Longer than PAM's own limit, or not text.
    #[error("the password cannot be one")]
    NoPassword,
}

/// The step that the environment names; reads the password when it takes one.
pub fn step(variable: impl Fn(&'static str) -> Option<String>, input: impl Read) -> Result<Step, PamError> {
    let given = |name| variable(name).filter(|value| !value.is_empty()).ok_or(PamError::Missing(name));
    if given("PAM_SERVICE")? != SERVICE {
        return Err(PamError::Service);
    }
    let user = given("PAM_USER")?;
    let origin = variable("PAM_RHOST").unwrap_or_default();
    match given("PAM_TYPE")?.as_str() {
        "auth" => Ok(Step::Authenticate { user, password: password(input)?, origin }),
        "account" => Ok(Step::Admit { user, origin }),
        "open_session" => Ok(Step::CameIn { user, origin, key: key(&variable("SSH_AUTH_INFO_0").unwrap_or_default()) }),
        "close_session" => Ok(Step::Nothing),
        _ => Err(PamError::UnknownStep),
    }
}

/// The key that sshd let somebody in for: it lists the methods that counted, a line each.
fn key(methods: &str) -> Option<String> {
    let longest = |key: &&str| key.len() <= LONGEST_KEY;
    methods.lines().find_map(|line| line.strip_prefix("publickey ")).filter(longest).map(str::to_owned)
}

/// Up to the first NUL or the end.
fn password(input: impl Read) -> Result<Secret, PamError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST_PASSWORD + 2));
    input.take(LONGEST_PASSWORD as u64 + 2).read_to_end(&mut bytes).map_err(PamError::Password)?;
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    if end > LONGEST_PASSWORD {
        return Err(PamError::NoPassword);
    }
    std::str::from_utf8(&bytes[..end]).map(|text| Secret::new(text.to_owned())).map_err(|_| PamError::NoPassword)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn environment(kind: &'static str) -> impl Fn(&'static str) -> Option<String> {
        move |name| {
            let value = match name {
                "PAM_SERVICE" => "sshd",
                "PAM_USER" => "admin",
                "PAM_RHOST" => "198.51.100.63",
                "PAM_TYPE" => kind,
                _ => return None,
            };
            Some(value.to_owned())
        }
    }

    #[test]
    fn a_password_ends_at_a_nul_or_at_the_end() {
        for input in [&b"secret\0"[..], b"secret", b"secret\0junk"] {
            let expected = Step::Authenticate {
                user: "admin".into(),
                password: Secret::new("secret".into()),
                origin: "198.51.100.63".into(),
            };
            assert_eq!(step(environment("auth"), input).unwrap(), expected);
        }
    }

    #[test]
    fn the_account_step_reads_no_password() {
        struct Untouchable;
        impl Read for Untouchable {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                panic!("read")
            }
        }
        let expected = Step::Admit { user: "admin".into(), origin: "198.51.100.63".into() };
        assert_eq!(step(environment("account"), Untouchable).unwrap(), expected);
    }

    #[test]
    fn a_session_is_told_with_the_key_that_opened_it() {
        let with = |info: &'static str| {
            move |name| {
                if name == "SSH_AUTH_INFO_0" { Some(info.to_owned()) } else { environment("open_session")(name) }
            }
        };
        let expected = |key: Option<&str>| Step::CameIn {
            user: "admin".into(),
            origin: "198.51.100.63".into(),
            key: key.map(str::to_owned),
        };
        let found = step(with("publickey ssh-ed25519 AAAA\n"), &b""[..]).unwrap();
        assert_eq!(found, expected(Some("ssh-ed25519 AAAA")));
        for other in ["password\n", "keyboard-interactive/pam\n", ""] {
            assert_eq!(step(with(other), &b""[..]).unwrap(), expected(None));
        }
        assert_eq!(step(environment("close_session"), &b""[..]).unwrap(), Step::Nothing);
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        for kind in ["password", "setcred", ""] {
            assert!(step(environment(kind), &b"x"[..]).is_err(), "{kind}");
        }
        let other = |name| if name == "PAM_SERVICE" { Some("su".into()) } else { environment("auth")(name) };
        assert!(matches!(step(other, &b"x"[..]), Err(PamError::Service)));
        let nobody = |name| if name == "PAM_USER" { None } else { environment("auth")(name) };
        assert!(matches!(step(nobody, &b"x"[..]), Err(PamError::Missing("PAM_USER"))));
        assert!(matches!(step(environment("auth"), &[b'x'; 513][..]), Err(PamError::NoPassword)));
        assert!(matches!(step(environment("auth"), &b"\xff\0"[..]), Err(PamError::NoPassword)));
    }

    proptest! {
        #[test]
        fn no_password_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = step(environment("auth"), &bytes[..]);
        }
    }
}
