//! A certificate as values.

use std::net::IpAddr;

use jiff::Timestamp;
use rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;
use x509_parser::time::ASN1Time;

use crate::process::blot::Needles;
use crate::value::Value;

/// What is told of one certificate.
pub(super) struct Certificate {
    pub fields: Vec<(&'static str, Value)>,
    pub names: Vec<String>,
    pub expired: bool,
    /// Whether it names itself as its issuer.
    pub own_issuer: bool,
}

/// Returns what the certificate says; `None` when it cannot be read.
pub(super) fn read(der: &[u8], now: Timestamp, needles: &Needles) -> Option<Certificate> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    let text = |text: &str| Value::text(needles.blot(text));
    let (begins, ends) = (time(parsed.validity().not_before), time(parsed.validity().not_after));
    let left = ends.duration_since(now).as_nanos();
    let left = i64::try_from(left).unwrap_or(if left < 0 { i64::MIN } else { i64::MAX });
    Some(Certificate {
        fields: vec![
            ("subject", text(&parsed.subject().to_string())),
            ("issuer", text(&parsed.issuer().to_string())),
            ("not_before", Value::Time(begins)),
            ("not_after", Value::Time(ends)),
            // A certificate may outlive what a duration can hold.
            ("expires_in", Value::Duration(left / 1_000_000_000 * 1_000_000_000)),
            ("serial", Value::text(hexadecimal(parsed.raw_serial()))),
            ("fingerprint", Value::text(fingerprint(der))),
        ],
        names: names(&parsed).iter().map(|name| needles.blot(name)).collect(),
        expired: ends < now,
        own_issuer: parsed.subject() == parsed.issuer(),
    })
}

/// Returns a time as far as ours go: a certificate without end ends in 9999.
fn time(time: ASN1Time) -> Timestamp {
    let second = time.timestamp();
    Timestamp::from_second(second).unwrap_or(if second < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

fn fingerprint(der: &[u8]) -> String {
    let suite = TLS13_AES_128_GCM_SHA256.tls13();
    let digest = suite.map(|suite| suite.common.hash_provider.hash(der));
    digest.map(|digest| hexadecimal(digest.as_ref())).unwrap_or_default()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    extension
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) | GeneralName::RFC822Name(name) | GeneralName::URI(name) => {
                Some((*name).to_owned())
            }
            GeneralName::IPAddress(bytes) => address(bytes),
            _ => None,
        })
        .collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    let v6 = <[u8; 16]>::try_from(bytes).map(IpAddr::from);
    v4.or(v6).ok().map(|address| address.to_string())
}
