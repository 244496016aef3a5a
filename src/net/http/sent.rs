//! Whether anything of a request was sent.
//!
//! A changing request that failed is in doubt from the moment its first byte may have left, and
//! not before: a refused connection, a name that is not known and a failed TLS handshake changed
//! nothing. The connection asks a body for its length and pieces when it writes the head, and
//! never earlier, so the body is the witness.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// Says whether a request, or one before it on the way through redirects, was handed to a connection.
#[derive(Clone, Debug, Default)]
pub struct Sent(Arc<AtomicBool>);

impl Sent {
    /// Returns whether it was.
    pub fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A body that is there as a whole and tells when it is asked for.
pub(super) struct Witness {
    sent: Sent,
    rest: Option<Bytes>,
}

impl Witness {
    /// Returns a body of these bytes; an empty one is sent as such, with its length, and `None` is none at all.
    pub fn new(bytes: Option<Bytes>, sent: Sent) -> Self {
        Witness { sent, rest: bytes }
    }
}

impl Body for Witness {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.sent.set();
        let rest = self.rest.take().filter(|bytes| !bytes.is_empty());
        Poll::Ready(rest.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.sent.set();
        self.rest.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
