//! What comes of a batch, on its way to the terminal, the reports and the gradebook.

use super::recorder::Recorder;
use super::reports::ReportArgs;
use anyhow::Context as _;
use cellist_grader::attempts::{Attempt, Which};
use cellist_grader::batch::{Done, Journal};
use cellist_grader::reporters::json::{self, Entry};
use cellist_grader::reporters::progress::Progress;
use cellist_grader::reporters::reproducible;
use cellist_grader::reporters::table::{self, Look};
use std::io::{self, Write as _};
use std::mem;
use std::process::ExitCode;

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Tables,
    Json,
    JsonLines,
}

/// How results are told.
#[derive(Clone, Debug)]
pub(super) struct How {
    pub(super) shape: Shape,
    pub(super) attempts: Which,
    /// Nothing that differs from run to run.
    pub(super) reproducible: bool,
    /// No progress.
    pub(super) quiet: bool,
}

/// What comes of a batch.
pub(super) struct Output {
    how: How,
    progress: Progress,
    json: json::Pieces,
    reports: ReportArgs,
    gradebook: Option<Recorder>,
    /// What is graded so far; empty when nobody wants it later.
    entries: Vec<Entry>,
    /// Attempts of which the best is looked for, and that are not all there yet.
    attempts: Vec<Done>,
    graded: usize,
    failed: usize,
    /// The first failure to print. Grading goes on: the exit code is still wanted.
    printed: io::Result<()>,
}

impl Output {
    /// Of so many submissions, if that is known.
    pub(super) fn new(
        how: How,
        total: Option<usize>,
        reports: ReportArgs,
        gradebook: Option<Recorder>,
    ) -> Self {
        // Without a total there is nothing to be a part of.
        let progress = Progress::new(total.unwrap_or_default(), how.quiet || total.is_none());
        Self {
            how,
            progress,
            json: json::Pieces::default(),
            reports,
            gradebook,
            entries: Vec::new(),
            attempts: Vec::new(),
            graded: 0,
            failed: 0,
            printed: Ok(()),
        }
    }

    /// The next result.
    pub(super) fn add(&mut self, done: Done) {
        self.progress.step(&done.graded);
        match done.attempt {
            Some(attempt) if self.how.attempts == Which::Best => {
                self.attempts.push(done);
                if self.attempts.len() == attempt.of {
                    self.best();
                }
            }
            attempt => {
                self.record(&done);
                let note = attempt.map(|attempt| self.note(attempt));
                self.tell(done, note);
            }
        }
    }

    /// Of the attempts that are there the best is told; all are recorded, and it last: that counts.
    fn best(&mut self) {
        let mut attempts = mem::take(&mut self.attempts);
        let points =
            |done: &Done| done.graded.result.as_ref().map_or(-1.0, |verdict| verdict.points);
        // Stable: of equals the latest is the last.
        attempts.sort_by(|a, b| points(a).total_cmp(&points(b)));
        let all: Vec<String> = attempts
            .iter()
            .rev()
            .filter_map(|done| Some((done.attempt?, done.graded.result.as_ref().ok()?)))
            .map(|(attempt, verdict)| format!("{}: {}", attempt.number, verdict.points))
            .collect();
        let (failed, mut graded): (Vec<Done>, Vec<Done>) =
            attempts.into_iter().partition(|done| done.graded.result.is_err());
        graded.iter().for_each(|done| self.record(done));
        failed.into_iter().for_each(|done| self.tell(done, None));
        if let Some(best) = graded.pop() {
            let all = all.join(", ");
            let note = best
                .attempt
                .map(|attempt| format!("{}: the best counts; points: {all}", place(attempt)));
            self.tell(best, note);
        }
    }

    /// Which attempt it is, and why it was taken.
    fn note(&self, attempt: Attempt) -> String {
        let place = place(attempt);
        match &self.how.attempts {
            Which::All | Which::Best => format!("{place}; where one must count, it is the latest"),
            Which::Latest => format!("{place}: the latest counts"),
            Which::Named(name) => format!("{place}: `{name}` was asked for"),
        }
    }

    fn record(&mut self, done: &Done) {
        if let Some(gradebook) = &mut self.gradebook {
            gradebook.add(&done.graded);
        }
    }

    fn tell(&mut self, done: Done, note: Option<String>) {
        let Done { mut graded, level, .. } = done;
        match &mut graded.result {
            Ok(verdict) => {
                self.graded += 1;
                verdict.notes.extend(note);
                if self.how.reproducible {
                    reproducible::settle(verdict);
                }
            }
            Err(_) => self.failed += 1,
        }
        if self.how.shape == Shape::Tables {
            self.print(&table::submission(&graded, Look::of_stdout()));
        }
        let reports = self.reports.any();
        if self.how.shape == Shape::Tables && !reports {
            return;
        }
        let entry = Entry::new(graded, level);
        match self.how.shape {
            Shape::Tables => {}
            Shape::Json => {
                let text = self.json.entry(&entry);
                self.print(&text);
            }
            Shape::JsonLines => self.print(&json::line(&entry)),
        }
        if reports {
            self.entries.push(entry);
        }
    }

    /// Says something beside the results.
    pub(super) fn aside(&self, text: &str) {
        if !self.how.quiet {
            // A remark that nobody can read is no reason to stop.
            let _ = self.progress.aside(|| writeln!(io::stderr(), "{text}"));
        }
    }

    /// Prints what comes last, and writes the reports.
    pub(super) fn finish(mut self, journal: Option<Journal>) -> anyhow::Result<ExitCode> {
        // Of some attempts not all were graded: it was stopped.
        self.best();
        match self.how.shape {
            Shape::Json => {
                let end = mem::take(&mut self.json).end();
                self.print(end);
            }
            Shape::Tables if self.graded + self.failed > 1 => {
                self.print(&table::summary(self.graded, self.failed));
            }
            Shape::Tables | Shape::JsonLines => {}
        }
        self.progress.finish();
        let unwritten = self.reports.write(&self.entries);
        let unrecorded = self.gradebook.take().and_then(Recorder::failure);
        let lost = journal.and_then(Journal::failure);
        if let Some(error) = &unrecorded {
            writeln!(io::stderr(), "error: {error}")?;
        }
        if let Some(error) = &lost {
            writeln!(io::stderr(), "error: {error}")?;
        }
        for error in &unwritten {
            writeln!(
                io::stderr(),
                "error: {error}\nthe rest was written; mend this and grade again"
            )?;
        }
        match self.printed {
            // `| head` has read all it wanted.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            other => other.context("cannot print the report")?,
        }
        let written = unwritten.is_empty() && unrecorded.is_none() && lost.is_none();
        Ok(if self.failed == 0 && written { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }

    fn print(&mut self, text: &str) {
        if self.printed.is_ok() {
            self.printed = self.progress.aside(|| {
                let mut out = io::stdout().lock();
                out.write_all(text.as_bytes()).and_then(|()| out.flush())
            });
        }
    }
}

fn place(attempt: Attempt) -> String {
    format!("attempt {} of {}, {}", attempt.number, attempt.of, attempt.by.words())
}
