//! The options that say how submissions are judged, wherever they are.

use anyhow::{Context as _, bail};
use cellist_grader::batch::Settings;
use cellist_judge::{Judge, Limits};
use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::Duration;

/// What a submission may use, and how many are judged at once.
#[derive(Debug, clap::Args)]
pub(crate) struct JudgingArgs {
    /// Submissions judged at the same time [default: number of processors]
    #[arg(long, short, value_name = "N")]
    jobs: Option<NonZero<usize>>,

    /// Seconds that one cell or check may take, waiting for a busy processor not included [default: 10, or 30 for another grader's]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    cell_timeout: Option<Duration>,

    /// Seconds that a whole notebook may take [default: 60, or 600 for another grader's]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<Duration>,

    /// Memory that a submission may use, in MiB, the interpreter included
    #[arg(long, value_name = "MIB", default_value_t = 2048, value_parser = clap::value_parser!(u64).range(256..))]
    memory: u64,

    /// Seed of Python's string hashes
    #[arg(long, value_name = "N", default_value_t = Judge::DEFAULT_SEED)]
    pub(super) seed: u32,
}

impl JudgingArgs {
    /// The settings of a batch; checks are looked at closely if it is `watched`.
    ///
    /// # Errors
    /// When the program does not know its own path.
    pub(crate) fn settings(
        &self,
        of_another_grader: bool,
        watched: bool,
    ) -> anyhow::Result<Settings> {
        let usual = usual_limits(of_another_grader);
        let processors = || available_parallelism().ok();
        Ok(Settings {
            program: std::env::current_exe().context("cannot find the path of this program")?,
            limits: Limits {
                cell: self.cell_timeout.unwrap_or(usual.cell),
                total: self.timeout.unwrap_or(usual.total),
                memory: self.memory << 20,
                ..usual
            },
            jobs: self.jobs.or_else(processors).unwrap_or(NonZero::<usize>::MIN),
            seed: self.seed,
            watched,
        })
    }
}

/// What a submission may use unless the command line says otherwise. nbgrader gives a cell 30
/// seconds, and a notebook as long as it has cells; Otter gives all the time there is.
fn usual_limits(of_another_grader: bool) -> Limits {
    let usual = Limits::default();
    match of_another_grader {
        true => Limits { cell: Duration::from_secs(30), total: Duration::from_secs(600), ..usual },
        false => usual,
    }
}

pub(crate) fn seconds(text: &str) -> anyhow::Result<Duration> {
    let seconds: f64 = text.parse().context("not a number of seconds")?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(span) if !span.is_zero() => Ok(span),
        _ => bail!("must be more than 0"),
    }
}
