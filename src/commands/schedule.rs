//! Clocks and schedules of threads: the options that `run` and `python` share, and the search for
//! a schedule under which a program fails.

use anyhow::Context;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::process::{Child, Command, ExitCode, Stdio};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Longer than this a program is taken to hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// Which clock a program runs on, and in which order its threads do.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ScheduleArgs {
    /// Which clock `time`, `asyncio` and threads read; on the virtual one a sleep takes no time,
    /// and threads run one at a time, always in the same order [default: wall]
    #[arg(long, value_enum)]
    clock: Option<ClockName>,

    /// Let a seed draw the order of threads, which then also switch between two instructions; on
    /// the virtual clock
    #[arg(long, value_name = "seed:N", conflicts_with = "explore")]
    schedule: Option<Seed>,

    /// Run the program under the schedules of the seeds 1 to N, each in a process of its own, and
    /// stop at the first that fails: an error (also in a thread), a deadlock, an exit code that is
    /// not 0, or no end within a minute
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    explore: Option<u64>,

    /// Let a schedule fail, too, when the program prints something else than under the first
    #[arg(long, requires = "explore")]
    same_output: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ClockName {
    Wall,
    Virtual,
}

/// The number that stands for an order of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seed(pub(crate) u64);

impl FromStr for Seed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.strip_prefix("seed:").and_then(|number| number.parse().ok());
        number.map(Self).ok_or_else(|| "write `seed:` and a number, as in `seed:7`".to_owned())
    }
}

impl std::fmt::Display for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "seed:{}", self.0)
    }
}

impl ScheduleArgs {
    /// # Errors
    /// When the options contradict each other.
    pub(crate) fn is_virtual(&self) -> anyhow::Result<bool> {
        let scheduled = self.schedule.is_some() || self.explore.is_some();
        if scheduled && self.clock == Some(ClockName::Wall) {
            anyhow::bail!("a schedule is for the virtual clock; leave `--clock wall` out");
        }
        Ok(scheduled || self.clock == Some(ClockName::Virtual))
    }

    pub(crate) fn seed(&self) -> Option<u64> {
        self.schedule.map(|seed| seed.0)
    }

    /// How many schedules to try, if this is a search.
    pub(crate) fn explore(&self) -> Option<u64> {
        self.explore
    }
}

/// How a program ended under one schedule.
struct Ending {
    seed: Seed,
    output: Vec<u8>,
    errors: Vec<u8>,
    /// `None` when it came to no end.
    code: Option<i32>,
}

impl Ending {
    /// Why it counts as failed.
    fn failure(&self, expected: Option<&[u8]>) -> Option<String> {
        match self.code {
            None => Some(format!("no end after {} s", PATIENCE.as_secs())),
            Some(0) if expected.is_some_and(|expected| expected != self.output) => {
                Some("other output than under seed:1".to_owned())
            }
            Some(0) => None,
            Some(code) => Some(format!("exit code {code}")),
        }
    }
}

/// Runs `cellist` with the arguments that `arguments` gives for a seed, for each of the seeds.
/// `replay` are the arguments to tell the user.
///
/// # Errors
/// When the program cannot be started at all.
pub(crate) fn explore(
    args: &ScheduleArgs,
    count: u64,
    arguments: impl Fn(Seed) -> Vec<OsString> + Sync,
    replay: impl Fn(Seed) -> Vec<OsString>,
) -> anyhow::Result<ExitCode> {
    let program = std::env::current_exe().context("cannot find the executable itself")?;
    let attempt = |seed| {
        let mut command = Command::new(&program);
        command.args(arguments(seed));
        run(command, seed)
    };
    let first = attempt(Seed(1))?;
    let expected = args.same_output.then_some(first.output.as_slice());
    if let Some(reason) = first.failure(None) {
        return report(&first, &reason, count, &replay(first.seed));
    }
    // One process per processor; the lowest seed that fails is the one that counts.
    let (next, done) = (AtomicU64::new(2), AtomicU64::new(1));
    let failed: Mutex<Option<(Ending, String)>> = Mutex::new(None);
    let error = Mutex::new(None);
    let search = || {
        loop {
            let seed = Seed(next.fetch_add(1, Ordering::SeqCst));
            let lowest = failed.lock().unwrap_or_else(PoisonError::into_inner);
            let beyond = lowest.as_ref().is_some_and(|(ending, _)| ending.seed.0 < seed.0);
            drop(lowest);
            if seed.0 > count || beyond {
                return;
            }
            let ending = match attempt(seed) {
                Ok(ending) => ending,
                Err(failure) => {
                    error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
                    return;
                }
            };
            progress(done.fetch_add(1, Ordering::SeqCst) + 1, count);
            let Some(reason) = ending.failure(expected) else { continue };
            let mut lowest = failed.lock().unwrap_or_else(PoisonError::into_inner);
            if lowest.as_ref().is_none_or(|(other, _)| seed.0 < other.seed.0) {
                *lowest = Some((ending, reason));
            }
        }
    };
    std::thread::scope(|scope| {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..workers {
            scope.spawn(search);
        }
    });
    if let Some(error) = error.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((ending, reason)) => report(&ending, &reason, count, &replay(ending.seed)),
        None => {
            let plural = if count == 1 { "" } else { "s" };
            writeln!(std::io::stderr(), "no failure under {count} schedule{plural}")?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Runs the program to its end.
fn run(mut command: Command, seed: Seed) -> anyhow::Result<Ending> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("cannot start the program")?;
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        let output = scope.spawn(|| read(output));
        let errors = scope.spawn(|| read(errors));
        let code = wait(&mut child)?;
        let text = |reader: std::thread::ScopedJoinHandle<'_, _>| reader.join().unwrap_or_default();
        Ok(Ending { seed, output: text(output), errors: text(errors), code })
    })
}

fn read(stream: Option<impl Read>) -> Vec<u8> {
    let mut text = Vec::new();
    if let Some(mut stream) = stream {
        // What was read until an error is what there is.
        let _ = stream.read_to_end(&mut text);
    }
    text
}

/// The exit code, or `None` for a program that had to be stopped.
fn wait(child: &mut Child) -> anyhow::Result<Option<i32>> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            use std::os::unix::process::ExitStatusExt;
            let signal = || status.signal().map_or(1, |signal| 128 + signal);
            return Ok(Some(status.code().unwrap_or_else(signal)));
        }
        if begun.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "std cannot wait for a process with a limit"
        )]
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn progress(done: u64, count: u64) {
    let mut stderr = std::io::stderr();
    // With stderr gone there is nobody to tell.
    if console::user_attended_stderr() {
        let end = if done == count { "\n" } else { "" };
        let _ = write!(stderr, "\rschedule {done} of {count}{end}");
    } else if done.is_multiple_of(100) {
        let _ = writeln!(stderr, "schedule {done} of {count}");
    }
}

/// Shows what the failing program printed, and how to see it again.
fn report(
    ending: &Ending,
    reason: &str,
    count: u64,
    replay: &[OsString],
) -> anyhow::Result<ExitCode> {
    std::io::stdout().write_all(&ending.output)?;
    let mut stderr = std::io::stderr();
    if console::user_attended_stderr() {
        writeln!(stderr)?;
    }
    stderr.write_all(&ending.errors)?;
    let words: Vec<String> = replay.iter().map(|word| quote(&word.to_string_lossy())).collect();
    writeln!(stderr, "error: schedule {} of {count} failed: {reason}", ending.seed)?;
    writeln!(stderr, "replay it with: cellist {}", words.join(" "))?;
    Ok(ExitCode::FAILURE)
}

/// As a shell takes it for one word.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
