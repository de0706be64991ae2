//! What the control socket does with who has no business there: every request of every role, and bytes that are no
//! requests at all.

use std::{
    io::{Read, Write},
    net::Shutdown,
    os::unix::net::UnixStream,
    path::Path,
    thread,
};

use mmp_control::{
    Answer, Ask, Call, Hello, Kind, Program, Request, Secret,
    frame::{self, HEADER},
    request::{
        Access, Audit, Backup, Date, Dns, Door, Dscp, FactoryReset, File, Firewall, HostnameAsk, Iface, Ipv4, Ipv6,
        Live, LookupType, Ntp, Pcap, Pki, Power, Probe, Recover, Recovery, SettingsAsk, Ssh, Status, Syslog, Text,
        Timezone, Tls, Trial, User, Web, Webadmin,
    },
};
use mmp_model::{
    Letter, Role, Settings,
    account::Accounts,
    firewall::Policy,
    interface::LinkMode,
    ssh::{Algorithms, PublicKeys},
    text::Which,
};

use super::hold;
use crate::{
    appliance::Appliance,
    password,
    paths::Paths,
    store::{Author, Store},
};

const KEY: &[u8] = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

/// At least one request of every kind; a kind that is new does not compile until somebody has put one here.
fn every_request() -> Vec<Request> {
    let a = Letter::A;
    let admin = || "admin".parse().unwrap();
    let secret = || Secret::new("New-Pass-1".into());
    let file = |name: &str| name.parse().unwrap();
    let host = || "192.0.2.1".parse().unwrap();
    let server = || serde_json::from_str(r#"{"host":"192.0.2.1","port":"514","transport":"tcp"}"#).unwrap();
    let zone = || mmp_model::dns::ForwardZone { domain: ".".parse().unwrap(), server: [192, 0, 2, 53].into() };
    let begin = Access::Recover { console: "ttyS0".into(), ask: Recover::Begin };
    let all = vec![
        Request::Access(Access::Admit { user: "admin".into(), door: Door::Ssh, origin: "192.0.2.1".into() }),
        Request::Access(Access::Authenticate {
            user: "admin".into(),
            password: Secret::new("admin".into()),
            door: Door::Console,
            origin: "console ttyS0".into(),
        }),
        Request::Access(begin),
        Request::Web(Web::Check { token: secret(), origin: "192.0.2.1:1".into() }),
        Request::Web(Web::SignOut { token: secret() }),
        Request::Access(Access::Recover {
            console: "ttyS0".into(),
            ask: Recover::Set { user: "admin".into(), password: secret() },
        }),
        Request::User(User::List),
        Request::User(User::Info(admin())),
        Request::User(User::CheckAdd("eve".parse().unwrap(), Role::Admin)),
        Request::User(User::CheckReset(admin())),
        Request::User(User::Add("eve".parse().unwrap(), Role::Admin, secret())),
        Request::User(User::Del(admin())),
        Request::User(User::Expire(admin())),
        Request::User(User::Reset(admin(), secret())),
        Request::User(User::Rules),
        Request::User(User::AddHost(admin(), host())),
        Request::User(User::DelHost(admin(), host())),
        Request::User(User::Duty(admin(), None)),
        Request::User(User::Evict(admin())),
        Request::User(User::Unlock(admin())),
        Request::Iface(a, Iface::Show),
        Request::Iface(a, Iface::Mode(LinkMode::Default)),
        Request::Iface(a, Iface::Mtu("1400".parse().unwrap())),
        Request::Ipv4(a, Ipv4::Show),
        Request::Ipv4(a, Ipv4::Dhcp),
        Request::Ipv4(a, Ipv4::Del),
        Request::Ipv6(a, Ipv6::Show),
        Request::Ipv6(a, Ipv6::Disable),
        Request::Dns(Dns::Show),
        Request::Dns(Dns::AddZone(zone())),
        Request::Dns(Dns::Lookup(LookupType::A, "example.com".parse().unwrap())),
        Request::Dns(Dns::Flush),
        Request::Dscp(Dscp::Show),
        Request::Dscp(Dscp::Assured(true)),
        Request::Firewall(a, Firewall::Show),
        Request::Firewall(a, Firewall::Default(Policy::Deny)),
        Request::Hostname(HostnameAsk::Show),
        Request::Hostname(HostnameAsk::Set("eve".parse().unwrap())),
        Request::Ntp(Ntp::List),
        Request::Ntp(Ntp::Add(host())),
        Request::Timezone(Timezone::Show),
        Request::Timezone(Timezone::Set("UTC".parse().unwrap())),
        Request::Date(Date::Show),
        Request::Date(Date::Set(0)),
        Request::Syslog(Syslog::Show),
        Request::Syslog(Syslog::AddServer(server())),
        Request::Syslog(Syslog::Enable),
        Request::Syslog(Syslog::Tail(10)),
        Request::Syslog(Syslog::Search("x".into())),
        Request::Syslog(Syslog::Rotate(file("x"))),
        Request::Syslog(Syslog::AddAudit(server())),
        Request::Audit(Audit::Show),
        Request::Audit(Audit::Tail(10)),
        Request::LogBundle,
        Request::Recovery(Recovery::Show),
        Request::Recovery(Recovery::Enable(false)),
        Request::Ssh(Ssh::Show),
        Request::Ssh(Ssh::Keys),
        Request::Ssh(Ssh::Fingerprints),
        Request::Ssh(Ssh::Algorithms(Algorithms::Compatible)),
        Request::Ssh(Ssh::SetKeys(admin(), PublicKeys::read(KEY).unwrap())),
        Request::Ssh(Ssh::DelKeys(admin())),
        Request::Tls(Tls::Show(None)),
        Request::Webadmin(Webadmin::Show),
        Request::Webadmin(Webadmin::Listen(None)),
        Request::Webadmin(Webadmin::Certs(None)),
        Request::Webadmin(Webadmin::Enable),
        Request::Webadmin(Webadmin::Restart),
        Request::Alarms,
        Request::Text(Which::Banner, Text::Show),
        Request::Text(Which::Banner, Text::Add("x".parse().unwrap())),
        Request::Text(Which::Motd, Text::Del),
        Request::Probe(Probe::Ping, host()),
        Request::Pcap(a, Pcap { size: None, time: None, filter: None }),
        Request::License,
        Request::Pki(Pki::Show),
        Request::Pki(Pki::Import(file("one.p12"), None, secret())),
        Request::Pki(Pki::ToSsh(admin(), secret())),
        Request::Pki(Pki::Inspect(file("one.key"))),
        Request::Pki(Pki::Sign("one".parse().unwrap(), "ca".parse().unwrap())),
        Request::Status(Status::Df),
        Request::Status(Status::Health),
        Request::Backup(Backup::List),
        Request::Backup(Backup::Key),
        Request::Backup(Backup::Snapshot("x".parse().unwrap())),
        Request::Backup(Backup::Rollback { name: "x".parse().unwrap(), key: None }),
        Request::FactoryReset(FactoryReset::Full),
        Request::Power(Power::Reboot),
        Request::Power(Power::Shutdown),
        Request::Trial(Trial::Change("60".parse().unwrap(), Box::new(Request::Dns(Dns::AddZone(zone()))))),
        Request::Settings(SettingsAsk::List),
        Request::Settings(SettingsAsk::Restore("1".parse().unwrap())),
        Request::Settings(SettingsAsk::Load(file("cms1.json"))),
        Request::News,
        Request::File(File::Open(file("live.json"))),
        Request::File(File::Open(file("log"))),
        Request::File(File::Create { name: file("admin.pub"), ticket: 1, keep: false }),
        Request::File(File::Create { name: file("motd"), ticket: 2, keep: false }),
        Request::File(File::Create { name: file("cms.lic"), ticket: 3, keep: false }),
        Request::File(File::Commit { ticket: 1 }),
        Request::File(File::Remove(file("admin.pub"))),
        Request::File(File::Rename { from: file("x.cer"), to: file("admin.pub"), replace: true }),
        Request::Live(Live::Users),
        Request::Noted,
    ];
    all.iter().for_each(known);
    all
}

/// Names every kind of request, so that a new one is missed by the compiler.
fn known(request: &Request) {
    match request {
        Request::Access(_)
        | Request::Web(_)
        | Request::Tls(_)
        | Request::Webadmin(_)
        | Request::Alarms
        | Request::User(_)
        | Request::Iface(..)
        | Request::Ipv4(..)
        | Request::Ipv6(..)
        | Request::Dns(_)
        | Request::Dscp(_)
        | Request::Firewall(..)
        | Request::Hostname(_)
        | Request::Ntp(_)
        | Request::Timezone(_)
        | Request::Date(_)
        | Request::Syslog(_)
        | Request::Audit(_)
        | Request::LogBundle
        | Request::Recovery(_)
        | Request::Ssh(_)
        | Request::Text(..)
        | Request::Probe(..)
        | Request::Status(_)
        | Request::Backup(_)
        | Request::FactoryReset(_)
        | Request::Power(_)
        | Request::Trial(_)
        | Request::Settings(_)
        | Request::News
        | Request::File(_)
        | Request::Live(_)
        | Request::Noted
        | Request::License
        | Request::Pki(_)
        | Request::Pcap(..) => {}
    }
}

/// What is no administrator's alone, by `mmp.md` sections 2.1, 2.6 and 21: written here once more, by hand.
fn is_theirs(role: Role, request: &Request) -> bool {
    let shell = matches!(role, Role::Crypto | Role::Audit);
    match request {
        Request::Noted => true,
        Request::Pki(Pki::ToSsh(..)) => false,
        Request::Pki(_) | Request::Tls(_) | Request::Webadmin(Webadmin::Certs(_)) => role == Role::Crypto,
        Request::News | Request::Date(Date::Show) | Request::Live(_) => shell,
        Request::License => matches!(role, Role::Appadmin | Role::Api),
        Request::Audit(_) | Request::Syslog(Syslog::AddAudit(_)) => role == Role::Audit,
        _ => false,
    }
}

/// An appliance on which this very process is an account of the role, beside the administrator.
fn appliance(folder: &Path, role: Role) -> Appliance {
    let mut settings = Settings::factory(Accounts::factory(password::factory()));
    let mut me = settings.accounts.accounts.values().next().unwrap().clone();
    me.uid = nix::unistd::geteuid().as_raw();
    me.role = role;
    (me.expired, me.changed) = (false, crate::observe::clock::now());
    settings.accounts.accounts.insert("me".parse().unwrap(), me);
    let paths = Paths::below(folder);
    std::fs::create_dir_all(paths.settings()).unwrap();
    let author = Author { user: "test".into(), origin: "test".into(), line: String::new(), at: 0 };
    Store::load(&paths.settings()).store.save(&settings, author).unwrap();
    Appliance::start(paths, false)
}

pub(super) fn answer(stream: &mut UnixStream) -> Option<Answer> {
    let mut header = [0; HEADER];
    stream.read_exact(&mut header).ok()?;
    let mut body = vec![0; frame::body_length(header).unwrap()];
    stream.read_exact(&mut body).ok()?;
    Some(frame::decode(&body).unwrap())
}

pub(super) fn conversation<T>(appliance: &Appliance, talk: impl FnOnce(UnixStream) -> T) -> T {
    let (ours, theirs) = UnixStream::pair().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| hold(appliance, theirs));
        talk(ours)
    })
}

fn open(stream: &mut UnixStream) -> Option<Answer> {
    let hello = Hello { program: Program::Shell, origin: "192.0.2.1:1".into() };
    stream.write_all(&frame::encode(&hello).unwrap()).unwrap();
    answer(stream)
}

#[test]
fn no_role_gets_by_any_request_what_is_an_administrators() {
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Admin) {
        let folder = tempfile::tempdir().unwrap();
        let appliance = appliance(folder.path(), role);
        let before = appliance.settings();
        conversation(&appliance, |mut stream| {
            assert!(matches!(open(&mut stream), Some(Answer::Opened(_))), "{role}");
            for request in every_request() {
                if is_theirs(role, &request) {
                    continue;
                }
                let call = Call { line: String::new(), request: request.clone() };
                stream.write_all(&frame::encode(&Ask::Call(Box::new(call))).unwrap()).unwrap();
                let Some(Answer::Refused(refusal)) = answer(&mut stream) else { panic!("{role} may {request:?}") };
                // A file of somebody else's is not there for them, and neither is an upload that was refused.
                let hidden = refusal.kind == Kind::Absent && matches!(request, Request::File(_));
                assert!(refusal.kind == Kind::Denied || hidden, "{role}: {request:?}: {refusal}");
            }
        });
        assert_eq!(appliance.settings(), before, "{role}");
    }
}

#[test]
fn passwords_and_recovery_are_asked_by_roots_programs_alone() {
    let folder = tempfile::tempdir().unwrap();
    // An administrator, but not one of root's programs.
    let appliance = appliance(folder.path(), Role::Admin);
    conversation(&appliance, |mut stream| {
        open(&mut stream);
        for request in every_request().into_iter().filter(|request| matches!(request, Request::Access(_))) {
            let call = Call { line: String::new(), request };
            stream.write_all(&frame::encode(&Ask::Call(Box::new(call))).unwrap()).unwrap();
            assert!(matches!(answer(&mut stream), Some(Answer::Refused(refusal)) if refusal.kind == Kind::Denied));
        }
    });
}

#[test]
fn a_million_random_bytes_change_nothing_and_keep_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let appliance = appliance(folder.path(), Role::Audit);
    let before = appliance.settings();
    // xorshift64: the same bytes in every run.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let random = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    });
    let bytes: Vec<u8> = random.take(1_000_000).collect();
    let opening = frame::encode(&Hello { program: Program::Shell, origin: "x".into() }).unwrap();
    for (index, part) in bytes.chunks(5_000).enumerate() {
        conversation(&appliance, |mut stream| {
            // As they are; with a right length before them; and in the middle of a conversation. The other side may end it
            // at any byte.
            let length = u32::try_from(part.len()).unwrap().to_be_bytes();
            let begin: &[&[u8]] = match index % 3 {
                0 => &[],
                1 => &[&length],
                _ => &[&opening, &length],
            };
            let _ = stream.write_all(&[&begin.concat(), part].concat());
            let _ = stream.shutdown(Shutdown::Write);
            let mut said = Vec::new();
            let _ = stream.read_to_end(&mut said);
            assert!(said.len() < 4096, "{} bytes in answer", said.len());
        });
    }
    assert_eq!(appliance.settings(), before);
    conversation(&appliance, |mut stream| assert!(matches!(open(&mut stream), Some(Answer::Opened(_)))));
}
