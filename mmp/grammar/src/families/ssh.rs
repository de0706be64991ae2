//! `ssh`, a family of ours: what the appliance's SSH offers, and whose keys it takes.

use mmp_control::{Request, request::Ssh};
use mmp_model::{InvalidValue, ssh::Algorithms};

use super::USERNAME;
use crate::{
    action::Action,
    table::{Command, Family, Part, choice, group, literal, word},
};

const KEYS: Part = group("keys", "Public keys of accounts");

/// `ssh`.
pub static SSH: Family = Family {
    name: "ssh",
    summary: "Show and configure SSH",
    details: &[
        "An account's public keys are uploaded by SFTP as <username>.pub, and go with that file or with the account.",
        "Algorithms apply to new connections. `compatible` offers older ones too, SHA-1 among them.",
    ],
    commands: &[
        Command::show(&[], "Show the algorithms and who may come in with a key", "ssh", |_| ask(Ssh::Show)),
        Command::show(
            &[word("fingerprints")],
            "Show the fingerprints of the appliance's own keys, which clients ask to confirm",
            "ssh fingerprints",
            |_| ask(Ssh::Fingerprints),
        ),
        Command::show(&[KEYS], "Show the public keys of all accounts", "ssh keys", |_| ask(Ssh::Keys)),
        Command::set(
            &[KEYS, word("del"), USERNAME.part()],
            "Remove all public keys of an account",
            "ssh keys del bob",
            |v| ask(Ssh::DelKeys(v[0].parse()?)),
        ),
        Command::set(
            &[
                word("algorithms"),
                choice(
                    "(modern|compatible)",
                    "Which algorithms are offered",
                    &[
                        literal("modern", "Those without known weakness"),
                        literal("compatible", "Older ones too, for clients that know no better"),
                    ],
                ),
            ],
            "Set which algorithms are offered",
            "ssh algorithms modern",
            |v| ask(Ssh::Algorithms(v[0].parse::<Algorithms>()?)),
        ),
    ],
};

fn ask(ask: Ssh) -> Result<Action, InvalidValue> {
    Ok(Request::Ssh(ask).into())
}
