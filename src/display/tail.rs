//! The end of what a running command printed.
//!
//! Owns a few kilobytes of it, however much comes. Never shows a byte that a terminal would obey.

use super::text::printed;
use crate::process::StreamName;

/// Bytes that are kept.
const KEPT: usize = 8 * 1024;

#[derive(Debug, Default)]
pub(super) struct Tail {
    bytes: Vec<u8>,
    /// The stream that spoke last.
    last: Option<StreamName>,
    /// Where the next bytes of each stream begin when none are left out.
    next: [u64; 2],
}

impl Tail {
    /// Takes in bytes that stand at `offset` of the stream.
    pub fn push(&mut self, stream: StreamName, offset: u64, bytes: &[u8]) {
        let next = match stream {
            StreamName::Stdout => &mut self.next[0],
            StreamName::Stderr => &mut self.next[1],
        };
        let gap = offset != *next;
        *next = offset + bytes.len() as u64;
        // What was left out ends in the middle of a line.
        let whole = if gap { bytes.iter().position(|b| *b == b'\n').map_or(0, |at| at + 1) } else { 0 };
        if (gap || self.last != Some(stream)) && self.bytes.last().is_some_and(|b| *b != b'\n') {
            self.bytes.push(b'\n');
        }
        self.last = Some(stream);
        self.bytes.extend_from_slice(&bytes[whole..]);
        let surplus = self.bytes.len().saturating_sub(KEPT);
        self.bytes.drain(..surplus);
    }

    /// Returns the last lines that hold something, at most `count`, the newest last.
    pub fn lines(&self, count: usize) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.bytes);
        let mut lines: Vec<String> =
            printed(&text).rev().filter(|line| !line.trim().is_empty()).take(count).collect();
        lines.reverse();
        lines
    }
}
