//! `cellist notebooks import`.

use super::CourseArgs;
use anyhow::{Context as _, bail};
use cellist_formats::text_file;
use cellist_notebooks::plan::{self, Plan, ShortNames};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

const AFTER_HELP: &str = "\
The plan is copied to `plans/ID.md` of the course. Text that was decoded wrongly on its way (UTF-8
read as Windows-1252 or Mac Roman) is repaired, and a plan that lost its line ends gets them back;
correct text stays byte for byte. Then declare it in `course.toml` with the lines that are printed.

Exit codes:
  0  done
  2  usage, the plan cannot be read, or another plan of this name is there already

Examples:
  cellist notebooks import ~/plans/day02.txt
  cellist notebooks import roadmap.md --id fluent --force";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct ImportArgs {
    /// The plan: Markdown or plain text
    #[arg(value_name = "PLAN")]
    plan: PathBuf,

    #[command(flatten)]
    course: CourseArgs,

    /// Name of the plan, with which the ids of its items begin [default: the file's name]
    #[arg(long)]
    id: Option<String>,

    /// Replace a plan of the same name
    #[arg(long)]
    force: bool,
}

/// Takes a plan into the course.
pub(super) fn import(args: &ImportArgs) -> anyhow::Result<ExitCode> {
    let stem = args.plan.file_stem().unwrap_or_default().to_string_lossy();
    let id = args.id.clone().unwrap_or_else(|| stem.to_ascii_lowercase());
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.is_empty() || !id.chars().all(allowed) {
        bail!("`{id}` cannot name a plan; say `--id NAME` with a-z, 0-9 and `-`");
    }
    let course = args.course.dir();
    if !course.join("course.toml").exists() {
        bail!(
            "there is no course in `{}`: it has no `course.toml`; name the course's folder with \
             `--course FOLDER`",
            course.display()
        );
    }
    let text = plan::clean(&text_file::read(&args.plan)?);
    let path = course.join("plans").join(format!("{id}.md"));
    if path.exists() && text_file::read(&path)? != text && !args.force {
        bail!("`{}` is another text; say `--force` to replace it", path.display());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
    }
    text_file::write_if_changed(&path, &text)?;
    let plan = Plan::parse(&id, &path, &text, &ShortNames::new());
    let mut out = io::stdout().lock();
    writeln!(out, "{} items in {}; now add to `course.toml`:\n", plan.items.len(), path.display())?;
    writeln!(out, "[[plan]]\nid = \"{id}\"\nfile = \"plans/{id}.md\"")?;
    Ok(ExitCode::SUCCESS)
}
