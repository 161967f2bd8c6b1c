//! The main thread's work: requests that need the interpreter, and background tasks between them.

use super::busy_idle::serve;
use super::queue::Queued;
use crate::front::Front;
use crate::leave::leave;
use crate::requests::{self, Answer, Handler};
use crate::wire::Request;
use cellist_interpreter::Session;
use serde_json::Map;
use std::sync::Arc;

/// The interpreter and what belongs to it; lives on the process's main thread.
pub(crate) struct Desk {
    /// The rest of the kernel.
    pub(crate) front: Arc<Front>,
    /// The interpreter.
    pub(crate) session: Session,
    /// Number of the latest numbered cell; 0 before the first.
    pub(crate) execution_count: u32,
    /// Exit code of the process, as far as a cell has set it.
    pub(crate) exit_code: i32,
    /// This process; another id means that a cell has forked.
    process: u32,
}

impl Desk {
    /// A desk with a fresh interpreter.
    pub(crate) fn new(front: Arc<Front>, session: Session) -> Self {
        Self { front, session, execution_count: 0, exit_code: 0, process: std::process::id() }
    }

    /// Serves requests until the kernel ends; between them, background tasks run.
    pub(crate) fn run(&mut self) {
        let front = Arc::clone(&self.front);
        while !front.stop.is_set() {
            match front.queue.pop() {
                Some(queued) => self.take(&queued),
                None => {
                    self.session.idle(front.queue.wake_fd());
                    self.end_a_fork();
                    front.queue.calm();
                }
            }
        }
        // Nobody waits in vain: what is still queued is answered, not run.
        while let Some(Queued { request, .. }) = front.queue.pop() {
            serve(&front, &request, aborted);
        }
    }

    /// A cell that calls `os.fork()` comes back twice. The child's copy ends here, after its last
    /// line: it has no sockets, and must not take the kernel's wake-ups.
    pub(crate) fn end_a_fork(&self) {
        if std::process::id() != self.process {
            leave(0);
        }
    }

    fn take(&mut self, queued: &Queued) {
        let front = Arc::clone(&self.front);
        let request = &queued.request;
        serve(&front, request, || if queued.aborted { aborted() } else { self.answer(request) });
    }

    fn answer(&mut self, request: &Request) -> Answer {
        match requests::conversation::handler(&request.header.msg_type) {
            Handler::Front(answer) => answer(&self.front, request),
            Handler::Desk(answer) => answer(self, request),
        }
    }
}

/// The answer to a request that is not run since an earlier one failed.
#[expect(clippy::unnecessary_wraps, reason = "an answer like any other")]
fn aborted() -> Answer {
    Ok(Map::from_iter([("status".to_owned(), "aborted".into())]))
}
