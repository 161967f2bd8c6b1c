//! Which attempt a file is, by the marks that platforms, nbgrader and people leave in names.

use super::{exchange, platform};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use std::path::{Component, Path, PathBuf};

/// What is known of when something was handed in. Of two the greater is the later: by time, where
/// that is known, else by number, else by the platform's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// When.
    pub time: Option<Timestamp>,
    /// The number in its name; the first has none.
    pub number: Option<u64>,
    /// The platform's number for the file: the later, the greater.
    pub serial: Option<u64>,
}

/// The mark of a file for this notebook. The file's own name tells most, then the folders above
/// it, the nearest first.
pub(super) fn mark(path: &Path, notebook: &Path) -> Mark {
    let mut mark = platform::attempt(path, notebook).unwrap_or_default();
    let mut add = |found: Mark| {
        mark.time = mark.time.or(found.time);
        mark.number = mark.number.or(found.number);
    };
    if let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) {
        let own = own_stem(notebook).and_then(|own| copy_of(stem, own));
        own.or_else(|| split(stem).map(|(_, mark)| mark)).into_iter().for_each(&mut add);
    }
    for folder in path.ancestors().skip(1).filter_map(Path::file_name) {
        let Some(name) = folder.to_str() else { continue };
        let handed_in = exchange::read(name).map(|found| found.mark());
        handed_in.or_else(|| split(name).map(|(_, mark)| mark)).into_iter().for_each(&mut add);
    }
    mark
}

/// The path as it would be without marks: `ann/attempt-2/day/answer-1.ipynb` is
/// `ann/day/answer.ipynb`, when that is the notebook's name.
pub(super) fn without_marks(path: &Path, notebook: &Path) -> PathBuf {
    let own = |part: &Component<'_>| notebook.components().any(|other| other == *part);
    let is_mark = |part: &Component<'_>| {
        let name = part.as_os_str().to_str();
        name.and_then(split).is_some_and(|(rest, _)| rest.is_empty())
    };
    let mut plain: PathBuf = path.components().filter(|part| own(part) || !is_mark(part)).collect();
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    if let (Some(stem), Some(name), Some(own)) = (stem, notebook.file_name(), own_stem(notebook)) {
        let marked =
            copy_of(stem, own).is_some() || split(stem).is_some_and(|(rest, _)| rest == own);
        if marked {
            plain.set_file_name(name);
        }
    }
    plain
}

/// A learner's name without the mark at its end.
pub(super) fn unmarked(name: &str) -> &str {
    match split(name) {
        Some((rest, _)) if !rest.is_empty() => rest,
        _ => name,
    }
}

fn own_stem(notebook: &Path) -> Option<&str> {
    notebook.file_stem()?.to_str()
}

/// `answer-1`, as Canvas calls the second, or `answer (1)`, as a browser does.
fn copy_of(stem: &str, own: &str) -> Option<Mark> {
    let rest = stem.strip_prefix(own)?.trim_start();
    let inner = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let number = inner.or_else(|| rest.strip_prefix('-'))?.parse().ok()?;
    Some(Mark { number: Some(number), ..Mark::default() })
}

/// A name and the mark that it ends with: `ann_attempt2`, `ann 2026-02-02T15-58-23`.
fn split(name: &str) -> Option<(&str, Mark)> {
    let (rest, mark) = number(name).or_else(|| time(name))?;
    Some((rest.trim_end_matches(['-', '_', ' ', '+', '.', ',']), mark))
}

fn number(name: &str) -> Option<(&str, Mark)> {
    let word = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let number = name[word.len()..].parse().ok()?;
    let word = word.trim_end_matches(['-', '_', ' ']);
    let at = word.len().checked_sub("attempt".len())?;
    let (rest, word) = word.split_at_checked(at)?;
    let whole = word.eq_ignore_ascii_case("attempt") && !rest.ends_with(char::is_alphanumeric);
    whole.then_some((rest, Mark { number: Some(number), ..Mark::default() }))
}

fn time(name: &str) -> Option<(&str, Mark)> {
    let starts = name.char_indices().filter(|(at, letter)| {
        letter.is_ascii_digit() && !name[..*at].ends_with(|before: char| before.is_alphanumeric())
    });
    let found = starts.map(|(at, _)| at).find_map(|at| Some((at, read_time(&name[at..])?)));
    let (at, time) = found?;
    Some((&name[..at], Mark { time: Some(time), ..Mark::default() }))
}

/// `2026-02-02 15:58:23.948 UTC`, `2026-02-02T15-58-23Z`, `20260202_155823`, `2026-02-02`: a day,
/// or one with a time of UTC.
fn read_time(text: &str) -> Option<Timestamp> {
    let text = text.strip_suffix("UTC").map_or(text, str::trim_end);
    let text = text.strip_suffix('Z').unwrap_or(text);
    let groups: Vec<&str> = text.split(['-', '_', ':', '.', ' ', 'T']).collect();
    if groups.iter().any(|group| group.is_empty() || !is_number(group)) {
        return None;
    }
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let (taken, fraction) = match lengths.as_slice() {
        [4, 2, 2] => (3, None),
        [14] => (1, None),
        [8, 4 | 6] => (2, None),
        [8, 6, 1..=9] => (2, Some(2)),
        [4, 2, 2, 4 | 6] => (4, None),
        [4, 2, 2, 2, 2] => (5, None),
        [4, 2, 2, 2, 2, 2] => (6, None),
        [4, 2, 2, 2, 2, 2, 1..=9] => (6, Some(6)),
        _ => return None,
    };
    let digits = format!("{:0<14}", groups[..taken].concat());
    let part = |from: usize, to: usize| digits.get(from..to)?.parse::<i8>().ok();
    let nanos = fraction.map_or(Some(0), |at| format!("{:0<9}", groups[at]).parse().ok())?;
    let year: i16 = digits.get(..4)?.parse().ok()?;
    // Eight digits may be anything else.
    if !(1990..2200).contains(&year) {
        return None;
    }
    let [month, day] = [part(4, 6)?, part(6, 8)?];
    let [hour, minute, second] = [part(8, 10)?, part(10, 12)?, part(12, 14)?];
    let time = DateTime::new(year, month, day, hour, minute, second, nanos).ok()?;
    Offset::UTC.to_timestamp(time).ok()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn of(path: &str) -> Mark {
        mark(Path::new(path), Path::new("day/answer.ipynb"))
    }

    fn number_of(path: &str) -> Option<u64> {
        of(path).number
    }

    fn time_of(path: &str) -> Option<String> {
        of(path).time.map(|time| time.to_string())
    }

    #[test]
    fn numbers() {
        assert_eq!(number_of("in/ann/answer.ipynb"), None);
        assert_eq!(number_of("in/ann/answer-1.ipynb"), Some(1));
        assert_eq!(number_of("in/ann/answer (2).ipynb"), Some(2));
        assert_eq!(number_of("in/ann_attempt3.ipynb"), Some(3));
        assert_eq!(number_of("in/ann/Attempt 4/answer.ipynb"), Some(4));
        assert_eq!(number_of("in/lee_LATE_4711_98765_answer-5.ipynb"), Some(5));
        // Names of people and of other notebooks.
        assert_eq!(number_of("in/student_2.ipynb"), None);
        assert_eq!(number_of("in/reattempt2.ipynb"), None);
        assert_eq!(number_of("in/Lee (2)/answer.ipynb"), None);
    }

    #[test]
    fn times() {
        let want = Some("2026-02-02T15:58:23Z".to_owned());
        for name in [
            "ann_2026-02-02T15-58-23.ipynb",
            "ann 2026-02-02 15:58:23 UTC/answer.ipynb",
            "20260202-155823/ann/day/answer.ipynb",
            "ann+ps1+2026-02-02 15:58:23 UTC+x_Y-3/answer.ipynb",
            "ann+ps1+2026-02-02 15:58:23.000000 UTC/answer.ipynb",
        ] {
            assert_eq!(time_of(name), want, "{name}");
        }
        assert_eq!(time_of("ann-2026-02-02.ipynb").unwrap(), "2026-02-02T00:00:00Z");
        for name in ["ann-2026-13-02.ipynb", "98765432.ipynb", "1-2-3.ipynb", "zoë_2.ipynb"] {
            assert_eq!(time_of(name), None, "{name}");
        }
    }

    #[test]
    fn later_is_greater() {
        let mut files = ["answer-10.ipynb", "answer.ipynb", "answer-2.ipynb"].map(of);
        files.sort();
        assert_eq!(files.map(|mark| mark.number), [None, Some(2), Some(10)]);
        assert!(of("lee_4711_98_answer.ipynb") < of("lee_4711_102_answer.ipynb"));
    }
}
