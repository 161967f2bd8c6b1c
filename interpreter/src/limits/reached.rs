//! A limit is reached: the exception, its repetition, and the end of the process.

use super::ending::{end_process, handle};
use super::timer::{SIGNAL, Shared, Timer};
use super::{memory, meter, module};
use crate::record;
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::signal::{SignalNum, set_interrupt_ex};
use rustpython_vm::{PyResult, VirtualMachine};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU8, AtomicU32, Ordering};
use std::time::Duration;

/// How long code has to end after a limit's exception, before it gets it again.
const PATIENCE: Duration = Duration::from_secs(1);
/// At the so-manieth time the process ends instead.
const LAST: u8 = 5;

/// Bit of the timer that repeats.
pub(super) const GRACE: u32 = 1;
/// Bit of `alarm`.
pub(super) const ALARM: u32 = 2;
/// Bit of the timer that looks for long steps.
pub(crate) const WATCH: u32 = 1 << 16;

/// A limit that is watched from outside the code, or met in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Wall = 2,
    Cpu = 3,
    Memory = 4,
    Output = 5,
    Instructions = 6,
}

const KINDS: [Kind; 5] = [Kind::Wall, Kind::Cpu, Kind::Memory, Kind::Output, Kind::Instructions];

impl Kind {
    pub(super) const fn bit(self) -> u32 {
        1 << self as u8
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Wall => "wall time",
            Self::Cpu => "processor time",
            Self::Memory => "memory",
            Self::Output => "output",
            Self::Instructions => "instruction",
        }
    }
}

/// What the main thread has to look at, as bits.
static DUE: AtomicU32 = AtomicU32::new(0);
/// Code runs under limits.
static RUNNING: AtomicBool = AtomicBool::new(false);
/// The limit that this run reached first, 0 for none.
static FIRST: AtomicU8 = AtomicU8::new(0);
/// How often the code has been told.
static TOLD: AtomicU8 = AtomicU8::new(0);
/// The main thread, as the operating system knows it.
static MAIN: AtomicI32 = AtomicI32::new(0);
/// Goes off every [`PATIENCE`] once a limit is reached.
static REPEAT: Shared = Shared::none();

/// Forgets the run before.
pub(super) fn reset() {
    FIRST.store(0, Ordering::SeqCst);
    TOLD.store(0, Ordering::SeqCst);
    DUE.fetch_and(ALARM, Ordering::SeqCst);
}

pub(super) fn begin(grace: &Timer) {
    REPEAT.is(Some(grace));
    RUNNING.store(true, Ordering::SeqCst);
}

pub(super) fn end() {
    RUNNING.store(false, Ordering::SeqCst);
    REPEAT.is(None);
}

/// The limit that this run has reached, unless the code may go on: it freed the memory.
pub(super) fn first() -> Option<Kind> {
    let first = FIRST.load(Ordering::SeqCst);
    KINDS.into_iter().find(|kind| *kind as u8 == first)
}

/// Reports a limit from any thread and any place, an allocator included: the main thread raises.
pub(super) fn from_anywhere(kind: Kind) {
    if !RUNNING.load(Ordering::SeqCst)
        || DUE.load(Ordering::SeqCst) & kind.bit() != 0
        || FIRST.load(Ordering::SeqCst) == kind as u8
    {
        return;
    }
    DUE.fetch_or(kind.bit(), Ordering::SeqCst);
    #[expect(unsafe_code, reason = "signals to one thread have no safe interface")]
    // SAFETY: plain numbers; a thread that is gone makes the call fail.
    unsafe {
        libc::syscall(libc::SYS_tgkill, libc::getpid(), MAIN.load(Ordering::SeqCst), SIGNAL);
    }
}

/// The exception for a limit that this thread has met, which from now on is repeated.
pub(super) fn here(kind: Kind, vm: &VirtualMachine) -> PyBaseExceptionRef {
    met(kind);
    exception(kind, vm)
}

/// From now on the code is told again and again. Also for signal handlers.
fn met(kind: Kind) {
    let first = FIRST.compare_exchange(0, kind as u8, Ordering::SeqCst, Ordering::SeqCst);
    if first.is_ok() && RUNNING.load(Ordering::SeqCst) {
        REPEAT.repeat(PATIENCE);
    }
}

fn one_of(bits: u32) -> Option<Kind> {
    KINDS.into_iter().find(|kind| bits & kind.bit() != 0)
}

/// What Python calls, on the main thread and between two instructions, after the signal.
pub(super) fn due(vm: &VirtualMachine) -> PyResult<()> {
    let due = DUE.swap(0, Ordering::SeqCst);
    if due & WATCH != 0 {
        record::sample();
    }
    if due & ALARM != 0 {
        module::alarm_due(vm)?;
    }
    if !RUNNING.load(Ordering::SeqCst) {
        return Ok(());
    }
    if let Some(kind) = one_of(due) {
        return Err(here(kind, vm));
    }
    match first() {
        Some(Kind::Memory) if due & GRACE != 0 && !memory::is_over() => {
            // It recovered, as code may.
            FIRST.store(0, Ordering::SeqCst);
            TOLD.store(0, Ordering::SeqCst);
            Ok(())
        }
        Some(kind) if due & GRACE != 0 => Err(exception(kind, vm)),
        _ => Ok(()),
    }
}

fn exception(kind: Kind, vm: &VirtualMachine) -> PyBaseExceptionRef {
    let (text, limit, used) = meter::report(kind);
    if kind == Kind::Memory {
        return vm.new_exception_msg(vm.ctx.exceptions.memory_error.to_owned(), text.into());
    }
    let class = module::limit_exceeded(vm);
    let exception = vm.new_exception_msg(class, text.into());
    let object = rustpython_vm::AsObject::as_object(&exception);
    for (name, value) in [
        ("limit", vm.ctx.new_str(kind.name()).into()),
        ("value", limit.into_object(vm)),
        ("used", used.into_object(vm)),
    ] {
        // A plain exception takes any attribute.
        let _ = object.set_attr(name, value, vm);
    }
    exception
}

/// Makes this thread the one that raises. Before any user code.
///
/// # Errors
/// When Python does not take the handler.
pub(crate) fn install(vm: &VirtualMachine) -> PyResult<()> {
    adopt_this_thread();
    let handler = vm.import("_cellist_limits", 0)?.get_attr("_due", vm)?;
    let module = vm.import("_signal", 0)?;
    vm.call_method(&module, "signal", (SIGNAL, handler))?;
    // In front of RustPython's, which it ends in. Not restarting: a wait must end.
    handle(SIGNAL, on_signal as *const () as usize, 0);
    Ok(())
}

/// After a fork, too.
pub(crate) fn adopt_this_thread() {
    record::begin();
    record::after_fork();
    #[expect(unsafe_code, reason = "rustix has no such call without a feature more")]
    // SAFETY: gettid has no preconditions.
    let thread = unsafe { libc::gettid() };
    MAIN.store(thread, Ordering::SeqCst);
}

/// Whether this thread is the one that raises.
pub(crate) fn is_main_thread() -> bool {
    #[expect(unsafe_code, reason = "rustix has no such call without a feature more")]
    // SAFETY: gettid has no preconditions.
    let thread = unsafe { libc::gettid() };
    MAIN.load(Ordering::SeqCst) == thread
}

extern "C" fn on_signal(_signal: i32, info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    #[expect(unsafe_code, reason = "errno and siginfo are the C library's")]
    // SAFETY: a handler with SA_SIGINFO gets a valid `info`, of a timer if it says so.
    let (errno, bits) = unsafe {
        let timer = (*info).si_code == libc::SI_TIMER;
        (*libc::__errno_location(), if timer { (*info).si_value().sival_ptr.addr() } else { 0 })
    };
    let mut bits = bits as u32;
    if bits & WATCH != 0 && !record::is_slow() {
        bits &= !WATCH;
    }
    let due = DUE.fetch_or(bits, Ordering::SeqCst) | bits;
    // Native code may not come to where the exception is raised.
    if let Some(kind) = one_of(due) {
        met(kind);
    }
    if bits & GRACE != 0 && RUNNING.load(Ordering::SeqCst) {
        let told = TOLD.fetch_add(1, Ordering::SeqCst) + 1;
        let recovered = FIRST.load(Ordering::SeqCst) == Kind::Memory as u8 && !memory::is_over();
        if told >= LAST && !recovered {
            let limit = first().map_or("", Kind::name);
            end_process(format_args!("the code went on at its {limit} limit"));
        }
    }
    // Not for a timer that found nothing.
    if DUE.load(Ordering::SeqCst) != 0 {
        // Cannot fail for this signal; sets flags and no more.
        let _ = set_interrupt_ex(signal_number());
    }
    #[expect(unsafe_code, reason = "errno is the C library's")]
    // SAFETY: the thread's own errno.
    unsafe {
        *libc::__errno_location() = errno;
    }
}

fn signal_number() -> SignalNum {
    #[expect(unsafe_code, reason = "the safe way needs an interpreter")]
    // SAFETY: below the number of signals, 65.
    unsafe {
        SignalNum::new_unchecked(SIGNAL)
    }
}
