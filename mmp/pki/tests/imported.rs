//! What was in a PKCS#12 file, beside OpenSSL and OpenSSH, which make the keys and say what their public half is.

#![allow(clippy::panic, clippy::unwrap_used)]

use std::{fs, path::Path, process::Command};

use mmp_pki::{
    File,
    import::{ImportError, Imported, ssh_line},
};

fn run(folder: &Path, line: &str) -> String {
    let mut words = line.split_whitespace();
    let output = Command::new(words.next().unwrap()).args(words).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// `root`, `sub` signed by it, and `one` signed by that, as PEM: key, certificates in this order.
fn material() -> (String, [String; 3]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    let ca = "-addext basicConstraints=critical,CA:TRUE";
    run(path, &format!("openssl req -x509 {key} -days 9 -subj /CN=root -keyout root.key -out root.cer {ca}"));
    for (name, issuer) in [("sub", "root"), ("one", "sub")] {
        let more = if name == "sub" { ca } else { "" };
        run(path, &format!("openssl req -new {key} -subj /CN={name} -keyout {name}.key -out {name}.csr {more}"));
        let copy = "-copy_extensions copyall -CAcreateserial -days 9";
        run(
            path,
            &format!("openssl x509 -req -in {name}.csr -CA {issuer}.cer -CAkey {issuer}.key -out {name}.cer {copy}"),
        );
    }
    let read = |name: &str| fs::read_to_string(path.join(name)).unwrap();
    (read("one.key"), [read("root.cer"), read("sub.cer"), read("one.cer")])
}

#[test]
fn the_bundle_is_in_order_whatever_the_file_was() {
    let (key, [root, sub, one]) = material();
    let pem = [root.clone(), one, key.clone(), sub.clone()].concat();
    let now = File::read(root.as_bytes()).unwrap().certificates().next().unwrap().not_before() + 60;
    let found = Imported::read(pem.as_bytes(), now).unwrap();
    assert_eq!(found.certificate.common_name().as_deref(), Some("one"));
    let names: Vec<String> = found.issuers.iter().filter_map(mmp_pki::Certificate::common_name).collect();
    assert_eq!(names, ["sub", "root"]);
    assert_eq!(found.bundle(), format!("{sub}{root}"));

    assert_eq!(Imported::read([key, root].concat().as_bytes(), now).unwrap_err(), ImportError::NoCertificate);
    assert_eq!(Imported::read(sub.as_bytes(), now).unwrap_err(), ImportError::NoKey);
    assert!(matches!(Imported::read(b"", now), Err(ImportError::Read(_))));
}

#[test]
fn public_keys_are_those_that_openssh_tells() {
    let folder = tempfile::tempdir().unwrap();
    for (at, kind) in [
        "RSA -pkeyopt rsa_keygen_bits:2048",
        "EC -pkeyopt ec_paramgen_curve:P-256",
        "EC -pkeyopt ec_paramgen_curve:P-384",
        "EC -pkeyopt ec_paramgen_curve:P-521",
    ]
    .iter()
    .enumerate()
    {
        let name = format!("{at}.key");
        run(folder.path(), &format!("openssl genpkey -algorithm {kind} -out {name}"));
        let file = File::read(&fs::read(folder.path().join(&name)).unwrap()).unwrap();
        let told = run(folder.path(), &format!("ssh-keygen -y -f {name}"));
        assert_eq!(ssh_line(file.key().unwrap(), "").unwrap().trim(), told.trim(), "{kind}");
    }
}
