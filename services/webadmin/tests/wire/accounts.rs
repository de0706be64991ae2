//! Who comes in, with the real mmpd behind the door: roles, the lock after wrong passwords by any door and its end, and what
//! the audit log has of it.

use mmp_control::{Request, Secret, request::User};
use mmp_model::Role;

use crate::support::{
    appliance::{Appliance, PASSWORD},
    status,
};

/// `<name>:temporary` for `Authorization`.
fn basic(name: &str, password: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    format!("Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

fn add(appliance: &Appliance, name: &str, role: Role) {
    let add = User::Add(name.parse().unwrap(), role, Secret::new("Wire-Password-2".into()));
    appliance.request(&Request::User(add));
}

#[test]
fn roles_a_lock_and_what_is_written_about_it() {
    let appliance = Appliance::start();
    add(&appliance, "cucm", Role::Api);
    add(&appliance, "keys", Role::Crypto);
    add(&appliance, "watch", Role::Audit);
    let cucm = basic("cucm", "Wire-Password-2");
    assert_eq!(appliance.api(2, &cucm).status, 200);
    for (last, name) in [(3, "keys"), (4, "watch")] {
        let answer = appliance.api(last, &basic(name, "Wire-Password-2"));
        assert_eq!((answer.status, answer.body.len(), answer.header("www-authenticate")), (403, 0, None), "{name}");
    }
    assert_eq!(appliance.api(5, &basic("keys", "wrong")).status, 401);
    // What a role may not, it may not by typed requests either.
    let denied =
        appliance.json("POST", "/api/mmp/v1/line", &format!("Authorization: {cucm}\r\n"), r#"{"line":"user list"}"#);
    assert_eq!(denied.status, 403, "{}", denied.text());

    // Two wrong passwords by the API and one by SSH lock the account at every door.
    appliance.line("user rule max_failed_logins 3");
    for last in [6, 7] {
        assert_eq!(appliance.api(last, &basic("cucm", "wrong")).status, 401);
    }
    assert!(!appliance.ssh("cucm", "wrong", 8));
    let locked = appliance.api(9, &cucm);
    assert_eq!((locked.status, locked.body.len()), (401, 0), "like a wrong password");
    let told = appliance.line("user info cucm").to_string();
    assert!(told.contains("lock"), "{told}");
    appliance.line("user unlock cucm");
    assert_eq!(appliance.api(10, &cucm).status, 200);

    // The other way round: SSH is closed by what was tried at the API.
    assert!(appliance.ssh("admin", PASSWORD, 11));
    for last in [12, 13, 14] {
        assert_eq!(appliance.api(last, &basic("admin", "wrong")).status, 401);
    }
    assert!(!appliance.ssh("admin", PASSWORD, 15));
}

#[test]
fn looking_leaves_no_lines_in_the_audit_log_and_changes_do() {
    let appliance = Appliance::start();
    let before = appliance.log().len();
    for _ in 0..3 {
        for line in ["version", "dns", "ipv4 a", "user list", "webadmin status", "license", "df"] {
            appliance.line(line);
        }
    }
    let looked = appliance.log()[before..].to_owned();
    assert!(!looked.contains("dns") && !looked.contains("user list"), "{looked}");
    appliance.line("dns add forwardzone . 192.0.2.53");
    appliance.line("audit");
    let changed = appliance.log()[before..].to_owned();
    assert!(changed.contains("dns add forwardzone . 192.0.2.53"), "{changed}");
}

#[test]
fn a_script_configures_the_appliance_as_the_readme_says() {
    let appliance = Appliance::start();
    let netrc = appliance.web.path().join("netrc");
    std::fs::write(&netrc, format!("machine localhost login admin password {PASSWORD}\n")).unwrap();
    let type_in = |line: &str| {
        let body = serde_json::json!({ "line": line }).to_string();
        appliance.web.curl("/api/mmp/v1/line", &["--netrc-file", netrc.to_str().unwrap(), "--json", &body])
    };
    for (line, wanted) in [
        ("ntp server add ntp1.example.com", "200"),
        ("dns add forwardzone . 192.0.2.53", "200"),
        ("dns add forwardzone . 192.0.2.53", "409"),
        ("reboot", "409"),
        ("dns add forwardzone", "400"),
    ] {
        let answer = type_in(line);
        assert_eq!(status(&answer), wanted, "{line}: {answer}");
    }
    assert!(type_in("ntp server list").contains("ntp1.example.com"));
}
