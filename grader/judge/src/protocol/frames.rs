//! Frames of a job: a length, a tag, a JSON body.
//!
//! The learner's code lives in the same process as the child's end of the socket and may write to
//! it. So every frame carries an HMAC over its direction, number and body, with a key that Python
//! never sees: a frame the learner made is found out and counts as nothing.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use std::io::{self, Read, Write};

/// Largest body, in bytes.
pub(crate) const MAX_BODY: usize = 8 << 20;
const TAG: usize = 32;

/// The secret of one job.
pub(crate) type Key = [u8; 32];

/// Which end of the socket this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Parent,
    Child,
}

/// Why a frame could not be sent or received.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
    #[error("the other side closed the connection")]
    Closed,
    #[error("a frame of {0} bytes is larger than the {MAX_BODY} allowed")]
    TooLong(usize),
    #[error("a frame carries a wrong tag: it was not made by the judge's own code")]
    Forged,
    #[error("a frame is no message of this protocol: {0}")]
    Malformed(serde_json::Error),
}

/// One end of a job's conversation. Not `Debug`: it holds a secret.
pub(crate) struct Link {
    key: Key,
    side: Side,
    sent: u64,
    received: u64,
}

impl Link {
    pub(crate) fn new(side: Side, key: Key) -> Self {
        Self { key, side, sent: 0, received: 0 }
    }

    /// Whether more has been sent than was answered.
    pub(crate) fn awaits_reply(&self) -> bool {
        self.sent > self.received
    }

    /// Sends one message.
    pub(crate) fn send(
        &mut self,
        to: &mut impl Write,
        message: &impl Serialize,
    ) -> Result<(), FrameError> {
        let body = serde_json::to_vec(message).map_err(FrameError::Malformed)?;
        let length = u32::try_from(body.len())
            .ok()
            .filter(|_| body.len() <= MAX_BODY)
            .ok_or(FrameError::TooLong(body.len()))?;
        let tag = self.mac(self.side, self.sent, &body).finalize().into_bytes();
        self.sent += 1;
        let mut frame = Vec::with_capacity(4 + TAG + body.len());
        frame.extend_from_slice(&length.to_be_bytes());
        frame.extend_from_slice(&tag);
        frame.extend_from_slice(&body);
        to.write_all(&frame)?;
        Ok(to.flush()?)
    }

    /// Receives one message.
    pub(crate) fn receive<T: DeserializeOwned>(
        &mut self,
        from: &mut impl Read,
    ) -> Result<T, FrameError> {
        let mut length = [0; 4];
        read_first(from, &mut length)?;
        let length = u32::from_be_bytes(length) as usize;
        if length > MAX_BODY {
            return Err(FrameError::TooLong(length));
        }
        let mut tag = [0; TAG];
        from.read_exact(&mut tag)?;
        let mut body = vec![0; length];
        from.read_exact(&mut body)?;
        let other = match self.side {
            Side::Parent => Side::Child,
            Side::Child => Side::Parent,
        };
        self.mac(other, self.received, &body).verify_slice(&tag).map_err(|_| FrameError::Forged)?;
        self.received += 1;
        serde_json::from_slice(&body).map_err(FrameError::Malformed)
    }

    fn mac(&self, sender: Side, number: u64, body: &[u8]) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("a 32-byte key");
        mac.update(match sender {
            Side::Parent => b"parent",
            Side::Child => b"child ",
        });
        mac.update(&number.to_be_bytes());
        mac.update(body);
        mac
    }
}

/// As `read_exact`, but tells an end between two frames from one inside a frame.
fn read_first(from: &mut impl Read, buffer: &mut [u8; 4]) -> Result<(), FrameError> {
    loop {
        match from.read(&mut buffer[..1]) {
            Ok(0) => return Err(FrameError::Closed),
            Ok(_) => return Ok(from.read_exact(&mut buffer[1..])?),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::protocol::{Reply, Request};

    const KEY: Key = [7; 32];

    fn sent(message: &impl Serialize) -> Vec<u8> {
        let mut bytes = Vec::new();
        Link::new(Side::Child, KEY).send(&mut bytes, message).unwrap();
        bytes
    }

    fn received(bytes: &[u8]) -> Result<Reply, FrameError> {
        Link::new(Side::Parent, KEY).receive(&mut &*bytes)
    }

    fn checked() -> Reply {
        Reply::Checked {
            passed: true,
            score: Some(0.5),
            hint: Some("größer".into()),
            message: None,
            hint_error: None,
            comparison: None,
            timeline: None,
        }
    }

    #[test]
    fn messages_arrive_in_order() {
        let mut bytes = Vec::new();
        let mut child = Link::new(Side::Child, KEY);
        child.send(&mut bytes, &Reply::Ready {}).unwrap();
        child.send(&mut bytes, &checked()).unwrap();
        let mut parent = Link::new(Side::Parent, KEY);
        let mut from = &*bytes;
        assert_eq!(parent.receive::<Reply>(&mut from).unwrap(), Reply::Ready {});
        assert_eq!(parent.receive::<Reply>(&mut from).unwrap(), checked());
        assert!(matches!(parent.receive::<Reply>(&mut from), Err(FrameError::Closed)));
    }

    #[test]
    fn a_replayed_frame_is_forged() {
        let bytes = sent(&checked()).repeat(2);
        let mut parent = Link::new(Side::Parent, KEY);
        let mut from = &*bytes;
        parent.receive::<Reply>(&mut from).unwrap();
        assert!(matches!(parent.receive::<Reply>(&mut from), Err(FrameError::Forged)));
    }

    #[test]
    fn an_echo_of_the_parents_own_frame_is_forged() {
        let mut bytes = Vec::new();
        Link::new(Side::Parent, KEY).send(&mut bytes, &Reply::Ready {}).unwrap();
        assert!(matches!(received(&bytes), Err(FrameError::Forged)));
    }

    #[test]
    fn another_key_is_forged() {
        let mut bytes = Vec::new();
        Link::new(Side::Child, [8; 32]).send(&mut bytes, &Reply::Ready {}).unwrap();
        assert!(matches!(received(&bytes), Err(FrameError::Forged)));
    }

    #[test]
    fn a_changed_bit_is_forged() {
        let good = sent(&checked());
        for at in 4..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(matches!(received(&bad), Err(FrameError::Forged)), "byte {at}");
        }
    }

    #[test]
    fn a_truncated_frame_is_no_frame() {
        let good = sent(&checked());
        assert!(matches!(received(&good[..0]), Err(FrameError::Closed)));
        for end in 1..good.len() {
            assert!(matches!(received(&good[..end]), Err(FrameError::Io(_))), "{end} bytes");
        }
    }

    #[test]
    fn garbage_is_refused_before_it_is_stored() {
        assert!(matches!(received(&[0xff; 64]), Err(FrameError::TooLong(_))));
    }

    #[test]
    fn an_oversize_message_is_not_sent() {
        let request = Request::Cell { id: "c".into(), number: 1, source: "x".repeat(MAX_BODY) };
        let error = Link::new(Side::Parent, KEY).send(&mut Vec::new(), &request).unwrap_err();
        assert!(matches!(error, FrameError::TooLong(_)));
    }

    #[test]
    fn other_json_is_malformed() {
        for other in [
            serde_json::json!({"type": "checked"}),
            serde_json::json!({"type": "ready", "passed": true}),
            serde_json::json!({"type": "won"}),
            serde_json::json!(null),
        ] {
            let answer = received(&sent(&other));
            assert!(matches!(answer, Err(FrameError::Malformed(_))), "{other}: {answer:?}");
        }
    }
}
