//! What all requests share.

use crate::gate::Gate;
use crate::handed_in::HandedIn;
use crate::problem::Problem;
use crate::work::{Grader, Work};
use cellist_gradebook::{Gradebook, GradebookError, Stamp, Standing};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// What all requests share.
pub(crate) struct Site {
    gradebook: Mutex<Gradebook>,
    /// All that counts, as of a stamp.
    known: Mutex<Option<(Stamp, Arc<Vec<Standing>>)>>,
    pub(crate) gate: Arc<Gate>,
    /// `None`: nothing can be graded here.
    pub(crate) grader: Option<Arc<dyn Grader>>,
    pub(crate) handed_in: HandedIn,
    /// Who decides what is decided here.
    pub(crate) by: String,
    pub(crate) work: watch::Sender<Work>,
    /// True once the server is to end.
    pub(crate) ending: watch::Receiver<bool>,
}

impl Site {
    pub(crate) fn new(
        gradebook: Gradebook,
        gate: Arc<Gate>,
        grader: Option<Arc<dyn Grader>>,
        by: String,
        ending: watch::Receiver<bool>,
    ) -> Self {
        let handed_in = HandedIn::new(grader.clone());
        let (work, _) = watch::channel(Work::default());
        Self {
            gradebook: Mutex::new(gradebook),
            known: Mutex::new(None),
            gate,
            grader,
            handed_in,
            by,
            work,
            ending,
        }
    }

    /// The gradebook; one request at a time.
    pub(crate) fn gradebook(&self) -> MutexGuard<'_, Gradebook> {
        // A panic leaves no transaction open: dropping it has rolled it back.
        self.gradebook.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What counts for everybody, by learner and notebook; read again only when something was
    /// written.
    pub(crate) fn standings(&self) -> Result<Arc<Vec<Standing>>, GradebookError> {
        let gradebook = self.gradebook();
        let stamp = gradebook.stamp()?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, standings)) = &*known
            && *of == stamp
        {
            return Ok(Arc::clone(standings));
        }
        let standings = Arc::new(gradebook.standings()?);
        *known = Some((stamp, Arc::clone(&standings)));
        Ok(standings)
    }

    /// Writes something about a learner and a notebook; nothing else is read again for it.
    ///
    /// # Errors
    /// When the gradebook cannot be written, or read.
    pub(crate) fn write<T>(
        &self,
        learner: &str,
        notebook: &str,
        write: impl FnOnce(&mut Gradebook) -> Result<T, GradebookError>,
    ) -> Result<T, GradebookError> {
        let mut gradebook = self.gradebook();
        let before = gradebook.stamp()?;
        let written = write(&mut gradebook)?;
        let now = gradebook.standing(learner, notebook)?;
        let after = gradebook.stamp()?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some((of, standings)), Some(now)) = (&mut *known, now)
            && *of == before
            && !after.others_wrote_since(before)
        {
            *of = after;
            let standings = Arc::make_mut(standings);
            // By bytes, as the gradebook sorts them.
            let place = standings.binary_search_by(|one| {
                (one.learner.as_str(), one.verdict.notebook.as_str()).cmp(&(learner, notebook))
            });
            match place {
                Ok(at) => standings[at] = now,
                Err(at) => standings.insert(at, now),
            }
        }
        Ok(written)
    }

    /// What counts for a learner and a notebook.
    pub(crate) fn standing(&self, learner: &str, notebook: &str) -> Result<Standing, Problem> {
        let found = self.gradebook().standing(learner, notebook)?;
        found
            .ok_or_else(|| Problem::NotFound(format!("submission of `{learner}` for `{notebook}`")))
    }
}
