//! `banner` and `motd` (`mmp.md` section 26).

use mmp_control::{Request, request::Text};
use mmp_model::{
    InvalidValue,
    text::{LoginText, Which},
};

use crate::{
    action::Action,
    table::{Command, Family, Part, value, word},
};

const TEXT: Part = value::<LoginText>("<text>", "At most 2048 characters").rest();

/// `banner`.
pub static BANNER: Family = Family {
    name: "banner",
    summary: "Show and set the text before the login",
    details: &["A text of several lines is uploaded by SFTP as `banner`. It shows at the next login."],
    commands: &[
        Command::show(&[], "Show the text", "banner", |_| ask(Which::Banner, Text::Show)),
        Command::set(&[word("add"), TEXT], "Set the text", "banner add \"Authorised use only\"", |v| {
            ask(Which::Banner, Text::Add(v[0].parse()?))
        }),
        Command::set(&[word("del")], "Remove the text", "banner del", |_| ask(Which::Banner, Text::Del)),
    ],
};

/// `motd`.
pub static MOTD: Family = Family {
    name: "motd",
    summary: "Show and set the text after the login",
    details: &["A text of several lines is uploaded by SFTP as `motd`. It shows at the next login."],
    commands: &[
        Command::show(&[], "Show the text", "motd", |_| ask(Which::Motd, Text::Show)),
        Command::set(&[word("add"), TEXT], "Set the text", "motd add \"Maintenance on Sunday\"", |v| {
            ask(Which::Motd, Text::Add(v[0].parse()?))
        }),
        Command::set(&[word("del")], "Remove the text", "motd del", |_| ask(Which::Motd, Text::Del)),
    ],
};

fn ask(which: Which, ask: Text) -> Result<Action, InvalidValue> {
    Ok(Request::Text(which, ask).into())
}
