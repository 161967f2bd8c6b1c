//! The judge: runs a submission's cells and the spec's checks in a child, and decides.

mod end;
mod job;
mod timer;
mod warm;

use crate::attachment::Attachment;
use crate::check_run::{CheckRun, CheckRuns};
use crate::level::Level;
use crate::limits::Limits;
use crate::protocol::control::Ended;
use crate::protocol::{Raised, Reply, Request};
use crate::score::{self, Checked, Observations, Observed};
use cellist_formats::spec::{Spec, SpecCell, SpecClock, SpecNeed, UnitSpec};
use cellist_formats::verdict::{CellError, Verdict};
use end::Cause;
use job::Job;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use timer::Timer;
use warm::Warm;

/// How long the child may take for what is not the learner's: locking down, switching clocks.
const OWN_TIME: Duration = Duration::from_secs(30);

/// Why a submission could not be judged. Never the learner's failure: that is a verdict.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// The executable could not be started.
    #[error("the judge's process `{}` did not start: {source}", program.display())]
    Spawn {
        /// The executable.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The interpreter in the judge's process did not start.
    #[error("the judge's interpreter did not start: {reason}")]
    Interpreter {
        /// What it said.
        reason: String,
    },
    /// No process for the submission.
    #[error("no process could be made for the submission: {reason}")]
    Fork {
        /// What the system said.
        reason: String,
    },
    /// A file that belongs to the assignment could not be copied.
    #[error("`{}` could not be copied for the submission: {source}", file.display())]
    Attachment {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The submission's process could not be locked down.
    #[error("the submission's process could not be locked down: {reason}")]
    Confine {
        /// What the system said.
        reason: String,
    },
    /// The judge's own process is gone or silent.
    #[error("the judge's process was lost: {reason}; was it killed?")]
    Lost {
        /// What was seen of it.
        reason: String,
    },
}

/// Judges submissions, one at a time. Several threads want a judge each.
///
/// Behind it stands one warm interpreter per hash seed, started when the seed is first asked for;
/// each submission runs in a fork of it.
#[derive(Debug)]
pub struct Judge {
    program: PathBuf,
    limits: Limits,
    level: Level,
    /// Hidden checks, too, are compiled before a submission's process is forked.
    open: bool,
    warm: Mutex<HashMap<u32, Warm>>,
}

impl Judge {
    /// The hash seed whose interpreter is warm from the start.
    pub const DEFAULT_SEED: u32 = 0;

    /// A judge with the default [`Limits`]. `program` is the path of an executable whose
    /// subcommand `judge-child` calls [`child_main`](crate::child_main).
    ///
    /// # Errors
    /// When the executable or the interpreter in it does not start.
    pub fn start(program: &Path) -> Result<Self, JudgeError> {
        Self::with_limits(program, Limits::default())
    }

    /// A judge with these limits.
    ///
    /// # Errors
    /// As [`Judge::start`].
    pub fn with_limits(program: &Path, limits: Limits) -> Result<Self, JudgeError> {
        let first = Warm::start(program, Self::DEFAULT_SEED)?;
        let level = first.level;
        let warm = Mutex::new(HashMap::from([(Self::DEFAULT_SEED, first)]));
        Ok(Self { program: program.to_owned(), limits, level, open: false, warm })
    }

    /// How far submissions are locked away on this machine.
    pub fn level(&self) -> Level {
        self.level
    }

    /// For answers from whoever wrote the checks: the hidden ones are no secret to these, and are
    /// compiled once for many answers, as the others are.
    #[must_use]
    pub fn open(self) -> Self {
        Self { open: true, ..self }
    }

    /// Judges one submission. `answers` holds the learner's sources by cell id, Python for
    /// exercises and Markdown for quizzes and reflections; an id without an entry was not
    /// answered. `seed` is that of Python's string hashes.
    ///
    /// # Errors
    /// When this machine fails; whatever the submission does is a verdict.
    pub fn grade(
        &self,
        spec: &Spec,
        answers: &BTreeMap<String, String>,
        seed: u32,
    ) -> Result<Verdict, JudgeError> {
        self.grade_with(spec, answers, &[], seed)
    }

    /// As [`Judge::grade`], with files in the folder that the submission runs in.
    ///
    /// # Errors
    /// As [`Judge::grade`], and when a file cannot be copied.
    pub fn grade_with(
        &self,
        spec: &Spec,
        answers: &BTreeMap<String, String>,
        files: &[Attachment],
        seed: u32,
    ) -> Result<Verdict, JudgeError> {
        self.judge(spec, answers, files, seed, false).map(|(verdict, _)| verdict)
    }

    /// As [`Judge::grade_with`], and looks closely at what the checks run: what is no part of the
    /// verdict, since it is for people and, as time, never the same twice.
    ///
    /// # Errors
    /// As [`Judge::grade_with`].
    pub fn watch(
        &self,
        spec: &Spec,
        answers: &BTreeMap<String, String>,
        files: &[Attachment],
        seed: u32,
    ) -> Result<(Verdict, CheckRuns), JudgeError> {
        self.judge(spec, answers, files, seed, true)
    }

    fn judge(
        &self,
        spec: &Spec,
        answers: &BTreeMap<String, String>,
        files: &[Attachment],
        seed: u32,
        watched: bool,
    ) -> Result<(Verdict, CheckRuns), JudgeError> {
        let started = Instant::now();
        let mut pool = self.pool();
        let mut run = self.run_one(&mut pool, spec, answers, files, seed, watched);
        // Killed, mostly by the system, whose memory ran out, or by a person: no fault of the
        // submission's. One that did it itself has the same end again.
        let killed = match &run {
            Ok(ran) => ran.is_killed(),
            Err(error) => matches!(
                error,
                JudgeError::Lost { .. } | JudgeError::Fork { .. } | JudgeError::Confine { .. }
            ),
        };
        if killed {
            run = self.run_one(&mut pool, spec, answers, files, seed, watched);
        }
        let Ran { conducted, ended, last_words } = run?;
        let Conducted { mut observed, runs, stop } = conducted;
        if let Some(Stop { cell, cause }) = stop {
            let reason = end::reason(cause, ended, &last_words, &self.limits);
            observed.insert(cell, Observed::Died(reason));
        }
        Ok((score::verdict(spec, answers, &observed, started.elapsed()), runs))
    }

    /// Runs a submission in a process of its own, and sees that nothing of it is left.
    fn run_one(
        &self,
        pool: &mut HashMap<u32, Warm>,
        spec: &Spec,
        answers: &BTreeMap<String, String>,
        files: &[Attachment],
        seed: u32,
        watched: bool,
    ) -> Result<Ran, JudgeError> {
        let checks = self.checks(spec);
        let fork = |warm: &mut Warm| warm.prepare(&checks).and_then(|()| warm.fork());
        let mut job = match pool.get_mut(&seed).map(fork) {
            Some(Ok(job)) => job,
            // Not there yet, or the last submission took it along: a new one.
            _ => {
                pool.remove(&seed);
                let warm = Warm::start(&self.program, seed)?;
                fork(pool.entry(seed).or_insert(warm))?
            }
        };
        let furnished = pool.get(&seed).map_or(Ok(()), |warm| warm.furnish(files));
        let outcome = furnished.and_then(|()| self.conduct(&mut job, spec, answers, watched));
        let ended = pool.get(&seed).map(Warm::reap);
        let ended = match ended {
            Some(Ok(ended)) => Some(ended),
            // The submission killed or stopped the warm process: the next one gets another.
            _ => {
                pool.remove(&seed);
                None
            }
        };
        let conducted = outcome?;
        Ok(Ran { conducted, ended, last_words: job.last_words() })
    }

    /// Checks that a submission may know before they run: id and source.
    fn checks<'a>(&self, spec: &'a Spec) -> Vec<(&'a str, &'a str)> {
        let cells = spec.units.iter().flat_map(|unit| &unit.cells);
        let check = |cell: &'a SpecCell| match cell {
            SpecCell::Check { id, source, hidden, .. } if self.open || !hidden => {
                Some((id.as_str(), source.as_str()))
            }
            _ => None,
        };
        cells.filter_map(check).collect()
    }

    fn pool(&self) -> MutexGuard<'_, HashMap<u32, Warm>> {
        // A panic elsewhere leaves at worst a busy process, whose next fork then fails over.
        self.warm.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the child down and sends it everything there is to run, one by one.
    fn conduct(
        &self,
        job: &mut Job,
        spec: &Spec,
        answers: &BTreeMap<String, String>,
        watched: bool,
    ) -> Result<Conducted, JudgeError> {
        let lost = |reason: String| JudgeError::Confine { reason };
        let begin = Request::Begin { limits: self.limits, needs: needs(spec) };
        let own = job.timer(OWN_TIME);
        match job.ask(&begin, &[&own]) {
            Ok(Reply::Ready {}) => {}
            Ok(Reply::Refused { reason }) => return Err(lost(reason)),
            Ok(other) => return Err(lost(format!("it answered {other:?}"))),
            Err(cause) => return Err(lost(format!("{cause:?}; {}", job.last_words()))),
        }
        let total = job.timer(self.limits.total);
        let mut run = Run {
            job,
            limits: &self.limits,
            total,
            number: 0,
            watched,
            observed: Observations::new(),
            runs: CheckRuns::new(),
        };
        let stop = spec.units.iter().try_for_each(|unit| run.unit(unit, answers)).err();
        let Run { observed, runs, .. } = run;
        if stop.is_none() {
            // Whatever it answers: it is reaped next.
            let last = job.timer(Duration::from_secs(1));
            let _ = job.ask(&Request::End {}, &[&last]);
        }
        Ok(Conducted { observed, runs, stop })
    }
}

/// What there is after a job.
struct Conducted {
    observed: Observations,
    /// Of checks, when they were watched.
    runs: CheckRuns,
    stop: Option<Stop>,
}

/// What the units of a notebook need: they share a process.
fn needs(spec: &Spec) -> Vec<SpecNeed> {
    spec.units.iter().flat_map(|unit| &unit.needs).copied().collect()
}

/// What running a submission came to.
struct Ran {
    conducted: Conducted,
    /// How its process ended; `None` when the warm one is gone as well.
    ended: Option<Ended>,
    /// The end of what it wrote to its raw stderr.
    last_words: String,
}

impl Ran {
    /// Somebody killed it or the process that it was forked from, and not the judge.
    fn is_killed(&self) -> bool {
        let gone = self.conducted.stop.as_ref().is_some_and(|stop| stop.cause == Cause::Gone);
        gone && matches!(self.ended, None | Some(Ended::Signalled(libc::SIGKILL)))
    }
}

/// Where and why a job came to its end too early.
struct Stop {
    cell: String,
    cause: Cause,
}

/// One submission's way through the spec.
struct Run<'a> {
    job: &'a mut Job,
    limits: &'a Limits,
    total: Timer,
    /// Number of cells run: what tracebacks call `Cell In[…]`.
    number: u32,
    /// Looks closely at checks.
    watched: bool,
    observed: Observations,
    runs: CheckRuns,
}

impl Run<'_> {
    fn unit(&mut self, unit: &UnitSpec, answers: &BTreeMap<String, String>) -> Result<(), Stop> {
        let mut clock_set = false;
        for cell in &unit.cells {
            let request = match cell {
                SpecCell::Example { id, source } => self.cell(id, source),
                SpecCell::Exercise { id, .. } => match answers.get(id) {
                    Some(source) => self.cell(id, source),
                    None => continue,
                },
                SpecCell::Tests { id, source, .. } => {
                    self.number += 1;
                    let (id, source) = (id.clone(), source.clone());
                    Request::Tests { id, number: self.number, source }
                }
                SpecCell::Check { id, source, hidden, .. } => {
                    // What a hidden check runs would show what it asks for.
                    let watched = self.watched && !hidden;
                    Request::Check { id: id.clone(), source: source.clone(), watched }
                }
                SpecCell::Quiz { .. } | SpecCell::Fill { .. } | SpecCell::Reflect { .. } => {
                    continue;
                }
            };
            if !clock_set {
                let clock = Request::Clock { simulated: unit.clock == SpecClock::Virtual };
                self.ask(cell.id(), &clock)?;
                clock_set = true;
            }
            let reply = match self.ask(cell.id(), &request) {
                Err(Stop { cell, cause: Cause::TooLong(bytes) }) => too_long(&cell, bytes),
                other => other?,
            };
            self.note(cell.id(), &request, reply)?;
        }
        Ok(())
    }

    fn cell(&mut self, id: &str, source: &str) -> Request {
        self.number += 1;
        Request::Cell { id: id.to_owned(), number: self.number, source: source.to_owned() }
    }

    fn ask(&mut self, cell: &str, request: &Request) -> Result<Reply, Stop> {
        let timer = self.job.timer(self.limits.cell);
        let reply = self.job.ask(request, &[&timer, &self.total]);
        if self.watched && matches!(request, Request::Check { .. }) {
            let run = CheckRun { took: timer.taken(), ..CheckRun::default() };
            self.runs.insert(cell.to_owned(), run);
        }
        reply.map_err(|cause| {
            let total = cause == Cause::CellTime && self.total.rest().is_zero();
            let cause = if total { Cause::TotalTime } else { cause };
            Stop { cell: cell.to_owned(), cause }
        })
    }

    /// A reply of the wrong kind stops the job as a forged one does.
    fn note(&mut self, id: &str, request: &Request, reply: Reply) -> Result<(), Stop> {
        let observed = match (request, reply) {
            (Request::Cell { .. }, Reply::Ran { error: None }) => return Ok(()),
            (Request::Cell { .. }, Reply::Ran { error: Some(raised) }) => {
                let Raised { ename, evalue, traceback } = raised;
                Observed::Raised(CellError { cell: id.to_owned(), ename, evalue, traceback })
            }
            (Request::Tests { .. }, Reply::Tested { shown }) => Observed::Shown(shown),
            (
                Request::Check { watched, .. },
                Reply::Checked { passed, score, hint, message, hint_error, comparison, timeline },
            ) => {
                if let Some(run) = self.runs.get_mut(id).filter(|_| *watched) {
                    (run.comparison, run.timeline) = (comparison, timeline);
                }
                Observed::Checked(Checked { passed, score, hint, message, hint_error })
            }
            _ => return Err(Stop { cell: id.to_owned(), cause: Cause::Forged }),
        };
        self.observed.insert(id.to_owned(), observed);
        Ok(())
    }
}

/// A source too long to be sent counts as a cell that raised.
fn too_long(cell: &str, bytes: usize) -> Reply {
    Reply::Ran {
        error: Some(Raised {
            ename: "CellTooLong".to_owned(),
            evalue: format!("cell `{cell}` takes {bytes} bytes and was not run"),
            traceback: String::new(),
        }),
    }
}
