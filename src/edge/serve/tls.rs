//! Certificates: ours, those we trust, and the names that get in.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::client::danger::HandshakeSignatureValid;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig,
    SignatureScheme,
};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::files::regular;
use crate::engine::wipe::wipe;

/// A listener's side of TLS.
#[derive(Debug, Clone)]
pub struct ServerTls {
    /// Who we are, and who gets in.
    pub config: Arc<ServerConfig>,
    /// When the first of our certificates ends to be valid, in seconds since 1970.
    pub expires: Option<f64>,
}

impl ServerTls {
    /// The same, speaking one of these protocols above it, the preferred first.
    pub fn speaking(mut self, protocols: &[&[u8]]) -> ServerTls {
        Arc::make_mut(&mut self.config).alpn_protocols = protocols.iter().map(|p| p.to_vec()).collect();
        self
    }
}

/// An upstream's side of TLS.
#[derive(Debug, Clone)]
pub struct ClientTls {
    /// Whom we trust.
    pub config: Arc<ClientConfig>,
    /// Whom we expect.
    pub name: ServerName<'static>,
    /// When the first of our certificates ends to be valid, in seconds since 1970.
    pub expires: Option<f64>,
}

/// A certificate with its key, both PEM files.
#[derive(Debug, Clone, Copy)]
pub struct Identity<'a> {
    /// The certificate, and those between it and the authority.
    pub certificate: &'a Path,
    /// Its private key.
    pub key: &'a Path,
}

impl Identity<'_> {
    fn load(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), String> {
        let mut text = regular(self.key).map_err(|e| why(self.key, &pem::Error::Io(e)))?;
        let key = PrivateKeyDer::from_pem_slice(&text).map_err(|e| why(self.key, &e));
        wipe(&mut text);
        let key = key?;
        Ok((certificates(self.certificate)?, key))
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = regular(path).map_err(|e| why(path, &pem::Error::Io(e)))?;
    let all: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(&text).collect();
    match all {
        Ok(all) if all.is_empty() => Err(format!("{}: there is no certificate in it", path.display())),
        Ok(all) => Ok(all),
        Err(e) => Err(why(path, &e)),
    }
}

/// In words of our own: the library's could show a line of the file.
fn why(path: &Path, error: &pem::Error) -> String {
    let what = match error {
        pem::Error::Io(e) => e.to_string(),
        pem::Error::NoItemsFound => "there is nothing of the kind in it (PEM)".into(),
        _ => "it is not well-formed PEM".into(),
    };
    format!("{}: {what}", path.display())
}

fn roots(path: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(roots)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// A listener's side: who we are, and who gets in. With an authority only its clients do, and with
/// names only these of them.
///
/// # Errors
/// What cannot be read or does not fit together, with its file.
pub fn server(who: Identity<'_>, client_ca: Option<&Path>, names: Vec<String>) -> Result<ServerTls, String> {
    let (chain, key) = who.load()?;
    let wrong = |e: Error| format!("{} and {}: {e}", who.certificate.display(), who.key.display());
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let builder = builder.map_err(wrong)?;
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(ca) => {
            let chains = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(ca)?), provider());
            let chains = chains.build().map_err(|e| format!("{}: {e}", ca.display()))?;
            builder.with_client_cert_verifier(Arc::new(Named { chains, names }))
        }
    };
    let expires = expires(&chain);
    builder.with_single_cert(chain, key).map(|c| ServerTls { config: Arc::new(c), expires }).map_err(wrong)
}

/// When the first of them ends to be valid.
fn expires(chain: &[CertificateDer<'_>]) -> Option<f64> {
    let end =
        |c: &CertificateDer<'_>| Some(X509Certificate::from_der(c).ok()?.1.validity().not_after.timestamp() as f64);
    chain.iter().filter_map(end).min_by(f64::total_cmp)
}

/// An upstream's side: whom we trust, whom we expect there, and who we are if it asks.
///
/// # Errors
/// What cannot be read or does not fit together, with its file.
pub fn client(ca: &Path, name: &str, who: Option<Identity<'_>>) -> Result<ClientTls, String> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let builder = builder.map_err(|e| e.to_string())?.with_root_certificates(roots(ca)?);
    let mut until = None;
    let config = match who {
        None => builder.with_no_client_auth(),
        Some(who) => {
            let (chain, key) = who.load()?;
            let wrong = |e: Error| format!("{} and {}: {e}", who.certificate.display(), who.key.display());
            until = expires(&chain);
            builder.with_client_auth_cert(chain, key).map_err(wrong)?
        }
    };
    let name = ServerName::try_from(name.to_owned()).map_err(|_| format!("`{name}` is no name of a server"))?;
    Ok(ClientTls { config: Arc::new(config), name, expires: until })
}

/// Lets in whom an authority vouches for and, with names, only those who bear one.
struct Named {
    chains: Arc<dyn ClientCertVerifier>,
    names: Vec<String>,
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Named").field("names", &self.names).finish_non_exhaustive()
    }
}

impl ClientCertVerifier for Named {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chains.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.chains.verify_client_cert(end_entity, intermediates, now)?;
        let named = |name: &str| self.names.iter().any(|n| n.eq_ignore_ascii_case(name));
        if self.names.is_empty() || names_of(end_entity).iter().any(|name| named(name)) {
            Ok(verified)
        } else {
            Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chains.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chains.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chains.supported_verify_schemes()
    }
}

/// The DNS names of a certificate; where it has none, its common name.
fn names_of(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else {
        return Vec::new();
    };
    let mut names = Vec::new();
    if let Ok(Some(alternatives)) = certificate.subject_alternative_name() {
        names.extend(alternatives.value.general_names.iter().filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        }));
    }
    if names.is_empty() {
        let common = certificate.subject().iter_common_name().filter_map(|cn| cn.as_str().ok());
        names.extend(common.map(str::to_owned));
    }
    names
}
