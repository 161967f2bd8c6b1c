//! The control socket between the judge and its warm process: one packet, one message, and the
//! descriptors that travel with it.

use super::frames::Key;
use crate::level::Level;
use rustix::cmsg_space;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg,
    sendmsg, socketpair,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::Instant;

/// Largest packet, in bytes: paths, messages and single checks, never notebooks.
pub(crate) const MAX_PACKET: usize = 64 << 10;
const MAX_FDS: usize = 2;

/// Judge to warm process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Order {
    /// First: start the interpreter. Submissions run in `work`, which is emptied between them.
    Start { seed: u32, work: PathBuf },
    /// Compile a check, for the children that are forked from now on; `anew` forgets those before.
    Prepare { id: String, source: String, anew: bool },
    /// Fork a child for a job. With it come the job's socket and the file for its stderr.
    Fork { key: Key },
    /// Kill the job's process and all it started, and say how it ended.
    Reap {},
}

/// Warm process to judge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Report {
    /// The interpreter is warm, and submissions can be locked away so far.
    Warm { level: Level },
    /// The check is compiled, or will not compile.
    Prepared {},
    /// The child lives. With it comes its process descriptor, where the system has them. Until it
    /// is reaped the id is its own.
    Forked { pid: i32 },
    /// The job's process is gone.
    Reaped { ended: Ended },
    /// The order could not be carried out.
    Failed { reason: String },
}

/// How a job's process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Ended {
    /// By itself, with this status.
    Exited(i32),
    /// By this signal; by SIGKILL too when the reaping itself had to kill it.
    Signalled(i32),
}

/// One end of a control socket.
#[derive(Debug)]
pub(crate) struct Control(OwnedFd);

impl Control {
    /// Two connected ends, neither inherited by other programs.
    pub(crate) fn pair() -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        Ok((Self(ours), theirs))
    }

    pub(crate) fn from_fd(fd: OwnedFd) -> Self {
        Self(fd)
    }

    /// Sends one message with up to [`MAX_FDS`] descriptors.
    pub(crate) fn send(&self, message: &impl Serialize, fds: &[BorrowedFd<'_>]) -> io::Result<()> {
        let packet = serde_json::to_vec(message)?;
        if packet.len() > MAX_PACKET || fds.len() > MAX_FDS {
            return Err(io::Error::other("a control message is too large"));
        }
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MAX_FDS))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !fds.is_empty() {
            ancillary.push(SendAncillaryMessage::ScmRights(fds));
        }
        retry(|| sendmsg(&self.0, &[IoSlice::new(&packet)], &mut ancillary, SendFlags::NOSIGNAL))?;
        Ok(())
    }

    /// Receives one message; `None` when the other side is gone.
    pub(crate) fn receive<T: DeserializeOwned>(&self) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
        let mut packet = vec![0; MAX_PACKET];
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MAX_FDS))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let received = retry(|| {
            let mut buffers = [IoSliceMut::new(&mut packet)];
            recvmsg(&self.0, &mut buffers, &mut ancillary, RecvFlags::CMSG_CLOEXEC)
        })?;
        let fds = ancillary
            .drain()
            .filter_map(|message| match message {
                RecvAncillaryMessage::ScmRights(fds) => Some(fds),
                _ => None,
            })
            .flatten()
            .collect();
        if received.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC) {
            return Err(io::Error::other("a control message is too large"));
        }
        match &packet[..received.bytes] {
            [] => Ok(None),
            packet => Ok(Some((serde_json::from_slice(packet)?, fds))),
        }
    }

    /// As [`Control::receive`], but gives up at `until`.
    pub(crate) fn receive_until<T: DeserializeOwned>(
        &self,
        until: Instant,
    ) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
        let mut fds = [PollFd::from_borrowed_fd(self.0.as_fd(), PollFlags::IN)];
        if poll_until(&mut fds, until)? {
            self.receive()
        } else {
            Err(io::ErrorKind::TimedOut.into())
        }
    }
}

/// Waits until one of the descriptors is ready (true) or the time has come (false).
pub(crate) fn poll_until(fds: &mut [PollFd<'_>], until: Instant) -> io::Result<bool> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        match poll(fds, Some(&left)) {
            Ok(0) => return Ok(false),
            Ok(_) => return Ok(true),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn retry<T>(mut call: impl FnMut() -> rustix::io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            other => return Ok(other?),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::fs::File;
    use std::io::{Read as _, Write as _};
    use std::time::Duration;

    #[test]
    fn descriptors_travel_with_their_message() {
        let (ours, theirs) = Control::pair().unwrap();
        let theirs = Control::from_fd(theirs);
        let (mut reader, writer) = io::pipe().unwrap();
        ours.send(&Order::Fork { key: [3; 32] }, &[writer.as_fd()]).unwrap();
        drop(writer);
        let (order, mut fds) = theirs.receive::<Order>().unwrap().unwrap();
        assert_eq!(order, Order::Fork { key: [3; 32] });
        assert_eq!(fds.len(), 1);
        File::from(fds.remove(0)).write_all(b"hello").unwrap();
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "hello");
    }

    #[test]
    fn a_closed_end_is_an_end() {
        let (ours, theirs) = Control::pair().unwrap();
        drop(theirs);
        assert!(ours.receive::<Report>().unwrap().is_none());
    }

    #[test]
    fn silence_times_out() {
        let (ours, _theirs) = Control::pair().unwrap();
        let error = ours.receive_until::<Report>(Instant::now() + Duration::from_millis(1));
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
