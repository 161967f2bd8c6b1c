//! The options that say how submissions are judged.

use anyhow::{Context as _, bail};
use cellist_grader::batch::Settings;
use cellist_grader::nbgrader::LatePolicy;
use cellist_judge::{Judge, Level, Limits};
use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::Duration;

// Not a doc comment: clap would take it for the command's. How submissions are judged.
#[derive(Debug, clap::Args)]
pub(crate) struct JudgeArgs {
    /// Submissions judged at the same time [default: number of processors]
    #[arg(long, short, value_name = "N")]
    jobs: Option<NonZero<usize>>,

    /// Seconds that one cell or check may take, waiting for a busy processor not included [default: 10, or nbgrader's 30]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    cell_timeout: Option<Duration>,

    /// Seconds that a whole notebook may take [default: 60, or 600 for one of nbgrader's]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,

    /// Memory that a submission may use, in MiB, the interpreter included
    #[arg(long, value_name = "MIB", default_value_t = 2048, value_parser = clap::value_parser!(u64).range(256..))]
    memory: u64,

    /// Seed of Python's string hashes
    #[arg(long, value_name = "N", default_value_t = Judge::DEFAULT_SEED)]
    pub(crate) seed: u32,

    /// Grade nothing unless submissions are kept from all files but their own, from other processes, and
    /// from the network (Landlock ABI 3, seccomp; where units use the loopback, a network of its own)
    #[arg(long)]
    pub(crate) require_sandbox: bool,
}

/// What late submissions lose.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Late {
    /// Nothing; it is only noted
    None,
    /// All points
    Zero,
}

impl From<Late> for LatePolicy {
    fn from(late: Late) -> Self {
        match late {
            Late::None => Self::None,
            Late::Zero => Self::Zero,
        }
    }
}

/// What a submission may use unless the command line says otherwise. nbgrader gives a cell 30
/// seconds, and a notebook as long as it has cells.
pub(crate) fn usual_limits(of_nbgrader: bool) -> Limits {
    let usual = Limits::default();
    match of_nbgrader {
        true => Limits { cell: Duration::from_secs(30), total: Duration::from_secs(600), ..usual },
        false => usual,
    }
}

/// As the options say; what they leave open is as usual.
///
/// # Errors
/// When the program does not know its own path.
pub(crate) fn settings(args: &JudgeArgs, usual: Limits) -> anyhow::Result<Settings> {
    Ok(Settings {
        program: std::env::current_exe().context("cannot find the path of this program")?,
        limits: Limits {
            cell: args.cell_timeout.unwrap_or(usual.cell),
            total: args.timeout.unwrap_or(usual.total),
            memory: args.memory << 20,
            ..usual
        },
        jobs: args.jobs.or_else(|| available_parallelism().ok()).unwrap_or(NonZero::<usize>::MIN),
        seed: args.seed,
    })
}

fn seconds(text: &str) -> anyhow::Result<Duration> {
    let seconds: f64 = text.parse().context("not a number of seconds")?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(span) if !span.is_zero() => Ok(span),
        _ => bail!("must be more than 0"),
    }
}

/// Why `--require-sandbox` refuses.
pub(crate) fn too_little(level: Option<Level>) -> String {
    match level {
        None => {
            "the judge did not start, so that nobody knows how far it is locked away; nothing was \
                 graded. Without --require-sandbox it says why."
                .to_owned()
        }
        Some(level) => format!(
            "--require-sandbox: this machine offers {level}; nothing was graded. Wanted: Landlock ABI {} \
             (Linux 6.2), seccomp, and a network namespace where units use the loopback.",
            Level::LANDLOCK_ENOUGH
        ),
    }
}
