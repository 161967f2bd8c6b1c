//! Regions that nbgrader marks by comments: solutions and hidden tests.

/// Why a cell's regions make no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegionError {
    /// A region within a region.
    #[error("a `{0}` region begins within another; end the first one before")]
    Nested(&'static str),
    /// A region without an end.
    #[error("a `{0}` region does not end; add the line `### END {0}`")]
    Endless(&'static str),
}

const SOLUTION: &str = "SOLUTION";
const HIDDEN_TESTS: &str = "HIDDEN TESTS";

/// A solution cell as learners get it: each solution region, or without one the whole cell,
/// replaced by the stub.
pub(super) fn without_solutions(source: &str, stub: &str) -> Result<String, RegionError> {
    match without(source, SOLUTION, Some(stub))? {
        Some(text) => Ok(text),
        None => Ok(stub.to_owned()),
    }
}

/// A cell of tests as learners get it; `None` when nothing in it is hidden.
pub(super) fn without_hidden_tests(source: &str) -> Result<Option<String>, RegionError> {
    without(source, HIDDEN_TESTS, None)
}

/// The source without its regions; `None` when it has none. As in nbgrader a delimiter may stand
/// anywhere in its line, and an end without a beginning is only dropped.
fn without(
    source: &str,
    name: &'static str,
    stub: Option<&str>,
) -> Result<Option<String>, RegionError> {
    let (begin, end) = (format!("BEGIN {name}"), format!("END {name}"));
    let mut lines: Vec<String> = Vec::new();
    let (mut inside, mut found) = (false, false);
    for line in source.split('\n') {
        if line.contains(&begin) {
            if inside {
                return Err(RegionError::Nested(name));
            }
            (inside, found) = (true, true);
            let indent = &line[..line.len() - line.trim_start().len()];
            lines.extend(
                stub.iter().flat_map(|stub| stub.split('\n')).map(|stub| format!("{indent}{stub}")),
            );
        } else if line.contains(&end) {
            inside = false;
        } else if !inside {
            lines.push(line.to_owned());
        }
    }
    match (inside, found) {
        (true, _) => Err(RegionError::Endless(name)),
        (false, true) => Ok(Some(lines.join("\n"))),
        (false, false) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn solutions_give_way_to_the_stub_with_their_indent() {
        let source = "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n\nf()";
        let cleared = without_solutions(source, "# YOUR CODE HERE\nraise").unwrap();
        assert_eq!(cleared, "def f():\n    # YOUR CODE HERE\n    raise\n\nf()");
        assert_eq!(without_solutions("return 1", "stub").unwrap(), "stub");
    }

    #[test]
    fn hidden_tests_are_left_out() {
        let source = "assert a\n### BEGIN HIDDEN TESTS\nassert b\n### END HIDDEN TESTS\nassert c";
        assert_eq!(without_hidden_tests(source).unwrap().unwrap(), "assert a\nassert c");
        assert_eq!(without_hidden_tests("assert a").unwrap(), None);
    }

    #[test]
    fn broken_regions_are_told() {
        let nested = "### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION";
        assert_eq!(without_solutions(nested, ""), Err(RegionError::Nested("SOLUTION")));
        let endless = without_hidden_tests("### BEGIN HIDDEN TESTS\nassert a").unwrap_err();
        let wanted = "a `HIDDEN TESTS` region does not end; add the line `### END HIDDEN TESTS`";
        assert_eq!(endless.to_string(), wanted);
    }
}
