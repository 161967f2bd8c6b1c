//! How far submissions are locked away on this machine.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What keeps a submission from the machine it runs on, as far as the kernel offers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// Version of Landlock's interface, which keeps it from files; 0 without Landlock.
    pub landlock: u32,
    /// System calls are filtered: no processes, sockets, or signals to others.
    pub seccomp: bool,
    /// It has a network of its own, with nothing but a loopback. Without one, units that need the
    /// loopback can reach whatever this machine reaches.
    pub network: bool,
}

impl Level {
    /// Before this version Landlock does not keep files from being truncated.
    pub const LANDLOCK_ENOUGH: u32 = 3;

    /// Whether everything is there that submissions have to be kept from; `loopback` says whether
    /// they may need sockets.
    pub fn suffices(&self, loopback: bool) -> bool {
        self.landlock >= Self::LANDLOCK_ENOUGH && self.seccomp && (self.network || !loopback)
    }
}

impl fmt::Display for Level {
    /// `landlock ABI 7 + seccomp + own network`; what is missing is said as well.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.landlock {
            0 => f.write_str("no landlock")?,
            abi => write!(f, "landlock ABI {abi}")?,
        }
        f.write_str(if self.seccomp { " + seccomp" } else { ", no seccomp" })?;
        f.write_str(if self.network { " + own network" } else { ", no network of its own" })
    }
}

#[cfg(test)]
mod tests {
    use super::Level;

    const FULL: Level = Level { landlock: 7, seccomp: true, network: true };

    #[test]
    fn what_is_missing_is_said() {
        assert_eq!(FULL.to_string(), "landlock ABI 7 + seccomp + own network");
        let bare = Level { landlock: 0, seccomp: false, network: false };
        assert_eq!(bare.to_string(), "no landlock, no seccomp, no network of its own");
    }

    #[test]
    fn a_network_matters_only_to_those_who_use_one() {
        let shared = Level { network: false, ..FULL };
        assert!(FULL.suffices(true) && shared.suffices(false) && !shared.suffices(true));
        assert!(!Level { landlock: 2, ..FULL }.suffices(false));
        assert!(!Level { seccomp: false, ..FULL }.suffices(false));
    }
}
