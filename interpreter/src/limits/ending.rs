//! Ending the process in order where Rust would abort it, and where nothing else helps.

use super::{EXIT_LIMIT, memory};
use rustpython_vm::builtins::{PyModule, PyModuleDef};
use rustpython_vm::{Py, PyResult, VirtualMachine};
use std::fmt::Write as _;
use std::sync::OnceLock;

static STOCK: OnceLock<&'static PyModuleDef> = OnceLock::new();

/// An initialisation hook: handles a stack that ran out and memory that was refused.
///
/// `_signal` sets every handler anew when it starts, and forgets that one needs a stack of its
/// own: so ours are set right after it.
pub(crate) fn hook(vm: &mut VirtualMachine) {
    crate::vm::complete(vm, "_signal", &STOCK, exec);
}

fn exec(vm: &VirtualMachine, module: &Py<PyModule>) -> PyResult<()> {
    if let Some(stock) = STOCK.get() {
        stock.exec_module(vm, module)?;
    }
    handle(libc::SIGABRT, on_abort as *const () as usize, 0);
    // On a stack of its own, which std has made for each of its threads.
    handle(libc::SIGSEGV, on_fault as *const () as usize, libc::SA_ONSTACK);
    Ok(())
}

/// Sets a handler that gets `siginfo_t`, and after which system calls do not go on.
pub(super) fn handle(signal: i32, handler: usize, flags: i32) {
    #[expect(unsafe_code, reason = "signal handlers have no safe interface")]
    // SAFETY: an all-zero `sigaction` is valid, and the handlers have the signature that
    // SA_SIGINFO asks for and do only what a signal handler may.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = libc::SA_SIGINFO | flags;
        libc::sigaction(signal, &raw const action, std::ptr::null_mut());
    }
}

extern "C" fn on_abort(_signal: i32, _info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    let bytes = memory::refused();
    if bytes != 0 {
        end_process(format_args!("an operation needs {bytes} bytes of memory more than there are"));
    }
    // Returning lets the abort go on.
}

/// How far from the stack pointer an access beyond the stack's end can be.
const NEAR: usize = 128 << 10;

extern "C" fn on_fault(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    #[expect(unsafe_code, reason = "siginfo and the context are the C library's")]
    // SAFETY: a handler with SA_SIGINFO gets a valid `info` and `context`.
    let (address, stack) =
        unsafe { ((*info).si_addr().addr(), stack_pointer(&*context.cast::<libc::ucontext_t>())) };
    if address.abs_diff(stack) < NEAR {
        end_process(format_args!("native code ran out of stack: something is nested too deeply"));
    }
    #[expect(unsafe_code, reason = "signal handlers have no safe interface")]
    // SAFETY: the fault comes again, and ends the process as it would have without a handler.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
    }
}

#[cfg(target_arch = "x86_64")]
fn stack_pointer(context: &libc::ucontext_t) -> usize {
    context.uc_mcontext.gregs[libc::REG_RSP as usize] as usize
}

#[cfg(target_arch = "aarch64")]
fn stack_pointer(context: &libc::ucontext_t) -> usize {
    context.uc_mcontext.sp as usize
}

/// Text of a fixed size: a signal handler must not allocate.
struct Line {
    bytes: [u8; 200],
    length: usize,
}

impl std::fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for byte in text.bytes() {
            *self.bytes.get_mut(self.length).ok_or(std::fmt::Error)? = byte;
            self.length += 1;
        }
        Ok(())
    }
}

/// Ends the process from within a signal handler.
pub(super) fn end_process(reason: std::fmt::Arguments<'_>) -> ! {
    let mut line = Line { bytes: [0; 200], length: 0 };
    // What does not fit is left out.
    let _ = writeln!(line, "cellist: the process was ended: {reason}");
    #[expect(unsafe_code, reason = "std's ways to write and to end are not for signal handlers")]
    // SAFETY: the bytes live through the call; _exit has no preconditions.
    unsafe {
        libc::write(crate::capture::error_descriptor(), line.bytes.as_ptr().cast(), line.length);
        libc::_exit(EXIT_LIMIT)
    }
}
