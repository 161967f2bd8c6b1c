//! The sandbox: what the kernel keeps a submission from.
//!
//! Landlock keeps it from files, seccomp from processes, sockets, signals and the rest of the
//! kernel's door; a network namespace holds nothing but a loopback. All of it works without
//! privileges, but only for the thread that asks for it and what that thread starts: a submission's
//! process locks itself in while it has one thread.

mod landlock;
mod network;
mod policy;
mod seccomp;
mod syscalls;

pub(super) use policy::Policy;

use crate::level::Level;
use std::io;

/// Prepares the calling process, and all that it forks, and finds out how far submissions can be
/// locked away. To be called while it has one thread and has done nothing yet.
pub(super) fn prepare() -> Level {
    Level {
        landlock: landlock::version(),
        seccomp: seccomp::is_available(),
        // Not every container lets a process make one.
        network: network::isolate().is_ok(),
    }
}

/// Locks the calling thread in, and what it starts from now on.
///
/// # Errors
/// When less is achieved than `level` promises.
pub(super) fn enter(policy: &Policy<'_>, level: Level) -> io::Result<()> {
    network::drop_capabilities()?;
    if level.landlock > 0 {
        landlock::restrict(policy)?;
    }
    if level.seccomp {
        // Last: the filter lets nothing through that sandboxes are made of.
        seccomp::filter(policy, level)?;
    }
    Ok(())
}
