//! `cellist notebooks export`.

use super::build::count;
use super::{CourseArgs, load};
use cellist_formats::text_file;
use cellist_notebooks::course::Course;
use cellist_notebooks::export;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

const AFTER_HELP: &str = "\
For nbgrader, FOLDER gets `source/SET/NOTEBOOK.ipynb` with solutions and hidden tests and
`release/SET/NOTEBOOK.ipynb` for learners; each set is an assignment. nbgrader runs the notebooks in the
kernel that they name, so `cellist kernel install` must have been run. Guards pay there like other
checks, quizzes and reflections are graded by hand.

For Otter, FOLDER gets `SET/NOTEBOOK/student` to hand out and `SET/NOTEBOOK/autograder`, as `otter assign`
makes them, for any CPython from 3.13 on: each check is a question, and `lab.py` runs it on a virtual clock.
What CPython cannot do so (threads, connections, processes, real time, shares of points) is left out and
counted; `--verbose` says which. Quizzes are not graded, reflections by hand.

Exit codes:
  0  done
  1  the course has an error
  2  usage, or a failure of this machine

Examples:
  cellist notebooks export --to nbgrader ~/nbgrader-course
  cd ~/nbgrader-course && nbgrader autograde day02
  cellist notebooks export --to otter ~/otter-course
  cd ~/otter-course/day02/03-gather/autograder && otter generate -t tests -c otter_config.json lab.py";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct ExportArgs {
    /// Where to write
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,

    /// For which grader
    #[arg(long, value_enum)]
    to: Target,

    /// Say which checks were left out
    #[arg(long, short)]
    verbose: bool,

    #[command(flatten)]
    course: CourseArgs,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Target {
    /// nbgrader 0.6 to 0.9: `source` and `release`
    Nbgrader,
    /// Otter-Grader 7: `student` and `autograder`
    Otter,
}

/// Writes the course for another grader.
pub(super) fn export(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let course = match load(&args.course.dir())? {
        Ok(course) => course,
        Err(code) => return Ok(code),
    };
    match args.to {
        Target::Nbgrader => nbgrader(args, &course),
        Target::Otter => otter(args, &course),
    }
}

fn nbgrader(args: &ExportArgs, course: &Course) -> anyhow::Result<ExitCode> {
    let assignments = export::nbgrader(course);
    let mut changed = 0;
    for assignment in &assignments {
        for (edition, notebook) in
            [("source", &assignment.source), ("release", &assignment.release)]
        {
            let path = args.folder.join(edition).join(&assignment.file);
            changed += usize::from(text_file::write_if_changed(&path, &notebook.to_text())?);
        }
    }
    writeln!(
        io::stdout(),
        "{} of {} in {}: {} written",
        count(assignments.len(), "notebook"),
        count(course.sets.len(), "assignment"),
        args.folder.display(),
        count(changed, "file")
    )?;
    Ok(ExitCode::SUCCESS)
}

fn otter(args: &ExportArgs, course: &Course) -> anyhow::Result<ExitCode> {
    let (mut changed, mut exported, mut left_out, mut notebooks) = (0, 0, Vec::new(), 0);
    for assignment in export::otter(course) {
        left_out.extend(assignment.left_out.iter().cloned());
        // Without checks there is nothing to grade.
        if assignment.tests.is_empty() {
            continue;
        }
        notebooks += 1;
        exported += assignment.tests.len();
        let folder = args.folder.join(&assignment.folder);
        let mut write = |name: String, text: &str| -> anyhow::Result<()> {
            changed += usize::from(text_file::write_if_changed(&folder.join(name), text)?);
            Ok(())
        };
        for (edition, notebook) in
            [("autograder", &assignment.autograder), ("student", &assignment.student)]
        {
            write(format!("{edition}/{}.ipynb", assignment.name()), &notebook.to_text())?;
            write(format!("{edition}/lab.py"), export::LAB)?;
        }
        write("autograder/otter_config.json".to_owned(), &assignment.config())?;
        for test in &assignment.tests {
            write(format!("autograder/tests/{}.py", test.name), &test.full)?;
            if let Some(public) = &test.public {
                write(format!("student/tests/{}.py", test.name), public)?;
            }
        }
    }
    let mut out = io::stdout();
    writeln!(
        out,
        "{} with {} in {}: {} written; {} left out",
        count(notebooks, "notebook"),
        count(exported, "check"),
        args.folder.display(),
        count(changed, "file"),
        count(left_out.len(), "check"),
    )?;
    let mut reasons: Vec<&str> = left_out.iter().map(|(_, why)| *why).collect();
    reasons.sort_unstable();
    reasons.dedup();
    for reason in reasons {
        let checks: Vec<&str> =
            left_out.iter().filter(|(_, why)| *why == reason).map(|(id, _)| id.as_str()).collect();
        let which = if args.verbose { format!(": {}", checks.join(", ")) } else { String::new() };
        writeln!(out, "  {}: {reason}{which}", count(checks.len(), "check"))?;
    }
    Ok(ExitCode::SUCCESS)
}
