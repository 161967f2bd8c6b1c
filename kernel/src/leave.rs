//! Ending the process on the spot.

/// Ends the process without exit handlers: for when another thread is still running Python, or
/// when the process is a fork whose handlers belong to its parent.
pub(crate) fn leave(code: i32) -> ! {
    #[expect(unsafe_code, reason = "std can only exit with handlers, or abort")]
    // SAFETY: _exit(2) has no preconditions.
    unsafe {
        libc::_exit(code)
    }
}
