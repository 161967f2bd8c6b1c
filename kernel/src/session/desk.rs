//! The work of a shell's thread: requests that need the interpreter, and background tasks between them.

use super::busy_idle::serve;
use super::queue::{Queue, Queued};
use crate::front::Front;
use crate::leave::leave;
use crate::requests::{self, Answer, Handler, Refusal};
use crate::wire::Request;
use cellist_interpreter::{Failure, Session};
use serde_json::{Map, json};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Exit code of the process when the interpreter has crashed: `EX_SOFTWARE` of sysexits.h.
pub(crate) const EXIT_CRASH: i32 = 70;

/// A way to the interpreter and what belongs to it; lives on the process's main thread, or on a
/// subshell's.
pub(crate) struct Desk {
    /// The rest of the kernel.
    pub(crate) front: Arc<Front>,
    /// The interpreter.
    pub(crate) session: Session,
    /// Its requests.
    pub(crate) queue: Arc<Queue>,
    /// Number of the latest numbered cell; 0 before the first.
    pub(crate) execution_count: u32,
    /// This process; another id means that a cell has forked.
    process: u32,
}

impl Desk {
    /// A desk with a fresh interpreter.
    pub(crate) fn new(front: Arc<Front>, session: Session, queue: Arc<Queue>) -> Self {
        Self { front, session, queue, execution_count: 0, process: std::process::id() }
    }

    /// Serves requests until the kernel or the subshell ends; between them, background tasks run.
    pub(crate) fn run(&mut self) {
        let (front, queue) = (Arc::clone(&self.front), Arc::clone(&self.queue));
        while !front.stop.is_set() && !queue.is_closed() {
            match queue.pop() {
                Some(queued) => self.take(&queued),
                None => {
                    self.session.idle(queue.wake_fd());
                    self.end_a_fork();
                    queue.calm();
                }
            }
        }
        // Nobody waits in vain: what is still queued is answered, not run.
        while let Some(Queued { request, .. }) = queue.pop() {
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
        serve(&front, request, || {
            if queued.aborted {
                return aborted();
            }
            // A fault in the interpreter must not leave anybody waiting for the answer.
            let answer = catch_unwind(AssertUnwindSafe(|| self.answer(request)))
                .unwrap_or_else(|panic| self.crashed(request, panic.as_ref()));
            self.queue.rest();
            answer
        });
    }

    /// The interpreter has panicked: its state is not to be trusted, so the kernel says what
    /// happened and ends.
    fn crashed(&self, request: &Request, panic: &(dyn Any + Send)) -> Answer {
        self.end_a_fork();
        let said = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("it did not say why");
        let evalue = format!("the interpreter crashed: {said}\nthe kernel ends; restart it");
        tracing::error!("{evalue}");
        let traceback = vec![format!("InterpreterCrash: {evalue}")];
        let failure = Failure { ename: "InterpreterCrash".to_owned(), evalue, traceback };
        let error = json!({
            "ename": failure.ename, "evalue": failure.evalue, "traceback": failure.traceback,
        });
        self.front.broadcast("error", &request.header.raw, &error);
        self.front.stop.exit_with(EXIT_CRASH);
        self.front.shut_down();
        Err(Refusal::Raised { failure, execution_count: self.execution_count })
    }

    fn answer(&mut self, request: &Request) -> Answer {
        match requests::conversation::handler(&request.header.msg_type) {
            Handler::Front(answer) => answer(&self.front, request),
            Handler::Shared(answer) => answer(&self.front, request),
            Handler::Introspection(answer) => {
                self.session.introspect(|introspection| answer(introspection, request))
            }
            Handler::Desk(answer) => answer(self, request),
        }
    }
}

/// The answer to a request that is not run since an earlier one failed.
#[expect(clippy::unnecessary_wraps, reason = "an answer like any other")]
fn aborted() -> Answer {
    Ok(Map::from_iter([("status".to_owned(), "aborted".into())]))
}
