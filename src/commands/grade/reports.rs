//! The options of `cellist grade` that write reports into files.

use cellist_formats::text_file::{self, TextFileError};
use cellist_gradebook::{Gradebook, GradebookError};
use cellist_grader::reporters::gradescope::{self, SeveralAttempts, Visibility};
use cellist_grader::reporters::json::Entry;
use cellist_grader::reporters::sheet::Sheet;
use cellist_grader::reporters::{canvas, csv, html, junit, moodle};
use std::path::{Path, PathBuf};

// Not a doc comment: clap would take it for the command's. Reports, beside what is printed.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Reports")]
pub(crate) struct ReportArgs {
    /// Write JUnit XML for CI systems: a suite per submission, a test per check
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Write results.json for Gradescope: one learner's notebooks
    #[arg(long, value_name = "FILE")]
    gradescope: Option<PathBuf>,

    /// When Gradescope shows hidden checks to learners
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Shown::AfterPublished)]
    hidden_checks: Shown,

    #[command(flatten)]
    pub(crate) tables: TableArgs,

    /// Add all verdicts to a gradebook, which `cellist gradebook` shows: an SQLite file, or a PostgreSQL database by
    /// its URL, postgres://USER@HOST/DATABASE
    #[arg(long, value_name = "FILE|URL")]
    gradebook: Option<PathBuf>,
}

// Reports that can be made of a gradebook as well.
#[derive(Debug, clap::Args)]
pub(crate) struct TableArgs {
    /// Write CSV with a row per submission and unit
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,

    /// Write CSV with a row per submission and check
    #[arg(long, value_name = "FILE")]
    csv_checks: Option<PathBuf>,

    /// Write a gradebook for Canvas to import; learners are its IDs or SIS login IDs
    #[arg(long, value_name = "FILE")]
    canvas: Option<PathBuf>,

    /// Write grades and feedback for Moodle to import; learners are its usernames
    #[arg(long, value_name = "FILE")]
    moodle: Option<PathBuf>,

    /// Write a page of feedback per learner, and an overview of the class
    #[arg(long, value_name = "FOLDER")]
    html: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Shown {
    /// At once
    Visible,
    /// With the published grades
    AfterPublished,
    /// Never
    Hidden,
}

impl From<Shown> for Visibility {
    fn from(shown: Shown) -> Self {
        match shown {
            Shown::Visible => Self::Visible,
            Shown::AfterPublished => Self::AfterPublished,
            Shown::Hidden => Self::Hidden,
        }
    }
}

/// Why a report was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportError {
    #[error(transparent)]
    File(#[from] TextFileError),
    #[error(transparent)]
    Gradescope(#[from] SeveralAttempts),
}

impl ReportArgs {
    /// At least one report is wanted.
    pub(crate) fn any(&self) -> bool {
        self.junit.is_some() || self.gradescope.is_some() || self.tables.any()
    }

    /// The gradebook, open; `None` when none is asked for.
    ///
    /// # Errors
    /// When the file cannot be one.
    pub(crate) fn gradebook(&self) -> Result<Option<Gradebook>, GradebookError> {
        self.gradebook.as_deref().map(Gradebook::create).transpose()
    }

    /// Says before the work what could not be written after it.
    ///
    /// # Errors
    /// The first that the operating system refuses.
    pub(crate) fn probe(&self) -> Result<(), ReportError> {
        self.junit.iter().chain(&self.gradescope).try_for_each(|file| text_file::probe(file))?;
        self.tables.probe()
    }

    /// Writes every report that it can; why it could not write the others.
    pub(crate) fn write(&self, entries: &[Entry]) -> Vec<ReportError> {
        let mut failed = self.tables.write(entries, |_| {});
        let mut done = |written: Result<(), ReportError>| failed.extend(written.err());
        if let Some(file) = &self.junit {
            done(put(file, &junit::report(entries)));
        }
        if let Some(file) = &self.gradescope {
            let report = gradescope::report(entries, self.hidden_checks.into());
            done(report.map_err(ReportError::from).and_then(|text| put(file, &text)));
        }
        failed
    }
}

impl TableArgs {
    /// At least one of them is wanted.
    pub(crate) fn any(&self) -> bool {
        self.files().next().is_some() || self.html.is_some()
    }

    /// One of them shows what checks ran, and how long.
    pub(crate) fn is_watched(&self) -> bool {
        self.html.is_some()
    }

    fn files(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.csv, &self.csv_checks, &self.canvas, &self.moodle].into_iter().flatten()
    }

    /// As [`ReportArgs::probe`].
    pub(crate) fn probe(&self) -> Result<(), ReportError> {
        self.files().try_for_each(|file| text_file::probe(file))?;
        self.html.iter().try_for_each(|folder| text_file::probe(&folder.join("index.html")))?;
        Ok(())
    }

    /// As [`ReportArgs::write`]; `mend` has a last word on what learning platforms get.
    pub(crate) fn write(
        &self,
        entries: &[Entry],
        mend: impl FnOnce(&mut Sheet),
    ) -> Vec<ReportError> {
        let mut failed = Vec::new();
        let mut done = |written: Result<(), ReportError>| failed.extend(written.err());
        if let Some(file) = &self.csv {
            done(put(file, &csv::units(entries)));
        }
        if let Some(file) = &self.csv_checks {
            done(put(file, &csv::checks(entries)));
        }
        let mut sheet = Sheet::default();
        if self.canvas.is_some() || self.moodle.is_some() {
            sheet = Sheet::new(entries);
            mend(&mut sheet);
        }
        if let Some(file) = &self.canvas {
            done(put(file, &canvas::report(&sheet)));
        }
        if let Some(file) = &self.moodle {
            done(put(file, &moodle::report(&sheet)));
        }
        if let Some(folder) = &self.html {
            // One message: the others would be the same.
            let mut pages = html::pages(entries);
            done(pages.try_for_each(|(name, text)| put(&folder.join(name), &text)));
        }
        failed
    }
}

fn put(file: &Path, text: &str) -> Result<(), ReportError> {
    Ok(text_file::write(file, text)?)
}
