//! The module `http`.
//!
//! Owns clients with their kept connections, redirects, the bound on a body, and the rule of
//! doubt. Never retries, and never shows a certificate's or an address's secret.
//!
//! Redirects are followed here and not by the client, so that what is secret stays with the
//! server it was given to, whatever header it stands in, and so that a failure after the first
//! answer is known to be in doubt.

mod ask;
mod cause;
mod sent;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Body, Certificate, Client, Response, redirect};

use crate::event::NativeRequest;
use crate::process::blot::{Blotter, Needles};
use crate::value::{Output, Record, ResponseValue, Value};

use super::{Failure, VALUE_LIMIT, spoken, text, words};
use ask::HttpAsk;
pub use sent::Sent;
use sent::Witness;

/// Clients, one for each set of certificates that are trusted, with the connections they keep.
#[derive(Default)]
pub struct Http {
    clients: Mutex<HashMap<Trust, Client>>,
}

/// Whom a client trusts.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Trust {
    /// Nobody: it speaks no TLS, and need not look for certificates.
    Nobody,
    System,
    /// The authorities of a file with this digest, and nobody else.
    Own(blake3::Hash),
}

impl Http {
    /// Carries out one call within `limit`, or its own timeout where that is shorter.
    ///
    /// # Errors
    /// When no response came, or only a part of one. A status that tells of an error is a response.
    pub async fn call(
        &self,
        request: &NativeRequest,
        limit: Duration,
        needles: &Needles,
        sent: &Sent,
    ) -> Result<Value, Failure> {
        let mut ask = HttpAsk::new(request, needles)?;
        let limit = ask.timeout.map_or(limit, |timeout| timeout.min(limit));
        let (shown, changes) = (ask.shown.clone(), ask.changes);
        let begun = Instant::now();
        let exchange = async {
            let response = self.follow(&mut ask, sent).await?;
            take(&ask, response, needles).await
        };
        let failure = match tokio::time::timeout(limit, exchange).await {
            Ok(Ok(mut value)) => {
                value.elapsed = nanoseconds(begun.elapsed());
                return Ok(Value::Response(Arc::new(value)));
            }
            Ok(Err(failure)) => failure,
            Err(_) if sent.get() => {
                Failure::seen(format!("{shown} timed out after {}: no whole answer came", spoken(limit)))
            }
            Err(_) => Failure::seen(format!("{shown} timed out after {}: no connection", spoken(limit))),
        };
        Err(Failure { doubt: changes && sent.get(), ..failure })
    }

    /// Sends the request, and after each redirect the next.
    async fn follow(&self, ask: &mut HttpAsk, sent: &Sent) -> Result<Response, Failure> {
        let mut hops = 0;
        loop {
            let client = self.client(ask)?;
            let response = client
                .request(ask.method.clone(), ask.url.clone())
                .headers(ask.headers.clone())
                .body(Body::wrap(Witness::new(ask.body.clone(), sent.clone())))
                .send()
                .await
                .map_err(|error| failed(ask, hops, &error))?;
            let Some(location) = target(&response).filter(|_| ask.redirects > 0) else {
                return Ok(response);
            };
            if hops == ask.redirects {
                return Err(ask.failure(&format!("more than {hops} redirects")));
            }
            ask.redirect(response.status().as_u16(), &location)?;
            hops += 1;
        }
    }

    /// Returns the client that trusts whom the request trusts.
    fn client(&self, ask: &HttpAsk) -> Result<Client, Failure> {
        let (trust, pem) = match &ask.ca {
            _ if ask.url.scheme() == "http" => (Trust::Nobody, Vec::new()),
            None => (Trust::System, Vec::new()),
            Some(path) => {
                let pem = read_ca(ask, path)?;
                (Trust::Own(blake3::hash(&pem)), pem)
            }
        };
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&trust) {
            return Ok(client.clone());
        }
        // Refused when a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("mainstay/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false);
        match &trust {
            Trust::Nobody => builder = builder.tls_certs_only([]),
            Trust::System => {}
            Trust::Own(_) => builder = builder.tls_certs_only(authorities(ask, &pem)?),
        }
        let client = builder.build().map_err(|error| {
            let cause = cause::cause(&error, ask.host());
            ask.failure(&format!(
                "the certificates to trust cannot be loaded ({cause}): is the package ca-certificates installed?"
            ))
        })?;
        clients.insert(trust, client.clone());
        Ok(client)
    }
}

fn read_ca(ask: &HttpAsk, path: &Path) -> Result<Vec<u8>, Failure> {
    super::read_certificates(path).map_err(|error| {
        let why = words::system(&error);
        ask.failure(&format!("the certificates in `{}` cannot be read: {why}", path.display()))
    })
}

fn authorities(ask: &HttpAsk, pem: &[u8]) -> Result<Vec<Certificate>, Failure> {
    Certificate::from_pem_bundle(pem).ok().filter(|found| !found.is_empty()).ok_or_else(|| {
        let path = ask.ca.as_deref().unwrap_or(Path::new(""));
        ask.failure(&format!("`{}` holds no certificate in PEM", path.display()))
    })
}

/// Returns where the response sends us, if it does. 300 and 304 are answers.
fn target(response: &Response) -> Option<String> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(LOCATION)?;
    Some(String::from_utf8_lossy(location.as_bytes()).into_owned())
}

fn failed(ask: &HttpAsk, hops: usize, error: &reqwest::Error) -> Failure {
    let cause = cause::cause(error, ask.host());
    match ask.host().filter(|_| hops > 0) {
        Some(host) => ask.failure(&format!("{cause} (redirected to `{host}`)")),
        None => ask.failure(&cause),
    }
}

/// Reads the response as far as a value holds, secrets blotted out.
async fn take(ask: &HttpAsk, mut response: Response, needles: &Needles) -> Result<ResponseValue, Failure> {
    let status = i64::from(response.status().as_u16());
    let headers = headers(response.headers(), needles);
    let mut blotter = Blotter::new(needles.clone());
    let mut bytes = Vec::new();
    let mut cut = false;
    loop {
        let piece = response.chunk().await.map_err(|error| {
            let cause = cause::cause(&error, ask.host());
            ask.failure(&format!("the answer broke off: {cause}"))
        })?;
        match &piece {
            Some(piece) => blotter.push(piece, &mut bytes),
            None => blotter.finish(&mut bytes),
        }
        if bytes.len() > VALUE_LIMIT {
            bytes.truncate(VALUE_LIMIT);
            cut = true;
        }
        if piece.is_none() || cut {
            break;
        }
    }
    let (text, utf8) = text(bytes, cut);
    Ok(ResponseValue {
        request: ask.shown.as_str().into(),
        status,
        headers,
        body: Output { text: text.into(), utf8, cut },
        elapsed: 0,
    })
}

/// Returns the headers by name, in the order of arrival; those that came repeatedly joined by a comma.
fn headers(headers: &HeaderMap, needles: &Needles) -> Record {
    let fields = headers.keys().map(|name| {
        let values: Vec<_> = headers
            .get_all(name)
            .iter()
            .map(|value| needles.blot(&String::from_utf8_lossy(value.as_bytes())))
            .collect();
        (name.as_str().into(), Value::text(values.join(", ")))
    });
    Record(fields.collect())
}

fn nanoseconds(span: Duration) -> i64 {
    i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)
}
