//! `backup` and `factory_reset` (`mmp.md` sections 23, 24).

use mmp_control::{
    Request,
    request::{Backup, FactoryReset, Live},
};
use mmp_model::backup::BackupName;

use crate::{
    action::Action,
    table::{Command, Family, checked, value, word},
};

/// `backup`.
pub static BACKUP: Family = Family {
    name: "backup",
    summary: "Save the whole configuration, and go back to it",
    details: &[
        "A backup is a pair of files to download by SFTP: <name>.bak brings the whole configuration back, with license,",
        "certificates, keys and accounts, and is encrypted; <name>.json is the settings to read, without secrets.",
        "On this appliance a rollback needs nothing else. On another one it asks for the backup key of the appliance",
        "that took it: `backup key` shows it. Write it down and keep it away from the files.",
        "A rollback needs the release that took the backup, and restarts the appliance.",
    ],
    commands: &[
        Command::set(
            &[word("snapshot"), value::<BackupName>("<name>", "Letters, digits, - and _").part()],
            "Take a backup",
            "backup snapshot before_upgrade",
            |v| Ok(Request::Backup(Backup::Snapshot(v[0].parse()?)).into()),
        )
        .streaming(),
        Command::show(&[word("list")], "List the backups", "backup list", |_| Ok(Request::Backup(Backup::List).into())),
        Command::set(
            &[
                word("rollback"),
                checked("<name>", "A backup, or its .bak file", |text| BackupName::of_file(text).map(drop))
                    .live(Live::Backups)
                    .part(),
            ],
            "Go back to a backup and restart",
            "backup rollback before_upgrade",
            |v| Ok(Action::Rollback(BackupName::of_file(&v[0])?)),
        )
        .confirmed(
            "WARNING!!! This will overwrite the current configuration and reboot\n\
             Are you sure you wish to continue? (Y/n)",
        ),
        Command::show(&[word("key")], "Show this appliance's backup key", "backup key", |_| {
            Ok(Request::Backup(Backup::Key).into())
        }),
    ],
};

/// `factory_reset`.
pub static FACTORY_RESET: Family = Family {
    name: "factory_reset",
    summary: "Erase the configuration",
    details: &[
        "Asks first; only a capital Y goes on. The erasing is done during the restart; a power cut does not stop it.",
        "`app` keeps this command line's side: addresses, accounts, certificates. `full` leaves a new appliance: download",
        "the backups and write down the backup key (`backup key`) before it, they are erased too.",
    ],
    commands: &[
        Command::set(&[word("app")], "Erase the application's configuration and restart", "factory_reset app", |_| {
            Ok(Request::FactoryReset(FactoryReset::App).into())
        })
        .confirmed(
            "WARNING!!! This will erase the application configuration and reboot\n\
             Are you sure you wish to continue? (Y/n)",
        ),
        Command::set(&[word("full")], "Erase everything and restart", "factory_reset full", |_| {
            Ok(Request::FactoryReset(FactoryReset::Full).into())
        })
        .confirmed(
            "WARNING!!! This will erase all settings, users, keys and files and reboot\n\
             Are you sure you wish to continue? (Y/n)",
        ),
    ],
};
