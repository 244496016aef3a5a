//! Secrets: text that may go into a command or a request and nowhere else.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// A secret text with the name it was declared under. Shown and stored as its name only.
#[derive(Clone)]
pub struct Secret {
    name: Arc<str>,
    text: Arc<Zeroizing<String>>,
}

impl Secret {
    /// Returns the secret `text` that came from the declaration `name`.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<String>) -> Self {
        Secret { name: name.into(), text: Arc::new(Zeroizing::new(text.into())) }
    }

    /// Returns the name of the declaration it came from.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the text. Only for handing it to a command's environment or stdin, to a request, or to the blotter.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// Returns a secret computed from this one, under the same name.
    #[must_use]
    pub fn derive(&self, text: impl Into<String>) -> Secret {
        Secret { name: Arc::clone(&self.name), text: Arc::new(Zeroizing::new(text.into())) }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[secret {}]", self.name)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[secret {}]", self.name)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

/// A stored secret comes back with its name and an empty text: it is fetched again.
impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Secret::new(String::deserialize(deserializer)?, ""))
    }
}
