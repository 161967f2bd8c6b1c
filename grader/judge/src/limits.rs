//! What a submission may use.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a submission may use before it is stopped. The parent watches the times, the operating
/// system the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Real time of one cell or check. What it waits for a processor that others have does not
    /// count, up to nine times as much.
    pub cell: Duration,
    /// Real time of the whole notebook, counted in the same way.
    pub total: Duration,
    /// Address space in bytes; some is taken by the interpreter itself.
    pub memory: u64,
    /// Bytes that one cell or check may print.
    pub output: u64,
    /// Size in bytes of any one file that is written.
    pub file: u64,
}

impl Default for Limits {
    /// 10 s a cell, 60 s a notebook, 2 GiB of memory, 8 MiB of output, files of 16 MiB.
    fn default() -> Self {
        Self {
            cell: Duration::from_secs(10),
            total: Duration::from_secs(60),
            memory: 2 << 30,
            output: 8 << 20,
            file: 16 << 20,
        }
    }
}
