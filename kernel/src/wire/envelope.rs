//! Messages: requests as they come in, and everything that goes out.

use super::frames::{DELIMITER, Frames};
use super::header::{Header, HeaderMaker};
use super::replay::Seen;
use super::signature::Signer;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The two sockets that requests come in on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// In order.
    Shell,
    /// At once.
    Control,
}

/// A message from a client.
#[derive(Debug)]
pub(crate) struct Request {
    /// Where it came in, and where the reply goes out.
    pub(crate) channel: Channel,
    /// Who sent it.
    pub(crate) identities: Vec<Bytes>,
    /// Its header.
    pub(crate) header: Header,
    /// As received: JSON, free in form.
    pub(crate) metadata: Bytes,
    /// Binary data, in order.
    pub(crate) buffers: Vec<Bytes>,
    content: Bytes,
}

impl Request {
    /// Reads the content as a conversation's own type.
    ///
    /// # Errors
    /// When it is not JSON or lacks a required field; the message is for the reply.
    pub(crate) fn content<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.content)
    }
}

/// Why a message was dropped. Nothing is sent back: who cannot sign gets no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    /// Not the shape of a message.
    #[error("message of {0} frames is not a Jupyter message")]
    Malformed(usize),
    /// Signed with another key, or not at all.
    #[error("message with a wrong signature; the client uses another key than the connection file")]
    Signature,
    /// Signed well, but once before.
    #[error("message that was sent before")]
    Replayed,
    /// The header is not JSON or has no `msg_type`.
    #[error("message with an unreadable header: {0}")]
    Header(#[from] serde_json::Error),
}

/// A message on its way out.
#[derive(Default)]
pub(crate) struct Outgoing<'a> {
    /// Identities of the receiver, or the topic on iopub.
    pub(crate) route: Vec<Bytes>,
    /// For example `execute_reply`.
    pub(crate) msg_type: &'a str,
    /// The raw header of the request that caused it; empty for none.
    pub(crate) parent: Bytes,
    /// Content, as JSON.
    pub(crate) content: Bytes,
    /// Metadata, as JSON; empty for none.
    pub(crate) metadata: Bytes,
    /// Binary data, in order.
    pub(crate) buffers: Vec<Bytes>,
}

/// Reads and writes messages with one key and one session id.
pub(crate) struct Encoder {
    signer: Signer,
    headers: HeaderMaker,
    seen: Seen,
}

impl Encoder {
    /// An encoder for the life of the kernel.
    pub(crate) fn new(signer: Signer) -> Self {
        Self { signer, headers: HeaderMaker::new(), seen: Seen::default() }
    }

    /// Checks and reads a request.
    ///
    /// # Errors
    /// When it must be dropped.
    pub(crate) fn read(&self, channel: Channel, message: Vec<Bytes>) -> Result<Request, WireError> {
        let frames = self.checked(message)?;
        let header = Header::read(frames.header)?;
        let Frames { identities, metadata, content, buffers, .. } = frames;
        Ok(Request { channel, identities, header, metadata, buffers, content })
    }

    /// Checks an `input_reply` and reads its value; `None` for other messages.
    ///
    /// # Errors
    /// When it must be dropped.
    pub(crate) fn read_input(&self, message: Vec<Bytes>) -> Result<Option<String>, WireError> {
        let frames = self.checked(message)?;
        let header = Header::read(frames.header)?;
        if header.msg_type != "input_reply" {
            return Ok(None);
        }
        let content: Value = serde_json::from_slice(&frames.content).unwrap_or_default();
        Ok(Some(content.get("value").and_then(Value::as_str).unwrap_or_default().to_owned()))
    }

    fn checked(&self, message: Vec<Bytes>) -> Result<Frames, WireError> {
        let count = message.len();
        let frames = Frames::split(message).ok_or(WireError::Malformed(count))?;
        if !self.signer.verify(&frames.signature, frames.signed()) {
            return Err(WireError::Signature);
        }
        if self.signer.mark(&frames.signature).is_some_and(|mark| !self.seen.is_new(mark)) {
            return Err(WireError::Replayed);
        }
        Ok(frames)
    }

    /// Signs a message and lays out its frames.
    pub(crate) fn write(&self, message: Outgoing<'_>) -> Vec<Bytes> {
        let Outgoing { route, msg_type, parent, content, metadata, buffers } = message;
        let header = self.headers.make(msg_type);
        let or_none = |json: Bytes| if json.is_empty() { Bytes::from_static(b"{}") } else { json };
        let (parent, metadata) = (or_none(parent), or_none(metadata));
        let signature = self.signer.sign([&header, &parent, &metadata, &content]);
        let mut frames = route;
        frames.extend([Bytes::from_static(DELIMITER), signature.into(), header.into()]);
        frames.extend([parent, metadata, content]);
        frames.extend(buffers);
        frames
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    fn encoder(key: &str) -> Encoder {
        Encoder::new(Signer::new(key))
    }

    fn outgoing(content: &Value) -> Outgoing<'static> {
        Outgoing {
            route: vec![Bytes::from_static(b"client")],
            msg_type: "execute_request",
            content: serde_json::to_vec(content).unwrap().into(),
            metadata: Bytes::from_static(b"{\"m\":1}"),
            buffers: vec![Bytes::from_static(b"\0\xff"), Bytes::new()],
            ..Outgoing::default()
        }
    }

    #[test]
    fn reads_what_it_writes() {
        let encoder = encoder("key");
        let message = encoder.write(outgoing(&json!({"code": "é"})));
        let request = encoder.read(Channel::Shell, message).unwrap();
        assert_eq!(request.identities, ["client"]);
        assert_eq!(request.header.msg_type, "execute_request");
        assert_eq!(request.content::<Value>().unwrap(), json!({"code": "é"}));
        assert_eq!(request.metadata, "{\"m\":1}");
        assert_eq!(request.buffers, [&b"\0\xff"[..], b""]);
    }

    #[test]
    fn the_parent_goes_out_byte_for_byte() {
        let odd = Bytes::from_static(b"{ \"msg_id\" :1,\"subshell_id\":null }");
        let message =
            encoder("key").write(Outgoing { parent: odd.clone(), ..outgoing(&json!({})) });
        assert_eq!(message[4], odd);
    }

    #[test]
    fn every_message_has_an_id_of_its_own_and_a_complete_header() {
        let encoder = encoder("");
        let header = |encoder: &Encoder| -> Value {
            serde_json::from_slice(&encoder.write(outgoing(&json!({})))[3]).unwrap()
        };
        let (first, second) = (header(&encoder), header(&encoder));
        assert_ne!(first["msg_id"], second["msg_id"]);
        assert_eq!(first["session"], second["session"]);
        for field in ["msg_id", "username", "session", "date", "msg_type", "version"] {
            assert!(first[field].is_string(), "{field}");
        }
    }

    #[test]
    fn another_key_is_refused() {
        let message = encoder("theirs").write(outgoing(&json!({})));
        let error = encoder("ours").read(Channel::Shell, message).unwrap_err();
        assert!(matches!(error, WireError::Signature));
    }

    #[test]
    fn a_message_counts_once() {
        let encoder = encoder("key");
        let message = encoder.write(outgoing(&json!({})));
        assert!(encoder.read(Channel::Shell, message.clone()).is_ok());
        let error = encoder.read(Channel::Control, message).unwrap_err();
        assert!(matches!(error, WireError::Replayed));
    }

    #[test]
    fn junk_is_refused() {
        let error =
            encoder("").read(Channel::Shell, vec![Bytes::from_static(b"junk")]).unwrap_err();
        assert!(matches!(error, WireError::Malformed(1)));
        for header in ["", "{", "[]", "{}", "{\"msg_type\": 3}"] {
            let frames = ["<IDS|MSG>", "", header, "{}", "{}", "{}"];
            let frames: Vec<Bytes> =
                frames.iter().map(|frame| Bytes::copy_from_slice(frame.as_bytes())).collect();
            let error = encoder("").read(Channel::Shell, frames).unwrap_err();
            assert!(matches!(error, WireError::Header(_)));
        }
    }
}
