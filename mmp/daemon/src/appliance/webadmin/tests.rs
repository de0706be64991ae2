//! `webadmin` as an administrator meets it: each line of the checklist, and what goes on when something does not fit.

use std::{fs, path::Path};

use mmp_control::{
    Refusal, Reply, Request, reply,
    request::{Tls, Webadmin},
};
use mmp_model::{
    Username,
    account::DAY,
    tls::TlsService,
    webadmin::{Certs, Listen},
};
use rcgen::{CertificateParams, DnType, KeyPair};

use crate::{
    appliance::{Appliance, Asked},
    observe::clock,
    paths::Paths,
    store::Author,
    webadmin::{FOLDER, Service, Set},
};

fn start(folder: &Path) -> Appliance {
    let appliance = Appliance::start(Paths::below(folder), false);
    // The machine of a test has no board; mmpd knows then of `a` alone.
    assert!(appliance.letters().contains(&mmp_model::Letter::A));
    appliance
}

fn ask(appliance: &Appliance, request: Request) -> Result<String, Refusal> {
    let user = Username::factory();
    let author = Author { user: user.to_string(), origin: "test".into(), line: "line".into(), at: 0 };
    let asked = Asked { user: &user, author, seat: 1, within: None };
    let reply = match request {
        Request::Webadmin(Webadmin::Restart) => appliance.restart_webadmin()?,
        request => appliance.change(&asked, &request, &mut appliance.news.reader(1)).unwrap()?.reply,
    };
    match reply {
        Reply::Nothing => Ok(String::new()),
        Reply::Notice(text) => Ok(text),
        other => panic!("{other:?}"),
    }
}

fn web(appliance: &Appliance, ask_for: Webadmin) -> Result<String, Refusal> {
    ask(appliance, Request::Webadmin(ask_for))
}

fn refused(appliance: &Appliance, ask_for: Webadmin) -> Refusal {
    web(appliance, ask_for).unwrap_err()
}

fn listen(port: &str) -> Webadmin {
    Webadmin::Listen(Some(Listen { interface: mmp_model::Letter::A, port: port.parse().unwrap() }))
}

fn certs() -> Webadmin {
    let (key, certificate) = ("one.key".parse().unwrap(), "one.cer".parse().unwrap());
    Webadmin::Certs(Some(Certs { key, certificate, bundle: None }))
}

fn put(folder: &Path, name: &str, content: &str) {
    fs::write(Paths::below(folder).files().join(name), content).unwrap();
}

/// Uploads a pair that is valid from and to so many days from now.
fn put_pair(folder: &Path, name: &str, days: (i64, i64)) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    let at = |days: i64| {
        rcgen::date_time_ymd(1970, 1, 1)
            + std::time::Duration::from_secs(u64::try_from(clock::now() + days * DAY).unwrap())
    };
    (params.not_before, params.not_after) = (at(days.0), at(days.1));
    put(folder, "one.key", &key.serialize_pem());
    put(folder, "one.cer", &params.self_signed(&key).unwrap().pem());
}

/// The name in the certificate that the service is given.
fn given(folder: &Path) -> Option<(u64, String, Service)> {
    let set = Set::read(&Paths::below(folder))?;
    let name = set.origin.certificate.names.first().cloned().unwrap_or_default();
    Some((set.service.generation, name, set.service))
}

const GOOD: &str = "SUCCESS: TLS interface and port configured\nSUCCESS: Key and certificate pair match";

fn shown(appliance: &Appliance) -> reply::Webadmin {
    appliance.show_webadmin()
}

#[test]
fn each_check_says_what_is_missing_and_nothing_is_enabled() {
    let folder = tempfile::tempdir().unwrap();
    let appliance = start(folder.path());
    let enable = || refused(&appliance, Webadmin::Enable);
    let nothing = "FAILURE: TLS interface and port not configured\nFAILURE: Key and certificate not configured\n\
                   FAILURE: webadmin configuration not complete";
    assert_eq!(enable().message, nothing);
    // As the deployments type it: restart before enable.
    assert_eq!(web(&appliance, Webadmin::Restart).unwrap(), format!("{nothing}\nwebadmin not enabled"));
    assert_eq!(web(&appliance, listen("22")).unwrap(), "");
    assert!(enable().message.starts_with("FAILURE: port 22 on interface a already in use by ssh\n"));
    web(&appliance, listen("80")).unwrap();
    web(&appliance, Webadmin::HttpRedirect(true)).unwrap();
    assert!(enable().message.starts_with("FAILURE: port 80 on interface a already in use by webadmin http-redirect\n"));
    web(&appliance, listen("445")).unwrap();
    let ok = "SUCCESS: TLS interface and port configured\n";
    assert_eq!(refused(&appliance, certs()).message, "File not found: one.key");
    let closing = "FAILURE: webadmin configuration not complete";
    put_pair(folder.path(), "cms.example.com", (-1, 100));
    web(&appliance, certs()).unwrap();
    put(folder.path(), "one.key", &KeyPair::generate().unwrap().serialize_pem());
    let no_match = enable();
    assert_eq!(no_match.message, format!("{ok}FAILURE: Key and certificate pair do not match\n{closing}"));
    assert!(no_match.hint.unwrap().contains("pki match"));
    put_pair(folder.path(), "cms.example.com", (-100, -1));
    assert_eq!(enable().message, format!("{ok}FAILURE: Certificate has expired\n{closing}"));
    fs::remove_file(Paths::below(folder.path()).files().join("one.cer")).unwrap();
    assert_eq!(enable().message, format!("{ok}FAILURE: File not found: one.cer\n{closing}"));
    put(folder.path(), "one.cer", "hello");
    assert!(refused(&appliance, certs()).message.starts_with("one.cer "));
    assert!(!appliance.settings().webadmin.enabled && given(folder.path()).is_none());
}

#[test]
fn settings_reach_it_at_restart_and_a_pair_that_does_not_work_never_does() {
    let folder = tempfile::tempdir().unwrap();
    let appliance = start(folder.path());
    put_pair(folder.path(), "one.example.com", (-1, 100));
    web(&appliance, listen("445")).unwrap();
    web(&appliance, certs()).unwrap();
    assert_eq!(web(&appliance, Webadmin::Enable).unwrap(), GOOD);
    let (first, name, service) = given(folder.path()).unwrap();
    assert_eq!((name.as_str(), service.listen[0].port, service.redirect.len()), ("one.example.com", 445, 0));
    assert_eq!(shown(&appliance).pending, [""; 0]);

    // Settings and a new file wait.
    let waits = "Type 'webadmin restart' for the change to take effect";
    assert_eq!(web(&appliance, listen("446")).unwrap(), waits);
    assert_eq!(
        ask(&appliance, Request::Tls(Tls::Minimum(TlsService::Webadmin, "1.3".parse().unwrap()))).unwrap(),
        waits
    );
    put_pair(folder.path(), "two.example.com", (-1, 100));
    assert_eq!(
        shown(&appliance).pending,
        ["webadmin listen", "tls webadmin", "one.cer was replaced", "one.key was replaced"]
    );
    assert_eq!(given(folder.path()).unwrap().0, first);
    assert_eq!(web(&appliance, Webadmin::Restart).unwrap(), GOOD);
    let (second, name, service) = given(folder.path()).unwrap();
    assert!(second > first && shown(&appliance).pending.is_empty());
    assert_eq!((name.as_str(), service.listen[0].port), ("two.example.com", 446));
    assert_eq!(service.tls.minimum.word(), "1.3");

    // What does not fit is not taken, and that is said.
    put(folder.path(), "one.key", &KeyPair::generate().unwrap().serialize_pem());
    let broken = refused(&appliance, Webadmin::Restart);
    assert!(broken.message.contains("FAILURE: Key and certificate pair do not match"));
    assert!(broken.state.unwrap().starts_with("webadmin goes on as before, with the certificate of two.example.com"));
    assert_eq!(given(folder.path()).unwrap().1, "two.example.com");

    // mmpd alone is started anew: the service goes on with what it has. A whole boot finds the kept pair, and tells.
    drop(appliance);
    let appliance = start(folder.path());
    assert_eq!(given(folder.path()).unwrap().0, second);
    drop(appliance);
    fs::remove_dir_all(Paths::below(folder.path()).system(FOLDER)).unwrap();
    let appliance = start(folder.path());
    assert_eq!(given(folder.path()).unwrap().1, "two.example.com");
    let notice = "WARNING: webadmin serves with the last pair that worked, and not with the files that are set: Key and \
                  certificate pair do not match; put them right and type `webadmin restart`";
    assert!(appliance.notices().iter().any(|line| line == notice), "{:?}", appliance.notices());
    put_pair(folder.path(), "three.example.com", (-1, 100));
    assert_eq!(web(&appliance, Webadmin::Restart).unwrap(), GOOD);
    assert!(!appliance.notices().iter().any(|line| line == notice));

    assert_eq!(web(&appliance, Webadmin::Disable).unwrap(), "");
    assert!(given(folder.path()).is_none() && shown(&appliance).certificate.is_none());
}

#[test]
fn an_expired_certificate_serves_on_after_a_boot_and_the_last_days_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let appliance = start(folder.path());
    put_pair(folder.path(), "cms.example.com", (-1, 30));
    web(&appliance, listen("445")).unwrap();
    web(&appliance, certs()).unwrap();
    let said = web(&appliance, Webadmin::Enable).unwrap();
    assert!(said.starts_with(GOOD) && said.contains("WARNING: the certificate of webadmin expires on "), "{said}");
    assert!(appliance.notices().iter().any(|line| line.contains("the certificate of webadmin expires on ")));
    drop(appliance);
    // Nothing is kept of it, as on an appliance that a backup was rolled back on.
    put_pair(folder.path(), "old.example.com", (-30, -1));
    let paths = Paths::below(folder.path());
    fs::remove_dir_all(paths.system(FOLDER)).unwrap();
    fs::remove_file(paths.state().join("webadmin-pair.json")).unwrap();
    let appliance = start(folder.path());
    assert_eq!(given(folder.path()).unwrap().1, "old.example.com");
    assert!(appliance.notices().iter().any(|line| line.contains("the certificate of webadmin expired on ")));
    // By hand it is not taken.
    assert!(refused(&appliance, Webadmin::Restart).message.contains("FAILURE: Certificate has expired"));
}

#[test]
fn the_folder_and_the_kept_pair_are_for_those_who_need_them() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let appliance = start(folder.path());
    put_pair(folder.path(), "cms.example.com", (-1, 100));
    web(&appliance, listen("445")).unwrap();
    web(&appliance, certs()).unwrap();
    web(&appliance, Webadmin::Enable).unwrap();
    let paths = Paths::below(folder.path());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let set = paths.system(FOLDER);
    assert_eq!(mode(&set), 0o750);
    for (name, expected) in [("service.json", 0o640), ("key.pem", 0o640), ("chain.pem", 0o640), ("origin.json", 0o600)]
    {
        assert_eq!(mode(&set.join(name)), expected, "{name}");
    }
    assert_eq!(mode(&paths.state().join("webadmin-pair.json")), 0o600);
    assert!(!set.with_extension("new").exists());
    // The contract with the service.
    let service: serde_json::Value = serde_json::from_slice(&fs::read(set.join("service.json")).unwrap()).unwrap();
    assert_eq!(service["listen"][0], serde_json::json!({"address": "::", "port": 445}));
    assert_eq!(service["tls"], serde_json::json!({"minimum": "1.2", "ciphers": null}));
    assert!(service["control"].as_str().unwrap().ends_with("/run/mmpd/control.sock"));
}

#[test]
fn a_restore_point_brings_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let appliance = start(folder.path());
    put_pair(folder.path(), "cms.example.com", (-1, 100));
    web(&appliance, listen("445")).unwrap();
    web(&appliance, certs()).unwrap();
    web(&appliance, Webadmin::Enable).unwrap();
    let point = appliance.generation();
    web(&appliance, Webadmin::Disable).unwrap();
    assert!(given(folder.path()).is_none());
    let restore = mmp_control::request::SettingsAsk::Restore(point.to_string().parse().unwrap());
    ask(&appliance, Request::Settings(restore)).unwrap();
    assert_eq!(given(folder.path()).unwrap().1, "cms.example.com");
}
