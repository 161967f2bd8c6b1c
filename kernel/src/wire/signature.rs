//! Signatures: HMAC-SHA256 over the four JSON frames, in lowercase hex.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::Write;

/// The first half of a signature, which no other message of this key has.
pub(super) type Mark = [u8; 16];

/// Signs and checks messages with the key of the connection file.
#[derive(Clone)]
pub(crate) struct Signer {
    /// Keyed once, cloned for each message. `None`: an empty key, messages are unsigned.
    keyed: Option<Hmac<Sha256>>,
}

impl Signer {
    /// A signer; an empty key means that messages carry no signature.
    pub(crate) fn new(key: &str) -> Self {
        if key.is_empty() {
            return Self { keyed: None };
        }
        // HMAC takes keys of every length, so the error never comes.
        Self { keyed: Hmac::new_from_slice(key.as_bytes()).ok() }
    }

    /// The signature frame of these JSON frames.
    pub(crate) fn sign(&self, frames: [&[u8]; 4]) -> String {
        let Some(mac) = self.fed(frames) else { return String::new() };
        let mut hex = String::with_capacity(64);
        for byte in mac.finalize().into_bytes() {
            // Writing to a string does not fail.
            let _ = write!(hex, "{byte:02x}");
        }
        hex
    }

    /// Whether `signature` is the signature of these frames; compares in constant time.
    pub(crate) fn verify(&self, signature: &[u8], frames: [&[u8]; 4]) -> bool {
        let Some(mac) = self.fed(frames) else { return true };
        let Some(bytes) = unhex(signature) else { return false };
        mac.verify_slice(&bytes).is_ok()
    }

    /// What a right signature is remembered by; `None` when messages are unsigned.
    pub(super) fn mark(&self, signature: &[u8]) -> Option<Mark> {
        self.keyed.as_ref()?;
        unhex(signature)?.first_chunk().copied()
    }

    fn fed(&self, frames: [&[u8]; 4]) -> Option<Hmac<Sha256>> {
        let mut mac = self.keyed.clone()?;
        for frame in frames {
            mac.update(frame);
        }
        Some(mac)
    }
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let (pairs, []) = text.as_chunks::<2>() else { return None };
    pairs.iter().map(|[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAMES: [&[u8]; 4] = [b"{}", b"{}", b"{}", b"{\"a\":1}"];

    #[test]
    fn agrees_with_pythons_hmac() {
        // hmac.new(b"key", b'{}{}{}{"a":1}', "sha256").hexdigest()
        assert_eq!(
            Signer::new("key").sign(FRAMES),
            "5c59a161f31dbc453751f94cd7e9bdd78e1ed3419c132f75b8e0f3b0d1313693"
        );
    }

    #[test]
    fn takes_its_own_signature_and_no_other() {
        let signer = Signer::new("key");
        let signature = signer.sign(FRAMES);
        assert!(signer.verify(signature.as_bytes(), FRAMES));
        assert!(!signer.verify(signature.as_bytes(), [b"{}", b"{}", b"{}", b"{\"a\":2}"]));
        assert!(!Signer::new("other").verify(signature.as_bytes(), FRAMES));
        for bad in [&b""[..], b"zz", b"abc", &signature.as_bytes()[..62]] {
            assert!(!signer.verify(bad, FRAMES));
        }
    }

    #[test]
    fn an_empty_key_neither_signs_nor_checks() {
        let signer = Signer::new("");
        assert_eq!(signer.sign(FRAMES), "");
        assert!(signer.verify(b"", FRAMES));
        assert!(signer.verify(b"anything", FRAMES));
    }
}
