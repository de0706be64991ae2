//! TLS as old as 1.0, and ciphers by name, by OpenSSL. HTTP/2 is not offered: it forbids most of those ciphers (RFC 9113
//! appendix A).

use std::{io, pin::Pin};

use openssl::{
    error::ErrorStack,
    pkey::PKey,
    ssl::{Ssl, SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslSessionCacheMode, SslVersion},
    x509::X509,
};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use crate::{Identity, Policy, Unusable, Version};

/// Sessions are told apart from those of other services by this name.
const SESSIONS: &[u8] = b"rostrum";
/// Sessions that can be taken up again, of peers that ended the connection in order; each is a few kilobytes. There are no
/// tickets: OpenSSL would seal them with one key for as long as it serves.
const MOST_SESSIONS: i32 = 256;

#[derive(Clone)]
pub(crate) struct Context(SslContext);

impl Context {
    pub(crate) async fn accept(&self, connection: TcpStream) -> io::Result<SslStream<TcpStream>> {
        let ssl = Ssl::new(&self.0).map_err(io::Error::other)?;
        let mut stream = SslStream::new(ssl, connection).map_err(io::Error::other)?;
        Pin::new(&mut stream).accept().await.map_err(io::Error::other)?;
        Ok(stream)
    }
}

pub(crate) fn context(policy: &Policy, identity: Identity<'_>) -> Result<Context, Unusable> {
    let key = PKey::private_key_from_pem_passphrase(identity.key, b"").map_err(|_| Unusable::Key)?;
    let chain = X509::stack_from_pem(identity.chain).map_err(|_| Unusable::Chain)?;
    let (leaf, others) = chain.split_first().ok_or(Unusable::Chain)?;
    let mut builder = SslContextBuilder::new(SslMethod::tls_server()).map_err(|errors| library(&errors))?;
    // Before the ciphers, which are judged by it. TLS 1.0 and 1.1 sign with SHA-1, which every higher level forbids.
    builder.set_security_level(if policy.minimum < Version::Tls12 { 0 } else { 1 });
    builder.set_min_proto_version(Some(number(policy.minimum))).map_err(|errors| library(&errors))?;
    builder.clear_options(SslOptions::NO_TLSV1 | SslOptions::NO_TLSV1_1);
    builder.set_options(
        SslOptions::NO_RENEGOTIATION
            | SslOptions::NO_COMPRESSION
            | SslOptions::NO_TICKET
            | SslOptions::CIPHER_SERVER_PREFERENCE
            | SslOptions::SINGLE_DH_USE
            | SslOptions::SINGLE_ECDH_USE,
    );
    builder.set_mode(SslMode::RELEASE_BUFFERS);
    builder.set_session_cache_mode(SslSessionCacheMode::SERVER);
    builder.set_session_cache_size(MOST_SESSIONS);
    builder.set_session_id_context(SESSIONS).map_err(|errors| library(&errors))?;
    builder.set_cipher_list(policy.ciphers.as_deref().unwrap_or("DEFAULT")).map_err(|_| Unusable::Ciphers)?;
    builder.set_certificate(leaf).map_err(|errors| library(&errors))?;
    for certificate in others {
        builder.add_extra_chain_cert(certificate.clone()).map_err(|errors| library(&errors))?;
    }
    builder.set_private_key(&key).map_err(|_| Unusable::Mismatch)?;
    builder.check_private_key().map_err(|_| Unusable::Mismatch)?;
    builder.set_alpn_select_callback(|_, offered| {
        openssl::ssl::select_next_proto(b"\x08http/1.1", offered).ok_or(openssl::ssl::AlpnError::NOACK)
    });
    Ok(Context(builder.build()))
}

fn number(version: Version) -> SslVersion {
    match version {
        Version::Tls10 => SslVersion::TLS1,
        Version::Tls11 => SslVersion::TLS1_1,
        Version::Tls12 => SslVersion::TLS1_2,
        Version::Tls13 => SslVersion::TLS1_3,
    }
}

fn library(errors: &ErrorStack) -> Unusable {
    Unusable::Library(errors.errors().first().and_then(openssl::error::Error::reason).unwrap_or("unknown").to_owned())
}
