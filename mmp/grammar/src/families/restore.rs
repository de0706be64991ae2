//! `try`, `confirm`, `undo` and `settings`: changes that undo themselves, and the way back to earlier settings.

use mmp_control::{
    Request,
    request::{Live, SettingsAsk, Trial},
};
use mmp_model::{
    FileName, InvalidValue,
    restore::{ConfirmTime, RestorePoint},
};

use crate::{
    action::Action,
    table::{Command, Family, Part, Value, checked, group, value, word},
};

/// The word that makes the change of the rest of the line conditional.
pub const TRY_WORD: &str = "try";
/// The word before a time of one's own.
pub const FOR_WORD: &str = "for";

const FOR: Part = group(FOR_WORD, "With a time of your own");
const SECONDS: Part = value::<ConfirmTime>("<seconds>", "Time to confirm in, 10 to 3600").part();
const COMMAND: Part = checked("<command>", "A command that changes settings", |_| Ok(())).rest();
const COMPARE: Part = group("compare", "Show what changed since a restore point, or between two");
const POINT: Value = value::<RestorePoint>("<restore point>", "Number in `settings list`").live(Live::RestorePoints);

/// `try`.
pub static TRY: Family = Family {
    name: TRY_WORD,
    summary: "Make a change that is undone by itself unless you confirm it",
    details: &[
        "The change is in force at once. Type 'confirm' within the time (120 seconds unless said otherwise), from this \
         session or a new one, and it stays; otherwise the settings before it come back, also after a power cut.",
        "Use it for changes that may cut you off: addresses, routes, the firewall, SSH, accounts. For those of the network \
         the answer comes before the change.",
        "A second 'try' adds to the first: the time begins anew, and what an undo goes back to stays as it was.",
    ],
    commands: &[
        Command::show(&[], "Show what waits for its confirmation", "try", |_| Ok(Request::Trial(Trial::Show).into())),
        Command::set(
            &[COMMAND],
            "Change settings, to be confirmed within 120 seconds",
            "try ipv4 a add 192.0.2.10/24 192.0.2.1",
            who_may_try,
        ),
        Command::set(&[FOR, SECONDS], "Let the time to confirm begin anew", "try for 600", |v| {
            Ok(Request::Trial(Trial::Extend(v[0].parse()?)).into())
        }),
        Command::set(
            &[FOR, SECONDS, COMMAND],
            "Change settings, to be confirmed within a time of your own",
            "try for 300 ipv4 a default",
            who_may_try,
        ),
    ],
};

/// Who may type `try` at all; the parser takes such a line apart and builds what stands after it.
fn who_may_try(_: &[String]) -> Result<Action, InvalidValue> {
    Ok(Request::Trial(Trial::Show).into())
}

/// `confirm`.
pub static CONFIRM: Family = Family {
    name: "confirm",
    summary: "Keep what you changed with 'try'",
    details: &["Only the administrator who typed 'try' can confirm, from any session of the same account."],
    commands: &[Command::set(&[], "Keep what you changed with 'try'", "confirm", |_| {
        Ok(Request::Trial(Trial::Confirm).into())
    })],
};

/// `undo`.
pub static UNDO: Family = Family {
    name: "undo",
    summary: "Undo now what was changed with 'try'",
    details: &[],
    commands: &[Command::set(&[], "Undo now what was changed with 'try'", "undo", |_| {
        Ok(Request::Trial(Trial::Undo).into())
    })],
};

/// `settings`.
pub static SETTINGS: Family = Family {
    name: "settings",
    summary: "Show earlier settings, compare with them, go back to them, load others",
    details: &[
        "Every change makes a restore point; the last 64 are kept. Passwords and keys are compared but never shown.",
        "'settings restore' is a change like any other: it makes a restore point itself, and 'try settings restore 7' undoes \
         itself unless confirmed. Files (certificates, the license) are not settings; 'backup' keeps those too.",
        "'settings load' sets up an appliance like another: upload a copy of its live.json and load it. No password is in \
         such a file: accounts that exist here keep theirs, new ones need a 'passwd'. Files that settings name are uploaded first.",
    ],
    commands: &[
        Command::show(&[word("list")], "List the restore points, the newest first", "settings list", |_| {
            Ok(Request::Settings(SettingsAsk::List).into())
        }),
        Command::show(
            &[COMPARE, POINT.part()],
            "Show what changed between a restore point and now",
            "settings compare 7",
            |v| Ok(Request::Settings(SettingsAsk::Compare(v[0].parse()?, None)).into()),
        ),
        Command::show(
            &[COMPARE, POINT.part(), POINT.part()],
            "Show what changed between two restore points",
            "settings compare 7 9",
            |v| Ok(Request::Settings(SettingsAsk::Compare(v[0].parse()?, Some(v[1].parse()?))).into()),
        ),
        Command::set(
            &[word("restore"), POINT.part()],
            "Put the settings of a restore point in force",
            "settings restore 7",
            |v| Ok(Request::Settings(SettingsAsk::Restore(v[0].parse()?)).into()),
        )
        .confirmed("All settings, accounts too, go back to this restore point. Are you sure? (Y/n)"),
        Command::set(
            &[word("load"), value::<FileName>("<file>", "Uploaded copy of a live.json").live(Live::Files).part()],
            "Put the settings of a file in force: a copy of live.json, or the .json of a backup",
            "settings load cms1.json",
            |v| Ok(Request::Settings(SettingsAsk::Load(v[0].parse()?)).into()),
        )
        .confirmed("All settings, accounts too, become those of the file. Are you sure? (Y/n)"),
    ],
};
