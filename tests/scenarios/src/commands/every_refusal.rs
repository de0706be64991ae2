//! Each bad argument of each command is refused with its documented line, and nothing is changed by it.

use anyhow::{Result, bail, ensure};
use mmp_grammar::{Command, families, parse, table::Part, tokens::tokens};
use mmp_model::Role;

use crate::stage::Stage;

/// Words of which each kind of argument refuses at least one.
const BAD: &[&str] =
    &["999.1.1.1", "-", "!", "0", "65536", "9000", "f", "..", "no_such/thing", "10.0.2.15/33", "xx xx"];

/// Lines with the answer as it is documented, where the mistake shows only on the device.
const DOCUMENTED: &[(&str, &str)] = &[
    ("frobnicate", "Unknown command: frobnicate\nType 'help' for a list of commands"),
    ("ipv4 f", "Invalid interface: f"),
    ("iface a mtu 9000", "Invalid MTU: 9000"),
    ("ipv4 a add 10.0.2.300/24 10.0.2.2", "Invalid IP address: 10.0.2.300"),
    ("ipv4 a add 10.0.2.15/33 10.0.2.2", "Invalid prefix length: 33"),
    ("ipv4 a add 10.0.2.15/24 10.9.9.9", "Gateway 10.9.9.9 is not reachable from 10.0.2.15/24"),
    ("dns add forwardzone . 10.0.2", "Invalid IP address: 10.0.2"),
    ("dns del forwardzone example.org 10.0.2.3", "No such forward zone"),
    ("dns del trustanchor . 1", "No such"),
    ("dns del rr nobody.example.org. A", "No such"),
    ("dscp 4 speech 0x2E", "Invalid traffic type: speech"),
    ("dscp 4 voice 64", "Invalid DSCP value: 64"),
    ("ntp server del 192.0.2.99", "No such NTP server: 192.0.2.99"),
    ("ntp groupkey missing.key", "File not found: missing.key"),
    ("timezone Europe/Nowhere", "Invalid timezone: Europe/Nowhere"),
    ("user add bob king", "Invalid role: king"),
    ("user info nosuch", "No such user: nosuch"),
    ("user del nosuch", "No such user: nosuch"),
    ("user del admin", "Cannot delete the last admin user"),
    ("user duty admin Mo1200", "Invalid duty hours: Mo1200"),
    ("user host admin delete 192.0.2.3", "No such host in the list of admin: 192.0.2.3"),
    ("user host nosuch add 192.0.2.3", "No such user: nosuch"),
    ("user rule speed 3", "Invalid rule: speed"),
    ("user rule max_idle 0", "Invalid value (1 to 9999 days, or none): 0"),
    ("user rule only_ascii 1", "Invalid value (true, false or none): 1"),
    ("user add admin admin", "User already exists: admin"),
    ("ipv4 a add", "Usage:\n   ipv4 <interface>"),
    ("dns add", "Usage:\n   dns"),
    ("health", "health not supported on this platform"),
];

pub fn run(stage: &mut Stage) -> Result<()> {
    let appliance = stage.appliance();
    let before = appliance.generations()?;
    let mut failures = Vec::new();
    let mut count = 0;
    let generated = families::ALL.iter().flat_map(|family| family.commands).flat_map(bad_lines);
    let documented = DOCUMENTED.iter().map(|(line, answer)| ((*line).to_owned(), (*answer).to_owned()));
    for (line, answer) in generated.chain(documented) {
        let output = appliance.command(&line)?;
        if !output.contains(&answer) {
            failures.push(format!("{line}: \"{output}\" and not \"{answer}\""));
        }
        count += 1;
    }
    ensure!(count > 40, "only {count} lines were tried");
    let after = appliance.generations()?;
    if before != after {
        failures.push(format!("settings were written: {before:?} became {after:?}"));
    }
    if !failures.is_empty() {
        bail!("{} of {count} bad lines:\n  {}", failures.len(), failures.join("\n  "));
    }
    Ok(())
}

/// The command's example with each of its arguments in turn made a bad one, and the answer of the table.
fn bad_lines(command: &Command) -> Vec<(String, String)> {
    let words = tokens(command.example);
    let mut lines = Vec::new();
    for (index, part) in command.parts.iter().enumerate() {
        let (Part::Value(value) | Part::Rest(value)) = part else { continue };
        let (Some(check), Some(word)) = (value.check, words.get(index + 1)) else { continue };
        let Some(bad) = BAD.iter().find(|bad| check(bad).is_err()) else { continue };
        let bad = if bad.contains(' ') { format!("\"{bad}\"") } else { (*bad).to_owned() };
        let mut line = command.example[..word.span.start].to_owned() + &bad;
        if matches!(part, Part::Value(_)) {
            line += &command.example[word.span.end..];
        }
        if let Err(error) = parse(&line, Role::Admin) {
            lines.push((line, error.message(Role::Admin)));
        }
    }
    lines
}
