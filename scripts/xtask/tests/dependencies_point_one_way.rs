//! Dependencies between the crates of the workspace point one way: from doors to the client, to the protocol, to the
//! model; tests and tools above all. A crate that is not in the table, or an arrow that is not, fails.

use std::{collections::BTreeMap, process::Command};

use serde_json::Value;

/// Who may use which crate of this workspace, in shipped code.
const MAY_USE: &[(&str, &[&str])] = &[
    ("mmp-model", &[]),
    ("mmp-backup", &["mmp-model"]),
    ("mmp-capture", &["mmp-model"]),
    ("mmp-control", &["mmp-model"]),
    ("mmp-client", &["mmp-control"]),
    ("mmp-grammar", &["mmp-control", "mmp-model"]),
    ("mmp-shell", &["mmp-client", "mmp-control", "mmp-grammar", "mmp-model"]),
    ("mmp-sftp", &["mmp-client", "mmp-control", "mmp-model"]),
    ("mmp-access", &["mmp-client", "mmp-control", "mmp-model"]),
    ("mmp-daemon", &["mmp-backup", "mmp-control", "mmp-licence", "mmp-log", "mmp-model", "mmp-pki"]),
    ("mmp-licence", &[]),
    ("mmp-log", &["mmp-model"]),
    ("mmp-pkcs12", &[]),
    ("mmp-pki", &["mmp-model"]),
    ("meeting-api", &[]),
    ("syslog", &["mmp-log", "mmp-model"]),
    ("service-tls", &[]),
    ("webadmin", &["meeting-api", "mmp-client", "mmp-control", "mmp-grammar", "mmp-model", "service-tls"]),
    ("image-builder", &[]),
    ("image-initramfs", &[]),
    // Tools and tests stand above everything; nothing that ships may use them.
    ("xtask", &["meeting-api", "mmp-grammar", "mmp-licence", "mmp-model", "webadmin"]),
    (
        "fuzz",
        &[
            "meeting-api",
            "mmp-backup",
            "mmp-control",
            "mmp-grammar",
            "mmp-licence",
            "mmp-model",
            "mmp-pki",
            "mmp-sftp",
            "webadmin",
        ],
    ),
    ("harness", &[]),
    ("probe", &[]),
    ("bench", &["harness", "probe"]),
    ("scenarios", &["harness", "mmp-backup", "mmp-control", "mmp-grammar", "mmp-licence", "mmp-model"]),
];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs, as it runs this test");
    serde_json::from_slice(&output.stdout).expect("cargo prints JSON")
}

#[test]
fn no_arrow_points_up_or_sideways() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 5, "the workspace was not listed");
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let may = allowed.get(name).unwrap_or_else(|| panic!("{name} is not in the table of this test"));
        for dependency in package["dependencies"].as_array().unwrap() {
            let used = dependency["name"].as_str().unwrap();
            let ours = packages.iter().any(|other| other["name"] == used);
            if ours && dependency["kind"].is_null() {
                assert!(may.contains(&used), "{name} must not use {used}");
            }
        }
    }
}
