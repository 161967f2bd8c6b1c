//! Questions of a cell to its user: `input()` and `getpass()`.

use cellist_interpreter::InputError;
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::io::Errno;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The one open question, if any. Questions of several threads are asked one after another.
pub(crate) struct Prompts {
    asking: Mutex<()>,
    state: Mutex<State>,
    /// Readable when the state changed. A file descriptor and not a condition variable, since a
    /// signal must end the wait.
    changed: OwnedFd,
}

#[derive(Default)]
struct State {
    open: bool,
    closed: bool,
    answer: Option<Result<String, InputError>>,
}

impl Prompts {
    /// No question yet.
    ///
    /// # Errors
    /// When the process has no file descriptor left.
    pub(crate) fn new() -> std::io::Result<Self> {
        let changed = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { asking: Mutex::default(), state: Mutex::default(), changed })
    }

    /// Asks by `send` and waits for the answer.
    ///
    /// # Errors
    /// When the user interrupts, or the kernel ends.
    pub(crate) fn ask(&self, send: impl FnOnce()) -> Result<String, InputError> {
        let _turn = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let mut state = self.lock();
            if state.closed {
                return Err(InputError::Closed);
            }
            (state.open, state.answer) = (true, None);
        }
        self.calm();
        send();
        let answer = self.wait();
        self.lock().open = false;
        answer
    }

    /// Hands an answer in; false when nobody asked.
    pub(crate) fn answer(&self, text: String) -> bool {
        self.settle(Ok(text))
    }

    /// The user pressed stop.
    pub(crate) fn interrupt(&self) {
        self.settle(Err(InputError::Interrupted));
    }

    /// No answer will ever come.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.settle(Err(InputError::Closed));
    }

    fn settle(&self, answer: Result<String, InputError>) -> bool {
        let mut state = self.lock();
        if !state.open || state.answer.is_some() {
            return false;
        }
        state.answer = Some(answer);
        // Fails only when it is readable already.
        let _ = rustix::io::write(&self.changed, &1u64.to_ne_bytes());
        true
    }

    fn wait(&self) -> Result<String, InputError> {
        loop {
            if let Some(answer) = self.lock().answer.take() {
                return answer;
            }
            let mut fds = [PollFd::new(&self.changed, PollFlags::IN)];
            match poll(&mut fds, None) {
                Ok(_) => self.calm(),
                Err(Errno::INTR) => return Err(InputError::Interrupted),
                Err(_) => return Err(InputError::Closed),
            }
        }
    }

    fn calm(&self) {
        let _ = rustix::io::read(&self.changed, &mut [0; 8]);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_reaches_who_asked() {
        let prompts = Prompts::new().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(prompts.ask(|| assert!(prompts.answer("yes".into()))), Ok("yes".into()));
    }

    #[test]
    fn an_answer_that_nobody_waits_for_is_refused_and_not_kept() {
        let prompts = Prompts::new().unwrap_or_else(|error| panic!("{error}"));
        assert!(!prompts.answer("stale".into()));
        assert_eq!(prompts.ask(|| prompts.interrupt()), Err(InputError::Interrupted));
        assert!(!prompts.answer("late".into()));
        assert_eq!(prompts.ask(|| assert!(prompts.answer("new".into()))), Ok("new".into()));
    }

    #[test]
    fn after_the_end_nobody_waits() {
        let prompts = Prompts::new().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(prompts.ask(|| prompts.close()), Err(InputError::Closed));
        assert_eq!(prompts.ask(|| ()), Err(InputError::Closed));
    }
}
