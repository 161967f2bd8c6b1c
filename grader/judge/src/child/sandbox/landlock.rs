//! Landlock: no files but one's own.

use super::policy::Policy;
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, PathBeneath, PathFd, Ruleset,
    RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope,
    make_bitflags,
};
use std::io;
use std::path::Path;

/// The interface that the rules are written for; on an older kernel what it knows of them counts.
const WRITTEN_FOR: ABI = ABI::V7;

/// The kernel's version of Landlock's interface; 0 without Landlock.
pub(super) fn version() -> u32 {
    const LANDLOCK_CREATE_RULESET_VERSION: u32 = 1;
    #[expect(unsafe_code, reason = "the crate does not tell before it restricts")]
    // SAFETY: with this flag the call reads no memory of ours and makes nothing.
    let version = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            std::ptr::null::<u8>(),
            0_usize,
            LANDLOCK_CREATE_RULESET_VERSION,
        )
    };
    u32::try_from(version).unwrap_or(0)
}

/// From now on the calling thread reaches no file but those of the policy.
pub(super) fn restrict(policy: &Policy<'_>) -> io::Result<()> {
    let status = rules(policy)
        .and_then(RulesetCreated::restrict_self)
        .map_err(|error| io::Error::other(format!("landlock: {error}")))?;
    if status.ruleset == RulesetStatus::NotEnforced {
        return Err(io::Error::other("landlock: the kernel enforces none of the rules"));
    }
    Ok(())
}

fn rules(policy: &Policy<'_>) -> Result<RulesetCreated, RulesetError> {
    let read = make_bitflags!(AccessFs::{ReadFile | ReadDir});
    let run = read | AccessFs::Execute;
    let never = make_bitflags!(AccessFs::{Execute | MakeBlock | MakeChar | IoctlDev});
    let mut rules = Ruleset::default().handle_access(AccessFs::from_all(WRITTEN_FOR))?;
    rules = rules.scope(Scope::from_all(WRITTEN_FOR))?;
    if !policy.loopback {
        rules = rules.handle_access(AccessNet::from_all(WRITTEN_FOR))?;
    }
    let mut rules = rules.create()?;
    rules = allow(rules, policy.work, AccessFs::from_all(WRITTEN_FOR) & !never)?;
    rules = allow(rules, Path::new("/dev/null"), AccessFs::ReadFile | AccessFs::WriteFile)?;
    // The names in them, not what they hold: `mem` would be all that the judge keeps to itself.
    for list in ["/proc/self/fd", "/proc/self/task"] {
        rules = allow(rules, Path::new(list), AccessFs::ReadDir.into())?;
    }
    for path in policy.readable() {
        rules = allow(rules, &path, read)?;
    }
    for path in policy.executable() {
        rules = allow(rules, &path, run)?;
    }
    Ok(rules)
}

/// What is not there needs no rule.
fn allow(
    rules: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    let Ok(fd) = PathFd::new(path) else { return Ok(rules) };
    // The rights of folders mean nothing for a file, and are an error there.
    let access = if path.is_dir() { access } else { access & AccessFs::from_file(WRITTEN_FOR) };
    rules.add_rule(PathBeneath::new(fd, access))
}
