//! Reading a quiz's answer out of the code cell below it. The kernel, which tells learners at once
//! whether they are right, reads it in the same way (`cellist/quiz.py`).

/// What stands after `answer =`, or alone below the cell's first lines; `None` when that is nothing,
/// or still the dots of the cell as it was given out.
pub fn written(source: &str) -> Option<String> {
    let lines = source.lines().filter(|line| !is_marker(line));
    let lines: Vec<&str> = lines.collect();
    let named = lines.iter().enumerate().find_map(|(at, line)| Some((at, after_name(line)?)));
    let text = match named {
        Some((at, rest)) => [&[rest], lines.get(at + 1..).unwrap_or_default()].concat().join("\n"),
        None => {
            let own = lines.into_iter().filter(|line| !line.trim_start().starts_with('#'));
            own.collect::<Vec<_>>().join("\n")
        }
    };
    let text = unquoted(text.trim());
    // The last is nbgrader's.
    let nothing = ["", "...", "…", "raise NotImplementedError()"];
    (!nothing.contains(&text.trim())).then_some(text)
}

/// nbgrader's mark around what the learner writes.
fn is_marker(line: &str) -> bool {
    let line = line.trim();
    line == "### BEGIN SOLUTION" || line == "### END SOLUTION"
}

/// What follows `answer =` in a line.
fn after_name(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("answer")?.trim_start().strip_prefix('=')?;
    (!rest.starts_with('=')).then_some(rest)
}

/// Without the quotes of a Python string, or of code in Markdown; else without a remark at its end.
fn unquoted(text: &str) -> String {
    for quote in ["\"\"\"", "'''", "\"", "'", "`"] {
        let inner = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner
            && !inner.contains(quote)
        {
            return if quote == "`" { inner.to_owned() } else { inner.replace("\\n", "\n") };
        }
    }
    let lines: Vec<&str> =
        text.lines().map(|line| line.find(" #").map_or(line, |at| &line[..at])).collect();
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "#| quiz: q\n#| key: choice/1 abc\n# Write a letter instead of the dots.\n";

    #[test]
    fn an_answer_is_what_follows_its_name() {
        for (rest, wanted) in [
            ("answer = b", "b"),
            ("answer = \"b\"", "b"),
            ("answer='5 s'", "5 s"),
            ("  answer = 5.0  # as I think", "5.0"),
            ("answer = [\"a\", \"c\"]", "[\"a\", \"c\"]"),
            ("answer = '''\nA\nB\n'''", "\nA\nB\n"),
            ("answer = \"A\\nB\"", "A\nB"),
            ("answer = A\nB", "A\nB"),
            ("answer = `x == 1`", "x == 1"),
            ("b", "b"),
            ("answer == 3", "answer == 3"),
            ("### BEGIN SOLUTION\nanswer = \"5\"\n### END SOLUTION", "5"),
        ] {
            assert_eq!(written(&format!("{HEAD}{rest}")).as_deref(), Some(wanted), "{rest}");
        }
    }

    #[test]
    fn dots_are_no_answer() {
        for rest in [
            "# YOUR CODE HERE\nraise NotImplementedError()",
            "answer = ...",
            "answer = …",
            "answer =",
            "",
            "answer = \"\"",
            "\n# later",
        ] {
            assert_eq!(written(&format!("{HEAD}{rest}")), None, "{rest}");
        }
    }
}
