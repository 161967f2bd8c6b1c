//! What a cell may use, and what happens when it uses more.
//!
//! Every limit ends the cell by an exception that is raised where the code stands. Code that
//! catches it and goes on gets it again every second; at the fifth time the process ends
//! with [`EXIT_LIMIT`] and a line on standard error. Timers of the operating system watch, not
//! threads: they also reach a main thread that is deep in native code, they cost nothing while
//! no limit is set, and a forked child does not inherit them.

mod ending;
mod memory;
mod meter;
mod module;
mod reached;
mod stack;
mod timer;

pub(crate) use ending::hook;
pub use memory::Metered;
pub(crate) use meter::{allowed, may_write, too_much_output, too_much_output_elsewhere};
pub(crate) use module::_cellist_limits;
pub(crate) use reached::{WATCH as SIGNAL_BIT_WATCH, adopt_this_thread, install, is_main_thread};
pub(crate) use stack::{THREAD as THREAD_STACK, grow as grow_stack};

use reached::Kind;
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{AsObject, VirtualMachine};
use std::sync::atomic::Ordering;
use std::time::Duration;
pub(crate) use timer::Repeating;
use timer::{Clock, Timer};

/// Exit status of a process that was ended because its code did not stop at a limit, because an
/// operation asked for memory that it may not have and cannot raise `MemoryError`, or because
/// native code ran out of stack.
pub const EXIT_LIMIT: i32 = 93;

/// What one cell or check may use; `None` is without limit.
///
/// Time, output and instructions end in `cellist.limits.LimitExceeded`, which is not an
/// `Exception`; memory in `MemoryError` and recursion in `RecursionError`, which Python has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Real time, on either clock.
    pub wall: Option<Duration>,
    /// Processor time of all threads of the process.
    pub cpu: Option<Duration>,
    /// Bytes that the whole process may hold, for an executable that allocates by [`Metered`].
    /// What one operation asks for beyond twice the limit, it does not get.
    pub memory: Option<u64>,
    /// Bytes of text and displays that may be written, by child processes too.
    pub output: Option<u64>,
    /// Depth of calls; Python's own default is 1000. Code may change it: nothing worse than
    /// `RecursionError` comes of that.
    pub recursion: Option<usize>,
    /// Bytecode instructions, of all threads. The same program in the same session has the same
    /// count. Counting makes Python many times slower.
    pub instructions: Option<u64>,
}

impl Limits {
    /// The limits that last from cell to cell, when they have changed.
    pub(crate) fn apply(&self, vm: &VirtualMachine) {
        if let Some(depth) = self.recursion {
            vm.recursion_limit.set(depth);
        }
        memory::limit(self.memory);
    }
}

/// A run under limits, until dropped.
pub(crate) struct Watched {
    _timers: Vec<Timer>,
}

impl Watched {
    /// Begins to watch what this thread, the interpreter's main one, runs from now on.
    ///
    /// # Errors
    /// When the operating system has no more timers.
    pub(crate) fn begin(limits: &Limits) -> std::io::Result<Self> {
        meter::begin(limits);
        reached::reset();
        let mut timers = Vec::new();
        if *limits == Limits::default() {
            return Ok(Self { _timers: timers });
        }
        for (after, clock, kind) in
            [(limits.wall, Clock::Real, Kind::Wall), (limits.cpu, Clock::Processor, Kind::Cpu)]
        {
            if let Some(after) = after {
                let timer = Timer::for_this_thread(clock, kind.bit())?;
                timer.once(after);
                timers.push(timer);
            }
        }
        let grace = Timer::for_this_thread(Clock::Real, reached::GRACE)?;
        reached::begin(&grace);
        timers.push(grace);
        Ok(Self { _timers: timers })
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // Before its timer goes.
        reached::end();
    }
}

/// Whether the exception says that a limit was reached.
pub(crate) fn is_limit(vm: &VirtualMachine, exception: &PyBaseExceptionRef) -> bool {
    exception.fast_isinstance(&module::limit_exceeded(vm))
        || exception.fast_isinstance(vm.ctx.exceptions.memory_error)
        || exception.fast_isinstance(vm.ctx.exceptions.recursion_error)
}

/// Seconds, for people.
fn seconds(time: Duration) -> String {
    format!("{} s", time.as_millis() as f64 / 1e3)
}

fn load(counter: &std::sync::atomic::AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
