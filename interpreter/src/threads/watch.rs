//! What a thread waits for under the baton, and how that ended.

use rustix::event::PollFlags;
use rustpython_vm::PyObjectRef;
use std::os::fd::RawFd;

/// How a thread's parking ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// Somebody woke it, or a descriptor is ready.
    Called,
    /// Its deadline came.
    Expired,
    /// Nothing can wake it.
    Stalled,
    /// The clock is no longer virtual.
    Off,
}

/// Whether an event can come from outside the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Outside {
    #[default]
    No,
    /// One may come, but nobody waits for it: virtual time goes on.
    Maybe,
    /// The clock stands still until it comes.
    Expected,
}

/// What can end a parking beside other threads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    pub(crate) descriptors: Vec<(RawFd, PollFlags)>,
    pub(crate) outside: Outside,
    /// The event loop that waits here.
    pub(crate) event_loop: Option<PyObjectRef>,
}
