//! Room for deep recursion.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Stack of the main thread and of each Python thread, in bytes; only what is used takes memory.
/// The interpreter measures it and raises `RecursionError` before its end.
const MAIN: u64 = 64 << 20;

/// Stack of a thread. Native code that recurses without asking the interpreter (freeing nested
/// objects, parsing nested source) needs more than the 2 MiB that a thread has otherwise.
pub(crate) const THREAD: usize = 16 << 20;

/// Lets the main thread's stack grow. Before the interpreter starts: it looks once.
///
/// The system keeps 128 MiB below the main thread's stack free, whatever its limit was at the
/// start. Child processes inherit the limit; it costs them nothing.
pub(crate) fn grow() {
    let limit = getrlimit(Resource::Stack);
    let most = limit.maximum.map_or(MAIN, |maximum| maximum.min(MAIN));
    if limit.current.is_some_and(|current| current < most) {
        // Without it recursion ends earlier, as cleanly.
        let _ = setrlimit(Resource::Stack, Rlimit { current: Some(most), ..limit });
    }
}
