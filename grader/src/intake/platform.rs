//! Who handed something in, by the names that learning platforms give to what is downloaded.

use super::attempt::Mark;
use std::path::Path;

/// The learner's number, where a name in `path` has the form of a platform's:
///
/// - Moodle, "Download all submissions": `Ann Lee_4711_assignsubmission_file` is a folder, or how the
///   file's name begins; 4711 is the participant's number.
/// - Canvas, "Download Submissions": `leeann_4711_98765_NAME`, or `leeann_LATE_4711_98765_NAME`; 4711 is
///   the user's id. As other names look like that, NAME must be the notebook's, which a second attempt
///   has as `answer-1.ipynb`.
pub(super) fn learner<'a>(path: &'a Path, notebook: &Path) -> Option<&'a str> {
    let mut names = names(path);
    let canvas = names.next().and_then(|name| canvas(name, notebook)).map(|found| found.learner);
    canvas.or_else(|| self::names(path).find_map(moodle))
}

/// Which attempt a file is that has a name of Canvas's.
pub(super) fn attempt(path: &Path, notebook: &Path) -> Option<Mark> {
    let Canvas { serial, attempt, .. } = canvas(names(path).next()?, notebook)?;
    Some(Mark { time: None, number: attempt.parse().ok(), serial: serial.parse().ok() })
}

/// The names in a path, the last first.
fn names(path: &Path) -> impl Iterator<Item = &str> {
    path.components().rev().filter_map(|part| part.as_os_str().to_str())
}

fn moodle(name: &str) -> Option<&str> {
    let (before, _) = name.split_once("_assignsubmission_")?;
    let (_, number) = before.rsplit_once('_')?;
    is_number(number).then_some(number)
}

/// What a name of Canvas's says.
struct Canvas<'a> {
    learner: &'a str,
    /// The file's own number.
    serial: &'a str,
    /// Empty with the first.
    attempt: &'a str,
}

fn canvas<'a>(name: &'a str, notebook: &Path) -> Option<Canvas<'a>> {
    let (_, rest) = name.split_once('_')?;
    let rest = rest.strip_prefix("LATE_").unwrap_or(rest);
    let (learner, rest) = rest.split_once('_')?;
    let (serial, file) = rest.split_once('_')?;
    let stem = file.strip_suffix(".ipynb")?;
    let own = notebook.file_stem()?.to_str()?;
    let attempt = stem.strip_prefix(own)?;
    let attempt = match attempt.strip_prefix('-') {
        Some(number) if is_number(number) => number,
        None if attempt.is_empty() => attempt,
        _ => return None,
    };
    (is_number(learner) && is_number(serial)).then_some(Canvas { learner, serial, attempt })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Option<&str> {
        learner(Path::new(path), Path::new("day02/01-gather.ipynb"))
    }

    #[test]
    fn moodle_s_folders_and_files() {
        assert_eq!(of("in/Ann Lee_4711_assignsubmission_file/x.ipynb"), Some("4711"));
        assert_eq!(of("in/Ann_Lee_4711_assignsubmission_file_/sub/x.ipynb"), Some("4711"));
        assert_eq!(of("in/Ann Lee_4711_assignsubmission_file_01-gather.ipynb"), Some("4711"));
        assert_eq!(of("in/notes_assignsubmission_file/x.ipynb"), None);
    }

    #[test]
    fn canvas_s_files() {
        assert_eq!(of("in/leeann_4711_98765_01-gather.ipynb"), Some("4711"));
        assert_eq!(of("in/leeann_LATE_4711_98765_01-gather-2.ipynb"), Some("4711"));
        assert_eq!(of("in/week_3_4_mine.ipynb"), None);
        assert_eq!(of("in/leeann_x_98765_01-gather.ipynb"), None);
        assert_eq!(of("in/ann/01-gather.ipynb"), None);
    }
}
