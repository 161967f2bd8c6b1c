//! Who handed something in, by the names that learning platforms give to what is downloaded.

use std::path::Path;

/// The learner's number, where a name in `path` has the form of a platform's:
///
/// - Moodle, "Download all submissions": `Ann Lee_4711_assignsubmission_file` is a folder, or how the
///   file's name begins; 4711 is the participant's number.
/// - Canvas, "Download Submissions": `leeann_4711_98765_NAME`, or `leeann_LATE_4711_98765_NAME`; 4711 is
///   the user's id. As other names look like that, NAME must be the notebook's, which a second attempt
///   has as `answer-1.ipynb`.
pub(super) fn learner<'a>(path: &'a Path, notebook: &Path) -> Option<&'a str> {
    let mut names = path.components().rev().filter_map(|part| part.as_os_str().to_str());
    names.clone().next().and_then(|name| canvas(name, notebook)).or_else(|| names.find_map(moodle))
}

fn moodle(name: &str) -> Option<&str> {
    let (before, _) = name.split_once("_assignsubmission_")?;
    let (_, number) = before.rsplit_once('_')?;
    is_number(number).then_some(number)
}

fn canvas<'a>(name: &'a str, notebook: &Path) -> Option<&'a str> {
    let (_, rest) = name.split_once('_')?;
    let rest = rest.strip_prefix("LATE_").unwrap_or(rest);
    let (learner, rest) = rest.split_once('_')?;
    let (submission, file) = rest.split_once('_')?;
    let stem = file.strip_suffix(".ipynb")?;
    let own = notebook.file_stem()?.to_str()?;
    let attempt = stem.strip_prefix(own)?;
    let is_attempt = attempt.is_empty() || attempt.strip_prefix('-').is_some_and(is_number);
    (is_number(learner) && is_number(submission) && is_attempt).then_some(learner)
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
