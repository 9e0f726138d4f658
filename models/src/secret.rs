//! Random tokens and keyed hashes.
//!
//! What a person carries (cookies, mailed links) is random and stored as SHA-256 only, so that a
//! copied database opens nothing. The site's own key lies in the settings, shared by all nodes.

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// 256 random bits as 64 hexadecimal digits.
pub fn token() -> String {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).expect("the operating system's random source failed");
    hex(&bytes)
}

/// A number from 0 to `limit` - 1 that nobody can foresee.
pub fn below(limit: u32) -> u32 {
    let random = getrandom::u32().expect("the operating system's random source failed");
    // The remainder favours small numbers by less than one in ten million for the limits used here.
    random % limit.max(1)
}

pub fn sha256(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

pub fn sha256_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// HMAC-SHA256 in hexadecimal.
pub fn keyed(key: &str, text: &str) -> String {
    hex(&mac(key, text).finalize().into_bytes())
}

/// Compares in constant time.
pub fn keyed_matches(key: &str, text: &str, given: &str) -> bool {
    unhex(given).is_some_and(|given| mac(key, text).verify_slice(&given).is_ok())
}

fn mac(key: &str, text: &str) -> Hmac<Sha256> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyed_hash_matches_itself_and_nothing_else() {
        let mac = keyed("key", "text");
        assert!(keyed_matches("key", "text", &mac));
        assert!(!keyed_matches("key", "texts", &mac));
        assert!(!keyed_matches("other", "text", &mac));
        assert!(!keyed_matches("key", "text", "é"));
        assert!(!keyed_matches("key", "text", ""));
    }
}
