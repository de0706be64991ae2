//! People and programs that come in through Web Admin (`api.md` section 1.1).
//!
//! Invariant: only the `webadmin` service asks these (mmpd looks at the kernel's word on who that is), and it decides
//! nothing: passwords, locks, roles and the life of a session are mmpd's.

use serde::{Deserialize, Serialize};

use crate::Secret;

/// Sign-in at the web door.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Web {
    /// Opens a session. Answered with [`crate::Reply::SignedIn`]; a refusal has a [`crate::Code`].
    SignIn {
        /// As typed; it may name nobody.
        user: String,
        /// As typed.
        password: Secret,
        /// The one to be, when the present one has expired; otherwise it is not looked at.
        new_password: Option<Secret>,
        /// What the session is for.
        surface: Surface,
        /// Address and port of the browser or program: `198.51.100.63:63290`.
        origin: String,
    },
    /// Makes this conversation one of the session: every later request on it is decided for the session's account.
    /// Answered with [`crate::Answer::Opened`], as at the opening of a shell's conversation.
    Act {
        /// From [`crate::reply::SignedIn`].
        token: Secret,
        /// Where this request comes from.
        origin: String,
    },
    /// Is this a session's token? Answered with [`crate::Reply::WebSession`]; the session counts as used.
    Check {
        /// From [`crate::reply::SignedIn`].
        token: Secret,
        /// Where this request comes from.
        origin: String,
    },
    /// Ends a session. What is no session's token ends nothing, and that is no fault.
    SignOut {
        /// From [`crate::reply::SignedIn`].
        token: Secret,
    },
}

/// What a web session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Surface {
    /// The pages, and the requests that they make with the session's cookie.
    Pages,
    /// Requests that bring name and password each time. The session lives for a minute and spares the hash.
    Api,
}
