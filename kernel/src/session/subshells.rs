//! The subshells: their queues, and how they begin and end.

use super::desk::Desk;
use super::queue::Queue;
use crate::front::Front;
use cellist_history::Shell;
use cellist_interpreter::{Interrupter, Introspection, Session, Subshells};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// What runs in subshells has this long to stop when the kernel ends.
const GRACE: Duration = Duration::from_millis(500);

/// Why there is no new subshell.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubshellError {
    /// The kernel ends.
    #[error("the kernel is ending")]
    Ending,
    /// The process has no threads or file descriptors left.
    #[error("no more subshells: {0}; the limits of this process may be too low: see `ulimit -a`")]
    System(#[from] std::io::Error),
}

/// A running subshell.
struct Running {
    identifier: String,
    queue: Arc<Queue>,
    /// Set once its thread has begun.
    interrupter: Arc<OnceLock<Interrupter>>,
    /// A request to delete it has come; its thread still runs.
    deleted: bool,
}

/// Starts a subshell's thread.
type Start = Box<dyn FnOnce(&Subshells) -> std::io::Result<()> + Send>;

/// What subshells are started with.
enum Starter {
    /// Python is not up yet: these wait for it.
    Waiting(Vec<Start>),
    Up(Subshells),
}

/// All subshells of the kernel.
pub(crate) struct Registry {
    running: Mutex<Vec<Running>>,
    gone: Condvar,
    starter: Mutex<Starter>,
}

impl Default for Registry {
    fn default() -> Self {
        Self {
            running: Mutex::default(),
            gone: Condvar::new(),
            starter: Mutex::new(Starter::Waiting(Vec::new())),
        }
    }
}

impl Registry {
    /// From now on there is an interpreter to make subshells in.
    pub(crate) fn adopt(&self, starter: Subshells) {
        let mut state = self.starter.lock().unwrap_or_else(PoisonError::into_inner);
        if let Starter::Waiting(early) = &mut *state {
            for start in early.drain(..) {
                if let Err(error) = start(&starter) {
                    tracing::warn!("a subshell could not be started: {error}");
                }
            }
        }
        *state = Starter::Up(starter);
    }

    /// Asks about source, whatever the shells do; false when that cannot be.
    pub(crate) fn introspect(&self, ask: impl FnOnce(&Introspection<'_>) + Send + 'static) -> bool {
        let state = self.starter.lock().unwrap_or_else(PoisonError::into_inner);
        let Starter::Up(starter) = &*state else { return false };
        let asked = starter.introspect(ask);
        asked.inspect_err(|error| tracing::warn!("nothing can be completed: {error}")).is_ok()
    }

    /// Makes a subshell; its identifier.
    ///
    /// # Errors
    /// When the kernel ends or the machine has no room.
    pub(crate) fn create(front: &Arc<Front>) -> Result<String, SubshellError> {
        if front.stop.is_set() {
            return Err(SubshellError::Ending);
        }
        let identifier = Uuid::new_v4().to_string();
        let queue = Arc::new(Queue::new()?);
        let interrupter = Arc::new(OnceLock::new());
        front.subshells.lock().push(Running {
            identifier: identifier.clone(),
            queue: Arc::clone(&queue),
            interrupter: Arc::clone(&interrupter),
            deleted: false,
        });
        let shell = front.history.shell();
        let leaving = Leaving { front: Arc::clone(front), identifier: identifier.clone(), shell };
        let serve = move |session: Session| {
            let leaving = leaving;
            // It is empty: this is the thread's only session.
            let _ = interrupter.set(session.interrupter());
            let mut desk = Desk::new(Arc::clone(&leaving.front), session, queue);
            desk.run();
            desk.session.finish();
        };
        let name = identifier.clone();
        let start: Start = Box::new(move |starter| starter.start(&name, Some(shell), serve));
        match &mut *front.subshells.starter.lock().unwrap_or_else(PoisonError::into_inner) {
            Starter::Waiting(early) => early.push(start),
            Starter::Up(starter) => start(starter)?,
        }
        Ok(identifier)
    }

    /// Deletes a subshell: it takes no more requests, what it runs is interrupted, what waits is
    /// answered `aborted`. False when there is none.
    pub(crate) fn delete(&self, identifier: &str) -> bool {
        let mut running = self.lock();
        let found = running.iter_mut().find(|shell| shell.identifier == identifier);
        let Some(shell) = found.filter(|shell| !shell.deleted) else { return false };
        shell.deleted = true;
        shell.queue.close();
        let interrupter = shell.interrupter.get().cloned();
        drop(running);
        if let Some(interrupter) = interrupter {
            interrupter.interrupt();
        }
        true
    }

    /// The identifiers, in the order in which they were made.
    pub(crate) fn list(&self) -> Vec<String> {
        let running = self.lock();
        let left = running.iter().filter(|shell| !shell.deleted);
        left.map(|shell| shell.identifier.clone()).collect()
    }

    /// Where the requests to a subshell go.
    pub(crate) fn queue(&self, identifier: &str) -> Option<Arc<Queue>> {
        let running = self.lock();
        let found = running.iter().find(|shell| shell.identifier == identifier && !shell.deleted);
        found.map(|shell| Arc::clone(&shell.queue))
    }

    /// Stops what they run.
    pub(crate) fn interrupt(&self) {
        let running = self.lock();
        let all: Vec<_> =
            running.iter().filter_map(|shell| shell.interrupter.get()).cloned().collect();
        drop(running);
        all.iter().for_each(Interrupter::interrupt);
    }

    /// They notice that the kernel ends.
    pub(crate) fn wake(&self) {
        self.lock().iter().for_each(|shell| shell.queue.wake());
    }

    /// Waits until they have ended; those that do not stop are left behind.
    pub(crate) fn join(&self) {
        let running = self.lock();
        let left = self.gone.wait_timeout_while(running, GRACE, |running| !running.is_empty());
        let (left, _) = left.unwrap_or_else(PoisonError::into_inner);
        if !left.is_empty() {
            tracing::warn!("{} subshells did not stop; the kernel ends without them", left.len());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// However a subshell's thread ends, or if it never began, it is no longer in the registry.
struct Leaving {
    front: Arc<Front>,
    identifier: String,
    shell: Shell,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.front.history.end(self.shell);
        let registry = &self.front.subshells;
        registry.lock().retain(|shell| shell.identifier != self.identifier);
        registry.gone.notify_all();
    }
}
