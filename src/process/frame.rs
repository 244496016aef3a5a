//! Messages on a stream of bytes: four bytes of length, little end first, then JSON.
//!
//! Owns the cutting of a stream into messages. Never touches a socket, so both ends share it:
//! the supervisor reads without blocking, the client asynchronously. Buffers are wiped when
//! dropped, since requests carry secrets.

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

/// The largest message, in bytes. More than this for a standard input belongs in a file.
pub const FRAME_LIMIT: usize = 64 << 20;

const PREFIX: usize = 4;

/// Why a message cannot be sent or understood.
#[derive(Debug, Error)]
pub enum FrameError {
    #[error("a message of {0} bytes is too large for the supervisor's socket")]
    TooLarge(usize),
    #[error("a message on the supervisor's socket cannot be understood: {0}")]
    Malformed(#[from] serde_json::Error),
}

/// Returns the message with its length before it.
///
/// # Errors
/// When it is larger than [`FRAME_LIMIT`] or cannot be serialised.
pub fn encode<T: Serialize>(message: &T) -> Result<Zeroizing<Vec<u8>>, FrameError> {
    let mut bytes = Zeroizing::new(vec![0; PREFIX]);
    serde_json::to_writer(&mut *bytes, message)?;
    let length = bytes.len() - PREFIX;
    let prefix =
        u32::try_from(length).ok().filter(|_| length <= FRAME_LIMIT).ok_or(FrameError::TooLarge(length))?;
    bytes[..PREFIX].copy_from_slice(&prefix.to_le_bytes());
    Ok(bytes)
}

/// Bytes that arrived and are not yet a message.
#[derive(Default)]
pub struct FrameBuffer {
    bytes: Zeroizing<Vec<u8>>,
    taken: usize,
}

impl FrameBuffer {
    /// Adds what was read.
    pub fn extend(&mut self, bytes: &[u8]) {
        if self.taken > 0 {
            let rest = self.bytes.len() - self.taken;
            self.bytes.copy_within(self.taken.., 0);
            self.bytes[rest..].zeroize();
            self.bytes.truncate(rest);
            self.taken = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Returns the next whole message, or `None` until more has arrived.
    ///
    /// # Errors
    /// When the length is out of bounds or the content is no message of this protocol. The
    /// message is consumed in the second case.
    pub fn take<T: DeserializeOwned>(&mut self) -> Result<Option<T>, FrameError> {
        let waiting = &self.bytes[self.taken..];
        let Some((prefix, rest)) = waiting.split_first_chunk::<PREFIX>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*prefix) as usize;
        if length > FRAME_LIMIT {
            return Err(FrameError::TooLarge(length));
        }
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        self.taken += PREFIX + length;
        Ok(Some(serde_json::from_slice(body)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn messages_survive_any_cutting(texts in prop::collection::vec(".{0,40}", 0..8), step in 1usize..50) {
            let mut wire = Vec::new();
            for text in &texts {
                wire.extend_from_slice(&encode(text).expect("encodes"));
            }
            let mut buffer = FrameBuffer::default();
            let mut seen: Vec<String> = Vec::new();
            for piece in wire.chunks(step) {
                buffer.extend(piece);
                while let Some(text) = buffer.take().expect("decodes") {
                    seen.push(text);
                }
            }
            prop_assert_eq!(seen, texts);
        }
    }

    #[test]
    fn a_length_out_of_bounds_is_an_error() {
        let mut buffer = FrameBuffer::default();
        buffer.extend(&u32::MAX.to_le_bytes());
        assert!(matches!(buffer.take::<String>(), Err(FrameError::TooLarge(_))));
    }
}
