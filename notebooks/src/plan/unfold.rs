//! A plan that lost its line ends.

/// Gives a document of one long line its lines back: each heading, box and numbered bold step
/// begins one, and the boxes after a step are indented below it. Other text stays as it is.
pub(super) fn unfold(text: &str) -> String {
    let line = text.trim_end();
    if line.contains('\n') || !line.contains(" - [ ] ") {
        return text.to_owned();
    }
    let mut unfolded = String::with_capacity(text.len() + 256);
    let mut below_step = false;
    for part in parts(line) {
        if part.starts_with('#') {
            if !unfolded.is_empty() {
                unfolded.push('\n');
            }
            below_step = false;
        } else if is_step(part) {
            below_step = true;
        } else if below_step {
            unfolded.push_str("   ");
        }
        unfolded.push_str(part);
        unfolded.push('\n');
        if part.starts_with('#') {
            unfolded.push('\n');
        }
    }
    unfolded
}

fn parts(line: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, _) in line.match_indices(' ') {
        let rest = &line[at + 1..];
        if is_heading(rest) || rest.starts_with("- [ ] ") || is_step(rest) {
            parts.push(line[start..at].trim());
            start = at + 1;
        }
    }
    parts.push(line[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

fn is_heading(text: &str) -> bool {
    let hashes = text.len() - text.trim_start_matches('#').len();
    (2..=6).contains(&hashes) && text[hashes..].starts_with(' ')
}

fn is_step(text: &str) -> bool {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    digits > 0 && text[digits..].starts_with(". **")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_becomes_many() {
        let plan = "### Day #### Goals - [ ] a `- x` - [ ] b #### Do 1. **One** - [ ] c 2. **Two** - [ ] d";
        assert_eq!(
            unfold(plan),
            "### Day\n\n\n#### Goals\n\n- [ ] a `- x`\n- [ ] b\n\n#### Do\n\n1. **One**\n   - [ ] c\n2. **Two**\n   - [ ] d\n"
        );
    }

    #[test]
    fn other_text_stays() {
        for text in ["", "one line", "- [ ] a\n- [ ] b\n", "# A\n\ntext - [ ] not a box\n"] {
            assert_eq!(unfold(text), text);
        }
    }
}
