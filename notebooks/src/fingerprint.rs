//! Telling whether a text was changed.

/// A fingerprint of a text (FNV-1a, 64 bits, in hexadecimal). Enough against accidents.
pub(crate) fn of(text: &str) -> String {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    format!("{:016x}", text.bytes().fold(0xcbf2_9ce4_8422_2325, step))
}
