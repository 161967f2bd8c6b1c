//! The gate before each socket: it takes the connections and judges who speaks on them, so that one
//! bad client costs only itself. It has a time for its handshake, a bound for its messages, and is cut
//! off when it reads nothing.

use super::client::{Client, Stream};
use super::zmtp::{self, FRAMES, MESSAGE, Reader, Said};
use bytes::Bytes;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, UnixListener};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

/// A client has this long for its handshake, as in libzmq.
const HANDSHAKE: Duration = Duration::from_secs(30);
/// A client that takes nothing for this long is cut off: it would hold up the cell and everyone.
pub(super) const STALL: Duration = Duration::from_secs(10);
/// When the process has no file descriptors left, the next client is let in after this.
const RETRY: Duration = Duration::from_millis(200);

/// A port, opened.
#[derive(Debug)]
pub(crate) enum Port {
    Tcp(std::net::TcpListener),
    Ipc(std::os::unix::net::UnixListener),
}

/// Why a client is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// It does not speak ZMTP, or not as we do.
    #[error("it does not speak ZMTP 3 without encryption")]
    Stranger,
    /// It is a socket of a kind that does not belong here.
    #[error("it is no socket that belongs at the other end of this one")]
    Kind,
    /// It did not end its handshake.
    #[error("it began no conversation within {} s", HANDSHAKE.as_secs())]
    Silent,
    /// A message, or a command, of so many bytes.
    #[error("it announces a message of {0} bytes; at most {MESSAGE} are taken")]
    Bytes(u64),
    /// A message that does not end.
    #[error("it sends a message of more than {FRAMES} frames")]
    Frames,
    /// It does not read.
    #[error("it takes no output for {} s", STALL.as_secs())]
    Deaf,
}

/// A socket of the kernel: what it does with the clients that passed its gate.
pub(super) trait Socket: Send + Sync + 'static {
    /// What ZMTP calls it.
    const KIND: &'static str;
    /// What the sockets at the other end may be.
    const OTHERS: &'static [&'static [u8]];

    /// A client is there; `identity` is its own, unless it gave itself none.
    fn joined(&self, identity: &Bytes, client: &Arc<Client>);
    /// It has sent a message.
    fn arrived(&self, identity: &Bytes, client: &Arc<Client>, message: Vec<Bytes>);
    /// It is gone.
    fn left(&self, identity: &Bytes, client: &Arc<Client>);
}

/// Opens the gate from a port to a socket; the gate's keeper. Who passed the gate stays when the
/// keeper is aborted.
///
/// # Errors
/// When the listener cannot be watched.
pub(super) fn open(
    name: &'static str,
    port: Port,
    socket: Arc<impl Socket>,
) -> io::Result<AbortHandle> {
    let keeper = match port {
        Port::Tcp(listener) => {
            listener.set_nonblocking(true)?;
            tokio::spawn(keep_tcp(name, TcpListener::from_std(listener)?, socket))
        }
        Port::Ipc(listener) => {
            listener.set_nonblocking(true)?;
            let path = listener.local_addr()?.as_pathname().map(Path::to_owned);
            tokio::spawn(keep_ipc(name, UnixListener::from_std(listener)?, socket, Named(path)))
        }
    };
    Ok(keeper.abort_handle())
}

async fn keep_tcp(name: &'static str, listener: TcpListener, socket: Arc<impl Socket>) {
    loop {
        match listener.accept().await {
            Ok((client, _)) => {
                // Without it replies are late, and nothing else is wrong.
                let _ = client.set_nodelay(true);
                tokio::spawn(admit(name, Stream::Tcp(client), Arc::clone(&socket)));
            }
            Err(error) => refused(name, &error).await,
        }
    }
}

/// The path of an `ipc` socket, which ends with the gate.
struct Named(Option<PathBuf>);

impl Drop for Named {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

async fn keep_ipc(
    name: &'static str,
    listener: UnixListener,
    socket: Arc<impl Socket>,
    _path: Named,
) {
    loop {
        match listener.accept().await {
            Ok((client, _)) => {
                drop(tokio::spawn(admit(name, Stream::Ipc(client), Arc::clone(&socket))));
            }
            Err(error) => refused(name, &error).await,
        }
    }
}

async fn refused(name: &str, error: &io::Error) {
    tracing::warn!("{name}: a client cannot be let in: {error}");
    sleep(RETRY).await;
}

/// One client, from its first byte to its last.
async fn admit(name: &str, stream: Stream, socket: Arc<impl Socket>) {
    let client = Arc::new(Client::new(stream));
    let ended = tokio::select! {
        ended = converse(&client, &*socket) => ended,
        ended = client.write_on() => ended,
    };
    client.close();
    if let Err(fault) = ended {
        tracing::warn!("{name}: a client is cut off: {fault}");
    }
}

/// Hands on what the client says, until it ends.
async fn converse<S: Socket>(client: &Arc<Client>, socket: &S) -> Result<(), Fault> {
    let mut reader = Reader::new();
    client.send(zmtp::our_greeting());
    let shaken = timeout(HANDSHAKE, handshake::<S>(client, &mut reader)).await;
    let Some(identity) = shaken.map_err(|_| Fault::Silent)?? else { return Ok(()) };
    socket.joined(&identity, client);
    // Also when this is dropped in the middle.
    let member = Member { socket, identity, client };
    loop {
        match next(client, &mut reader).await? {
            Some(Said::Message(message)) => socket.arrived(&member.identity, client, message),
            // Of a later version, and nothing that has to be answered.
            Some(Said::Command(_)) => {}
            Some(Said::Greeting) | None => return Ok(()),
        }
    }
}

struct Member<'a, S: Socket> {
    socket: &'a S,
    identity: Bytes,
    client: &'a Arc<Client>,
}

impl<S: Socket> Drop for Member<'_, S> {
    fn drop(&mut self) {
        self.socket.left(&self.identity, self.client);
    }
}

/// What the client is to be called; `None` when it is gone.
async fn handshake<S: Socket>(
    client: &Client,
    reader: &mut Reader,
) -> Result<Option<Bytes>, Fault> {
    loop {
        match next(client, reader).await? {
            Some(Said::Greeting) => client.send(zmtp::our_ready(S::KIND)),
            Some(Said::Command(body)) => {
                let (kind, identity) = zmtp::their_ready(body).ok_or(Fault::Stranger)?;
                if !S::OTHERS.contains(&&*kind) {
                    return Err(Fault::Kind);
                }
                let anonymous = || Bytes::copy_from_slice(uuid::Uuid::new_v4().as_bytes());
                // A copy: what it was read with need not stay in memory.
                let identity = identity.map(|own| Bytes::copy_from_slice(&own));
                return Ok(Some(identity.unwrap_or_else(anonymous)));
            }
            Some(Said::Message(_)) => return Err(Fault::Stranger),
            None => return Ok(None),
        }
    }
}

/// The next thing that the client says; `None` when it is gone.
async fn next(client: &Client, reader: &mut Reader) -> Result<Option<Said>, Fault> {
    loop {
        if let Some(said) = reader.take()? {
            return Ok(Some(said));
        }
        if !client.read(reader.room()).await {
            return Ok(None);
        }
    }
}
