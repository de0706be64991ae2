//! Transcripts of `pki`, `license`, `webadmin` and `tls`, with what mmpd refuses, over `ssh host "line"`; and the
//! questions for passphrases on a terminal.

#![allow(clippy::unwrap_used)]

mod support;

use mmp_control::{
    Kind, Refusal, Reply, Request,
    reply::{License, LicenseFeature, PkiUse},
    request::{Pki, Webadmin},
};
use support::{Mmpd, Say, welcome};

const CHECKLIST: &str = "SUCCESS: TLS interface and port configured\nFAILURE: Certificate has expired\nFAILURE: webadmin \
                         configuration not complete";

fn mmpd() -> Mmpd {
    Mmpd::new(welcome(), |request| match request {
        Request::Pki(Pki::Show) => Say::Done(Reply::PkiUses(vec![PkiUse {
            service: "webadmin".into(),
            purpose: "certificate".into(),
            file: "one.cer".parse().unwrap(),
            fault: Some("a certificate in it expired on 2026-10-05".into()),
        }])),
        Request::Pki(Pki::List) => Say::Done(Reply::PkiFiles(vec!["one.p12".parse().unwrap()])),
        Request::Pki(Pki::CheckImport(file, _)) if file.as_str() == "gone.p12" => {
            Say::Refused(Refusal::new(Kind::Absent, "File not found: gone.p12").hint("`pki list` shows what is there"))
        }
        Request::Pki(Pki::Import(_, _, passphrase)) if passphrase.reveal() == "Sesame-1" => {
            Say::Done(Reply::Notice("Created key file one.key, certificate file one.cer".into()))
        }
        Request::Pki(Pki::Import(..)) => Say::Refused(Refusal::new(Kind::BadValue, "Incorrect passphrase")),
        Request::License => Say::Done(Reply::License(License {
            fault: None,
            features: vec![LicenseFeature {
                feature: "callbridge".into(),
                api_name: "callBridge".into(),
                status: "grace".into(),
                trial: false,
                expiry: "2026-Oct-05".into(),
                days: 12,
                limit: None,
            }],
        })),
        Request::Webadmin(Webadmin::Restart) => Say::Refused(
            Refusal::new(Kind::Conflict, CHECKLIST)
                .state("webadmin goes on as before, with the certificate of cms.example.com")
                .hint("make a request with `pki csr` and have it signed"),
        ),
        Request::Tls(_) => Say::Done(Reply::Notice("WARNING: versions below 1.2 can be broken".into())),
        _ => Say::Done(Reply::Nothing),
    })
}

#[test]
fn lines_print_what_scripts_read_and_end_with_their_status() {
    let mmpd = mmpd();
    let mut transcript = String::new();
    for line in [
        "pki",
        "pki list",
        "pki import gone.p12",
        "pki import one.p12 a.b",
        "pki match one.key",
        "license",
        "webadmin restart",
        "webadmin listen a 0",
        "tls webadmin min-tls-version 1.0",
        "tls webadmin min-tls-version 0.9",
    ] {
        let output = mmpd.run(&["-c", line], "");
        let text = [output.stdout, output.stderr].concat();
        let (text, code) = (String::from_utf8(text).unwrap(), output.status.code().unwrap());
        transcript.push_str(&format!("cms> {line}\n{text}[{code}]\n"));
    }
    insta::assert_snapshot!(transcript);
}

#[test]
fn the_passphrase_of_a_file_is_asked_for_and_not_shown() {
    let mmpd = mmpd();
    let mut terminal = mmpd.terminal(&[]);
    terminal.expect("cms> ");
    for (typed, answer) in [("wrong\r", "Incorrect passphrase"), ("Sesame-1\r", "Created key file one.key")] {
        terminal.send("pki import one.p12\r");
        terminal.expect("Please enter the passphrase of the file:");
        terminal.send(typed);
        assert_eq!(terminal.expect(answer).trim(), "", "nothing is echoed");
        terminal.expect("cms> ");
    }
    assert!(mmpd.lines().iter().all(|line| !line.contains("Sesame")), "{:?}", mmpd.lines());
}
