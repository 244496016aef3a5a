//! Stored numbers that come back bit by bit.
//!
//! Owns how a number stands in the journal. A replay must compute with what the run computed
//! with, and a JSON reader may lose the last bit of a number with many digits; such a number
//! is stored as text. Never stores what is no finite number.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Number(f64),
    Text(String),
}

/// Stores a number.
pub(super) fn serialize<S: Serializer>(n: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if !n.is_finite() {
        return Err(ser::Error::custom("not a finite number"));
    }
    let survives = serde_json::to_string(n)
        .and_then(|text| serde_json::from_str::<f64>(&text))
        .is_ok_and(|read| read.to_bits() == n.to_bits());
    if survives { n.serialize(serializer) } else { n.to_string().serialize(serializer) }
}

/// Reads a stored number.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let n = match Stored::deserialize(deserializer)? {
        Stored::Number(n) => n,
        Stored::Text(text) => text.parse().map_err(de::Error::custom)?,
    };
    if n.is_finite() { Ok(n) } else { Err(de::Error::custom("not a finite number")) }
}
