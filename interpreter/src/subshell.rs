//! Subshells: threads of the same interpreter that run cells of their own, next to the main one
//! (<https://jupyter.org/enhancement-proposals/91-kernel-subshells/kernel-subshells.html>).
//!
//! `cellist.subshells` is the Python side. A thread that was not started by Python needs a virtual
//! machine, which only another thread's can make: one is kept in stock, and who takes it makes the
//! next.

use crate::history;
use crate::interrupt::{Interrupter, block_all_signals, restore_signals};
use crate::session::{Introspection, Session};
use cellist_history::Shell;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustpython_vm::vm::thread::ThreadedVirtualMachine;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::Duration;

/// What a subshell does, with its session: serves until it is told to end.
type Work = Box<dyn FnOnce(Session) + Send>;

/// The work of subshells whose threads have not begun yet, by token, and their shells in the history.
static WORK: Mutex<BTreeMap<u64, (Work, Option<Shell>)>> = Mutex::new(BTreeMap::new());
/// How many subshells have been asked to end their cells and have not noticed yet.
static PENDING: AtomicUsize = AtomicUsize::new(0);

/// How often a subshell that waits looks whether it is to end.
const LOOK: Duration = Duration::from_millis(50);

thread_local! {
    /// On a subshell's thread: how it is asked, and its session in Python.
    static HERE: RefCell<Option<(Arc<Asked>, PyObjectRef)>> = const { RefCell::new(None) };
}

/// Starts subshells, and ends their cells.
#[derive(Clone)]
pub struct Subshells {
    shared: Arc<Shared>,
}

struct Shared {
    /// A virtual machine for the next thread.
    stock: Mutex<Option<ThreadedVirtualMachine>>,
    stocked: Condvar,
}

impl std::fmt::Debug for Subshells {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subshells").finish_non_exhaustive()
    }
}

impl Subshells {
    /// For the interpreter of this virtual machine.
    pub(crate) fn new(vm: &VirtualMachine) -> Self {
        let shared = Shared { stock: Mutex::new(Some(vm.new_thread())), stocked: Condvar::new() };
        Self { shared: Arc::new(shared) }
    }

    /// Starts the thread of a subshell, on which `work` gets its session. Its cells are those of
    /// `shell` in the history. Returns at once.
    ///
    /// # Errors
    /// When the process has no threads left.
    pub fn start(
        &self,
        identifier: &str,
        shell: Option<Shell>,
        work: impl FnOnce(Session) + Send + 'static,
    ) -> io::Result<()> {
        static TOKENS: AtomicU64 = AtomicU64::new(1);
        let token = TOKENS.fetch_add(1, Ordering::Relaxed);
        lock(&WORK).insert(token, (Box::new(work), shell));
        let identifier = identifier.to_owned();
        let started = self.with_python(move |vm| {
            let log = history::log(shell, vm);
            let start = side(vm).and_then(|side| side.get_attr("start", vm));
            let started = start.and_then(|start| start.call((token, identifier, log), vm));
            if let Err(exc) = started {
                vm.print_exception(&exc);
                drop(lock(&WORK).remove(&token));
            }
        });
        if started.is_err() {
            lock(&WORK).remove(&token);
        }
        started
    }

    /// Asks about source on a thread of its own, whatever the others do.
    ///
    /// # Errors
    /// When the process has no threads left.
    pub fn introspect(
        &self,
        ask: impl FnOnce(&Introspection<'_>) + Send + 'static,
    ) -> io::Result<()> {
        self.with_python(|vm| {
            let session = vm
                .import("cellist.session", 0)
                .and_then(|package| package.get_attr("session", vm))
                .and_then(|module| vm.call_method(&module, "main", ()));
            match session {
                Ok(side) => ask(&Introspection::new(vm, side)),
                Err(exc) => vm.print_exception(&exc),
            }
        })
    }

    /// Does something in Python on a thread of its own, whatever the others do.
    fn with_python(&self, work: impl FnOnce(&VirtualMachine) + Send + 'static) -> io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let mask = block_all_signals();
        let started = Builder::new()
            .name("subshells".to_owned())
            .stack_size(crate::limits::THREAD_STACK)
            .spawn(move || {
                let mut stock = lock(&shared.stock);
                let machine = loop {
                    match stock.take() {
                        Some(machine) => break machine,
                        None => {
                            stock =
                                shared.stocked.wait(stock).unwrap_or_else(PoisonError::into_inner);
                        }
                    }
                };
                drop(stock);
                machine.run(|vm| {
                    *lock(&shared.stock) = Some(vm.new_thread());
                    shared.stocked.notify_one();
                    work(vm);
                    rustpython_vm::vm::thread::cleanup_current_thread_frames(vm);
                });
            });
        restore_signals(&mask);
        started.map(drop)
    }

    /// At the interpreter's end.
    pub(crate) fn close(&self) {
        drop(lock(&self.shared.stock).take());
    }
}

/// The module on the Python side.
fn side(vm: &VirtualMachine) -> PyResult {
    vm.import("cellist.subshells", 0)?.get_attr("subshells", vm)
}

/// Whether a subshell is to end its cell.
#[derive(Debug)]
pub(crate) struct Asked {
    asked: AtomicBool,
    /// Readable when it is: ends sleeps.
    wake: OwnedFd,
}

impl Asked {
    fn new() -> io::Result<Self> {
        Ok(Self {
            asked: AtomicBool::new(false),
            wake: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
        })
    }

    /// Asks.
    pub(crate) fn ask(&self) {
        if !self.asked.swap(true, Ordering::SeqCst) {
            PENDING.fetch_add(1, Ordering::SeqCst);
            // Fails only when it is readable already.
            let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
        }
    }

    /// Whether it was asked, until now.
    pub(crate) fn take(&self) -> bool {
        let asked = self.asked.swap(false, Ordering::SeqCst);
        if asked {
            PENDING.fetch_sub(1, Ordering::SeqCst);
            let _ = rustix::io::read(&self.wake, &mut [0; 8]);
        }
        asked
    }
}

/// On a subshell's thread that is to end its cell: raises what ends it, or cancels its task.
/// Cheap; whoever waits or prints calls it, and the code of a subshell's cells in each loop. Other
/// code that only computes is not reached: to watch instructions that another thread executes, the
/// interpreter would rewrite them under its feet.
pub(crate) fn check(vm: &VirtualMachine) -> PyResult<()> {
    if PENDING.load(Ordering::Relaxed) == 0 {
        return Ok(());
    }
    let side = HERE.with_borrow(|here| {
        here.as_ref().filter(|(asked, _)| asked.take()).map(|(_, side)| side.clone())
    });
    match side {
        Some(side) => vm.call_method(&side, "interrupted", ()).map(drop),
        None => Ok(()),
    }
}

/// How long a wait on this thread may go without [`check`]; `None` is for ever.
pub(crate) fn patience() -> Option<Duration> {
    HERE.with_borrow(|here| here.is_some()).then_some(LOOK)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[rustpython_vm::pymodule(name = "_cellist_subshell")]
pub(crate) mod _cellist_subshell {
    use super::{
        Arc, Asked, Duration, HERE, Interrupter, PollFd, PollFlags, Session, Timespec, WORK, lock,
        poll,
    };
    use crate::clock;
    use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

    /// Does the work of a subshell, whose session in Python is `side`, on this thread.
    #[pyfunction]
    fn serve(token: u64, side: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        let Some((work, shell)) = lock(&WORK).remove(&token) else {
            return Ok(());
        };
        let asked = Asked::new().map_err(|error| vm.new_os_error(error.to_string()))?;
        let asked = Arc::new(asked);
        HERE.set(Some((Arc::clone(&asked), side.clone())));
        let interrupter = Interrupter::for_subshell(Arc::clone(&asked));
        let session = Session::of_subshell(side, shell, interrupter);
        // The session attaches to the interpreter for each thing that it does.
        vm.allow_threads(|| work(session));
        asked.take();
        drop(HERE.take());
        Ok(())
    }

    /// Forgets work that was not begun.
    #[pyfunction]
    fn forget(token: u64) {
        drop(lock(&WORK).remove(&token));
    }

    /// Whether this is the thread of a subshell.
    #[pyfunction]
    fn is_here() -> bool {
        HERE.with_borrow(Option::is_some)
    }

    /// Ends the cell, if this is the thread of a subshell that is to end it.
    #[pyfunction]
    fn check(vm: &VirtualMachine) -> PyResult<()> {
        super::check(vm)
    }

    /// Sleeps; an interrupt ends it.
    #[pyfunction]
    fn sleep(seconds: f64, vm: &VirtualMachine) -> PyResult<()> {
        let wanted = Duration::try_from_secs_f64(seconds)
            .map_err(|_| vm.new_overflow_error("timestamp too large to convert to C PyTime_t"))?;
        let nanos = u64::try_from(wanted.as_nanos()).unwrap_or(u64::MAX);
        let end = clock::now().saturating_add(nanos);
        loop {
            super::check(vm)?;
            let rest = end.saturating_sub(clock::now());
            if rest == 0 {
                return Ok(());
            }
            let asked = HERE.with_borrow(|here| here.as_ref().map(|(asked, _)| Arc::clone(asked)));
            let Some(asked) = asked else { return Ok(()) };
            vm.allow_threads(|| {
                let mut fds = [PollFd::new(&asked.wake, PollFlags::IN)];
                let rest = Timespec::try_from(Duration::from_nanos(rest)).ok();
                // Whatever ended it, the clock says whether it was long enough.
                let _ = poll(&mut fds, rest.as_ref());
            });
        }
    }
}
