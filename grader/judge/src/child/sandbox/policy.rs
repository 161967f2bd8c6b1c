//! What a submission may do.

use cellist_formats::spec::SpecNeed;
use std::path::{Path, PathBuf};

/// What a submission may do.
#[derive(Clone, Copy, Debug)]
pub(in crate::child) struct Policy<'a> {
    /// The one folder that is its own.
    pub(in crate::child) work: &'a Path,
    /// TCP, for units that talk to themselves.
    pub(in crate::child) loopback: bool,
    /// Other processes, and Python as a program.
    pub(in crate::child) processes: bool,
}

impl<'a> Policy<'a> {
    pub(in crate::child) fn new(work: &'a Path, needs: &[SpecNeed]) -> Self {
        Self {
            work,
            loopback: needs.contains(&SpecNeed::Loopback),
            processes: needs.contains(&SpecNeed::Processes),
        }
    }

    /// Files and folders that may be read. The standard library is not among them: it is a part of
    /// the executable.
    pub(super) fn readable(&self) -> Vec<PathBuf> {
        const ALWAYS: &[&str] =
            &["/dev/zero", "/dev/random", "/dev/urandom", "/usr/share/zoneinfo"];
        // What `localhost` means.
        const NAMES: &[&str] =
            &["/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf"];
        let names = if self.loopback { NAMES } else { &[] };
        ALWAYS.iter().chain(names).map(PathBuf::from).collect()
    }

    /// Programs, and the libraries without which they do not start. Of programs only Python.
    pub(super) fn executable(&self) -> Vec<PathBuf> {
        const LIBRARIES: &[&str] =
            &["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache"];
        if !self.processes {
            return Vec::new();
        }
        let own = std::env::current_exe().ok();
        LIBRARIES.iter().map(PathBuf::from).chain(own).collect()
    }
}
