//! Keeping the process small.

use rustix::event::{PollFd, poll};
use rustix::time::Timespec;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Asks the operating system for small pages: a heap of a few megabytes on huge ones takes two
/// megabytes for every few objects. At the very beginning of the process; its children inherit
/// it.
pub fn use_small_pages() {
    #[expect(unsafe_code, reason = "prctl has no safe interface here")]
    // SAFETY: this operation takes plain numbers. Where it is not known nothing happens.
    unsafe {
        libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0);
    }
}

/// How long nothing has to happen until the process is at rest.
const REST: Duration = Duration::from_millis(100);

/// The next rest lets go of the executable.
static DUE: AtomicBool = AtomicBool::new(false);

/// Has the pages of the executable let go when the process next comes to rest. A request touches
/// so little of each sixteen that come together that they add up to a third of the process; the
/// next request takes a millisecond to have its own again.
pub(crate) fn forget_executable_at_rest() {
    DUE.store(true, Ordering::Relaxed);
}

/// As poll(2), for waits of a thread that has nothing else to do. Without a `timeout` it waits for
/// as long as it takes.
///
/// # Errors
/// As poll(2).
pub(crate) fn poll_at_rest(
    fds: &mut [PollFd<'_>],
    timeout: Option<Duration>,
) -> rustix::io::Result<usize> {
    let rests = timeout.is_none_or(|timeout| timeout > REST) && DUE.load(Ordering::Relaxed);
    if !rests {
        return poll_for(fds, timeout);
    }
    // Who is called, or finds a descriptor ready, comes again for another rest.
    let ready = poll_for(fds, Some(REST))?;
    if ready > 0 {
        return Ok(ready);
    }
    DUE.store(false, Ordering::Relaxed);
    forget_executable();
    poll_for(fds, timeout.map(|timeout| timeout - REST))
}

fn poll_for(fds: &mut [PollFd<'_>], timeout: Option<Duration>) -> rustix::io::Result<usize> {
    // One that does not fit is for centuries.
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    poll(fds, timeout.as_ref())
}

/// Lets go of the pages of the executable that are in memory: after a start or after imports most
/// of them are not needed again. Those that are come back from the page cache, sixteen at a time.
pub(crate) fn forget_executable() {
    #[expect(unsafe_code, reason = "the list of segments has no safe interface")]
    // SAFETY: the callback keeps to what the C library tells it.
    unsafe {
        libc::dl_iterate_phdr(Some(forget_segments), std::ptr::null_mut());
    }
}

/// The size of a page in bytes. Not rustix's: that one does not start under valgrind.
pub(crate) fn page_size() -> usize {
    #[expect(unsafe_code, reason = "sysconf has no safe interface")]
    // SAFETY: sysconf has no preconditions.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4096)
}

#[expect(unsafe_code, reason = "the list of segments has no safe interface")]
extern "C" fn forget_segments(
    info: *mut libc::dl_phdr_info,
    _size: usize,
    _data: *mut libc::c_void,
) -> i32 {
    // SAFETY: the C library passes a valid description, whose headers live as long as the program.
    let (base, headers) = unsafe {
        let info = &*info;
        (info.dlpi_addr, std::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum.into()))
    };
    let page = page_size() as u64;
    for header in headers {
        // What cannot be written holds nothing that is not in the file: no relocation, no datum.
        if header.p_type != libc::PT_LOAD || header.p_flags & libc::PF_W != 0 {
            continue;
        }
        let begin = (base + header.p_vaddr).next_multiple_of(page);
        let end = (base + header.p_vaddr + header.p_memsz) / page * page;
        let length = end.saturating_sub(begin) as usize;
        if length > 0 {
            let begin = std::ptr::with_exposed_provenance_mut(begin as usize);
            // SAFETY: whole pages of a private mapping of a file, which stay as they are.
            unsafe { libc::madvise(begin, length, libc::MADV_DONTNEED) };
        }
    }
    // The first is the executable itself.
    1
}
