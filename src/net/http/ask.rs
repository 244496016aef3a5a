//! What a call of `http` asks for, taken from its arguments and checked before anything is sent.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHORIZATION,
};
use url::Url;

use crate::event::NativeRequest;
use crate::process::blot::Needles;
use crate::value::Value;

use super::super::Failure;
use super::super::arguments::{Arguments, Words};

/// Redirects that are followed unless the call says otherwise.
const REDIRECTS: usize = 5;

/// One request, and after a redirect the next one.
pub(super) struct HttpAsk {
    pub method: Method,
    /// Whether the call may change something, whatever the method became on the way.
    pub changes: bool,
    pub url: Url,
    /// Method and address as they may be seen.
    pub shown: String,
    /// Whether the address may be seen.
    pub open: bool,
    pub headers: HeaderMap,
    /// Headers that are for the first server only.
    guarded: Vec<HeaderName>,
    pub body: Option<Bytes>,
    secret_body: bool,
    pub redirects: usize,
    pub ca: Option<PathBuf>,
    pub timeout: Option<Duration>,
}

impl HttpAsk {
    /// Returns what the call asks for.
    pub fn new(request: &NativeRequest, needles: &Needles) -> Result<Self, Failure> {
        let arguments = Arguments::new(request);
        let (method, changes) = match request.function.as_str() {
            "get" => (Method::GET, false),
            "head" => (Method::HEAD, false),
            "post" => (Method::POST, true),
            "put" => (Method::PUT, true),
            "patch" => (Method::PATCH, true),
            "delete" => (Method::DELETE, true),
            _ => return Err(Failure::seen(format!("there is no {}", arguments.call()))),
        };
        let address = arguments
            .words("url")?
            .ok_or_else(|| Failure::seen(format!("{} needs `url`", arguments.call())))?;
        let (url, shown) = parse(&address, needles)?;
        let mut ask = HttpAsk {
            shown: format!("{method} {shown}"),
            open: !address.is_secret(),
            method,
            changes,
            url,
            headers: HeaderMap::new(),
            guarded: vec![AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION],
            body: None,
            secret_body: false,
            redirects: arguments.count("redirects")?.unwrap_or(REDIRECTS),
            ca: arguments.get("ca").map(|_| arguments.text("ca")).transpose()?.map(PathBuf::from),
            timeout: arguments.duration("timeout")?,
        };
        ask.take_headers(&arguments)?;
        ask.take_body(&arguments)?;
        Ok(ask)
    }

    fn take_headers(&mut self, arguments: &Arguments<'_>) -> Result<(), Failure> {
        for (name, value) in arguments.fields("headers")? {
            let unfit = || Failure::seen(format!("`{name}` is not the name of a header"));
            let name: HeaderName = name.parse().map_err(|_| unfit())?;
            let mut bytes = HeaderValue::from_str(value.reveal().trim())
                .map_err(|_| Failure::seen(format!("the header `{name}` cannot hold control characters")))?;
            if value.is_secret() {
                bytes.set_sensitive(true);
                self.guarded.push(name.clone());
            }
            self.headers.insert(name, bytes);
        }
        Ok(())
    }

    fn take_body(&mut self, arguments: &Arguments<'_>) -> Result<(), Failure> {
        let body = arguments.words("body")?;
        let json = arguments.get("json").map(json).transpose()?;
        let kind = match (body, json) {
            (Some(_), Some(_)) => {
                return Err(Failure::seen(format!("{} has both `body` and `json`", arguments.call())));
            }
            (Some(body), None) => {
                self.secret_body = body.is_secret();
                self.body = Some(Bytes::from(body.reveal().to_owned()));
                "text/plain; charset=utf-8"
            }
            (None, Some(json)) => {
                self.body = Some(Bytes::from(json));
                "application/json"
            }
            (None, None) => {
                // An empty body has a length too: some servers insist on it.
                self.body = self.changes.then(Bytes::new);
                return Ok(());
            }
        };
        let kind = HeaderValue::from_static(kind);
        self.headers.entry(CONTENT_TYPE).or_insert(kind);
        Ok(())
    }

    /// Turns towards the address a redirect names. What is guarded does not cross to another
    /// server; the method changes as in RFC 9110, 15.4.
    pub fn redirect(&mut self, status: u16, location: &str) -> Result<(), Failure> {
        let target = self
            .url
            .join(location)
            .ok()
            .filter(is_http)
            .ok_or_else(|| self.failure("it redirects to something that is no http address"))?;
        let becomes_get = match status {
            303 => self.method != Method::HEAD,
            301 | 302 => self.method == Method::POST,
            _ => false,
        };
        if becomes_get {
            self.method = Method::GET;
            self.body = None;
            self.headers.remove(CONTENT_TYPE);
        }
        if !trusted(&self.url, &target) {
            if self.secret_body && self.body.is_some() {
                let why = "it redirects to another server, and the secret in the body stays here";
                return Err(self.failure(why));
            }
            for name in &self.guarded {
                self.headers.remove(name);
            }
        }
        self.url = target;
        Ok(())
    }

    /// Returns a failure that names method and address.
    pub fn failure(&self, cause: &str) -> Failure {
        Failure::seen(format!("{} failed: {cause}", self.shown))
    }

    /// Returns the host, where it may be seen.
    pub fn host(&self) -> Option<&str> {
        self.url.host_str().filter(|_| self.open)
    }
}

/// Returns the address, and how it may be shown: a secret by its name, a password left out.
fn parse(address: &Words, needles: &Needles) -> Result<(Url, String), Failure> {
    let parsed = Url::parse(address.reveal().trim()).ok().filter(is_http);
    let shown = match (address, &parsed) {
        (Words::Secret(secret), _) => secret.to_string(),
        (Words::Plain(text), Some(url)) if url.password().is_some() => {
            let mut without = url.clone();
            match without.set_password(None) {
                Ok(()) => needles.blot(without.as_str()),
                Err(()) => needles.blot(text),
            }
        }
        (Words::Plain(text), _) => needles.blot(text),
    };
    match parsed {
        Some(url) => Ok((url, shown)),
        None => {
            Err(Failure::seen(format!("`{shown}` is not an address that begins with http:// or https://")))
        }
    }
}

fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty())
}

/// Returns whether what was meant for `from` may go to `to`: the same server, or the same
/// host's default port with TLS instead of without.
fn trusted(from: &Url, to: &Url) -> bool {
    let same = from.origin() == to.origin();
    let upgraded = from.host_str() == to.host_str()
        && from.scheme() == "http"
        && to.scheme() == "https"
        && from.port().is_none()
        && to.port().is_none();
    same || upgraded
}

/// Returns a body in JSON. A secret would stand there as its name, and damaged text as what it
/// never was: both are refused.
fn json(value: &Value) -> Result<String, Failure> {
    fn check(value: &Value) -> Result<(), Failure> {
        match value {
            Value::Secret(_) => Err(Failure::seen("a secret goes into `body`, not into `json`")),
            Value::Damaged(_) => Err(Failure::seen("`json` holds text that was not UTF-8")),
            Value::List(items) => items.iter().try_for_each(check),
            Value::Record(record) => record.0.iter().try_for_each(|(_, value)| check(value)),
            _ => Ok(()),
        }
    }
    check(value)?;
    Ok(value.to_json().to_string())
}
