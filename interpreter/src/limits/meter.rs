//! Counting what a run has used.

use super::reached::{self, Kind};
use super::{Limits, load, memory, seconds};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const UNLIMITED: u64 = u64::MAX;

static OUTPUT: AtomicU64 = AtomicU64::new(0);
static OUTPUT_LIMIT: AtomicU64 = AtomicU64::new(UNLIMITED);
static INSTRUCTIONS: AtomicU64 = AtomicU64::new(0);
static INSTRUCTION_LIMIT: AtomicU64 = AtomicU64::new(UNLIMITED);
static TIMES: Mutex<Option<Times>> = Mutex::new(None);

/// When the run began, and its limits.
#[derive(Clone, Copy)]
struct Times {
    wall: Instant,
    wall_limit: Option<Duration>,
    cpu: Duration,
    cpu_limit: Option<Duration>,
}

pub(super) fn begin(limits: &Limits) {
    OUTPUT.store(0, Ordering::Relaxed);
    OUTPUT_LIMIT.store(limits.output.unwrap_or(UNLIMITED), Ordering::Relaxed);
    INSTRUCTIONS.store(0, Ordering::Relaxed);
    INSTRUCTION_LIMIT.store(limits.instructions.unwrap_or(UNLIMITED), Ordering::Relaxed);
    let times = Times {
        wall: Instant::now(),
        wall_limit: limits.wall,
        cpu: processor_time(),
        cpu_limit: limits.cpu,
    };
    *TIMES.lock().unwrap_or_else(PoisonError::into_inner) = Some(times);
}

/// How many of `bytes` may be written.
fn output(bytes: usize) -> usize {
    let limit = OUTPUT_LIMIT.load(Ordering::Relaxed);
    if limit == UNLIMITED {
        return bytes;
    }
    let before = OUTPUT.fetch_add(bytes as u64, Ordering::Relaxed);
    let left = limit.saturating_sub(before);
    usize::try_from(left).unwrap_or(usize::MAX).min(bytes)
}

/// How many bytes of `text` may be written.
pub(crate) fn allowed(text: &str) -> usize {
    let bytes = output(text.len());
    if bytes >= text.len() {
        return text.len();
    }
    // Not within a character.
    (0..=bytes).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// Whether so many bytes may be written, all or none.
pub(crate) fn may_write(bytes: usize) -> bool {
    output(bytes) == bytes
}

/// What was written beyond the limit: the exception, for the thread that wrote.
pub(crate) fn too_much_output(vm: &VirtualMachine) -> rustpython_vm::builtins::PyBaseExceptionRef {
    reached::here(Kind::Output, vm)
}

/// The same where no Python runs: the main thread gets the exception.
pub(crate) fn too_much_output_elsewhere() {
    reached::from_anywhere(Kind::Output);
}

/// Counts one instruction.
///
/// # Errors
/// When it is one too many.
#[inline]
pub(super) fn instruction(vm: &VirtualMachine) -> PyResult<()> {
    let before = INSTRUCTIONS.fetch_add(1, Ordering::Relaxed);
    // Once: the code that ends the run has instructions, too.
    if before != INSTRUCTION_LIMIT.load(Ordering::Relaxed) {
        return Ok(());
    }
    Err(reached::here(Kind::Instructions, vm))
}

/// Instructions are to be counted.
pub(super) fn counts_instructions() -> bool {
    load(&INSTRUCTION_LIMIT) != UNLIMITED
}

/// Instructions counted since the run began.
pub(super) fn instructions() -> u64 {
    load(&INSTRUCTIONS)
}

/// An amount, as Python gets it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Amount {
    Time(Duration),
    Number(u64),
}

impl Amount {
    pub(super) fn into_object(self, vm: &VirtualMachine) -> PyObjectRef {
        match self {
            Self::Time(time) => vm.ctx.new_float(time.as_secs_f64()).into(),
            Self::Number(number) => vm.ctx.new_int(number).into(),
        }
    }

    fn text(self, kind: Kind) -> String {
        match (self, kind) {
            (Self::Time(time), _) => seconds(time),
            (Self::Number(count), Kind::Instructions) => format!("{count} instructions"),
            (Self::Number(bytes), _) => format!("{bytes} bytes"),
        }
    }
}

/// What to say about a limit, the limit, and what was used.
pub(super) fn report(kind: Kind) -> (String, Amount, Amount) {
    let times = *TIMES.lock().unwrap_or_else(PoisonError::into_inner);
    let (limit, used) = match kind {
        Kind::Wall => (
            Amount::Time(times.and_then(|times| times.wall_limit).unwrap_or_default()),
            Amount::Time(times.map_or(Duration::ZERO, |times| times.wall.elapsed())),
        ),
        Kind::Cpu => (
            Amount::Time(times.and_then(|times| times.cpu_limit).unwrap_or_default()),
            Amount::Time(times.map_or(Duration::ZERO, |times| processor_time() - times.cpu)),
        ),
        Kind::Memory => {
            let (held, limit) = memory::account();
            (Amount::Number(limit), Amount::Number(held))
        }
        Kind::Output => (Amount::Number(load(&OUTPUT_LIMIT)), Amount::Number(load(&OUTPUT))),
        Kind::Instructions => {
            (Amount::Number(load(&INSTRUCTION_LIMIT)), Amount::Number(load(&INSTRUCTIONS)))
        }
    };
    let text =
        format!("{} limit of {} exceeded: {} used", kind.name(), limit.text(kind), used.text(kind));
    (text, limit, used)
}

/// Not by rustix, whose clock does not start under valgrind.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    #[expect(unsafe_code, reason = "std has no clock of the process's time")]
    // SAFETY: `time` lives through the call.
    unsafe {
        libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time);
    }
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}
