//! `ssh host "line"` and lines from standard input.

mod support;

use std::process::Output;

use mmp_control::{
    Kind, Refusal, Reply, Request, Secret,
    reply::BackupCheck,
    request::{Backup, User},
};
use mmp_model::dns::Dns;
use support::{Mmpd, Say, welcome};

fn mmpd() -> Mmpd {
    Mmpd::new(welcome(), |request| match request {
        Request::Dns(_) => Say::Done(Reply::Dns(Dns::default())),
        Request::Status(_) => Say::Done(Reply::Value("CMS VM".into())),
        Request::Hostname(_) => {
            Say::Refused(Refusal::new(Kind::BadValue, "Invalid host name: x").hint("Type another name"))
        }
        Request::Iface(..) => Say::Refused(Refusal::denied()),
        Request::Ipv4(..) => Say::HangUp,
        _ => Say::Done(Reply::Nothing),
    })
}

/// A daemon with a backup of this appliance, `own`, and one of another, `other`.
fn with_backups() -> Mmpd {
    Mmpd::new(welcome(), |request| match request {
        Request::Backup(Backup::Check(name)) if name.to_string() == "own" => {
            Say::Done(Reply::BackupCheck(BackupCheck { wants_key: false, warnings: Vec::new() }))
        }
        Request::Backup(Backup::Check(name)) if name.to_string() == "other" => {
            Say::Done(Reply::BackupCheck(BackupCheck { wants_key: true, warnings: vec!["Another appliance".into()] }))
        }
        Request::Backup(Backup::Check(name)) => {
            Say::Refused(Refusal::new(Kind::Absent, format!("No such backup: {name}")))
        }
        _ => Say::Done(Reply::Notice("System will reboot now".into())),
    })
}

fn texts(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn one_line_prints_its_answer_and_nothing_else() {
    let (status, out, err) = texts(&mmpd().run(&["-c", "dns"], ""));
    assert_eq!((status, err.as_str()), (Some(0), ""));
    assert_eq!(out, "Forward zones:\n    none\nTrust anchors:\n    none\nResource records:\n    none\n");
}

#[test]
fn json_and_filters_work_without_a_terminal() {
    let mmpd = mmpd();
    let (_, out, _) = texts(&mmpd.run(&["-c", "dns --json"], ""));
    assert_eq!(out, "{\n  \"forward_zones\": [],\n  \"records\": [],\n  \"trust_anchors\": []\n}\n");
    let (_, out, _) = texts(&mmpd.run(&["-c", "dns | include none | count"], ""));
    assert_eq!(out, "3\n");
}

#[test]
fn every_way_to_fail_has_its_exit_status() {
    let mmpd = mmpd();
    for (line, expected, message) in [
        ("hostname x", 1, "Invalid host name: x\nType another name\n"),
        ("hostname -x", 2, "Invalid host name: -x\n"),
        ("fax", 2, "Unknown command: fax\nType 'help' for a list of commands\n"),
        ("iface a", 3, "Permission denied\n"),
        (
            "reboot",
            1,
            "Not confirmed: there is no terminal to ask on. Nothing was done.\nAdd '--yes' to go on without a question\n",
        ),
    ] {
        let (status, out, err) = texts(&mmpd.run(&["-c", line], ""));
        assert_eq!((status, out.as_str(), err.as_str()), (Some(expected), "", message), "{line}");
    }
    assert_eq!(mmpd.lines(), ["hostname x", "hostname -x", "fax", "iface a", "reboot"]);
    assert_eq!(texts(&mmpd.run(&["-c", "reboot --yes"], "")).0, Some(0));
    assert!(matches!(mmpd.calls().pop().unwrap().request, Request::Power(_)));
}

#[test]
fn without_mmpd_the_exit_status_is_four() {
    let mmpd = mmpd();
    let mut command = mmpd.command(&["-c", "dns"]);
    let (status, _, err) = texts(&command.env("MMP_SOCKET", "/nonexistent/control.sock").output().unwrap());
    assert_eq!(status, Some(4));
    assert!(err.starts_with("The management daemon does not answer. Nothing was done.\n"), "{err}");
}

#[test]
fn a_daemon_that_goes_away_in_the_middle_is_asked_once_more_for_what_only_shows() {
    let mmpd = mmpd();
    let (status, _, err) = texts(&mmpd.run(&["-c", "ipv4 a"], ""));
    assert_eq!((status, mmpd.calls().len()), (Some(4), 2), "{err}");
    let (status, _, err) = texts(&mmpd.run(&["-c", "ipv4 a dhcp"], ""));
    assert_eq!((status, mmpd.calls().len()), (Some(4), 3), "{err}");
    assert!(err.contains("whether the command was carried out is not known"), "{err}");
}

#[test]
fn what_comes_bit_by_bit_is_counted_once() {
    let mmpd = mmpd();
    for (line, counted) in [("syslog search x | count", "0\n"), ("syslog search x | include y | count", "0\n")] {
        assert_eq!(texts(&mmpd.run(&["-c", line], "")).1, counted, "{line}");
    }
    let mmpd = Mmpd::new(welcome(), |_| Say::Lines("one\ntwo\nthree\n"));
    for (line, counted) in [("syslog search x | count", "3\n"), ("syslog search x | include o | count", "2\n")] {
        assert_eq!(texts(&mmpd.run(&["-c", line], "")).1, counted, "{line}");
    }
}

#[test]
fn an_mmpd_that_died_over_a_change_is_not_said_to_have_done_nothing() {
    let mmpd = mmpd();
    let (socket, away) = (mmpd.home().join("control.sock"), mmpd.home().join("away.sock"));
    // It takes the request and goes away, and comes back a moment later.
    let mut shell = mmpd.command(&["-c", "hostname cms1"]);
    let dying = Mmpd::new(welcome(), move |_| {
        std::fs::rename(&socket, &away).unwrap();
        let (socket, away) = (socket.clone(), away.clone());
        std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(300));
            std::fs::rename(away, socket).unwrap();
        });
        Say::HangUp
    });
    std::fs::remove_file(mmpd.home().join("control.sock")).unwrap();
    std::fs::rename(dying.home().join("control.sock"), mmpd.home().join("control.sock")).unwrap();
    let (status, out, err) = texts(&shell.output().unwrap());
    assert_eq!((status, out.as_str()), (Some(4), ""), "{err}");
    assert!(
        err.contains("The management daemon went away; whether the command was carried out is not known\n"),
        "{err}"
    );
    assert!(!err.contains("Nothing was done"), "{err}");
}

#[test]
fn an_expired_password_is_changed_in_an_interactive_session_only() {
    let mmpd = Mmpd::new(mmp_control::Welcome { must_change_password: true, ..welcome() }, |_| Say::HangUp);
    let (status, out, err) = texts(&mmpd.run(&["-c", "dns"], ""));
    assert_eq!((status, out.as_str()), (Some(5), ""));
    assert_eq!(err, "Password has expired\nLog in without a command to set a new password\n");
}

#[test]
fn lines_from_standard_input_run_to_the_end_and_the_first_failure_counts() {
    let mmpd = mmpd();
    let (status, out, err) = texts(&mmpd.run(&[], "model\n\n  fax\r\nhostname x\nmodel"));
    assert_eq!((status, out.as_str()), (Some(2), "CMS VM\nCMS VM\n"), "{err}");
    assert_eq!(mmpd.lines(), ["model", "fax", "hostname x", "model"]);
    let (status, out, _) = texts(&mmpd.run(&["-c", "model\nmodel\nexit\nmodel"], ""));
    assert_eq!((status, out.as_str()), (Some(0), "CMS VM\nCMS VM\n"));
}

#[test]
fn passwords_come_from_standard_input_and_never_reach_the_log() {
    let mmpd = mmpd();
    let (status, out, err) = texts(&mmpd.run(&[], "user add bob admin\nsecret 1\nsecret 1\nmodel\n"));
    assert_eq!((status, out.as_str(), err.as_str()), (Some(0), "Success\nCMS VM\n", ""));
    let calls = mmpd.calls();
    let Request::User(User::Add(user, _, secret)) = &calls[1].request else { panic!("{calls:?}") };
    assert_eq!((user.as_str(), secret.reveal()), ("bob", "secret 1"));
    assert_eq!(mmpd.lines(), ["user add bob admin", "user add bob admin", "model"]);
    let (status, _, err) = texts(&mmpd.run(&["-c", "passwd bob"], "one\ntwo\n"));
    assert_eq!((status, err.as_str()), (Some(1), "Passwords do not match\n"));
}

#[test]
fn odd_bytes_are_refused_and_nothing_breaks() {
    let mmpd = mmpd();
    let long = format!("hostname {}\nmodel\n", "x".repeat(10_000));
    for input in ["\u{1b}[2J\nmodel\n", "dns \0\nmodel\n", "\"\nmodel\n", long.as_str()] {
        let (status, out, _) = texts(&mmpd.run(&[], input));
        assert_eq!((status, out.as_str()), (Some(2), "CMS VM\n"), "{input:?}");
    }
}

#[test]
fn arguments_that_are_not_a_line_are_refused() {
    assert_eq!(texts(&mmpd().run(&["-x"], "")).0, Some(2));
    assert_eq!(texts(&mmpd().run(&["-c", "/bin/sh"], "")).0, Some(2));
}

#[test]
fn a_rollback_is_checked_first_and_asks_for_a_key_only_where_one_is_needed() {
    let mmpd = with_backups();
    let (status, out, err) = texts(&mmpd.run(&["-c", "backup rollback none --yes"], ""));
    assert_eq!((status, out.as_str(), err.as_str()), (Some(1), "", "No such backup: none\n"));
    let (status, ..) = texts(&mmpd.run(&["-c", "backup rollback own"], ""));
    assert_eq!(status, Some(1), "it is not confirmed");
    let asked = |mmpd: &Mmpd| mmpd.calls().into_iter().map(|call| call.request).next_back().unwrap();
    let rollback = |name: &str, key: Option<&str>| {
        let key = key.map(|key| Secret::new(key.into()));
        Request::Backup(Backup::Rollback { name: name.parse().unwrap(), key })
    };
    assert_eq!(asked(&mmpd), Request::Noted);
    let (status, out, _) = texts(&mmpd.run(&["-c", "backup rollback own.bak --yes"], ""));
    assert_eq!((status, out.as_str()), (Some(0), "System will reboot now\n"));
    assert_eq!(asked(&mmpd), rollback("own", None));
    let (status, out, _) = texts(&mmpd.run(&["-c", "backup rollback other --yes"], "7K3M\n"));
    assert_eq!((status, out.as_str()), (Some(0), "Another appliance\nSystem will reboot now\n"));
    assert_eq!(asked(&mmpd), rollback("other", Some("7K3M")));
    assert!(mmpd.lines().iter().all(|line| !line.contains("7K3M")), "the key is in the log");
}
