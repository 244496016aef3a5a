//! Text that must not be seen: wiped when dropped, never shown by `Debug`.
//!
//! Owns the one type by which a secret travels from the executor to the supervisor. It
//! serialises only because the socket needs it; nothing that holds one belongs in a journal,
//! which is why the type lives here and not beside the values of the language.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A secret on its way to a command's environment or standard input.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretText(String);

impl SecretText {
    /// Returns the text wrapped; the caller's own copies are the caller's to wipe.
    pub fn new(text: impl Into<String>) -> Self {
        SecretText(text.into())
    }

    /// Returns the text itself, for the one who hands it to a command or searches output for it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl Drop for SecretText {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for SecretText {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", SecretText::new("hunter2-hunter2")), "[secret]");
    }
}
