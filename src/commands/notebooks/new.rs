//! `cellist notebooks new`.

use super::default_course;
use anyhow::{Context as _, bail};
use cellist_formats::text_file;
use cellist_notebooks::course::{Course, edit};
use cellist_notebooks::scaffold;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const AFTER_HELP: &str = "\
`new --course [FOLDER]` makes a course without units in FOLDER (`course` unless said otherwise), which
must not hold one. `new UNIT` writes a unit that is right as it stands, to be replaced part by part, and
names it in `course.toml`: in a notebook of its own, or as the last of the notebook that --notebook
names. The unit and its notebook go to the course's first set, unless --set names another.

Exit codes:
  0  done
  2  usage, or something of this name is there already

Examples:
  cellist notebooks new --course
  cellist notebooks new greetings --title \"Saying hello\"
  cellist notebooks new farewells --notebook lessons/greetings.ipynb";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct NewArgs {
    /// Id of the unit: a-z, 0-9 and `-`
    #[arg(value_name = "UNIT", required_unless_present = "course")]
    unit: Option<String>,

    /// Folder of the course; without UNIT, of the one to be made [default: see below]
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, default_missing_value = "course")]
    course: Option<PathBuf>,

    /// Title of the unit or course [default: from its name]
    #[arg(long)]
    title: Option<String>,

    /// The set that the unit's notebook is in [default: the first]
    #[arg(long, value_name = "SET", requires = "unit")]
    set: Option<String>,

    /// The unit's notebook, `SET/NAME.ipynb` [default: one of its own, `SET/UNIT.ipynb`]
    #[arg(long, value_name = "FILE", requires = "unit", conflicts_with = "set")]
    notebook: Option<String>,
}

/// Makes a unit or a course.
pub(super) fn new(args: &NewArgs) -> anyhow::Result<ExitCode> {
    match (&args.unit, &args.course) {
        (Some(unit), course) => {
            new_unit(args, unit, &course.clone().unwrap_or_else(default_course))
        }
        (None, Some(course)) => new_course(args, course),
        (None, None) => bail!("say which unit, or `--course` for a course"),
    }
}

/// The set of a new course.
const FIRST_SET: &str = "lessons";

fn new_course(args: &NewArgs, folder: &Path) -> anyhow::Result<ExitCode> {
    let path = folder.join("course.toml");
    if path.exists() {
        bail!("there is a course in `{}` already; name another folder", folder.display());
    }
    let title = match &args.title {
        Some(title) => title.clone(),
        None => "My course".to_owned(),
    };
    if title.contains(['"', '\\', '\n']) {
        bail!(
            "the title `{title}` holds a quotation mark, a backslash or a line end; write it without"
        );
    }
    std::fs::create_dir_all(folder.join("units"))
        .with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
    text_file::write(&path, &scaffold::course(&title, FIRST_SET))?;
    let option = option_for(folder);
    writeln!(io::stdout(), "wrote {}\nNext: cellist notebooks new hello{option}", path.display())?;
    Ok(ExitCode::SUCCESS)
}

fn new_unit(args: &NewArgs, unit: &str, folder: &Path) -> anyhow::Result<ExitCode> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if unit.is_empty() || unit.len() > 40 || !unit.chars().all(allowed) {
        bail!("`{unit}` cannot name a unit; use a-z, 0-9 and `-`, at most 40 characters");
    }
    let course = match super::load(folder)? {
        Ok(course) => course,
        Err(code) => return Ok(code),
    };
    if let Some(other) = course.units.get(unit) {
        bail!("there is a unit `{unit}` already, in `{}`", other.path.display());
    }
    let file = notebook(args, unit, &course)?;
    let toml = folder.join("course.toml");
    let text = edit::add_unit(&text_file::read(&toml)?, &file, unit)?;
    let set = file.split('/').next().unwrap_or_default();
    let path = folder.join("units").join(set).join(format!("{unit}.md"));
    if path.exists() {
        bail!("`{}` is there already; give the unit another id", path.display());
    }
    let title = args.title.clone().unwrap_or_else(|| scaffold::title(unit));
    text_file::write(&path, &scaffold::unit(unit, &title))?;
    text_file::write(&toml, &text)?;
    let option = option_for(folder);
    writeln!(
        io::stdout(),
        "wrote {}\nadded it to {file} in {}\nNext: cellist notebooks verify {unit}{option}",
        path.display(),
        toml.display()
    )?;
    Ok(ExitCode::SUCCESS)
}

/// The file that the unit is to be in: `<set>/<name>.ipynb`.
fn notebook(args: &NewArgs, unit: &str, course: &Course) -> anyhow::Result<String> {
    if let Some(file) = &args.notebook {
        if !file.ends_with(".ipynb") || file.split('/').count() != 2 || file.contains('"') {
            bail!("`{file}` is no notebook of a set; write `--notebook SET/NAME.ipynb`");
        }
        return Ok(file.clone());
    }
    let first = || course.sets.first().map(|set| set.id.clone());
    match args.set.clone().or_else(first) {
        Some(set) => Ok(format!("{set}/{unit}.ipynb")),
        None => {
            bail!("the course has no set; add a `[[set]]` with `id` and `title` to `course.toml`")
        }
    }
}

/// What a command needs to find the course, unless it is found anyway.
fn option_for(folder: &Path) -> String {
    let shown = folder.display();
    if folder == default_course() { String::new() } else { format!(" --course {shown}") }
}
