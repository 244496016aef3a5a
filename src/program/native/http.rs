//! The module `http`: signatures and texts.

use super::Native;
use crate::program::Effect;
use crate::value::Type;

const CHANGED: &str = "nobody but the caller knows what takes a request back: say it below the call";

/// The fields of a response, as help tells them; the type itself is `response`.
const FIELDS: &[(&str, &str)] = &[
    ("status", "the status, as 200"),
    ("headers", "the headers, by their names in lower case"),
    ("body", "what the server sent, as text"),
    ("json", "the body, read as JSON"),
    ("ok", "whether the status is below 400"),
    ("elapsed", "how long it took"),
];

fn request(effect: Effect, name: &'static str, description: &'static str, example: &'static str) -> Native {
    let mut native = Native::new(effect, "http", name, Type::Response, description)
        .needs("url", Type::Text, "the address, http:// or https://")
        .secret();
    if effect == Effect::Changes {
        native = native
            .takes("body", Type::Text, "none", "what is sent, as it is")
            .secret()
            .takes("json", Type::Any, "none", "what is sent as JSON, instead of `body`")
            .undo(CHANGED);
    }
    native.fields = FIELDS.to_vec();
    native
        .takes("headers", Type::Record(None), "none", "headers of the request")
        .secret()
        .takes(
            "timeout",
            Type::Duration,
            "",
            "how long it may take; without it, as long as the statement may",
        )
        .takes("redirects", Type::Int, "5", "how many redirects are followed")
        .takes("ca", Type::Text, "none", "a file of certificates that are trusted instead of the system's")
        .example(example)
}

/// Returns the functions of the module.
pub(super) fn http() -> Vec<Native> {
    use Effect::{Changes, Reads};
    vec![
        request(
            Reads,
            "get",
            "Returns the response of a GET. A status that tells of an error is a response too, not a failure.",
            "check health = http.get(\"http://{{ host }}/health\", timeout: 5s)\n\
             verify health.status == 200 else \"the service says {{ health.body }}\"",
        ),
        request(
            Reads,
            "head",
            "Returns the response of a HEAD: no body.",
            "verify http.head(\"http://{{ host }}/\").ok within 1m every 5s",
        ),
        request(
            Changes,
            "post",
            "Sends a POST.",
            "run http.post(\"http://{{ host }}/reload\", timeout: 10s)\n  leave \"a reload is harmless\"",
        ),
        request(
            Changes,
            "put",
            "Sends a PUT.",
            "run http.put(\"http://{{ host }}/flags/checkout\", json: { enabled: false })\n  \
             undo http.put(\"http://{{ host }}/flags/checkout\", json: { enabled: true }) safe",
        ),
        request(
            Changes,
            "patch",
            "Sends a PATCH.",
            "run http.patch(\"http://{{ host }}/pools/1\", json: { weight: 0 })\n  \
             undo http.patch(\"http://{{ host }}/pools/1\", json: { weight: 10 }) safe",
        ),
        request(
            Changes,
            "delete",
            "Sends a DELETE.",
            "run http.delete(\"http://{{ host }}/cache/products\")\n  leave \"the cache fills itself\"",
        ),
    ]
}
