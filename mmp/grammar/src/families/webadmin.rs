//! `webadmin` and `tls` (`mmp.md` sections 10 and 20).

use mmp_control::{
    Request,
    request::{Live, Tls, Webadmin},
};
use mmp_model::{
    FileName, InvalidValue,
    syslog::Port,
    tls::{CipherList, PeerService, TlsService},
    webadmin::{Certs, Listen},
};

use super::INTERFACE;
use crate::{
    action::Action,
    table::{Command, Family, Part, Value, Word, choice, group, literal, value, word},
};

const LISTEN: Part = group("listen", "Where HTTPS is answered");
const CERTS: Part = choice(
    "(certs|cert)",
    "The key and certificate that it shows",
    &[literal("certs", "The key and certificate that it shows"), literal("cert", "The same")],
);
const KEY: Part = value::<FileName>("<key-file>", "Uploaded or made private key").live(Live::Files).part();
const CERTIFICATE: Part = value::<FileName>("<crt-file>", "Uploaded certificate").live(Live::Files).part();
const BUNDLE: Part =
    value::<FileName>("<crt-bundle>", "Uploaded certificates that lead to a root").live(Live::Files).part();
const SWITCH: Part = choice("(enable|disable)", "On or off", &[literal("enable", "On"), literal("disable", "Off")]);

/// `webadmin`.
pub static WEBADMIN: Family = Family {
    name: "webadmin",
    summary: "Configure the Web Admin interface",
    details: &[
        "Set listen and certs, then enable. The API answers at the same port.",
        "What is set while it runs waits for 'webadmin restart', which drops no connection. A pair that cannot be used is",
        "not taken: the one before goes on.",
    ],
    commands: &[
        Command::show(&[], "Show the settings and whether it runs", "webadmin", |_| ask(Webadmin::Show)),
        Command::set(&[word("restart")], "Take the settings as they are now", "webadmin restart", |_| {
            ask(Webadmin::Restart)
        }),
        Command::set(&[word("enable")], "Check what it needs and switch it on", "webadmin enable", |_| {
            ask(Webadmin::Enable)
        }),
        Command::set(&[word("disable")], "Switch it off; the settings stay", "webadmin disable", |_| {
            ask(Webadmin::Disable)
        }),
        Command::set(&[LISTEN, INTERFACE], "Answer at port 443 of an interface", "webadmin listen a", |v| {
            listen(&v[0], None)
        }),
        Command::set(
            &[LISTEN, INTERFACE, value::<Port>("<port>", "Port, 1 to 65535").part()],
            "Answer at a port of an interface",
            "webadmin listen a 445",
            |v| listen(&v[0], Some(&v[1])),
        ),
        Command::set(&[LISTEN, word("none")], "Answer nowhere", "webadmin listen none", |_| {
            ask(Webadmin::Listen(None))
        }),
        Command::set(
            &[CERTS, KEY, CERTIFICATE],
            "Set the key and certificate",
            "webadmin certs onecert.key onecert.cer",
            |v| certs(&v[1..]),
        ),
        Command::set(
            &[CERTS, KEY, CERTIFICATE, BUNDLE],
            "Set the key, the certificate and those that lead to a root",
            "webadmin certs onecert.key onecert.cer ca-bundle.cer",
            |v| certs(&v[1..]),
        ),
        Command::set(&[CERTS, word("none")], "Let go of key and certificate", "webadmin certs none", |_| {
            ask(Webadmin::Certs(None))
        }),
        Command::set(
            &[word("http-redirect"), SWITCH],
            "Have port 80 lead to HTTPS, or not",
            "webadmin http-redirect enable",
            |v| ask(Webadmin::HttpRedirect(v[0] == "enable")),
        ),
        Command::show(
            &[word("status")],
            "Show where it answers, its certificate and what waits for a restart",
            "webadmin status",
            |_| ask(Webadmin::Status),
        ),
    ],
};

const SERVICES: &[Word] = &[
    literal("sip", "SIP; takes effect at 'callbridge restart'"),
    literal("ldap", "LDAP; takes effect at 'callbridge restart'"),
    literal("webadmin", "Web Admin and the API; takes effect at 'webadmin restart'"),
];
const SERVICE: Part = value::<TlsService>("(sip|ldap|webadmin)", "Which service").or(SERVICES).part();
const PEERS: Part =
    value::<PeerService>("(sip|ldap)", "Which service").or(&[literal("sip", "SIP"), literal("ldap", "LDAP")]).part();
const VERSION: Value = value::<mmp_model::tls::TlsVersion>("(1.0|1.1|1.2|1.3)", "Lowest version").or(&[
    literal("1.0", "Broken; for old programs only"),
    literal("1.1", "Broken; for old programs only"),
    literal("1.2", "The default"),
    literal("1.3", "The newest alone"),
]);
const DTLS: Value = value::<mmp_model::tls::DtlsVersion>("(1.0|1.1|1.2)", "Lowest version").or(&[
    literal("1.0", "For old programs only"),
    literal("1.1", "There is none; the same as 1.2"),
    literal("1.2", "The default"),
]);

/// `tls`.
pub static TLS: Family = Family {
    name: "tls",
    summary: "Show and configure the versions and ciphers of TLS",
    details: &[
        "Below 1.2 whoever listens in can break the encryption; use it only for programs that cannot do better.",
    ],
    commands: &[
        Command::show(&[], "Show the settings of all services", "tls", |_| tls(Tls::Show(None))),
        Command::show(&[SERVICE], "Show the settings of a service", "tls webadmin", |v| {
            tls(Tls::Show(Some(v[0].parse()?)))
        }),
        Command::set(
            &[SERVICE, word("min-tls-version"), VERSION.part()],
            "Set the lowest version that a service accepts",
            "tls webadmin min-tls-version 1.2",
            |v| tls(Tls::Minimum(v[0].parse()?, v[1].parse()?)),
        ),
        Command::set(
            &[word("min-dtls-version"), DTLS.part()],
            "Set the lowest version of DTLS",
            "tls min-dtls-version 1.2",
            |v| tls(Tls::MinimumDtls(v[0].parse()?)),
        ),
        Command::set(
            &[
                SERVICE,
                word("ciphers"),
                value::<CipherList>("(<cipher-string>|default)", "Ciphers in the form of 'openssl ciphers'")
                    .or(&[literal("default", "The service's own choice")])
                    .part(),
            ],
            "Set the ciphers that a service accepts",
            "tls webadmin ciphers default",
            |v| tls(Tls::Ciphers(v[0].parse()?, if v[1] == "default" { None } else { Some(v[1].parse()?) })),
        ),
        Command::set(
            &[
                PEERS,
                word("trust"),
                value::<FileName>("(<crt-bundle>|none)", "Uploaded certificates to check peers against")
                    .or(&[literal("none", "No certificates")])
                    .live(Live::Files)
                    .part(),
            ],
            "Set or clear the certificates that peers are checked against",
            "tls sip trust none",
            |v| tls(Tls::Trust(v[0].parse()?, if v[1] == "none" { None } else { Some(v[1].parse()?) })),
        ),
        Command::set(
            &[
                PEERS,
                word("verify"),
                choice(
                    "(enable|disable|ocsp)",
                    "Whether peers are checked",
                    &[
                        literal("enable", "Check the certificate"),
                        literal("disable", "Take any"),
                        literal("ocsp", "Check it, and ask whether it was withdrawn"),
                    ],
                ),
            ],
            "Whether the certificates of peers are checked",
            "tls sip verify disable",
            |v| tls(Tls::Verify(v[0].parse()?, v[1].parse()?)),
        ),
    ],
};

fn ask(ask: Webadmin) -> Result<Action, InvalidValue> {
    Ok(Request::Webadmin(ask).into())
}

fn tls(ask: Tls) -> Result<Action, InvalidValue> {
    Ok(Request::Tls(ask).into())
}

fn listen(interface: &str, port: Option<&str>) -> Result<Action, InvalidValue> {
    let port = port.map_or(Ok(Listen::usual_port()), str::parse)?;
    ask(Webadmin::Listen(Some(Listen { interface: interface.parse()?, port })))
}

fn certs(files: &[String]) -> Result<Action, InvalidValue> {
    let bundle = files.get(2).map(|file| file.parse()).transpose()?;
    ask(Webadmin::Certs(Some(Certs { key: files[0].parse()?, certificate: files[1].parse()?, bundle })))
}
