//! Whom a certificate is measured against, and the handshake's witness, who takes any.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::super::{Failure, read_certificates, words};

/// Returns what does the arithmetic.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Who says whether a certificate is to be trusted.
pub(super) struct Trust(Result<Arc<dyn ServerCertVerifier>, String>);

/// Why a certificate is not trusted.
pub(super) struct Distrust {
    pub text: String,
    /// Whether it is because nobody knows who signed it.
    pub stranger: bool,
}

impl Trust {
    /// Returns the authorities of the file, or those of this machine. A machine that has none still shows certificates.
    pub fn new(ca: Option<&str>) -> Result<Trust, Failure> {
        let Some(path) = ca else {
            let system = rustls_platform_verifier::Verifier::new(provider());
            return Ok(Trust(system.map(|verifier| Arc::new(verifier) as _).map_err(|_| {
                "this machine has no certificates to trust (is the package ca-certificates installed?)"
                    .to_owned()
            })));
        };
        let path = Path::new(path);
        let shown = path.display();
        let pem = read_certificates(path).map_err(|error| {
            let why = words::system(&error);
            Failure::seen(format!("the certificates in `{shown}` cannot be read: {why}"))
        })?;
        let none = || Failure::seen(format!("`{shown}` holds no certificate in PEM"));
        let mut roots = RootCertStore::empty();
        for der in CertificateDer::pem_slice_iter(&pem) {
            roots.add(der.map_err(|_| none())?).map_err(|_| none())?;
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider());
        Ok(Trust(Ok(verifier.build().map_err(|_| none())?)))
    }

    /// Says why the certificate is not to be trusted for that name today, if it is not.
    pub fn verify(
        &self,
        own: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        name: &ServerName<'_>,
    ) -> Result<(), Distrust> {
        let verifier = match &self.0 {
            Ok(verifier) => verifier,
            Err(why) => return Err(Distrust { text: why.clone(), stranger: false }),
        };
        match verifier.verify_server_cert(own, rest, name, &[], UnixTime::now()) {
            Ok(_) => Ok(()),
            Err(error) => Err(Distrust { text: words::tls(&error), stranger: stranger(&error) }),
        }
    }
}

/// Returns whether it is the signature that is not trusted, and neither time nor name.
fn stranger(error: &Error) -> bool {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
    };
    match error {
        Error::InvalidCertificate(why) => !matches!(
            why,
            Expired
                | ExpiredContext { .. }
                | NotValidYet
                | NotValidYetContext { .. }
                | NotValidForName
                | NotValidForNameContext { .. }
        ),
        _ => false,
    }
}

/// Takes any certificate and keeps it. The server must still prove that the key is its own.
#[derive(Debug, Default)]
pub(super) struct Witness(Mutex<Vec<CertificateDer<'static>>>);

impl Witness {
    /// Returns what the server showed, its own certificate first.
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = std::iter::once(own).chain(rest).map(|der| der.clone().into_owned());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = shown.collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, own, signed, &provider().signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, own, signed, &provider().signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}
