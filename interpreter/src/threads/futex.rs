//! Sleeping on a word of memory until somebody changes it. `std` retries when a signal ends the
//! wait; here it returns, so that the signal's handler can run.

use std::sync::atomic::AtomicU32;
use std::time::Duration;

/// Sleeps while `word` is `value`: until woken, until `rest` has passed, or until a signal. May
/// also return for no reason.
pub(super) fn sleep(word: &AtomicU32, value: u32, rest: Option<Duration>) {
    let timeout = rest.map(|rest| libc::timespec {
        tv_sec: rest.as_secs().try_into().unwrap_or(libc::time_t::MAX),
        tv_nsec: rest.subsec_nanos().into(),
    });
    let timeout = timeout.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    #[expect(unsafe_code, reason = "std retries when a signal ends the wait")]
    // SAFETY: the word outlives the call, and so does the time, which may be null.
    unsafe {
        let operation = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
        libc::syscall(libc::SYS_futex, word.as_ptr(), operation, value, timeout);
    }
}

/// Wakes who sleeps on `word`.
pub(super) fn wake(word: &AtomicU32) {
    #[expect(unsafe_code, reason = "the counterpart of sleep")]
    // SAFETY: the address is that of a live word, and the kernel only reads it.
    unsafe {
        let operation = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
        libc::syscall(libc::SYS_futex, word.as_ptr(), operation, 1);
    }
}
