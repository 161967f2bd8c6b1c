//! ZMTP as bytes: reading what a client sends, and no more of it than a message may have; writing.
//!
//! The protocol: <https://rfc.zeromq.org/spec/23/>, version 3.0 with the mechanism NULL.

use super::gate::Fault;
use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Length of a greeting.
const GREETING: usize = 64;
/// The greeting's first byte, and the place of another one that is fixed.
const SIGNATURE: u8 = 0xff;
const SIGNATURE_END: usize = 9;
const SIGNATURE_END_BIT: u8 = 0x01;
/// Where the greeting has its version and the name of its mechanism, and what they must be.
const VERSION: usize = 10;
const MECHANISM: std::ops::Range<usize> = 12..32;
const NULL: &[u8; 20] = b"NULL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// Flags of a frame.
const MORE: u8 = 1;
const LONG: u8 = 2;
const COMMAND: u8 = 4;

/// A message may have so many bytes: far more than a notebook can hold.
pub(super) const MESSAGE: u64 = 1 << 30;
/// And so many frames, each of which takes memory even when it is empty.
pub(super) const FRAMES: usize = 1 << 16;
/// A command, of which there is one in a client's life, may have so many bytes.
const COMMAND_BYTES: u64 = 1 << 16;
/// The longest name that a client may give itself.
const IDENTITY: usize = 255;

/// There is room for so many bytes before each read, and for at most so many more than have come.
const CHUNK: usize = 4 * 1024;
const CHUNKS: usize = 1024 * 1024;

/// What a client has said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// It speaks our protocol.
    Greeting,
    /// The body of a command.
    Command(Bytes),
    /// The frames of a message.
    Message(Vec<Bytes>),
}

/// What comes next.
enum At {
    Greeting,
    /// The flags of a frame and its length.
    Head,
    /// The frame itself.
    Body {
        flags: u8,
        length: usize,
    },
}

/// Takes the bytes of one client apart.
pub(super) struct Reader {
    at: At,
    buffer: BytesMut,
    /// The frames of the message so far, and their bytes.
    frames: Vec<Bytes>,
    bytes: u64,
}

impl Reader {
    /// At the beginning of a connection.
    pub(super) fn new() -> Self {
        Self { at: At::Greeting, buffer: BytesMut::new(), frames: Vec::new(), bytes: 0 }
    }

    /// Where the next bytes of the client go, after all others have been [taken](Self::take).
    pub(super) fn room(&mut self) -> &mut BytesMut {
        let missing = match self.at {
            At::Body { length, .. } => length.saturating_sub(self.buffer.len()),
            At::Greeting | At::Head => 0,
        };
        self.buffer.reserve(missing.clamp(CHUNK, CHUNKS));
        &mut self.buffer
    }

    /// The next thing that is there whole.
    ///
    /// # Errors
    /// When nothing after this can be good; a length is judged before what it announces comes.
    pub(super) fn take(&mut self) -> Result<Option<Said>, Fault> {
        loop {
            match self.at {
                At::Greeting => {
                    greeting(&self.buffer)?;
                    if self.buffer.len() < GREETING {
                        return Ok(None);
                    }
                    self.buffer.advance(GREETING);
                    self.at = At::Head;
                    return Ok(Some(Said::Greeting));
                }
                At::Head => {
                    let Some((flags, length, head)) = head(&self.buffer) else { return Ok(None) };
                    let length = self.announced(flags, length)?;
                    self.buffer.advance(head);
                    self.at = At::Body { flags, length };
                }
                At::Body { flags, length } => {
                    if self.buffer.len() < length {
                        return Ok(None);
                    }
                    let frame = self.buffer.split_to(length).freeze();
                    self.at = At::Head;
                    if flags & COMMAND != 0 {
                        return Ok(Some(Said::Command(frame)));
                    }
                    self.frames.push(frame);
                    if flags & MORE == 0 {
                        self.bytes = 0;
                        return Ok(Some(Said::Message(std::mem::take(&mut self.frames))));
                    }
                }
            }
        }
    }

    /// A frame begins; its length, if it may have it.
    fn announced(&mut self, flags: u8, length: u64) -> Result<usize, Fault> {
        let whole = if flags & COMMAND != 0 {
            if length > COMMAND_BYTES {
                return Err(Fault::Bytes(length));
            }
            length
        } else {
            self.bytes = self.bytes.saturating_add(length);
            self.bytes
        };
        if whole > MESSAGE {
            return Err(Fault::Bytes(whole));
        }
        if flags & COMMAND == 0 && self.frames.len() == FRAMES {
            return Err(Fault::Frames);
        }
        usize::try_from(length).map_err(|_| Fault::Bytes(length))
    }
}

/// Flags and length of a frame, and how many bytes they take.
fn head(bytes: &[u8]) -> Option<(u8, u64, usize)> {
    let (&flags, rest) = bytes.split_first()?;
    if flags & LONG == 0 {
        return Some((flags, u64::from(*rest.first()?), 2));
    }
    Some((flags, u64::from_be_bytes(*rest.first_chunk()?), 9))
}

/// What has come of a greeting is one of our protocol.
fn greeting(bytes: &[u8]) -> Result<(), Fault> {
    let is = |place: usize, right: fn(u8) -> bool| bytes.get(place).is_none_or(|&byte| right(byte));
    let right = is(0, |byte| byte == SIGNATURE)
        && is(SIGNATURE_END, |byte| byte & SIGNATURE_END_BIT != 0)
        && is(VERSION, |byte| byte >= 3)
        && bytes.get(MECHANISM).is_none_or(|name| name == NULL);
    if right { Ok(()) } else { Err(Fault::Stranger) }
}

/// What the kernel says first.
pub(super) fn our_greeting() -> Bytes {
    let mut bytes = [0; GREETING];
    (bytes[0], bytes[SIGNATURE_END], bytes[VERSION]) = (SIGNATURE, 0x7f, 3);
    bytes[MECHANISM].copy_from_slice(NULL);
    Bytes::copy_from_slice(&bytes)
}

/// The command that ends the handshake: what kind of socket this is.
pub(super) fn our_ready(kind: &str) -> Bytes {
    let mut body = BytesMut::new();
    for name in ["READY", "Socket-Type"] {
        put_head(&mut body, name.len());
        body.put_slice(name.as_bytes());
    }
    // Our names are short, so that all lengths fit.
    body.put_u32(kind.len() as u32);
    body.put_slice(kind.as_bytes());
    let mut bytes = BytesMut::with_capacity(body.len() + 2);
    bytes.put_u8(COMMAND);
    put_head(&mut bytes, body.len());
    bytes.put_slice(&body);
    return bytes.freeze();

    fn put_head(bytes: &mut BytesMut, length: usize) {
        bytes.put_u8(length as u8);
    }
}

/// What a client says of itself: the kind of its socket, and the name that it gives itself, if any.
/// `None` when it is not the command that ends the handshake.
pub(super) fn their_ready(mut body: Bytes) -> Option<(Bytes, Option<Bytes>)> {
    let mut part = |length: usize| (body.len() >= length).then(|| body.split_to(length));
    let length = usize::from(part(1)?[0]);
    if part(length)? != b"READY"[..] {
        return None;
    }
    let (mut kind, mut identity) = (None, None);
    while let Some(length) = part(1) {
        let name = part(usize::from(length[0]))?;
        let length = part(4)?.get_u32();
        let value = part(usize::try_from(length).ok()?)?;
        match name.to_ascii_lowercase().as_slice() {
            b"socket-type" => kind = Some(value),
            b"identity" if value.len() > IDENTITY => return None,
            b"identity" if !value.is_empty() => identity = Some(value),
            _ => {}
        }
    }
    Some((kind?, identity))
}

/// A message as it goes over the wire.
pub(super) fn written(frames: &[Bytes]) -> Bytes {
    let length = frames.iter().map(|frame| frame.len() + 9).sum();
    let mut bytes = BytesMut::with_capacity(length);
    for (place, frame) in frames.iter().enumerate() {
        let more = if place + 1 < frames.len() { MORE } else { 0 };
        match u8::try_from(frame.len()) {
            Ok(length) => bytes.put_slice(&[more, length]),
            Err(_) => {
                bytes.put_u8(more | LONG);
                bytes.put_u64(frame.len() as u64);
            }
        }
        bytes.put_slice(frame);
    }
    bytes.freeze()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn head(flags: u8, length: u64) -> Vec<u8> {
        [&[flags | LONG][..], &length.to_be_bytes()].concat()
    }

    fn all(reader: &mut Reader, bytes: &[u8], into: &mut Vec<Said>) -> Result<(), Fault> {
        reader.room().extend_from_slice(bytes);
        while let Some(said) = reader.take()? {
            into.push(said);
        }
        Ok(())
    }

    /// Whole, and byte by byte: the same.
    fn read(bytes: &[u8]) -> Result<Vec<Said>, Fault> {
        let (mut said, mut slowly) = (Vec::new(), Vec::new());
        let whole = all(&mut Reader::new(), bytes, &mut said);
        let mut reader = Reader::new();
        let parts = bytes.chunks(1).try_for_each(|byte| all(&mut reader, byte, &mut slowly));
        assert_eq!(whole, parts);
        assert_eq!(said, slowly);
        whole.map(|()| said)
    }

    fn greeted(rest: &[u8]) -> Result<Vec<Said>, Fault> {
        let mut said = read(&[&our_greeting(), rest].concat())?;
        assert_eq!(said.remove(0), Said::Greeting);
        Ok(said)
    }

    #[test]
    fn messages_come_back_as_they_were_written() {
        let frames = [&b""[..], b"a", &[7; 255], &[8; 256]].map(Bytes::copy_from_slice);
        let twice = [written(&frames), written(&frames[..1])].concat();
        let said = greeted(&twice).unwrap();
        assert_eq!(said, [Said::Message(frames.to_vec()), Said::Message(frames[..1].to_vec())]);
    }

    #[test]
    fn a_handshake_says_what_kind_of_socket_it_is() {
        let [Said::Command(body)] = &greeted(&our_ready("ROUTER")).unwrap()[..] else {
            unreachable!("one command")
        };
        assert_eq!(their_ready(body.clone()), Some((Bytes::from_static(b"ROUTER"), None)));
        let property = |name: &[u8], value: &[u8]| {
            [&[name.len() as u8], name, &(value.len() as u32).to_be_bytes(), value].concat()
        };
        let said = |properties: &[Vec<u8>]| {
            their_ready([&b"\x05READY"[..], &properties.concat()].concat().into())
        };
        let kind = property(b"Socket-Type", b"DEALER");
        let named = said(&[property(b"identity", b"me"), kind.clone()]);
        assert_eq!(named, Some((Bytes::from_static(b"DEALER"), Some(Bytes::from_static(b"me")))));
        let nameless = Some((Bytes::from_static(b"DEALER"), None));
        assert_eq!(said(&[kind.clone(), property(b"Identity", b"")]), nameless);
        assert_eq!(said(&[kind.clone(), property(b"Identity", &[1; 256])]), None);
        assert_eq!(said(&[kind.clone(), b"\xffabc".to_vec()]), None);
        assert_eq!(said(&[]), None);
        assert_eq!(their_ready(Bytes::from_static(b"\x05ERROR")), None);
        assert_eq!(their_ready(Bytes::new()), None);
    }

    #[test]
    fn who_does_not_speak_it_is_a_stranger() {
        assert_eq!(read(b"GET / HTTP/1.1"), Err(Fault::Stranger));
        assert_eq!(read(&[0; 9]), Err(Fault::Stranger));
        let mut old = our_greeting().to_vec();
        old[VERSION] = 1;
        assert_eq!(read(&old), Err(Fault::Stranger));
        let mut curve = our_greeting().to_vec();
        curve[12..17].copy_from_slice(b"CURVE");
        assert_eq!(read(&curve), Err(Fault::Stranger));
        assert_eq!(read(&our_greeting()[..63]), Ok(Vec::new()));
    }

    #[test]
    fn a_length_is_judged_before_the_frame_comes() {
        let judged = |flags, length| greeted(&head(flags, length));
        assert_eq!(judged(0, MESSAGE), Ok(Vec::new()));
        assert_eq!(judged(0, MESSAGE + 1), Err(Fault::Bytes(MESSAGE + 1)));
        assert_eq!(judged(MORE, u64::MAX), Err(Fault::Bytes(u64::MAX)));
        assert_eq!(judged(COMMAND, COMMAND_BYTES + 1), Err(Fault::Bytes(COMMAND_BYTES + 1)));
    }

    #[test]
    fn no_memory_is_taken_for_what_is_only_announced() {
        let mut reader = Reader::new();
        let said = [&our_greeting()[..], &head(0, MESSAGE), b"x"].concat();
        all(&mut reader, &said, &mut Vec::new()).unwrap();
        assert!(reader.room().capacity() < 3 * CHUNKS);
    }

    #[test]
    fn the_frames_of_a_message_count_together_and_those_of_two_do_not() {
        let half = [head(MORE, 1), vec![0], head(MORE, MESSAGE)].concat();
        assert_eq!(greeted(&half), Err(Fault::Bytes(MESSAGE + 1)));
        let next = [head(MORE, 1), vec![0], head(0, 1), vec![0], head(0, MESSAGE)].concat();
        assert_eq!(greeted(&next).unwrap().len(), 1);
    }

    #[test]
    fn a_message_has_an_end() {
        let empty: Vec<u8> = [MORE, 0].repeat(FRAMES);
        assert_eq!(greeted(&empty), Ok(Vec::new()));
        assert_eq!(greeted(&[empty, vec![MORE, 0]].concat()), Err(Fault::Frames));
    }
}
