//! `cellist judge-child`: the grader's other process. Hidden: nobody starts it by hand.

use std::process::ExitCode;

/// Becomes the judge's process until the grader that started it is gone.
pub(crate) fn run() -> ExitCode {
    cellist_judge::child_main()
}
