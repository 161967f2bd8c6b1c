//! Text of a learner's on a teacher's terminal.

/// `text` without the power to do more than be read: control characters, which could move the
/// cursor and paint a better result over the real one, and signs that change the direction of
/// writing are shown as codes. So are Unicode's noncharacters, which neither XML nor HTML may hold.
/// Line ends stay.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '\n' => plain.push('\n'),
            '\t' => plain.push_str("    "),
            '\r' => {}
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                plain.extend(sign.escape_unicode());
            }
            '\u{fdd0}'..='\u{fdef}' => plain.extend(sign.escape_unicode()),
            sign if u32::from(sign) & 0xfffe == 0xfffe => plain.extend(sign.escape_unicode()),
            sign if sign.is_control() => plain.extend(sign.escape_unicode()),
            sign => plain.push(sign),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn nothing_moves_the_cursor() {
        assert_eq!(plain("a\x1b[2Jb\u{9b}1Ac\r\n\td"), "a\\u{1b}[2Jb\\u{9b}1Ac\n    d");
    }

    #[test]
    fn nothing_turns_the_direction() {
        assert_eq!(plain("0\u{202e}21"), "0\\u{202e}21");
    }

    #[test]
    fn nothing_breaks_a_document() {
        assert_eq!(plain("a\u{ffff}\u{10fffe}\u{fdd0}"), "a\\u{ffff}\\u{10fffe}\\u{fdd0}");
    }

    #[test]
    fn letters_of_every_script_stay() {
        let text = "größer ≠ 大 👩‍💻 שלום";
        assert_eq!(plain(text), text);
    }
}
