//! What can come over a descriptor: something from this program, or something from outside it,
//! for which virtual time has to stand still.

use rustix::fs::{FileType, fstat};
use rustix::net::{SocketAddrAny, getpeername, getsockname};
use rustix::process::{WaitId, WaitIdOptions, waitid};
use std::collections::HashSet;
use std::fs::read_to_string;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{BorrowedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};

/// True when an event from outside the program can come over `fd`. A socket counts as inside when
/// it is one of this machine's loopback: its data is there at once. So does a pipe whose other
/// end is open in this process, while no child or parent process can hold it too.
pub(crate) fn is_outside(fd: RawFd) -> bool {
    let Ok(stat) = fstat(borrow(fd)) else { return false };
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Socket => !is_loopback(fd),
        FileType::Fifo => has_relatives() || !is_open_twice(stat.st_ino),
        // Event and epoll descriptors are written by this process, pidfds and timers are not.
        _ => !std::fs::read_link(format!("/proc/self/fd/{fd}")).is_ok_and(|link| {
            let link = link.to_string_lossy().into_owned();
            link.contains("[eventfd]") || link.contains("[eventpoll]")
        }),
    }
}

/// As [`is_outside`], for a thread that waits for this one descriptor: another program on this
/// machine is outside too, since it may take its time.
pub(crate) fn is_foreign(fd: RawFd) -> bool {
    let is_socket = fstat(borrow(fd))
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Socket);
    if !is_socket {
        return is_outside(fd);
    }
    match getpeername(borrow(fd)).ok().flatten().map(SocketAddr::try_from) {
        Some(Ok(peer)) => !own_addresses().contains(&peer),
        // A UNIX socket, or one that is not connected.
        _ => is_outside(fd) || has_relatives(),
    }
}

fn is_loopback(fd: RawFd) -> bool {
    let address = |name: Option<SocketAddrAny>| match name.map(SocketAddr::try_from) {
        Some(Ok(address)) => Some(address.ip()),
        _ => None,
    };
    let peer = getpeername(borrow(fd)).ok().flatten();
    let local = || getsockname(borrow(fd)).ok();
    match address(peer).or_else(|| address(local())) {
        Some(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_unspecified(),
        Some(IpAddr::V6(ip)) => {
            let mapped = ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback());
            mapped || ip.is_loopback() || ip.is_unspecified()
        }
        // A UNIX socket.
        None => true,
    }
}

/// The addresses of this process's sockets.
fn own_addresses() -> HashSet<SocketAddr> {
    let name = |fd| SocketAddr::try_from(getsockname(borrow(fd)).ok()?).ok();
    descriptors().filter_map(name).collect()
}

/// Both ends of the pipe are open here.
fn is_open_twice(inode: u64) -> bool {
    let same = |fd: &RawFd| fstat(borrow(*fd)).is_ok_and(|stat| stat.st_ino == inode);
    descriptors().filter(same).take(2).count() == 2
}

fn descriptors() -> impl Iterator<Item = RawFd> {
    let entries = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// This process was forked by the program, and shares descriptors with its parent.
static FORKED: AtomicBool = AtomicBool::new(false);

pub(crate) fn set_forked(forked: bool) {
    FORKED.store(forked, Ordering::SeqCst);
}

fn has_relatives() -> bool {
    FORKED.load(Ordering::SeqCst) || has_children()
}

/// Whether a child process runs.
pub(crate) fn has_children() -> bool {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let mut lists = tasks.map(|task| read_to_string(task.path().join("children"))).peekable();
    if lists.peek().is_none_or(Result::is_err) {
        return runs_first_child();
    }
    let children = lists.filter_map(Result::ok);
    let runs = |child: &str| {
        // Its name, in parentheses, may contain anything; the state follows it.
        let stat = read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
    };
    children.into_iter().any(|list| list.split_whitespace().any(runs))
}

/// As [`has_children`], for a sandbox in which `/proc` is not to be read: whether there are children,
/// none of whom has ended.
fn runs_first_child() -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    // No children is an error.
    matches!(waitid(WaitId::All, options), Ok(None))
}

#[expect(unsafe_code, reason = "Python hands descriptors around as numbers")]
fn borrow<'a>(fd: RawFd) -> BorrowedFd<'a> {
    // SAFETY: used for one system call each; a descriptor that is closed makes that call fail.
    // -1, the one value that is not allowed, is refused before.
    unsafe { BorrowedFd::borrow_raw(fd.max(0)) }
}
