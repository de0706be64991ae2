//! TLS 1.2 and 1.3 by rustls: forward secret, authenticated ciphers only, hybrid post-quantum key exchange where the peer
//! has it, tickets whose keys change every few hours.

use std::sync::Arc;

use rustls::{
    Error, InconsistentKeys, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    version::{TLS12, TLS13},
};

use crate::{Identity, Protocols, Unusable, Version};

pub(crate) fn configuration(
    minimum: Version,
    identity: Identity<'_>,
    protocols: Protocols,
) -> Result<Arc<ServerConfig>, Unusable> {
    let key = PrivateKeyDer::from_pem_slice(identity.key).map_err(|_| Unusable::Key)?;
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(identity.chain).collect::<Result<_, _>>().map_err(|_| Unusable::Chain)?;
    if chain.is_empty() {
        return Err(Unusable::Chain);
    }
    let versions: &[_] = if minimum == Version::Tls13 { &[&TLS13] } else { &[&TLS13, &TLS12] };
    let library = |error: Error| Unusable::Library(error.to_string());
    let mut configuration = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .map_err(library)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => Unusable::Mismatch,
            Error::InvalidCertificate(_) => Unusable::Chain,
            other => library(other),
        })?;
    configuration.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    configuration.ticketer = aws_lc_rs::Ticketer::new().map_err(library)?;
    // The server's order decides among equals.
    configuration.ignore_client_order = true;
    Ok(Arc::new(configuration))
}
