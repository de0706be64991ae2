//! `pki inspect`: what is in a file, laid out as `openssl x509 -text` does (`mmp.md` section 9.4).
//!
//! Invariants: no byte of a private key is printed; whatever a file says is made harmless to a terminal; a damaged
//! extension is shown as its bytes.

use std::fmt::Write;

use x509_parser::{
    certification_request::X509CertificationRequest,
    cri_attributes::ParsedCriAttribute,
    der_parser::Oid,
    extensions::{GeneralName, ParsedExtension, X509Extension},
    prelude::FromDer,
    public_key::PublicKey,
    x509::{AlgorithmIdentifier, AttributeTypeAndValue, SubjectPublicKeyInfo, X509Name},
};

use crate::{
    Certificate, File, Item,
    certificate::address,
    material::Encoding,
    text::{colons, harmless, moment},
};

/// Bytes of an unknown extension that are shown.
const SHOWN_BYTES: usize = 64;
/// Names of one extension that are shown; the rest is counted.
const SHOWN_NAMES: usize = 500;

/// The file, element by element.
pub fn text(file: &File) -> String {
    let encoding = match file.encoding {
        Encoding::Pem => "PEM",
        Encoding::Der => "DER",
    };
    let parts = file.items.iter().map(|item| match item {
        Item::Certificate(certificate) => {
            format!("File contains a {encoding} encoded certificate\n{}", self::certificate(certificate))
        }
        Item::Request(der) => format!("File contains a {encoding} encoded certificate request\n{}", request(der)),
        Item::Key(key) => format!("File contains a {encoding} encoded private key\n    {}", key.algorithm()),
        Item::EncryptedKey { .. } => format!(
            "File contains a {encoding} encoded private key, protected by a passphrase\n    \
             `pki unlock` makes it usable"
        ),
    });
    parts.collect::<Vec<_>>().join("\n")
}

/// One certificate.
pub fn certificate(certificate: &Certificate) -> String {
    let one = certificate.fields();
    let mut out = String::from("Certificate:\n    Data:\n");
    let version = one.version().0;
    let mut line = |text: String| {
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line(format!("        Version: {} (0x{version:x})", version.saturating_add(1)));
    line(format!("        Serial Number:\n            {}", serial(one.raw_serial())));
    line(format!("    Signature Algorithm: {}", algorithm(&one.signature_algorithm)));
    line(format!("        Issuer: {}", name(one.issuer())));
    line(format!(
        "        Validity\n            Not Before: {}\n            Not After : {}",
        moment(one.validity().not_before.timestamp()),
        moment(one.validity().not_after.timestamp())
    ));
    line(format!("        Subject: {}", name(one.subject())));
    line(public_key(one.public_key()));
    if !one.extensions().is_empty() {
        line("        X509v3 extensions:".into());
        one.extensions().iter().for_each(|extension| line(self::extension(extension)));
    }
    line(format!("    Fingerprint SHA-256:\n        {}", certificate.fingerprint()));
    out.truncate(out.trim_end().len());
    out
}

fn request(der: &[u8]) -> String {
    let Ok((_, request)) = X509CertificationRequest::from_der(der) else {
        return "Certificate Request: damaged".into();
    };
    let info = &request.certification_request_info;
    let mut out = format!(
        "Certificate Request:\n    Data:\n        Version: {} (0x{:x})\n        Subject: {}\n{}",
        info.version.0.saturating_add(1),
        info.version.0,
        name(&info.subject),
        public_key(&info.subject_pki)
    );
    for attribute in info.iter_attributes() {
        if let ParsedCriAttribute::ExtensionRequest(wanted) = attribute.parsed_attribute() {
            out.push_str("\n        Requested extensions:");
            for extension in &wanted.extensions {
                let _ = write!(out, "\n{}", self::extension(extension).trim_end());
            }
        }
    }
    let genuine = request.verify_signature().is_ok();
    let _ = write!(
        out,
        "\n    Signature Algorithm: {}\n    Signature: {}",
        algorithm(&request.signature_algorithm),
        if genuine { "made with the key inside" } else { "NOT made with the key inside, or not known here" }
    );
    out
}

/// As openssl prints names: `C=GB, O=Example, CN=cms.example.com`.
pub fn name(name: &X509Name<'_>) -> String {
    name.iter_attributes().map(part).collect::<Vec<_>>().join(", ")
}

fn part(attribute: &AttributeTypeAndValue<'_>) -> String {
    let oid = attribute.attr_type().to_id_string();
    let word = match oid.as_str() {
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "street",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "title",
        "2.5.4.17" => "postalCode",
        "2.5.4.42" => "GN",
        "1.2.840.113549.1.9.1" => "emailAddress",
        "0.9.2342.19200300.100.1.25" => "DC",
        "0.9.2342.19200300.100.1.1" => "UID",
        other => other,
    };
    let bytes = attribute.as_slice();
    let value = match (attribute.attr_value().tag().0, attribute.as_str()) {
        // BMPString: two bytes a character.
        (30, _) => String::from_utf16_lossy(
            &bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect::<Vec<_>>(),
        ),
        (_, Ok(text)) => text.to_owned(),
        // T61String and its like: in practice Latin-1.
        (_, Err(_)) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    };
    // Quoted where it would read as the next part of the name.
    let value = harmless(&value);
    if value.contains([',', '=', '+', '"']) {
        format!("{word}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        format!("{word}={value}")
    }
}

/// As openssl prints alternative names: `DNS:cms.example.com`.
pub fn general_name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(text) => format!("DNS:{}", harmless(text)),
        GeneralName::RFC822Name(text) => format!("email:{}", harmless(text)),
        GeneralName::URI(text) => format!("URI:{}", harmless(text)),
        GeneralName::IPAddress(bytes) => match address(bytes) {
            Some(address) => format!("IP Address:{address}"),
            None => match bytes.len() {
                8 | 32 => {
                    let (network, mask) = bytes.split_at(bytes.len() / 2);
                    let shown = |half| address(half).map_or_else(String::new, |a| a.to_string());
                    format!("IP:{}/{}", shown(network), shown(mask))
                }
                _ => format!("IP Address:<invalid> {}", colons(bytes)),
            },
        },
        GeneralName::DirectoryName(name) => format!("DirName:{}", self::name(name)),
        GeneralName::RegisteredID(oid) => format!("Registered ID:{}", oid.to_id_string()),
        GeneralName::OtherName(oid, _) => format!("othername:{}", oid.to_id_string()),
        GeneralName::X400Address(_) => "X400Name:<unsupported>".into(),
        GeneralName::EDIPartyName(_) => "EdiPartyName:<unsupported>".into(),
        GeneralName::Invalid(_, bytes) => format!("<invalid> {}", colons(bytes)),
    }
}

/// A negative serial number is one of a broken authority, but it is its number.
fn serial(bytes: &[u8]) -> String {
    let shown = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":");
    match bytes.first() {
        Some(first) if first & 0x80 != 0 => {
            let mut positive: Vec<u8> = bytes.iter().map(|byte| !byte).collect();
            for byte in positive.iter_mut().rev() {
                *byte = byte.wrapping_add(1);
                if *byte != 0 {
                    break;
                }
            }
            format!("(Negative){}", shown(&positive))
        }
        Some(0) if bytes.len() > 1 => shown(&bytes[1..]),
        _ => shown(bytes),
    }
}

fn algorithm(algorithm: &AlgorithmIdentifier<'_>) -> String {
    algorithm_name(&algorithm.algorithm)
}

fn algorithm_name(oid: &Oid<'_>) -> String {
    let oid = oid.to_id_string();
    let word = match oid.as_str() {
        "1.2.840.113549.1.1.1" => "rsaEncryption",
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" => "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.10" => "rsassaPss",
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.2.840.10045.2.1" => "id-ecPublicKey",
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.3.101.112" => "ED25519",
        "1.3.101.113" => "ED448",
        other => other,
    };
    word.to_owned()
}

fn public_key(key: &SubjectPublicKeyInfo<'_>) -> String {
    let size = match key.parsed() {
        Ok(PublicKey::RSA(rsa)) => format!("\n                Public-Key: ({} bit)", rsa.key_size()),
        Ok(PublicKey::EC(_)) => {
            let curve = key.algorithm.parameters.as_ref().and_then(|any| any.as_oid().ok());
            let curve = match curve.map(|oid| oid.to_id_string()).as_deref() {
                Some("1.2.840.10045.3.1.7") => "P-256 (256 bit)".to_owned(),
                Some("1.3.132.0.34") => "P-384 (384 bit)".to_owned(),
                Some("1.3.132.0.35") => "P-521 (521 bit)".to_owned(),
                Some(other) => other.to_owned(),
                None => "explicit parameters".to_owned(),
            };
            format!("\n                NIST CURVE: {curve}")
        }
        _ => String::new(),
    };
    format!("        Subject Public Key Info:\n            Public Key Algorithm: {}{size}", algorithm(&key.algorithm))
}

fn extension(extension: &X509Extension<'_>) -> String {
    let critical = if extension.critical { " critical" } else { "" };
    let (title, value) = match extension.parsed_extension() {
        ParsedExtension::BasicConstraints(constraints) => {
            let length = constraints.path_len_constraint.map_or_else(String::new, |most| format!(", pathlen:{most}"));
            let ca = if constraints.ca { "TRUE" } else { "FALSE" };
            ("X509v3 Basic Constraints".into(), format!("CA:{ca}{length}"))
        }
        ParsedExtension::KeyUsage(usage) => {
            ("X509v3 Key Usage".into(), usage.to_string().replace("Key Cert Sign", "Certificate Sign"))
        }
        ParsedExtension::ExtendedKeyUsage(usage) => {
            let known = [
                (usage.any, "Any Extended Key Usage"),
                (usage.server_auth, "TLS Web Server Authentication"),
                (usage.client_auth, "TLS Web Client Authentication"),
                (usage.code_signing, "Code Signing"),
                (usage.email_protection, "E-mail Protection"),
                (usage.time_stamping, "Time Stamping"),
                (usage.ocsp_signing, "OCSP Signing"),
            ];
            let known = known.into_iter().filter(|(set, _)| *set).map(|(_, word)| word.to_owned());
            let all: Vec<String> = known.chain(usage.other.iter().map(Oid::to_id_string)).collect();
            ("X509v3 Extended Key Usage".into(), all.join(", "))
        }
        ParsedExtension::SubjectAlternativeName(names) => {
            ("X509v3 Subject Alternative Name".into(), general_names(&names.general_names))
        }
        ParsedExtension::IssuerAlternativeName(names) => {
            ("X509v3 Issuer Alternative Name".into(), general_names(&names.general_names))
        }
        ParsedExtension::SubjectKeyIdentifier(id) => ("X509v3 Subject Key Identifier".into(), colons(id.0)),
        ParsedExtension::AuthorityKeyIdentifier(id) => {
            let key = id.key_identifier.as_ref().map_or_else(|| "(by name)".to_owned(), |id| colons(id.0));
            ("X509v3 Authority Key Identifier".into(), key)
        }
        ParsedExtension::NameConstraints(constraints) => {
            let list = |word: &str, trees: &Option<Vec<x509_parser::extensions::GeneralSubtree<'_>>>| {
                trees.as_ref().map(|trees| {
                    let names: Vec<String> = trees.iter().map(|tree| general_name(&tree.base)).collect();
                    format!("{word}: {}", names.join(", "))
                })
            };
            let both =
                [list("Permitted", &constraints.permitted_subtrees), list("Excluded", &constraints.excluded_subtrees)];
            ("X509v3 Name Constraints".into(), both.into_iter().flatten().collect::<Vec<_>>().join("; "))
        }
        ParsedExtension::ParseError { .. } => {
            (title(&extension.oid), format!("<damaged> {}", shortened(extension.value)))
        }
        _ => (title(&extension.oid), shortened(extension.value)),
    };
    format!("            {title}:{critical}\n                {value}")
}

fn title(oid: &Oid<'_>) -> String {
    let oid = oid.to_id_string();
    match oid.as_str() {
        "2.5.29.14" => "X509v3 Subject Key Identifier".into(),
        "2.5.29.15" => "X509v3 Key Usage".into(),
        "2.5.29.17" => "X509v3 Subject Alternative Name".into(),
        "2.5.29.19" => "X509v3 Basic Constraints".into(),
        "2.5.29.30" => "X509v3 Name Constraints".into(),
        "2.5.29.31" => "X509v3 CRL Distribution Points".into(),
        "2.5.29.32" => "X509v3 Certificate Policies".into(),
        "2.5.29.35" => "X509v3 Authority Key Identifier".into(),
        "2.5.29.37" => "X509v3 Extended Key Usage".into(),
        "1.3.6.1.5.5.7.1.1" => "Authority Information Access".into(),
        "1.3.6.1.4.1.11129.2.4.2" => "CT Precertificate SCTs".into(),
        _ => oid,
    }
}

fn general_names(names: &[GeneralName<'_>]) -> String {
    let mut shown: Vec<String> = names.iter().take(SHOWN_NAMES).map(general_name).collect();
    if names.len() > SHOWN_NAMES {
        shown.push(format!("and {} more", names.len() - SHOWN_NAMES));
    }
    shown.join(", ")
}

fn shortened(bytes: &[u8]) -> String {
    let more = if bytes.len() > SHOWN_BYTES { ":..." } else { "" };
    format!("{}{more}", colons(&bytes[..bytes.len().min(SHOWN_BYTES)]))
}
