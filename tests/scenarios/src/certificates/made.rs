//! The files: a root, an authority below it, and what people make of a certificate on its way to the appliance.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::Result;
use harness::process::run;

const LONG: Duration = Duration::from_secs(60);
/// Valid long before now: an appliance that was put back to an earlier moment has that moment's clock.
const NOW: [&str; 4] = ["-startdate", "20260101000000Z", "-enddate", "20290101000000Z"];
const OVER: [&str; 4] = ["-startdate", "20240101000000Z", "-enddate", "20250101000000Z"];
const TO_COME: [&str; 4] = ["-startdate", "20960101000000Z", "-enddate", "20970101000000Z"];
const CONFIGURATION: &str = "[ca]
default_ca = example
[example]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copyall
unique_subject = no
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = hash
keyUsage = critical, keyCertSign, cRLSign
[req]
distinguished_name = any
";

/// Makes all files; the folder's path.
pub struct Files<'a> {
    folder: &'a Path,
}

impl<'a> Files<'a> {
    /// Makes them, for the host name.
    pub fn new(folder: &'a Path, host: &str) -> Result<Self> {
        let files = Self { folder };
        fs::write(folder.join("ca.cnf"), CONFIGURATION)?;
        fs::write(folder.join("index.txt"), "")?;
        files.key("root", "rsa:2048", "Example Root", None)?;
        files.sign("root", "root", &NOW, &["-selfsign", "-extensions", "authority"])?;
        files.key("sub", "rsa:2048", "Example Issuing", None)?;
        files.sign("sub", "root", &NOW, &["-extensions", "authority"])?;
        files.key("one", "rsa:2048", host, Some(host))?;
        for (name, times) in [("one", &NOW), ("over", &OVER), ("to-come", &TO_COME)] {
            if name != "one" {
                fs::copy(folder.join("one.csr"), folder.join(format!("{name}.csr")))?;
            }
            files.sign(name, "sub", times, &[])?;
        }
        files.key("curve", "ec", host, Some(host))?;
        files.sign("curve", "sub", &NOW, &[])?;
        files.altered()?;
        Ok(files)
    }

    fn key(&self, name: &str, kind: &str, subject: &str, host: Option<&str>) -> Result<()> {
        let names = host.map(|host| format!("subjectAltName=DNS:{host}"));
        let mut arguments = vec!["req", "-new", "-config", "ca.cnf", "-nodes", "-newkey", kind];
        if kind == "ec" {
            arguments.extend(["-pkeyopt", "ec_paramgen_curve:prime256v1"]);
        }
        let (subject, key, request) = (format!("/CN={subject}"), format!("{name}.key"), format!("{name}.csr"));
        arguments.extend(["-subj", &subject, "-keyout", &key, "-out", &request]);
        arguments.extend(names.iter().flat_map(|names| ["-addext", names.as_str()]));
        self.openssl(&arguments)
    }

    fn sign(&self, name: &str, by: &str, times: &[&str], more: &[&str]) -> Result<()> {
        let (key, issuer) = (format!("{by}.key"), format!("{by}.cer"));
        let (request, certificate) = (format!("{name}.csr"), format!("{name}.cer"));
        let mut arguments = vec!["ca", "-batch", "-notext", "-config", "ca.cnf", "-keyfile", &key];
        arguments.extend(["-in", &request, "-out", &certificate]);
        if !more.contains(&"-selfsign") {
            arguments.extend(["-cert", &issuer]);
        }
        self.openssl(&[&arguments, times, more].concat())
    }

    /// What editors, mail and other systems do to them.
    fn altered(&self) -> Result<()> {
        let read = |name: &str| fs::read_to_string(self.folder.join(name));
        let write = |name: &str, content: String| fs::write(self.folder.join(name), content);
        let (one, sub, root) = (read("one.cer")?, read("sub.cer")?, read("root.cer")?);
        write("bundle.cer", format!("{sub}{root}"))?;
        write("backwards.cer", format!("{root}{sub}"))?;
        write("crlf.cer", one.replace('\n', "\r\n"))?;
        write("bom.cer", format!("\u{feff}{one}"))?;
        write("rubbish.cer", format!("Bag Attributes\n    friendlyName: x\n{sub}\n\t--- the root ---\n\n{root}\nbye"))?;
        write("large.cer", format!("{one}{}", "x".repeat(10 << 20)))?;
        self.openssl(&["x509", "-in", "one.cer", "-outform", "DER", "-out", "one.der"])?;
        self.openssl(&["crl2pkcs7", "-nocrl", "-certfile", "one.cer", "-out", "seven.cer"])?;
        self.openssl(&["pkcs8", "-topk8", "-in", "one.key", "-out", "locked.key", "-passout", "pass:Sesame-1"])?;
        for (name, more) in [("old.pfx", &["-legacy"][..]), ("new.p12", &[]), ("admin.p12", &[])] {
            let export = ["pkcs12", "-export", "-inkey", "one.key", "-in", "one.cer", "-certfile", "bundle.cer"];
            self.openssl(&[&export[..], &["-out", name, "-passout", "pass:Sesame-1"], more].concat())?;
        }
        Ok(())
    }

    /// Where one is.
    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn openssl(&self, arguments: &[&str]) -> Result<()> {
        run(Command::new("openssl").args(arguments).current_dir(self.folder), b"", LONG)?.success("openssl").map(drop)
    }
}
