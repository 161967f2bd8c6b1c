//! Ending a submission's process and all that it started.

use crate::protocol::control::Ended;
use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process, kill_process_group,
    set_child_subreaper, wait, waitpid,
};
use std::fs;

/// Processes whose parent is gone become children of this one instead of escaping.
pub(super) fn adopt_orphans() {
    // Without it (very old kernels) the process group still catches nearly all.
    let _ = set_child_subreaper(Some(getpid()));
}

/// Kills and reaps `job` and its descendants. `None` when there is no job.
pub(super) fn end(job: Option<Pid>) -> Option<Ended> {
    let job = job?;
    // Not reaped yet, so neither id can belong to anybody else. Its group exists only once it has
    // locked itself down.
    let _ = kill_process_group(job, Signal::KILL);
    let _ = kill_process(job, Signal::KILL);
    let status = loop {
        match waitpid(Some(job), WaitOptions::empty()) {
            Ok(Some((_, status))) => break Some(status),
            Err(Errno::INTR) => {}
            Ok(None) | Err(_) => break None,
        }
    };
    end_descendants();
    Some(status.map_or(Ended::Signalled(libc::SIGKILL), ended))
}

fn ended(status: WaitStatus) -> Ended {
    match status.exit_status() {
        Some(status) => Ended::Exited(status),
        None => Ended::Signalled(status.terminating_signal().unwrap_or(libc::SIGKILL)),
    }
}

/// What the job started is now this process's own child. Killing one may bring its children here.
fn end_descendants() {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) | Err(Errno::INTR) => continue,
            Ok(None) => {}
            Err(_) => return,
        }
        let children = children();
        if children.is_empty() {
            return;
        }
        for child in children {
            let _ = kill_process(child, Signal::KILL);
        }
        let _ = wait(WaitOptions::empty());
    }
}

/// This process's children; empty where the kernel does not say.
fn children() -> Vec<Pid> {
    // Of the main thread; there is no other.
    let list = fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
    list.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
}
