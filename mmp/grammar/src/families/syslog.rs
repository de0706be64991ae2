//! `syslog`, `audit` and `generate_logbundle` (`mmp.md` sections 21 and 25).

use mmp_control::{
    Request,
    request::{Audit, Live, Syslog},
};
use mmp_model::{
    FileName, InvalidValue,
    syslog::{Port, Server, Transport},
};

use super::HOST;
use crate::{
    action::Action,
    table::{Command, Family, Part, Value, Word, checked, choice, group, literal, value, word},
};

const SERVER: Part = group("server", "Servers that the system log is handed on to");
const AUDIT_SERVER: Part = group("audit", "Servers that the audit log is handed on to");
const ADD: Part = group("add", "Add a server");
const TAIL: Part = group("tail", "Show the newest lines");
const PORT: Value = value::<Port>("<port>", "Port of the server; 514, and 6514 with TLS, unless given");
const TRANSPORTS: &[Word] =
    &[literal("tcp", "TCP, the usual"), literal("udp", "UDP, where lines can be lost"), literal("tls", "TLS")];
const TRANSPORT: Part = choice("(tcp|udp|tls)", "How the server is spoken to", TRANSPORTS);
const LINES: Part = checked("<lines>", "How many lines, at most 100000", |w| lines(w).map(drop)).part();
const TEXT: Part = checked("<text>", "Text to look for, as it stands", |_| Ok(())).rest();
/// Lines that `tail` shows unless told otherwise (`mmp.md` section 21).
const USUAL_TAIL: u32 = 10;

/// `syslog`.
pub static SYSLOG: Family = Family {
    name: "syslog",
    summary: "Show the system log and hand the logs on to servers",
    details: &[
        "Add servers, then enable. A server that is away gets every line when it is back, as far as the log reaches.",
        "Over TLS a server must have a certificate that is in, or signed by one in, the file of 'syslog trust'.",
        "To remove a server of the system log, disable first.",
    ],
    commands: &[
        Command::show(&[], "Show the servers and how handing on goes", "syslog", |_| ask(Syslog::Show)),
        Command::set(
            &[SERVER, ADD, HOST.part()],
            "Add a server, TCP port 514",
            "syslog server add logs.example.com",
            |v| ask(Syslog::AddServer(server(&v[0], None, None)?)),
        ),
        Command::set(
            &[SERVER, ADD, HOST.part(), TRANSPORT],
            "Add a server at the usual port",
            "syslog server add logs.example.com tls",
            |v| ask(Syslog::AddServer(server(&v[0], None, Some(&v[1]))?)),
        ),
        Command::set(
            &[SERVER, ADD, HOST.part(), PORT.part()],
            "Add a server, TCP",
            "syslog server add logs.example.com 1514",
            |v| ask(Syslog::AddServer(server(&v[0], Some(&v[1]), None)?)),
        ),
        Command::set(
            &[SERVER, ADD, HOST.part(), PORT.part(), TRANSPORT],
            "Add a server",
            "syslog server add logs.example.com 6514 tls",
            |v| ask(Syslog::AddServer(server(&v[0], Some(&v[1]), Some(&v[2]))?)),
        ),
        Command::set(
            &[SERVER, word("del"), HOST.live(Live::SyslogServers).part()],
            "Remove a server",
            "syslog server del logs.example.com",
            |v| ask(Syslog::DelServer(v[0].parse()?)),
        ),
        Command::set(&[word("enable")], "Hand the logs on", "syslog enable", |_| ask(Syslog::Enable)),
        Command::set(&[word("disable")], "Keep the logs here", "syslog disable", |_| ask(Syslog::Disable)),
        Command::set(
            &[
                word("trust"),
                value::<FileName>("(<crt-bundle>|none)", "Uploaded certificates that vouch for servers over TLS")
                    .or(&[literal("none", "No certificates")])
                    .live(Live::Files)
                    .part(),
            ],
            "Set or clear the certificates that servers are checked against",
            "syslog trust logs-ca.cer",
            |v| ask(Syslog::Trust(if v[0] == "none" { None } else { Some(v[0].parse()?) })),
        ),
        Command::show(
            &[AUDIT_SERVER],
            "Show the servers of the audit log and how handing on goes",
            "syslog audit",
            |_| ask(Syslog::ShowAudit),
        ),
        Command::set(
            &[AUDIT_SERVER, ADD, HOST.part()],
            "Add a server, TCP port 514",
            "syslog audit add audit.example.com",
            |v| ask(Syslog::AddAudit(server(&v[0], None, None)?)),
        ),
        Command::set(
            &[AUDIT_SERVER, ADD, HOST.part(), TRANSPORT],
            "Add a server at the usual port",
            "syslog audit add audit.example.com tls",
            |v| ask(Syslog::AddAudit(server(&v[0], None, Some(&v[1]))?)),
        ),
        Command::set(
            &[AUDIT_SERVER, ADD, HOST.part(), PORT.part()],
            "Add a server, TCP",
            "syslog audit add audit.example.com 1514",
            |v| ask(Syslog::AddAudit(server(&v[0], Some(&v[1]), None)?)),
        ),
        Command::set(
            &[AUDIT_SERVER, ADD, HOST.part(), PORT.part(), TRANSPORT],
            "Add a server",
            "syslog audit add audit.example.com 6514 tls",
            |v| ask(Syslog::AddAudit(server(&v[0], Some(&v[1]), Some(&v[2]))?)),
        ),
        Command::set(
            &[AUDIT_SERVER, word("del"), HOST.live(Live::AuditServers).part()],
            "Remove a server",
            "syslog audit del audit.example.com",
            |v| ask(Syslog::DelAudit(v[0].parse()?)),
        ),
        Command::set(&[word("follow")], "Show lines as they come, until Ctrl-C", "syslog follow", |_| {
            ask(Syslog::Follow)
        })
        .streaming(),
        Command::set(&[TAIL], "Show the last 10 lines", "syslog tail", |_| ask(Syslog::Tail(USUAL_TAIL))).streaming(),
        Command::set(&[TAIL, LINES], "Show the last lines", "syslog tail 50", |v| ask(Syslog::Tail(lines(&v[0])?)))
            .streaming(),
        Command::set(&[word("page")], "Show the log page by page", "syslog page", |_| ask(Syslog::Page(None))),
        Command::set(&[word("search"), TEXT], "Show lines with a text", "syslog search \"permission denied\"", |v| {
            ask(Syslog::Search(v[0].clone()))
        })
        .streaming(),
        Command::set(
            &[
                word("rotate"),
                value::<FileName>("<file>", "Name of the file in the SFTP folder that keeps the log so far").part(),
            ],
            "Keep the present log as a file and begin a new one",
            "syslog rotate before-upgrade.log",
            |v| ask(Syslog::Rotate(v[0].parse()?)),
        ),
    ],
};

/// `audit`.
pub static AUDIT: Family = Family {
    name: "audit",
    summary: "Show the audit log",
    details: &[
        "Every command, login and refusal goes in, and every change that was undone. Nothing pushes these out early.",
    ],
    commands: &[
        Command::show(&[], "Show how much is kept and what goes in", "audit", |_| audit(Audit::Show)),
        Command::set(&[word("follow")], "Show lines as they come, until Ctrl-C", "audit follow", |_| {
            audit(Audit::Follow)
        })
        .streaming(),
        Command::set(&[TAIL], "Show the last 10 lines", "audit tail", |_| audit(Audit::Tail(USUAL_TAIL))).streaming(),
        Command::set(&[TAIL, LINES], "Show the last lines", "audit tail 50", |v| audit(Audit::Tail(lines(&v[0])?)))
            .streaming(),
        Command::set(&[word("search"), TEXT], "Show lines with a text", "audit search \"User admin\"", |v| {
            audit(Audit::Search(v[0].clone()))
        })
        .streaming(),
        Command::set(
            &[
                word("http"),
                choice(
                    "(enable|disable)",
                    "Requests to Web Admin and the API",
                    &[literal("enable", "Write them to the audit log"), literal("disable", "Leave them out")],
                ),
            ],
            "Set whether requests to Web Admin go in",
            "audit http enable",
            |v| audit(Audit::Http(v[0] == "enable")),
        ),
    ],
};

/// `generate_logbundle`.
pub static GENERATE_LOGBUNDLE: Family = Family {
    name: "generate_logbundle",
    summary: "Make logbundle.tar.gz, for support",
    details: &["Logs, settings without secrets, and the state of the system. Fetch it by SFTP."],
    commands: &[Command::set(&[], "Make the bundle", "generate_logbundle", |_| Ok(Request::LogBundle.into()))],
};

fn ask(ask: Syslog) -> Result<Action, InvalidValue> {
    Ok(Request::Syslog(ask).into())
}

fn audit(ask: Audit) -> Result<Action, InvalidValue> {
    Ok(Request::Audit(ask).into())
}

fn server(host: &str, port: Option<&str>, transport: Option<&str>) -> Result<Server, InvalidValue> {
    let transport = transport.map_or(Ok(Transport::Tcp), str::parse)?;
    let port = port.map_or(Ok(transport.usual_port()), str::parse)?;
    Ok(Server { host: host.parse()?, port, transport })
}

fn lines(word: &str) -> Result<u32, InvalidValue> {
    let digits = !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    word.parse()
        .ok()
        .filter(|lines| digits && (1..=100_000).contains(lines))
        .ok_or_else(|| InvalidValue::new("Invalid number of lines", word))
}
