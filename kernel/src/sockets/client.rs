//! The connection to one client. Any thread writes to it, without waiting: what the client does not
//! take at once is kept and written when it does.

use super::gate::{Fault, STALL};
use bytes::{Buf, Bytes, BytesMut};
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// While more than so many bytes are kept for a client, nothing more of it is read: its requests are
/// what it gets replies to.
const PILE: usize = 64 * 1024 * 1024;
/// While a client has more than so many to take, iopub waits for it.
const BUSY: usize = 1024 * 1024;

/// A connection, of either transport.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    Ipc(UnixStream),
}

impl Stream {
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write(bytes),
            Self::Ipc(stream) => stream.try_write(bytes),
        }
    }

    fn try_read(&self, room: &mut BytesMut) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_read_buf(room),
            Self::Ipc(stream) => stream.try_read_buf(room),
        }
    }

    async fn readable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.readable().await,
            Self::Ipc(stream) => stream.readable().await,
        }
    }

    async fn writable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.writable().await,
            Self::Ipc(stream) => stream.writable().await,
        }
    }
}

/// A client, from its first byte to its last.
#[derive(Debug)]
pub(super) struct Client {
    stream: Stream,
    kept: Mutex<Kept>,
    /// There is something to write.
    more: Notify,
    /// There is less to write.
    less: Notify,
}

#[derive(Debug, Default)]
struct Kept {
    parts: VecDeque<Bytes>,
    bytes: usize,
    closed: bool,
}

impl Client {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, kept: Mutex::default(), more: Notify::new(), less: Notify::new() }
    }

    /// Sends bytes, after all that were sent before.
    pub(super) fn send(&self, mut bytes: Bytes) {
        let mut kept = self.lock();
        if kept.closed {
            return;
        }
        // An error shows when the rest is written.
        if kept.parts.is_empty()
            && let Ok(count) = self.stream.try_write(&bytes)
        {
            bytes.advance(count);
        }
        if bytes.has_remaining() {
            kept.bytes += bytes.len();
            kept.parts.push_back(bytes);
            drop(kept);
            self.more.notify_one();
        }
    }

    /// Whether all has been written, or never will be.
    pub(super) fn is_done(&self) -> bool {
        self.lock().parts.is_empty()
    }

    /// Whether others should wait before they send more.
    pub(super) fn is_busy(&self) -> bool {
        self.lock().bytes > BUSY
    }

    /// Waits until others need not wait any more.
    pub(super) async fn room(&self) {
        while self.is_busy() {
            self.less.notified().await;
        }
    }

    /// The end: nothing more is sent.
    pub(super) fn close(&self) {
        *self.lock() = Kept { closed: true, ..Kept::default() };
        self.less.notify_one();
    }

    /// Reads what the client says next; false when it is gone.
    pub(super) async fn read(&self, room: &mut BytesMut) -> bool {
        while self.lock().bytes > PILE {
            self.less.notified().await;
        }
        loop {
            match self.stream.try_read(room) {
                Ok(count) => return count > 0,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return false,
            }
            if self.stream.readable().await.is_err() {
                return false;
            }
        }
    }

    /// Writes what is kept, whenever the client takes it, until it is gone.
    ///
    /// # Errors
    /// When it takes nothing for too long.
    pub(super) async fn write_on(&self) -> Result<(), Fault> {
        loop {
            self.more.notified().await;
            let mut progress = Instant::now();
            while !self.is_done() {
                match timeout_at(progress + STALL, self.stream.writable()).await {
                    Err(_) => return Err(Fault::Deaf),
                    Ok(Err(_)) => return Ok(()),
                    Ok(Ok(())) => {}
                }
                match self.write() {
                    Ok(()) => progress = Instant::now(),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(_) => return Ok(()),
                }
            }
        }
    }

    /// Writes some of what is kept.
    fn write(&self) -> io::Result<()> {
        let mut kept = self.lock();
        let Some(part) = kept.parts.front_mut() else { return Ok(()) };
        let count = self.stream.try_write(part)?;
        part.advance(count);
        if !part.has_remaining() {
            kept.parts.pop_front();
        }
        kept.bytes -= count;
        drop(kept);
        self.less.notify_one();
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
