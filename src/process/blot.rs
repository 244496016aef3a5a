//! Secrets blotted out of what a command prints, before anyone else sees it.
//!
//! Owns the forms in which a secret may appear (as it is, base64 at every alignment,
//! percent-encoded, escaped for JSON or a shell) and the search for them in a stream that comes
//! in pieces. Never sees a file or a socket. It stands before everything that keeps or shows
//! output, so that memory, files, journal and screen hold the same bytes.
//!
//! Occurrences that overlap become one `[secret]`: what two secrets share must not remain.
//! What could still become an occurrence is held back, and nothing else is, so that a prompt
//! without a newline is seen at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use base64::Engine as _;
use base64::alphabet::{Alphabet, STANDARD as STANDARD_ALPHABET, URL_SAFE as URL_SAFE_ALPHABET};
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, PAD};
use zeroize::Zeroizing;

use super::secret::SecretText;

/// What stands where a secret stood.
pub const BLOT: &[u8] = b"[secret]";

/// Secrets shorter than this, in bytes, are not searched for: they would blot out ordinary text.
pub const SHORTEST: usize = 6;

/// Bytes of all forms up to which the faster, larger automaton is built (a few megabytes).
const DFA_LIMIT: usize = 16 * 1024;

/// The forms of some secrets, ready to be searched for. Cheap to clone.
#[derive(Clone, Default)]
pub struct Needles(Option<Arc<Search>>);

struct Search {
    automaton: AhoCorasick,
    forms: Vec<Zeroizing<Vec<u8>>>,
    longest: usize,
    /// Whether a form begins with this byte.
    begins: [bool; 256],
}

impl Needles {
    /// Returns the forms of these secrets. Ones too short are left out, and so are all of them
    /// in the event that they are too large to be searched for (gigabytes).
    pub fn new(secrets: &[SecretText]) -> Self {
        let mut forms = BTreeSet::new();
        for secret in secrets {
            let text = secret.expose();
            // `$(…)` and most tools drop the newline at a file's end.
            for text in [text, text.trim_end_matches(['\n', '\r'])] {
                if text.len() >= SHORTEST {
                    add_forms(text, &mut forms);
                }
            }
        }
        let forms: Vec<_> = forms.into_iter().map(Zeroizing::new).collect();
        let Some(longest) = forms.iter().map(|form| form.len()).max() else {
            return Needles(None);
        };
        let whole: usize = forms.iter().map(|form| form.len()).sum();
        let kind = if whole <= DFA_LIMIT { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA };
        let automaton =
            AhoCorasick::builder().kind(Some(kind)).build(forms.iter().map(|form| form.as_slice()));
        let mut begins = [false; 256];
        for first in forms.iter().filter_map(|form| form.first()) {
            begins[usize::from(*first)] = true;
        }
        Needles(automaton.ok().map(|automaton| Arc::new(Search { automaton, forms, longest, begins })))
    }

    /// Returns a text with its secrets blotted out.
    pub fn blot(&self, text: &str) -> String {
        let mut blotter = Blotter::new(self.clone());
        let mut out = Vec::new();
        blotter.push(text.as_bytes(), &mut out);
        blotter.finish(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}

fn add_forms(text: &str, forms: &mut BTreeSet<Vec<u8>>) {
    let mut add = |form: Vec<u8>| {
        if form.len() >= SHORTEST {
            forms.insert(form);
        }
    };
    add(text.as_bytes().to_vec());
    for alphabet in [&STANDARD_ALPHABET, &URL_SAFE_ALPHABET] {
        base64_forms(text.as_bytes(), alphabet).into_iter().for_each(&mut add);
    }
    for upper in [true, false] {
        add(percent(text, upper, |byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte), "%20"));
        // encodeURIComponent leaves more as it is; forms write a space as a plus.
        add(percent(text, upper, |byte| byte.is_ascii_alphanumeric() || b"-_.~!*'()".contains(&byte), "%20"));
        add(percent(text, upper, |byte| byte.is_ascii_alphanumeric() || b"-_.*".contains(&byte), "+"));
        add(percent(text, upper, |_| false, "%20"));
    }
    for ascii in [true, false] {
        for html in [true, false] {
            add(json(text, ascii, html));
        }
    }
    // As `set -x` and `printf %q` would quote it inside single quotes.
    add(text.replace('\'', r"'\''").into_bytes());
}

/// Returns the whole encoding, with padding and without, and for each of the three places a
/// secret may have in a longer text the characters that depend on nothing but the secret.
fn base64_forms(secret: &[u8], alphabet: &Alphabet) -> Vec<Vec<u8>> {
    let padded = GeneralPurpose::new(alphabet, PAD);
    let bare = GeneralPurpose::new(alphabet, NO_PAD);
    let mut forms = vec![padded.encode(secret).into_bytes(), bare.encode(secret).into_bytes()];
    for (before, foreign) in [(0, 0), (1, 2), (2, 3)] {
        let mut text = Zeroizing::new(vec![0; before]);
        text.extend_from_slice(secret);
        let mut form = bare.encode(text.as_slice()).into_bytes();
        if text.len() % 3 != 0 {
            form.pop();
        }
        forms.push(form.split_off(foreign.min(form.len())));
    }
    forms
}

fn percent(text: &str, upper: bool, plain: impl Fn(u8) -> bool, space: &str) -> Vec<u8> {
    let mut form = Vec::with_capacity(text.len() * 3);
    for byte in text.bytes() {
        if byte == b' ' {
            form.extend_from_slice(space.as_bytes());
        } else if plain(byte) {
            form.push(byte);
        } else if upper {
            form.extend_from_slice(format!("%{byte:02X}").as_bytes());
        } else {
            form.extend_from_slice(format!("%{byte:02x}").as_bytes());
        }
    }
    form
}

/// Escapes as in a JSON string: `ascii` as Python does beyond ASCII, `html` as Go does for `<>&`.
fn json(text: &str, ascii: bool, html: bool) -> Vec<u8> {
    let mut form = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        match c {
            '"' => form.push_str("\\\""),
            '\\' => form.push_str("\\\\"),
            '\n' => form.push_str("\\n"),
            '\r' => form.push_str("\\r"),
            '\t' => form.push_str("\\t"),
            '\u{8}' => form.push_str("\\b"),
            '\u{c}' => form.push_str("\\f"),
            '<' | '>' | '&' if html => form.push_str(&format!("\\u{:04x}", u32::from(c))),
            c if c < ' ' || (ascii && !c.is_ascii()) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    form.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => form.push(c),
        }
    }
    form.into_bytes()
}

/// Blots one stream. Bytes go in in any pieces; the result does not depend on the pieces.
#[derive(Default)]
pub struct Blotter {
    needles: Needles,
    /// What was read and could still become an occurrence.
    held: Zeroizing<Vec<u8>>,
    /// How many bytes at the beginning of `held` an occurrence that was already replaced covers.
    covered: usize,
}

impl Blotter {
    /// Returns a blotter at the beginning of a stream.
    pub fn new(needles: Needles) -> Self {
        Blotter { needles, ..Blotter::default() }
    }

    /// Returns whether there is nothing to search for, so that bytes may pass as they are.
    pub fn is_idle(&self) -> bool {
        self.needles.0.is_none()
    }

    /// Takes in a piece and appends to `out` what is certain by now.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let Some(search) = self.needles.0.clone() else {
            out.extend_from_slice(piece);
            return;
        };
        self.held.extend_from_slice(piece);
        let sure = search.sure(&self.held);
        self.release(&search, sure, out);
    }

    /// Appends what was held back: the stream is over.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if let Some(search) = self.needles.0.clone() {
            let sure = self.held.len();
            self.release(&search, sure, out);
        }
    }

    /// Releases `held[..sure]`. No occurrence that begins there is still open.
    fn release(&mut self, search: &Search, sure: usize, out: &mut Vec<u8>) {
        let mut found: Vec<(usize, usize)> = search
            .automaton
            .find_overlapping_iter(self.held.as_slice())
            .map(|m| (m.start(), m.end()))
            .collect();
        found.sort_unstable();
        let mut done = self.covered;
        for (start, end) in found {
            if start < done {
                done = done.max(end);
            } else if start < sure {
                out.extend_from_slice(&self.held[done..start]);
                out.extend_from_slice(BLOT);
                done = end;
            } else {
                break;
            }
        }
        if done < sure {
            out.extend_from_slice(&self.held[done..sure]);
        }
        self.covered = done.saturating_sub(sure);
        self.held.drain(..sure);
    }
}

impl Search {
    /// Returns the first place from which the rest of `text` is the beginning of some form.
    fn sure(&self, text: &[u8]) -> usize {
        let from = text.len().saturating_sub(self.longest - 1);
        (from..text.len())
            .find(|&at| {
                let rest = &text[at..];
                self.begins[usize::from(text[at])]
                    && self.forms.iter().any(|form| form.len() > rest.len() && form.starts_with(rest))
            })
            .unwrap_or(text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    fn needles(secrets: &[&str]) -> Needles {
        Needles::new(&secrets.iter().map(|s| SecretText::new(*s)).collect::<Vec<_>>())
    }

    fn in_pieces(needles: &Needles, text: &[u8], step: usize) -> Vec<u8> {
        let mut blotter = Blotter::new(needles.clone());
        let mut out = Vec::new();
        for piece in text.chunks(step.max(1)) {
            blotter.push(piece, &mut out);
        }
        blotter.finish(&mut out);
        out
    }

    fn holds(text: &[u8], part: &[u8]) -> bool {
        text.windows(part.len()).any(|w| w == part)
    }

    #[test]
    fn every_form_is_blotted() {
        let secret = "pä55 \"w/o'rd<1>&?";
        let n = needles(&[secret]);
        let python = r#"p\u00e455 \"w/o'rd<1>&?"#;
        let go = r#"pä55 \"w/o'rd\u003c1\u003e\u0026?"#;
        for form in [
            secret.to_owned(),
            STANDARD.encode(secret),
            STANDARD_NO_PAD.encode(secret),
            URL_SAFE.encode(secret),
            URL_SAFE_NO_PAD.encode(secret),
            serde_json::to_string(secret).expect("is JSON").trim_matches('"').to_owned(),
            python.to_owned(),
            go.to_owned(),
            "p%C3%A455%20%22w%2Fo%27rd%3C1%3E%26%3F".to_owned(),
            "p%c3%a455+%22w%2fo%27rd%3c1%3e%26%3f".to_owned(),
            r#"pä55 "w/o'\''rd<1>&?"#.to_owned(),
        ] {
            assert_eq!(n.blot(&format!("<{form}>")), "<[secret]>", "{form}");
        }
    }

    #[test]
    fn short_secrets_pass_and_newlines_at_the_end_do_not_matter() {
        assert_eq!(needles(&["abc12"]).blot("abc12"), "abc12");
        assert_eq!(needles(&["hunter2\n"]).blot("is hunter2!"), "is [secret]!");
    }

    #[test]
    fn overlapping_secrets_become_one() {
        assert_eq!(needles(&["abcdef", "defghi"]).blot("-abcdefghi-"), "-[secret]-");
        assert_eq!(needles(&["abcdef", "defghi"]).blot("abcdef defghi"), "[secret] [secret]");
    }

    #[test]
    fn only_what_may_become_a_secret_is_held_back() {
        let mut blotter = Blotter::new(needles(&["topsecret"]));
        let mut out = Vec::new();
        blotter.push(b"continue? tops", &mut out);
        assert_eq!(out, b"continue? ");
        blotter.push(b"y", &mut out);
        assert_eq!(out, b"continue? topsy");
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(
            text in "[ab]{0,80}",
            secrets in prop::collection::vec("[ab]{6,9}", 0..4),
            step in 1usize..20,
        ) {
            let n = Needles::new(&secrets.iter().map(SecretText::new).collect::<Vec<_>>());
            let whole = in_pieces(&n, text.as_bytes(), usize::MAX);
            prop_assert_eq!(&whole, &in_pieces(&n, text.as_bytes(), step));
            for secret in &secrets {
                prop_assert!(!holds(&whole, secret.as_bytes()));
            }
        }

        #[test]
        fn base64_at_every_alignment(
            before in prop::collection::vec(any::<u8>(), 0..7),
            secret in "[ -~]{8,30}",
            after in prop::collection::vec(any::<u8>(), 0..7),
            step in 1usize..20,
        ) {
            let n = needles(&[&secret]);
            let text = [before.as_slice(), secret.as_bytes(), after.as_slice()].concat();
            for encoded in [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                let out = in_pieces(&n, encoded.as_bytes(), step);
                prop_assert!(holds(&out, BLOT));
                // What is left beside the blot is the neighbours' and at most a shared character.
                let neighbours = (before.len() + after.len()).div_ceil(3) * 4 + 8;
                prop_assert!(out.len() <= BLOT.len() + neighbours);
            }
        }

        #[test]
        fn texts_without_a_secret_pass_unchanged(text in prop::collection::vec(any::<u8>(), 0..300), step in 1usize..50) {
            let n = needles(&["correct horse battery staple"]);
            prop_assert_eq!(in_pieces(&n, &text, step), text);
        }
    }
}
