//! Reading along: what a client sends must be ZMTP, and no more of it than a message may have.
//!
//! The protocol: <https://rfc.zeromq.org/spec/23/>.

use super::gate::Fault;

/// Length of a greeting.
const GREETING: usize = 64;
/// The greeting's first byte, and the place of another one that is fixed.
const SIGNATURE: u8 = 0xff;
const SIGNATURE_END: usize = 9;
const SIGNATURE_END_BIT: u8 = 0x01;

/// Flags of a frame.
const MORE: u8 = 1;
const LONG: u8 = 2;
const COMMAND: u8 = 4;

/// A message may have so many bytes: far more than a notebook can hold.
pub(super) const MESSAGE: u64 = 1 << 30;
/// And so many frames, each of which takes memory even when it is empty.
pub(super) const FRAMES: u32 = 1 << 16;
/// A command, of which there is one in a client's life, may have so many bytes.
const COMMAND_BYTES: u64 = 1 << 16;

/// What comes next.
enum At {
    /// The greeting, of which so many bytes are there.
    Greeting(usize),
    /// The flags of a frame.
    Flags,
    /// So many bytes of its length, after the part that is there.
    Length { flags: u8, left: u8, length: u64 },
    /// So many bytes of the frame itself.
    Body { flags: u8, left: u64 },
}

/// Follows the bytes of one client.
pub(super) struct Reader {
    at: At,
    /// Bytes and frames of the message so far.
    bytes: u64,
    frames: u32,
    settled: bool,
}

impl Reader {
    /// At the beginning of a connection.
    pub(super) fn new() -> Self {
        Self { at: At::Greeting(0), bytes: 0, frames: 0, settled: false }
    }

    /// Whether the greeting and the first frame, which ends the handshake, are there.
    pub(super) fn is_settled(&self) -> bool {
        self.settled
    }

    /// Takes what has come.
    ///
    /// # Errors
    /// When nothing after this can be good; a length is judged before what it announces comes.
    pub(super) fn take(&mut self, mut bytes: &[u8]) -> Result<(), Fault> {
        while let Some((&byte, rest)) = bytes.split_first() {
            match self.at {
                At::Greeting(place) => {
                    greeting(place, byte)?;
                    bytes = rest;
                    self.at =
                        if place + 1 == GREETING { At::Flags } else { At::Greeting(place + 1) };
                }
                At::Flags => {
                    bytes = rest;
                    let left = if byte & LONG == 0 { 1 } else { 8 };
                    self.at = At::Length { flags: byte, left, length: 0 };
                }
                At::Length { flags, left, length } => {
                    bytes = rest;
                    let length = length << 8 | u64::from(byte);
                    if left > 1 {
                        self.at = At::Length { flags, left: left - 1, length };
                    } else {
                        self.announce(flags, length)?;
                    }
                }
                At::Body { flags, left } => {
                    let here = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    bytes = bytes.split_at(here).1;
                    // A slice is never longer than 2^64 bytes.
                    let left = left - here as u64;
                    if left == 0 {
                        self.end(flags);
                    } else {
                        self.at = At::Body { flags, left };
                    }
                }
            }
        }
        Ok(())
    }

    /// A frame begins.
    fn announce(&mut self, flags: u8, length: u64) -> Result<(), Fault> {
        if flags & COMMAND != 0 {
            if length > COMMAND_BYTES {
                return Err(Fault::Bytes(length));
            }
        } else {
            self.bytes = self.bytes.saturating_add(length);
            self.frames += 1;
            if self.bytes > MESSAGE {
                return Err(Fault::Bytes(self.bytes));
            }
            if self.frames > FRAMES {
                return Err(Fault::Frames);
            }
        }
        if length == 0 {
            self.end(flags);
        } else {
            self.at = At::Body { flags, left: length };
        }
        Ok(())
    }

    /// A frame is complete.
    fn end(&mut self, flags: u8) {
        self.settled = true;
        self.at = At::Flags;
        if flags & (COMMAND | MORE) == 0 {
            (self.bytes, self.frames) = (0, 0);
        }
    }
}

/// What the versions of ZMTP have in common; the rest is up to the library.
fn greeting(place: usize, byte: u8) -> Result<(), Fault> {
    let right = match place {
        0 => byte == SIGNATURE,
        SIGNATURE_END => byte & SIGNATURE_END_BIT != 0,
        _ => true,
    };
    if right { Ok(()) } else { Err(Fault::Stranger) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greeted() -> Vec<u8> {
        let mut bytes = vec![0; GREETING];
        (bytes[0], bytes[SIGNATURE_END]) = (SIGNATURE, 0x7f);
        bytes
    }

    fn head(flags: u8, length: u64) -> Vec<u8> {
        [&[flags | LONG][..], &length.to_be_bytes()].concat()
    }

    /// Whole, and byte by byte: the same.
    fn read(bytes: &[u8]) -> Result<bool, Fault> {
        let mut whole = Reader::new();
        let said = whole.take(bytes);
        let mut slow = Reader::new();
        let slowly = bytes.chunks(1).try_for_each(|byte| slow.take(byte));
        assert_eq!(said, slowly);
        assert_eq!(whole.is_settled(), slow.is_settled());
        said.map(|()| whole.is_settled())
    }

    #[test]
    fn a_handshake_is_settled_by_its_first_frame() {
        assert_eq!(read(&greeted()), Ok(false));
        assert_eq!(read(&[greeted(), vec![COMMAND, 2, 0]].concat()), Ok(false));
        assert_eq!(read(&[greeted(), vec![COMMAND, 2, 0, 0]].concat()), Ok(true));
    }

    #[test]
    fn who_does_not_speak_it_is_a_stranger() {
        assert_eq!(read(b"GET / HTTP/1.1"), Err(Fault::Stranger));
        assert_eq!(read(&[SIGNATURE; 9].map(|_| 0)), Err(Fault::Stranger));
    }

    #[test]
    fn a_length_is_judged_before_the_frame_comes() {
        let judged = |flags, length| read(&[greeted(), head(flags, length)].concat());
        assert_eq!(judged(0, MESSAGE), Ok(false));
        assert_eq!(judged(0, MESSAGE + 1), Err(Fault::Bytes(MESSAGE + 1)));
        assert_eq!(judged(MORE, u64::MAX), Err(Fault::Bytes(u64::MAX)));
        assert_eq!(judged(COMMAND, COMMAND_BYTES + 1), Err(Fault::Bytes(COMMAND_BYTES + 1)));
    }

    #[test]
    fn the_frames_of_a_message_count_together_and_those_of_two_do_not() {
        let half = [head(MORE, 1), vec![0], head(MORE, MESSAGE)].concat();
        assert_eq!(read(&[greeted(), half].concat()), Err(Fault::Bytes(MESSAGE + 1)));
        let next = [head(MORE, 1), vec![0], head(0, 1), vec![0], head(0, MESSAGE)].concat();
        assert_eq!(read(&[greeted(), next].concat()), Ok(true));
    }

    #[test]
    fn a_message_has_an_end() {
        let empty: Vec<u8> = [MORE, 0].repeat(FRAMES as usize);
        assert_eq!(read(&[greeted(), empty.clone()].concat()), Ok(true));
        assert_eq!(read(&[greeted(), empty, vec![MORE, 0]].concat()), Err(Fault::Frames));
    }
}
