//! `cellist notebooks verify`.

mod changed;

use super::{CourseArgs, load};
use anyhow::{Context as _, bail};
use cellist_judge::Judge;
use cellist_notebooks::course::Course;
use cellist_notebooks::diagnostic::suggest;
use cellist_notebooks::unit::Unit;
use cellist_notebooks::verify::report::{self, Marks};
use cellist_notebooks::verify::{self, Memory, Proof};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal as _, Write as _};
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::available_parallelism;
use std::time::Instant;

const AFTER_HELP: &str = "\
For each unit, under two hash seeds and with the judge that grades learners: the solution passes
every check and every example runs; the starter fails every check that is not a guard; each mutant
fails exactly the checks that it names; every check is failed by something; every hint renders; every
quiz takes its key and no other answer. A unit whose proofs all held is not proved again until it, this
program or the system's kernel changes, or 30 days later; --fresh proves all the same.

Exit codes:
  0  every proof holds
  1  a unit has an error, or a proof fails
  2  usage, or a failure of this machine

Examples:
  cellist notebooks verify
  cellist notebooks verify ex01 ex02
  cellist notebooks verify --fresh
  cellist notebooks verify --changed
  cellist notebooks verify --changed=main --jobs 4
  cellist notebooks verify --json > proofs.json";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    course: CourseArgs,

    /// Ids of the units to prove [default: all]
    #[arg(value_name = "UNIT")]
    units: Vec<String>,

    /// Proofs made at the same time [default: number of processors]
    #[arg(long, short, value_name = "N")]
    jobs: Option<NonZero<usize>>,

    /// Only units whose files differ from this commit, as git tells [default: HEAD]
    #[arg(long, value_name = "COMMIT", num_args = 0..=1, default_missing_value = "HEAD", require_equals = true)]
    changed: Option<String>,

    /// Make every proof anew, also of units that nothing has changed since
    #[arg(long)]
    fresh: bool,

    /// Print a JSON object with all proofs instead of lines
    #[arg(long)]
    json: bool,
}

/// Proves units right.
pub(super) fn verify(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let course = match load(&args.course.dir())? {
        Ok(course) => course,
        Err(code) => return Ok(code),
    };
    let mut units = named(&course, &args.units)?;
    if let Some(since) = &args.changed {
        let changed = changed::units(&course, since)?;
        units.retain(|unit| changed.contains(&unit.path));
    }
    let jobs = args.jobs.or_else(|| available_parallelism().ok()).unwrap_or(NonZero::<usize>::MIN);
    let start = Instant::now();
    let proofs = prove(&units, jobs, args)?;
    if args.json {
        print_json(&proofs)?;
    } else {
        let mut text = String::new();
        // A failure that stands in the last lines anyway need not be said again.
        if proofs.len() > 20 {
            text = with_marks(|marks| report::failures(&proofs, marks));
        }
        text.push_str(&report::summary(units.len(), &proofs, start.elapsed()));
        io::stdout().write_all(text.as_bytes())?;
    }
    let all_hold = proofs.iter().all(Proof::holds);
    Ok(if all_hold { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The units of these ids; all when there are none.
pub(super) fn named<'a>(course: &'a Course, ids: &[String]) -> anyhow::Result<Vec<&'a Unit>> {
    if ids.is_empty() {
        return Ok(course.units.values().collect());
    }
    let find = |id: &String| match course.units.get(id) {
        Some(unit) => Ok(unit),
        None => {
            let known: Vec<&str> = course.units.keys().map(String::as_str).collect();
            bail!("there is no unit `{id}`; {}", suggest(id, &known))
        }
    };
    ids.iter().map(find).collect()
}

/// Makes or remembers the proofs, in the order of the units; prints each as it comes.
fn prove(units: &[&Unit], jobs: NonZero<usize>, args: &VerifyArgs) -> anyhow::Result<Vec<Proof>> {
    let program = std::env::current_exe().context("cannot find the path of this program")?;
    // Without a place for it nothing is remembered.
    let memory = memory_folder().and_then(|folder| Memory::new(&folder, &program).ok());
    let recalled = |unit: &&&Unit| memory.as_ref().filter(|_| !args.fresh)?.recall(unit);
    let (mut proofs, mut open) = (Vec::new(), Vec::new());
    for unit in units {
        match recalled(&unit) {
            Some(before) => proofs.extend(before),
            None => open.push(*unit),
        }
    }
    let print = |proof: &Proof| match args.json {
        true => Ok(()),
        false => io::stdout().write_all(with_marks(|marks| report::proof(proof, marks)).as_bytes()),
    };
    let mut printed = proofs.iter().try_for_each(print);
    let bar = bar(open.iter().map(|unit| verify::count(unit)).sum());
    let start = || Judge::start(&program).map(Judge::open);
    let judged = verify::units(&open, jobs, start, &mut |proof| {
        bar.set_message(proof.unit.clone());
        bar.inc(1);
        if printed.is_ok() {
            printed = bar.suspend(|| print(&proof));
        }
        proofs.push(proof);
    });
    bar.finish_and_clear();
    judged.context("the judge did not start")?;
    printed?;
    if let Some(memory) = memory {
        // What cannot be remembered is proved again.
        open.iter().for_each(|unit| drop(memory.keep(unit, &proofs)));
        memory.tidy();
    }
    let place = |proof: &Proof| units.iter().position(|unit| unit.front.id == proof.unit);
    proofs.sort_by_key(place);
    Ok(proofs)
}

/// `$XDG_CACHE_HOME`, which counts only when it is absolute (XDG Base Directory Specification 0.8).
fn memory_folder() -> Option<PathBuf> {
    let set =
        |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?;
    Some(cache.join("cellist").join("proofs"))
}

fn with_marks(text: impl FnOnce(Marks<'_>) -> String) -> String {
    let pass = console::style("PASS").green().to_string();
    let fail = console::style("FAIL").red().bold().to_string();
    text(Marks { pass: &pass, fail: &fail })
}

/// A bar on a terminal; nothing elsewhere, where the lines themselves show how far it is.
fn bar(total: usize) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
    if let Ok(style) =
        ProgressStyle::with_template("proving {msg} {wide_bar} {pos}/{len}, {eta} left")
    {
        bar.set_style(style);
    }
    bar
}

fn print_json(proofs: &[Proof]) -> anyhow::Result<()> {
    let failed = proofs.iter().filter(|proof| !proof.holds()).count();
    let report = serde_json::json!({ "proofs": proofs, "failed": failed });
    let mut text = serde_json::to_string_pretty(&report)?;
    text.push('\n');
    io::stdout().write_all(text.as_bytes())?;
    Ok(())
}
