//! A network of one's own, with nothing but a loopback.

use rustix::process::{getegid, geteuid};
use std::fs;
use std::io;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

/// Moves the calling process into a new network. With privileges at once, without them inside a
/// new user namespace, where it stays who it was.
///
/// # Errors
/// When the system allows neither. Then nothing has changed.
pub(super) fn isolate() -> io::Result<()> {
    if !geteuid().is_root() || unshare(libc::CLONE_NEWNET).is_err() {
        let (user, group) = (geteuid().as_raw(), getegid().as_raw());
        unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET)?;
        // A process may map nobody but itself, its group only after giving up the others.
        fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
        fs::write("/proc/self/setgroups", "deny")?;
        fs::write("/proc/self/gid_map", format!("{group} {group} 1"))?;
    }
    raise_loopback()
}

fn unshare(what: libc::c_int) -> io::Result<()> {
    #[expect(unsafe_code, reason = "no safe interface without further features of rustix")]
    // SAFETY: takes a number. The process has one thread, none of whose descriptors change.
    let result = unsafe { libc::unshare(what) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// In a new network even the loopback is down.
fn raise_loopback() -> io::Result<()> {
    #[expect(unsafe_code, reason = "interfaces have no safe interface")]
    // SAFETY: the descriptor is new and owned by nobody else; the request is a valid `ifreq` that
    // lives longer than the calls, and of its union only the flags are used, by both calls.
    unsafe {
        let fd = libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0);
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        let socket = OwnedFd::from_raw_fd(fd);
        let mut request: libc::ifreq = std::mem::zeroed();
        for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
            *to = *from as libc::c_char;
        }
        if libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFFLAGS as _, &mut request) != 0 {
            return Err(io::Error::last_os_error());
        }
        request.ifr_ifru.ifru_flags |= libc::IFF_UP as libc::c_short;
        if libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS as _, &request) != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Gives up what root may do and others may not, also what the user namespace gave. Being root
/// stays: its files are still its own.
pub(super) fn drop_capabilities() -> io::Result<()> {
    const LINUX_CAPABILITY_VERSION_3: u32 = 0x2008_0522;
    /// `__user_cap_header_struct`; 0 is the calling thread.
    #[repr(C)]
    struct Header {
        version: u32,
        pid: i32,
    }
    let header = Header { version: LINUX_CAPABILITY_VERSION_3, pid: 0 };
    // Two `__user_cap_data_struct` of three words each: none effective, permitted, inheritable.
    let none = [0_u32; 6];
    #[expect(unsafe_code, reason = "no safe interface without further features of rustix")]
    // SAFETY: both are of the size that this version asks for, and only read.
    let result =
        unsafe { libc::syscall(libc::SYS_capset, std::ptr::from_ref(&header), none.as_ptr()) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
