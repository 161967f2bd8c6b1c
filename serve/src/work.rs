//! Grading again: one batch at a time, in a thread of its own.

use crate::handed_in::Found;
use crate::items::count;
use crate::problem::Problem;
use crate::site::Site;
use cellist_formats::notebook::Notebook;
use cellist_formats::spec::Spec;
use cellist_gradebook::{Gradebook, GradebookError, Standing};
use cellist_grader::batch::Graded;
use cellist_grader::intake::Submission;
use cellist_grader::reporters::plain::plain;
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

/// So many failures of a batch are told.
const TOLD: usize = 20;

/// Grades, as `cellist grade` does.
pub trait Grader: Send + Sync {
    /// What was handed in, as far as the command line names it. Looks anew each time.
    fn submissions(&self) -> Vec<Submission>;

    /// Whether there is something to grade by.
    fn can_grade(&self) -> bool;

    /// The spec of a submission, in the revisions that it was given out with; `None` where
    /// another kind of course has none.
    fn spec(&self, notebook: &Notebook, path: &Path) -> Option<Cow<'_, Spec>>;

    /// Grades these, and hands out each as soon as it is graded.
    fn grade(&self, submissions: Vec<Submission>, done: &mut dyn FnMut(Graded));

    /// Writes a verdict down; a submission without one changes nothing.
    ///
    /// # Errors
    /// When the gradebook cannot be written.
    fn record(&self, gradebook: &mut Gradebook, graded: &Graded) -> Result<(), GradebookError>;
}

/// What is to be graded.
#[derive(Clone, Debug)]
pub(crate) enum Task {
    /// What counts for a learner and a notebook, once more.
    One { learner: String, notebook: String },
    /// What counts for a notebook, once more.
    Notebook(String),
    /// Everything that was handed in, also what is new.
    Everything,
}

/// The last batch, or the one that runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Work {
    /// What it is about; empty when there was none.
    what: String,
    running: bool,
    done: usize,
    /// Not known before all files are found.
    total: Option<usize>,
    failed: usize,
    /// The first of those.
    pub(crate) failures: Vec<String>,
}

impl Work {
    /// Whether a batch runs.
    pub(crate) fn runs(&self) -> bool {
        self.running
    }

    /// How many of how many are graded, while it is known.
    pub(crate) fn progress(&self) -> Option<(usize, usize)> {
        let total = self.total.filter(|_| self.running)?;
        Some((self.done, total))
    }

    /// For people; empty when there was none.
    pub(crate) fn sentence(&self) -> String {
        if self.what.is_empty() {
            return String::new();
        }
        match (self.running, self.total) {
            (true, None) => format!("Grading {}: looking for the files", self.what),
            (true, Some(total)) => format!("Grading {}: {} of {total}", self.what, self.done),
            (false, _) if self.failed == 0 => {
                format!("Graded {}: {}", self.what, count(self.done, "submission"))
            }
            (false, _) => format!(
                "Graded {}: {}, {} not: {}",
                self.what,
                count(self.done - self.failed.min(self.done), "submission"),
                self.failed,
                self.failures.first().map(String::as_str).unwrap_or_default()
            ),
        }
    }

    fn fail(&mut self, why: String) {
        self.failed += 1;
        if self.failures.len() < TOLD {
            self.failures.push(plain(&why));
        }
    }
}

/// Starts grading.
///
/// # Errors
/// When a batch runs already, or nothing can be graded here.
pub(crate) fn start(site: &Arc<Site>, task: Task) -> Result<(), Problem> {
    let grader = site.grader.clone().filter(|grader| grader.can_grade());
    let Some(grader) = grader else {
        let text = "nothing can be graded here; start `cellist serve` with --spec or --nbgrader";
        return Err(Problem::Bad(text.to_owned()));
    };
    let what = match &task {
        Task::One { learner, notebook } => format!("{}, {}", plain(learner), plain(notebook)),
        Task::Notebook(notebook) => plain(notebook),
        Task::Everything => "everything that was handed in".to_owned(),
    };
    let begun = site.work.send_if_modified(|work| {
        let free = !work.running;
        if free {
            *work = Work { what, running: true, ..Work::default() };
        }
        free
    });
    if !begun {
        return Err(Problem::Busy("something is being graded; wait until that is done".to_owned()));
    }
    let batch = Batch { site: Arc::clone(site), grader };
    let started = thread::Builder::new().name("grading".to_owned()).spawn(move || {
        batch.run(task);
    });
    started.map(|_| ()).map_err(|_| {
        site.work.send_modify(|work| work.running = false);
        Problem::Internal
    })
}

struct Batch {
    site: Arc<Site>,
    grader: Arc<dyn Grader>,
}

impl Drop for Batch {
    /// Also after a panic: another batch may start.
    fn drop(&mut self) {
        self.site.work.send_modify(|work| work.running = false);
    }
}

impl Batch {
    fn run(&self, task: Task) {
        let work = &self.site.work;
        // By file, whose it was when it was graded first.
        let mut owners: HashMap<PathBuf, String> = HashMap::new();
        let submissions = match self.wanted(&task) {
            Err(error) => {
                work.send_modify(|work| work.fail(error.to_string()));
                return;
            }
            Ok(None) => {
                self.site.handed_in.look_again();
                self.grader.submissions()
            }
            Ok(Some(standings)) => {
                let found =
                    standings.iter().filter_map(|standing| self.file(standing, &mut owners));
                found.collect()
            }
        };
        work.send_modify(|work| work.total = Some(submissions.len() + work.failed));
        self.grader.grade(submissions, &mut |graded| {
            let failure = self.keep(&graded, owners.get(&graded.path));
            work.send_modify(|work| {
                work.done += 1;
                if let Err(why) = failure {
                    work.fail(why);
                }
            });
        });
    }

    /// What is to be graded once more; `None` is everything.
    fn wanted(&self, task: &Task) -> Result<Option<Vec<Standing>>, Problem> {
        Ok(match task {
            Task::One { learner, notebook } => Some(vec![self.site.standing(learner, notebook)?]),
            Task::Notebook(notebook) => {
                let all = self.site.standings()?;
                let of_it = all.iter().filter(|one| one.verdict.notebook == *notebook);
                Some(of_it.cloned().collect())
            }
            Task::Everything => None,
        })
    }

    fn file(
        &self,
        standing: &Standing,
        owners: &mut HashMap<PathBuf, String>,
    ) -> Option<Submission> {
        match self.site.handed_in.find(standing) {
            Found::Same(file, _) | Found::Changed(file, _) => {
                owners.insert(file.path.clone(), standing.learner.clone());
                Some(file)
            }
            Found::Missing => {
                let why = format!("`{}` is not there any more", standing.file);
                self.site.work.send_modify(|work| {
                    work.done += 1;
                    work.fail(why);
                });
                None
            }
        }
    }

    /// Writes down what may be; else says why not.
    fn keep(&self, graded: &Graded, owner: Option<&String>) -> Result<(), String> {
        let verdict = match &graded.result {
            Ok(verdict) => verdict,
            Err(error) => return Err(format!("{}: {error}", graded.path.display())),
        };
        let Some(learner) = &graded.learner else { return Ok(()) };
        if let Some(was) = owner
            && was != learner
        {
            let file = graded.path.display();
            return Err(format!("`{file}` was {was}'s and would now be {learner}'s; not written"));
        }
        let write = |book: &mut Gradebook| self.grader.record(book, graded);
        let written = self.site.write(learner, &verdict.notebook, write);
        written.map_err(|error| error.to_string())
    }
}
