//! `pki` (`mmp.md` section 9).

use mmp_control::{
    Request,
    request::{Live, Pki},
};
use mmp_model::{
    FileName, InvalidValue, Username,
    certificates::{Attribute, Basename, Subject},
};

use crate::{
    action::Action,
    table::{Command, Family, Part, Value, checked, group, value, word},
};

const VERIFY: Part = group("verify", "Check a certificate up to a root");
const SELFSIGNED: Part = group("selfsigned", "Make a key and a certificate, signed by itself");
const IMPORT: Part = group("import", "Make files of what a PKCS#12 file holds");
const PKCS12: Part = value::<FileName>("<p12-file>", "File that ends in .p12 or .pfx").live(Live::Pkcs12Files).part();
const BASENAME: Value = value::<Basename>("<basename>", "Name of the new files, without ending");
const ATTRIBUTES: Part =
    checked("<attribute:value>+", "CN:, OU:, O:, L:, ST:, C:, emailAddress:, subjectAltName:, keyType:", |word| {
        word.parse::<Attribute>().map(drop)
    })
    .many();
const KEY: Value = value::<FileName>("<key-file>", "File with a private key").live(Live::KeyFiles);
const CERTIFICATE: Value = value::<FileName>("<crt-file>", "File with a certificate").live(Live::CertificateFiles);
const BUNDLE: Part = value::<FileName>("<crt-bundle>", "File with intermediate certificates and root")
    .live(Live::CertificateFiles)
    .part();

/// `pki`.
pub static PKI: Family = Family {
    name: "pki",
    summary: "Make and check keys and certificates",
    details: &[
        "Attributes are NAME:value without a blank after the colon; values with blanks stand in double quotes.",
        "subjectAltName: takes host names, addresses and URIs, separated by commas and no blanks; the CN is among them.",
        "keyType: is rsa2048 (unless given), rsa3072, rsa4096, ec256 or ec384.",
        "import makes <name>.key, <name>.cer and <name>-bundle.cer; it overwrites nothing.",
        "Files come and go by SFTP. A service reads a replaced file when it is restarted.",
    ],
    commands: &[
        Command::show(&[], "Show which file is used by which service", "pki", |_| ask(Pki::Show)),
        Command::show(&[word("list")], "List keys, certificates and requests", "pki list", |_| ask(Pki::List)),
        Command::show(
            &[
                word("inspect"),
                value::<FileName>("<file>", "File with certificates, a request or a key").live(Live::PkiFiles).part(),
            ],
            "Show what is in a file",
            "pki inspect onecert.cer",
            |v| ask(Pki::Inspect(v[0].parse()?)),
        ),
        Command::show(
            &[word("match"), KEY.part(), CERTIFICATE.part()],
            "Tell whether key and certificate belong together",
            "pki match onecert.key onecert.cer",
            |v| ask(Pki::Match(v[0].parse()?, v[1].parse()?)),
        ),
        Command::show(
            &[VERIFY, CERTIFICATE.part(), BUNDLE],
            "Check a certificate up to the root in the bundle",
            "pki verify onecert.cer ca-bundle.cer",
            |v| verify(&v[0], &v[1], None),
        ),
        Command::show(
            &[
                VERIFY,
                CERTIFICATE.part(),
                BUNDLE,
                value::<FileName>("<ca-crt-file>", "File with the root").live(Live::CertificateFiles).part(),
            ],
            "Check a certificate up to a root of its own file",
            "pki verify onecert.cer ca-bundle.cer root.cer",
            |v| verify(&v[0], &v[1], Some(&v[2])),
        ),
        Command::set(&[word("unlock"), KEY.part()], "Remove the passphrase of a key", "pki unlock onecert.key", |v| {
            Ok(Action::Unlock(v[0].parse()?))
        }),
        Command::set(
            &[IMPORT, PKCS12],
            "Make a key, a certificate and a bundle of a PKCS#12 file",
            "pki import onecert.p12",
            |v| Ok(Action::Import(v[0].parse()?, None)),
        ),
        Command::set(
            &[IMPORT, PKCS12, BASENAME.part()],
            "Make a key, a certificate and a bundle of a PKCS#12 file, under another name",
            "pki import onecert.p12 webadmin",
            |v| Ok(Action::Import(v[0].parse()?, Some(v[1].parse()?))),
        ),
        Command::set(
            &[
                word("pkcs12-to-ssh"),
                value::<Username>("<username>", "Account that <username>.p12 is for").live(Live::Users).part(),
            ],
            "Let an account log in with the key of its PKCS#12 file",
            "pki pkcs12-to-ssh bob",
            |v| Ok(Action::ToSsh(v[0].parse()?)),
        ),
        Command::set(
            &[word("csr"), BASENAME.part(), ATTRIBUTES],
            "Make a key and a request to have it signed",
            "pki csr onecert CN:cms.example.com subjectAltName:cms.example.com,join.example.com",
            |v| {
                let subject = Subject::of(&v[1..])?;
                if subject.common_name().is_none() {
                    return Err(InvalidValue::new("CN must be specified", "CN:<name>"));
                }
                ask(Pki::Csr(v[0].parse()?, subject))
            },
        )
        .streaming(),
        Command::set(
            &[SELFSIGNED, BASENAME.part()],
            "Make a key and a certificate for the host name, signed by itself",
            "pki selfsigned webadmin",
            |v| ask(Pki::SelfSigned(v[0].parse()?, Subject::default())),
        )
        .streaming(),
        Command::set(
            &[SELFSIGNED, BASENAME.part(), ATTRIBUTES],
            "Make a key and a certificate, signed by itself",
            "pki selfsigned dbca CN:\"Example database authority\" O:\"Example Ltd\" C:GB",
            |v| ask(Pki::SelfSigned(v[0].parse()?, Subject::of(&v[1..])?)),
        )
        .streaming(),
        Command::set(
            &[
                word("sign"),
                value::<Basename>("<csr-basename>", "Name of the request, without .csr").live(Live::Requests).part(),
                value::<Basename>("<ca-basename>", "Name of the authority's .key and .crt").live(Live::Pairs).part(),
            ],
            "Sign a request with a certificate made by 'pki selfsigned'",
            "pki sign dbserver dbca",
            |v| ask(Pki::Sign(v[0].parse()?, v[1].parse()?)),
        ),
    ],
};

fn verify(certificate: &str, bundle: &str, ca: Option<&str>) -> Result<Action, InvalidValue> {
    let ca = ca.map(str::parse).transpose()?;
    ask(Pki::Verify { certificate: certificate.parse()?, bundle: bundle.parse()?, ca })
}

fn ask(ask: Pki) -> Result<Action, InvalidValue> {
    Ok(Request::Pki(ask).into())
}

#[cfg(test)]
mod tests {
    use mmp_model::Role;

    use super::*;
    use crate::{complete, hint, parse};

    fn subject(line: &str) -> Subject {
        match parse(line, Role::Crypto).unwrap().action {
            Action::Request(Request::Pki(Pki::Csr(_, subject) | Pki::SelfSigned(_, subject))) => subject,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn attributes_are_words_of_their_own_quoted_or_not() {
        let subject = subject(
            "pki csr one CN:cms.example.com \"OU:c d\" O:\"Example Ltd\" subjectAltName:a.example.com,192.0.2.1",
        );
        assert_eq!(subject.common_name(), Some("cms.example.com"));
        let fields: Vec<&str> = subject.fields.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(fields, ["cms.example.com", "c d", "Example Ltd"]);
        assert_eq!(subject.names.len(), 2);
    }

    #[test]
    fn a_name_alone_prints_usage_at_csr_and_is_enough_at_selfsigned() {
        let error = parse("pki csr onecert", Role::Admin).unwrap_err();
        assert!(error.message(Role::Admin).contains("\nUsage:\n   pki"), "{}", error.message(Role::Admin));
        assert_eq!(error.hint().unwrap(), "Still missing: <attribute:value>+");
        assert_eq!(subject("pki selfsigned webadmin"), Subject::default());
    }

    #[test]
    fn completion_offers_files_of_the_right_kind_and_more_attributes() {
        let live = |line: &str| complete(line, line.len(), Role::Crypto).live.map(|slot| slot.kind);
        assert_eq!(live("pki match "), Some(Live::KeyFiles));
        assert_eq!(live("pki match one.key "), Some(Live::CertificateFiles));
        assert_eq!(live("pki sign "), Some(Live::Requests));
        let line = "pki csr one CN:a O:b ";
        let offered: Vec<String> =
            complete(line, line.len(), Role::Crypto).choices.into_iter().map(|c| c.text).collect();
        assert!(
            offered.contains(&"<Enter>".to_owned()) && offered.contains(&"<attribute:value>+".to_owned()),
            "{offered:?}"
        );
        assert_eq!(hint("pki unl", Role::Crypto).as_deref(), Some("ock <key-file>"));
    }
}
