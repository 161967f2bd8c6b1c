//! seccomp: the system calls that a submission may make. All others are not permitted (EPERM).

use super::policy::Policy;
use super::syscalls::{EVERYBODY, LOOPBACK, PROCESSES};
use crate::level::Level;
use rustix::process::getpid;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};
use std::collections::BTreeMap;
use std::io;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Since this version Landlock keeps signals inside the sandbox.
const LANDLOCK_SIGNALS: u32 = 6;
/// The type of a socket, without its flags.
const SOCKET_TYPE: u64 = 0xf;

/// Whether the kernel filters system calls on a machine that the filter is written for.
pub(super) fn is_available() -> bool {
    const SECCOMP_GET_ACTION_AVAIL: u32 = 2;
    let action: u32 = libc::SECCOMP_RET_ERRNO;
    #[expect(unsafe_code, reason = "the crate has no question for it")]
    // SAFETY: with this operation the call reads one word, which lives longer.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            SECCOMP_GET_ACTION_AVAIL,
            0_u32,
            std::ptr::from_ref(&action),
        )
    };
    answer == 0 && architecture().is_ok()
}

/// From now on the calling thread makes no other system calls than those of the policy.
pub(super) fn filter(policy: &Policy<'_>, level: Level) -> io::Result<()> {
    // Its flags are in memory, where no filter looks. Without it the C library takes `clone`.
    // First: the other filter lets no further one be installed.
    let unknown = Rules::from([(libc::SYS_clone3, Vec::new())]);
    install(unknown, SeccompAction::Allow, SeccompAction::Errno(libc::ENOSYS as u32))?;
    let rules = rules(policy, level).map_err(failed)?;
    install(rules, SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow)
}

fn install(rules: Rules, others: SeccompAction, these: SeccompAction) -> io::Result<()> {
    let filter = SeccompFilter::new(rules, others, these, architecture()?).map_err(failed)?;
    let program = BpfProgram::try_from(filter).map_err(failed)?;
    apply_filter(&program).map_err(failed)
}

fn architecture() -> io::Result<TargetArch> {
    match std::env::consts::ARCH {
        // The lists are not written for others.
        arch @ ("x86_64" | "aarch64") => TargetArch::try_from(arch).map_err(failed),
        other => Err(io::Error::other(format!("no filter for {other}"))),
    }
}

fn failed(error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("seccomp: {error}"))
}

fn rules(policy: &Policy<'_>, level: Level) -> Result<Rules, seccompiler::BackendError> {
    let mut rules = Rules::new();
    let mut always = |calls: &[libc::c_long]| {
        rules.extend(calls.iter().map(|call| (*call, Vec::new())));
    };
    always(EVERYBODY);
    if policy.loopback {
        always(LOOPBACK);
    }
    if policy.processes {
        always(PROCESSES);
    }
    // Processes are those of the sandbox: where Landlock does not see to it, only the own one.
    if policy.processes && level.landlock >= LANDLOCK_SIGNALS {
        always(&[libc::SYS_kill, libc::SYS_tgkill, libc::SYS_pidfd_send_signal]);
    } else {
        // Not its group: a number there means another process. 0 is the own group.
        let own = getpid().as_raw_nonzero().get() as u64;
        for call in [libc::SYS_kill, libc::SYS_tgkill] {
            rules.insert(call, any_of(0, &[own, 0])?);
        }
    }
    rules.insert(libc::SYS_clone, vec![rule(&[clone(policy)?])?]);
    // Limits of the own process.
    rules.insert(libc::SYS_prlimit64, vec![rule(&[equal(0, 0)?])?]);
    rules.insert(libc::SYS_ioctl, any_of(1, &IOCTLS)?);
    rules.insert(libc::SYS_prctl, any_of(0, &PRCTLS)?);
    // A FIFO, no device.
    let kind = masked(2, libc::S_IFMT.into(), libc::S_IFIFO.into())?;
    rules.insert(libc::SYS_mknodat, vec![rule(&[kind])?]);
    // Only a connected pair: with datagrams each message may name another socket.
    let pair = [equal(0, libc::AF_UNIX as u64)?, masked(1, SOCKET_TYPE, libc::SOCK_STREAM as u64)?];
    rules.insert(libc::SYS_socketpair, vec![rule(&pair)?]);
    if policy.loopback {
        rules.insert(libc::SYS_socket, tcp()?);
    }
    Ok(rules)
}

/// Descriptors, their readiness and a terminal's shape; nothing that changes a device.
const IOCTLS: [u64; 6] =
    [libc::FIONREAD, libc::FIONBIO, libc::FIOCLEX, libc::FIONCLEX, libc::TCGETS, libc::TIOCGWINSZ];

/// Names of threads and of memory, and what a program is told when it starts: `/proc` does not say.
const PRCTLS: [u64; 5] = [
    libc::PR_SET_NAME as u64,
    libc::PR_GET_NAME as u64,
    libc::PR_GET_DUMPABLE as u64,
    libc::PR_SET_VMA as u64,
    // PR_GET_AUXV, since Linux 6.4.
    0x4155_5856,
];

/// Threads; processes too where the policy says so, but in no new namespace.
fn clone(policy: &Policy<'_>) -> Result<SeccompCondition, seccompiler::BackendError> {
    const NAMESPACES: i32 = libc::CLONE_NEWNS
        | libc::CLONE_NEWCGROUP
        | libc::CLONE_NEWUTS
        | libc::CLONE_NEWIPC
        | libc::CLONE_NEWUSER
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWNET;
    let namespaces = u64::from(NAMESPACES.cast_unsigned());
    let thread = u64::from(libc::CLONE_THREAD.cast_unsigned());
    if policy.processes { masked(0, namespaces, 0) } else { masked(0, namespaces | thread, thread) }
}

/// TCP over either version of IP; no datagrams, no raw packets.
fn tcp() -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let mut rules = Vec::new();
    for family in [libc::AF_INET, libc::AF_INET6] {
        for protocol in [0, libc::IPPROTO_TCP] {
            rules.push(rule(&[
                equal(0, family as u64)?,
                masked(1, SOCKET_TYPE, libc::SOCK_STREAM as u64)?,
                equal(2, protocol as u64)?,
            ])?);
        }
    }
    Ok(rules)
}

fn rule(conditions: &[SeccompCondition]) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(conditions.to_vec())
}

fn any_of(argument: u8, values: &[u64]) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    values.iter().map(|value| rule(&[equal(argument, *value)?])).collect()
}

/// Arguments are compared as the 32 bits that the kernel looks at.
fn equal(argument: u8, value: u64) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
}

fn masked(
    argument: u8,
    mask: u64,
    value: u64,
) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(mask), value)
}
