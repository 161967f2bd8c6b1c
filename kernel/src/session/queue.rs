//! The requests that wait for the interpreter, in order.

use crate::wire::Request;
use bytes::Bytes;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Requests that were sent together arrive with gaps of less than this.
const GAP: Timespec = Timespec { tv_sec: 0, tv_nsec: 10_000_000 };
/// So many of them at most: a client that never pauses must not keep a failure from showing.
const GAPS: usize = 100;

/// A request in the queue.
#[derive(Debug)]
pub(crate) struct Queued {
    /// The request.
    pub(crate) request: Request,
    ticket: Ticket,
    /// An earlier cell failed with `stop_on_error`: answer `aborted` instead of running this.
    pub(crate) aborted: bool,
}

/// A place in the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

/// Filled by the socket threads, emptied by the thread of a shell: the main one or a subshell's.
pub(crate) struct Queue {
    state: Mutex<State>,
    /// Readable when something came in: it wakes the thread from its event loop.
    wake: OwnedFd,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Queued>,
    /// The shell's thread is at work on a request that it took out.
    at_work: bool,
    /// The raw header of that request, until its answer is there.
    running: Option<Bytes>,
    /// The latest that was given.
    ticket: Ticket,
    /// Nothing more is run.
    closed: bool,
}

impl Queue {
    /// An empty queue.
    ///
    /// # Errors
    /// When the process has no file descriptor left.
    pub(crate) fn new() -> std::io::Result<Self> {
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { state: Mutex::default(), wake })
    }

    /// Queues a request.
    pub(crate) fn push(&self, request: Request) -> Ticket {
        let mut state = self.lock();
        state.ticket.0 += 1;
        let ticket = state.ticket;
        state.waiting.push_back(Queued { request, ticket, aborted: false });
        drop(state);
        self.wake();
        ticket
    }

    /// Takes a request out that has waited in vain; `None` when its turn has come.
    pub(crate) fn withdraw(&self, ticket: Ticket) -> Option<Request> {
        let waiting = &mut self.lock().waiting;
        let place = waiting.iter().position(|queued| queued.ticket == ticket)?;
        waiting.remove(place).map(|queued| queued.request)
    }

    /// The answer to the request that was taken out is there.
    pub(crate) fn rest(&self) {
        self.lock().running = None;
    }

    /// Calls `tell` with the raw header of the request that the shell's thread is at work on, whose
    /// answer does not come meanwhile.
    pub(crate) fn while_running(&self, tell: impl FnOnce(&Bytes)) {
        if let Some(header) = &self.lock().running {
            tell(header);
        }
    }

    /// Whether a request would have to wait for another one.
    pub(crate) fn is_engaged(&self) -> bool {
        let state = self.lock();
        state.at_work || !state.waiting.is_empty()
    }

    /// Takes the oldest request out.
    pub(crate) fn pop(&self) -> Option<Queued> {
        let mut state = self.lock();
        let next = state.waiting.pop_front();
        state.at_work = next.is_some();
        state.running = next.as_ref().map(|queued| queued.request.header.raw.clone());
        next
    }

    /// Takes out the first request that `wanted` names by its place in the queue and itself. For
    /// the main thread, from within the request that it is at work on.
    pub(crate) fn take_out(&self, wanted: impl Fn(usize, &Request) -> bool) -> Option<Request> {
        let waiting = &mut self.lock().waiting;
        let place = waiting
            .iter()
            .enumerate()
            .position(|(place, queued)| !queued.aborted && wanted(place, &queued.request))?;
        waiting.remove(place).map(|queued| queued.request)
    }

    /// Waits until nothing more comes in: a failure is not told before that, so all that has come
    /// was sent without knowing of it. "Run all" sends its cells one by one, in a few milliseconds.
    pub(crate) fn settle(&self) {
        for _ in 0..GAPS {
            self.calm();
            let mut fds = [PollFd::new(&self.wake, PollFlags::IN)];
            // A signal ends the wait, and then it is time to go on.
            if !matches!(poll(&mut fds, Some(&GAP)), Ok(1..)) {
                return;
            }
        }
    }

    /// Marks every waiting `execute_request` as aborted.
    pub(crate) fn abort_executions(&self) {
        for queued in &mut self.lock().waiting {
            queued.aborted |= queued.request.header.msg_type == "execute_request";
        }
    }

    /// Ends the shell: what waits is not run.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.wake();
    }

    /// Whether the shell is to end.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Wakes the shell's thread.
    pub(crate) fn wake(&self) {
        // The only error is a counter that is full, and then it is awake already.
        let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
    }

    /// Readable when the thread should look into the queue.
    pub(crate) fn wake_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }

    /// Makes [`Queue::wake_fd`] unreadable; look into the queue after it.
    pub(crate) fn calm(&self) {
        let _ = rustix::io::read(&self.wake, &mut [0; 8]);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
