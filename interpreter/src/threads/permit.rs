//! A thread's turn: where it sleeps until it gets the baton.

use super::futex;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub(super) const WAIT: u32 = 0;
pub(super) const GO: u32 = 1;
/// There is no baton any more: go.
pub(super) const OFF: u32 = 2;

/// How often a thread that waits looks for signals, and at whoever holds the baton.
const TICK: Duration = Duration::from_millis(25);

#[derive(Debug, Default)]
pub(super) struct Permit {
    word: AtomicU32,
    /// For a thread that waits for descriptors too: a futex is none.
    bell: OnceLock<OwnedFd>,
}

impl Permit {
    /// From now on the thread can also wait for descriptors.
    pub(super) fn ring_too(&self) {
        // Without one, for want of descriptors, it looks every tick.
        if self.bell.get().is_none()
            && let Ok(bell) = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
        {
            let _ = self.bell.set(bell);
        }
    }

    pub(super) fn give(&self, turn: u32) {
        self.word.store(turn, Ordering::SeqCst);
        futex::wake(&self.word);
        self.ring();
    }

    /// Ends a sleep, or the next one, without giving anything.
    pub(super) fn ring(&self) {
        if let Some(bell) = self.bell.get() {
            // It can only fail when the counter is full: then it rings.
            let _ = rustix::io::write(bell, &1_u64.to_ne_bytes());
        }
    }

    pub(super) fn take(&self) -> u32 {
        self.word.swap(WAIT, Ordering::SeqCst)
    }

    /// Until the turn comes, a descriptor is ready, a signal arrives, or a tick is over.
    pub(super) fn sleep(&self, descriptors: &[(RawFd, PollFlags)]) {
        let Some(bell) = self.bell.get() else {
            return futex::sleep(&self.word, WAIT, Some(TICK));
        };
        if self.word.load(Ordering::SeqCst) != WAIT {
            return;
        }
        let mut fds = poll_fds(descriptors);
        fds.push(PollFd::from_borrowed_fd(bell.as_fd(), PollFlags::IN));
        let tick = Timespec { tv_sec: 0, tv_nsec: TICK.subsec_nanos().into() };
        // A failed wait is an early one: the caller looks again.
        let _ = poll(&mut fds, Some(&tick));
        let _ = rustix::io::read(bell, &mut [0_u8; 8]);
    }
}

/// Whether one of the descriptors is ready now.
pub(crate) fn is_ready(descriptors: &[(RawFd, PollFlags)]) -> bool {
    !descriptors.is_empty()
        && matches!(poll(&mut poll_fds(descriptors), Some(&Timespec::default())), Ok(1..))
}

fn poll_fds<'a>(descriptors: &[(RawFd, PollFlags)]) -> Vec<PollFd<'a>> {
    #[expect(unsafe_code, reason = "Python hands descriptors around as numbers")]
    // SAFETY: used for one system call; a descriptor that is closed is reported by that call.
    let borrow = |fd: RawFd| unsafe { BorrowedFd::borrow_raw(fd) };
    descriptors
        .iter()
        .filter(|(fd, _)| *fd >= 0)
        .map(|(fd, flags)| PollFd::from_borrowed_fd(borrow(*fd), *flags))
        .collect()
}
