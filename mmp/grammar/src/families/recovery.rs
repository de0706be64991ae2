//! `recovery`, a family of ours: whether a lost password can be replaced at the console.

use mmp_control::{Request, request::Recovery};
use mmp_model::InvalidValue;

use crate::{
    action::Action,
    table::{Command, Family, word},
};

/// `recovery`.
pub static RECOVERY: Family = Family {
    name: "recovery",
    summary: "Allow or forbid replacing a lost password at the console",
    details: &[
        "When no administrator gets in any more: type 'recover password' at the login prompt of a console, switch the",
        "power off and on by hand within 10 minutes, and type it there again. Settings and keys stay as they are.",
        "Whoever has the console and the power switch can do this; forbid it where that is not you alone.",
    ],
    commands: &[
        Command::show(&[], "Show whether it is allowed", "recovery", |_| ask(Recovery::Show)),
        Command::set(&[word("enable")], "Allow it", "recovery enable", |_| ask(Recovery::Enable(true))),
        Command::set(&[word("disable")], "Forbid it", "recovery disable", |_| ask(Recovery::Enable(false))),
    ],
};

fn ask(ask: Recovery) -> Result<Action, InvalidValue> {
    Ok(Request::Recovery(ask).into())
}
