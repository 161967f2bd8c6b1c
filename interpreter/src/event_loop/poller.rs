//! Waiting for descriptors: level-triggered epoll, and a way to wake it from another thread.

use crate::footprint::poll_at_rest;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd};
use rustix::io::Errno;
use rustix::time::Timespec;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::Duration;

/// An epoll instance that contains its own wake-up descriptor.
#[derive(Debug)]
pub(crate) struct Poller {
    epoll: OwnedFd,
    waker: OwnedFd,
}

/// A descriptor, and whether it can be read and written (errors and hang-ups are both).
pub(crate) struct Event {
    pub(crate) fd: RawFd,
    pub(crate) readable: bool,
    pub(crate) writable: bool,
}

impl Poller {
    pub(crate) fn new() -> Result<Self, Errno> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let waker = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let data = EventData::new_u64(waker.as_raw_fd() as u64);
        epoll::add(&epoll, &waker, data, EventFlags::IN)?;
        Ok(Self { epoll, waker })
    }

    pub(crate) fn fileno(&self) -> RawFd {
        self.epoll.as_raw_fd()
    }

    /// Ends a wait that is going on, or the next one.
    pub(crate) fn wake(&self) {
        // It can only fail when the counter is full: then it is awake.
        let _ = rustix::io::write(&self.waker, &1_u64.to_ne_bytes());
    }

    /// Watches `fd` for these, and no longer for anything else.
    pub(crate) fn watch(&self, fd: RawFd, read: bool, write: bool) -> Result<(), Errno> {
        let mut flags = EventFlags::empty();
        flags.set(EventFlags::IN, read);
        flags.set(EventFlags::OUT, write);
        let data = EventData::new_u64(fd as u64);
        let borrowed = borrow(fd);
        if flags.is_empty() {
            // The descriptor may be closed already, and then is not in the set any more.
            let _ = epoll::delete(&self.epoll, borrowed);
            return Ok(());
        }
        // Closing a descriptor takes it out of the set behind our back, and its number returns.
        match epoll::modify(&self.epoll, borrowed, data, flags) {
            Err(Errno::NOENT) => epoll::add(&self.epoll, borrowed, data, flags),
            other => other,
        }
    }

    /// What is ready now.
    pub(crate) fn events(&self, found: &mut Vec<Event>) -> Result<(), Errno> {
        let mut events = Vec::with_capacity(128);
        epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&Timespec::default()))?;
        for event in &events {
            let fd = event.data.u64() as RawFd;
            if fd == self.waker.as_raw_fd() {
                let _ = rustix::io::read(&self.waker, &mut [0_u8; 8]);
                continue;
            }
            let flags = event.flags;
            found.push(Event {
                fd,
                readable: !flags.difference(EventFlags::OUT).is_empty(),
                writable: !flags.difference(EventFlags::IN).is_empty(),
            });
        }
        Ok(())
    }

    /// Waits until something is ready in either, a signal arrives, or the time is over.
    pub(crate) fn wait(&self, other: Option<&Self>, nanos: Option<u64>) {
        let mut fds = Vec::with_capacity(2);
        fds.push(PollFd::from_borrowed_fd(self.epoll.as_fd(), PollFlags::IN));
        if let Some(other) = other {
            fds.push(PollFd::from_borrowed_fd(other.epoll.as_fd(), PollFlags::IN));
        }
        // A failed wait is an early one: the caller looks again.
        let _ = poll_at_rest(&mut fds, nanos.map(Duration::from_nanos));
    }
}

#[expect(unsafe_code, reason = "Python hands descriptors around as numbers")]
fn borrow<'a>(fd: RawFd) -> BorrowedFd<'a> {
    // SAFETY: used for one system call each; a descriptor that is closed makes that call fail.
    // -1, the one value that is not allowed, is refused by `_add_reader` and its like.
    unsafe { BorrowedFd::borrow_raw(fd) }
}
