//! The cells that were run, for `history_request`.

/// The inputs of this session, in order, with their execution counts.
#[derive(Debug, Default)]
pub(crate) struct History {
    cells: Vec<(u32, String)>,
}

impl History {
    /// Adds a cell.
    pub(crate) fn add(&mut self, execution_count: u32, source: &str) {
        self.cells.push((execution_count, source.to_owned()));
    }

    /// The last `n` cells, oldest first.
    pub(crate) fn tail(&self, n: usize) -> impl Iterator<Item = (u32, &str)> {
        self.cells.iter().skip(self.cells.len().saturating_sub(n)).map(borrowed)
    }

    /// The cells numbered from `start` up to, not including, `stop`.
    pub(crate) fn range(&self, start: u32, stop: Option<u32>) -> impl Iterator<Item = (u32, &str)> {
        let stop = stop.unwrap_or(u32::MAX);
        self.cells.iter().map(borrowed).filter(move |&(n, _)| start <= n && n < stop)
    }

    /// The last `n` cells that match a glob pattern (`*`, `?`), oldest first. With `unique`, of
    /// equal cells only the last.
    pub(crate) fn search(&self, pattern: &str, n: Option<usize>, unique: bool) -> Vec<(u32, &str)> {
        let mut found: Vec<(u32, &str)> = Vec::new();
        for cell in self.cells.iter().rev().map(borrowed) {
            if n.is_some_and(|n| found.len() >= n) {
                break;
            }
            if matches(pattern, cell.1) && !(unique && found.iter().any(|seen| seen.1 == cell.1)) {
                found.push(cell);
            }
        }
        found.reverse();
        found
    }
}

fn borrowed(cell: &(u32, String)) -> (u32, &str) {
    (cell.0, &cell.1)
}

/// Whether a glob pattern matches the whole text, as SQLite's `GLOB` without character classes.
fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where to go on when the latest `*` takes one character more.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p, t + 1));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => (p, t) = (p + 1, t + 1),
            _ => {
                let Some((star, next)) = retry else { return false };
                (p, t, retry) = (star + 1, next, Some((star, next + 1)));
            }
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(cells: &[&str]) -> History {
        let mut history = History::default();
        for (n, cell) in (1..).zip(cells) {
            history.add(n, cell);
        }
        history
    }

    #[test]
    fn globs() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("*b*b", "abab", true),
            ("?", "é", true),
            ("??", "a", false),
            ("a\n*", "a\nb", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern:?} on {text:?}");
        }
    }

    #[test]
    fn search_takes_the_last_ones_and_of_equals_only_one() {
        let history = history(&["x = 1", "y", "x = 1", "x = 2"]);
        assert_eq!(history.search("x*", None, false), [(1, "x = 1"), (3, "x = 1"), (4, "x = 2")]);
        assert_eq!(history.search("x*", None, true), [(3, "x = 1"), (4, "x = 2")]);
        assert_eq!(history.search("x*", Some(1), false), [(4, "x = 2")]);
    }

    #[test]
    fn range_and_tail() {
        let history = history(&["a", "b", "c"]);
        assert_eq!(history.range(2, Some(3)).collect::<Vec<_>>(), [(2, "b")]);
        assert_eq!(history.range(2, None).count(), 2);
        assert_eq!(history.tail(2).collect::<Vec<_>>(), [(2, "b"), (3, "c")]);
        assert_eq!(history.tail(9).count(), 3);
    }
}
