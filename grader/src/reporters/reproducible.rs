//! Verdicts without what differs from run to run.

use cellist_formats::verdict::Verdict;

/// Takes times, and addresses of objects (`<object object at 0x7f3a…>`), out of a verdict.
pub fn settle(verdict: &mut Verdict) {
    verdict.millis = 0.0;
    for unit in &mut verdict.units {
        for item in &mut unit.items {
            let texts = [&mut item.hint, &mut item.message, &mut item.hint_error];
            texts.into_iter().flatten().for_each(without_addresses);
        }
        for error in &mut unit.errors {
            [&mut error.evalue, &mut error.traceback].into_iter().for_each(without_addresses);
        }
    }
}

/// `0x7f3a2c` after `at ` is `0x…`.
fn without_addresses(text: &mut String) {
    const BEFORE: &str = " at 0x";
    if !text.contains(BEFORE) {
        return;
    }
    let mut pieces = text.split(BEFORE);
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        plain += BEFORE;
        let rest = piece.trim_start_matches(|digit: char| digit.is_ascii_hexdigit());
        plain += if rest.len() == piece.len() { "" } else { "…" };
        plain += rest;
    }
    *text = plain;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let mut text = "got <Cup object at 0x7f3a2c> and <f at 0xab>, 0x10 at 0xzz".to_owned();
        without_addresses(&mut text);
        assert_eq!(text, "got <Cup object at 0x…> and <f at 0x…>, 0x10 at 0xzz");
    }
}
