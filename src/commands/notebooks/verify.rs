//! `cellist notebooks verify`.

use super::{CourseArgs, load};
use anyhow::{Context as _, bail};
use cellist_judge::Judge;
use cellist_notebooks::unit::Unit;
use cellist_notebooks::verify::report::{self, Marks};
use cellist_notebooks::verify::{self, Proof};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

const AFTER_HELP: &str = "\
For each unit, under two hash seeds and with the judge that grades learners: the solution passes
every check and every example runs; the starter fails every check that is not a guard; each mutant
fails exactly the checks that it names; every check is failed by something; every hint renders.

Exit codes:
  0  every proof holds
  1  a unit has an error, or a proof fails
  2  usage, or a failure of this machine

Examples:
  cellist notebooks verify
  cellist notebooks verify ex01 ex02
  cellist notebooks verify --json > proofs.json";

#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    course: CourseArgs,

    /// Ids of the units to prove [default: all]
    #[arg(value_name = "UNIT")]
    units: Vec<String>,

    /// Print a JSON object with all proofs instead of lines
    #[arg(long)]
    json: bool,
}

/// Proves units right.
pub(super) fn verify(args: &VerifyArgs) -> anyhow::Result<ExitCode> {
    let course = match load(&args.course.course)? {
        Ok(course) => course,
        Err(code) => return Ok(code),
    };
    let units: Vec<&Unit> = if args.units.is_empty() {
        course.units.values().collect()
    } else {
        let find = |id: &String| match course.units.get(id) {
            Some(unit) => Ok(unit),
            None => {
                let known: Vec<&str> = course.units.keys().map(String::as_str).collect();
                bail!("there is no unit `{id}`; the course has {}", known.join(", "))
            }
        };
        args.units.iter().map(find).collect::<anyhow::Result<_>>()?
    };
    let program = std::env::current_exe().context("cannot find the path of this program")?;
    let judge = Judge::start(&program).context("the judge did not start")?;
    let proofs = prove(&judge, &units, args.json)?;
    if args.json {
        print_json(&proofs)?;
    } else {
        io::stdout().write_all(report::summary(units.len(), &proofs).as_bytes())?;
    }
    let all_hold = proofs.iter().all(Proof::holds);
    Ok(if all_hold { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Makes the proofs; prints each as it comes, unless `silent`.
fn prove(judge: &Judge, units: &[&Unit], silent: bool) -> io::Result<Vec<Proof>> {
    let pass = console::style("PASS").green().to_string();
    let fail = console::style("FAIL").red().bold().to_string();
    let marks = Marks { pass: &pass, fail: &fail };
    let bar = bar(units.iter().map(|unit| verify::count(unit)).sum());
    let mut proofs = Vec::new();
    let mut printed = Ok(());
    for unit in units {
        bar.set_message(unit.front.id.clone());
        verify::unit(judge, unit, &mut |proof| {
            bar.inc(1);
            if !silent && printed.is_ok() {
                let text = report::proof(&proof, marks);
                printed = bar.suspend(|| io::stdout().write_all(text.as_bytes()));
            }
            proofs.push(proof);
        });
    }
    bar.finish_and_clear();
    printed.map(|()| proofs)
}

/// A bar on a terminal; nothing elsewhere, where the lines themselves show how far it is.
fn bar(total: usize) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("proving {msg} {wide_bar} {pos}/{len}") {
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
