//! Splitting a multipart message at its delimiter.

use bytes::Bytes;

/// The frame between the identities and the message.
pub(super) const DELIMITER: &[u8] = b"<IDS|MSG>";

/// The frames of a message by their meaning; nothing is parsed yet.
#[derive(Debug)]
pub(super) struct Frames {
    /// Routing: who sent it, and so where the reply goes.
    pub(super) identities: Vec<Bytes>,
    pub(super) signature: Bytes,
    pub(super) header: Bytes,
    pub(super) parent: Bytes,
    pub(super) metadata: Bytes,
    pub(super) content: Bytes,
    /// Binary data, which the signature does not cover.
    pub(super) buffers: Vec<Bytes>,
}

impl Frames {
    /// Splits a message; `None` when it has no delimiter or too few frames behind it.
    pub(super) fn split(mut frames: Vec<Bytes>) -> Option<Self> {
        let delimiter = frames.iter().position(|frame| frame == DELIMITER)?;
        let mut rest = frames.split_off(delimiter).into_iter().skip(1);
        Some(Self {
            identities: frames,
            signature: rest.next()?,
            header: rest.next()?,
            parent: rest.next()?,
            metadata: rest.next()?,
            content: rest.next()?,
            buffers: rest.collect(),
        })
    }

    /// The frames that the signature covers, in order.
    pub(super) fn signed(&self) -> [&[u8]; 4] {
        [&self.header, &self.parent, &self.metadata, &self.content]
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn message(parts: &[&'static str]) -> Vec<Bytes> {
        parts.iter().map(|part| Bytes::from_static(part.as_bytes())).collect()
    }

    #[test]
    fn keeps_identities_and_buffers_apart() {
        let frames =
            Frames::split(message(&["a", "b", "<IDS|MSG>", "s", "h", "p", "m", "c", "x", "y"]));
        let frames = frames.unwrap();
        assert_eq!(frames.identities, ["a", "b"]);
        assert_eq!(frames.signed(), [b"h", b"p", b"m", b"c"]);
        assert_eq!(frames.buffers, ["x", "y"]);
    }

    #[test]
    fn a_delimiter_in_a_buffer_is_a_buffer() {
        let frames = Frames::split(message(&["<IDS|MSG>", "s", "h", "p", "m", "c", "<IDS|MSG>"]));
        let frames = frames.unwrap();
        assert_eq!(frames.signed(), [b"h", b"p", b"m", b"c"]);
        assert_eq!(frames.buffers, ["<IDS|MSG>"]);
    }

    #[test]
    fn refuses_what_is_cut_short() {
        assert!(Frames::split(message(&["a", "b"])).is_none());
        assert!(Frames::split(message(&["<IDS|MSG>", "s", "h", "p", "m"])).is_none());
        assert!(Frames::split(Vec::new()).is_none());
    }
}
