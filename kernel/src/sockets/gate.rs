//! The gate before each socket. Every byte goes through it, so that one bad client costs only itself:
//! the library takes the length of a frame on trust, lets clients keep silent for ever, and waits for
//! those that read nothing.
//!
//! Behind the gate there is a Unix socket without a name, which only this process can reach.

use super::zmtp::{FRAMES, MESSAGE, Reader};
use bytes::Buf;
use std::fs::{File, OpenOptions};
use std::future::pending;
use std::io;
use std::os::fd::{AsRawFd, IntoRawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixListener as Behind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// A client has this long for its handshake, as in libzmq.
const HANDSHAKE: Duration = Duration::from_secs(30);
/// A client that takes nothing for this long is cut off: it would hold up the cell and everyone.
const STALL: Duration = Duration::from_secs(10);
/// When the process has no file descriptors left, the next client is let in after this.
const RETRY: Duration = Duration::from_millis(200);
/// Bytes that are passed on at once.
const CHUNK: usize = 64 * 1024;

/// A port, opened.
#[derive(Debug)]
pub(crate) enum Port {
    Tcp(std::net::TcpListener),
    Ipc(Behind),
}

/// Why a client is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// It does not speak ZMTP.
    #[error("it does not speak ZMTP")]
    Stranger,
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

/// Opens the gate from a port to a socket: what the socket is to listen on, and the gate's keeper. Who
/// passed the gate stays when the keeper is aborted.
///
/// # Errors
/// When there is no folder to write to, or no file descriptor left.
pub(super) fn open(
    name: &'static str,
    port: Port,
    folders: &[PathBuf],
) -> io::Result<(Behind, AbortHandle)> {
    let mut made = Err(io::Error::other("there is no folder for sockets"));
    for folder in folders {
        made = behind(folder);
        if made.is_ok() {
            break;
        }
    }
    let (behind, way) = made?;
    let way = Arc::new(way);
    let keeper = match port {
        Port::Tcp(listener) => {
            listener.set_nonblocking(true)?;
            tokio::spawn(keep_tcp(name, TcpListener::from_std(listener)?, way))
        }
        Port::Ipc(listener) => {
            listener.set_nonblocking(true)?;
            let path = listener.local_addr()?.as_pathname().map(Path::to_owned);
            tokio::spawn(keep_ipc(name, UnixListener::from_std(listener)?, way, Named(path)))
        }
    };
    Ok((behind, keeper.abort_handle()))
}

/// Where the sockets behind the gates may be made, for a moment: in the first of these that takes them.
pub(super) fn folders(connection_file: &Path) -> Vec<PathBuf> {
    let beside = connection_file.parent().map(Path::to_owned);
    [Some(std::env::temp_dir()), beside, Some("/dev/shm".into())].into_iter().flatten().collect()
}

/// A Unix socket that has lost its name, and the file by which this process still finds it.
fn behind(folder: &Path) -> io::Result<(Behind, File)> {
    let handle = |path: &Path| OpenOptions::new().read(true).custom_flags(libc::O_PATH).open(path);
    // Nobody else may look into it. It is gone, with the name, at the end of this function.
    let private = tempfile::Builder::new().prefix("cellist-").tempdir_in(folder)?;
    let place = handle(private.path())?;
    // The path of a socket must be short, and that of the folder need not be.
    let path = own_file(&place).join("gate");
    let listener = Behind::bind(&path)?;
    let way = handle(&path)?;
    // The library removes what has this path when it closes the socket: nothing, as long as the
    // number of the descriptor means nothing else. So it is given away, to stay to the end.
    let _ = place.into_raw_fd();
    Ok((listener, way))
}

fn own_file(file: &File) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

async fn keep_tcp(name: &'static str, listener: TcpListener, way: Arc<File>) {
    loop {
        match listener.accept().await {
            Ok((client, _)) => {
                // Without it replies are late, and nothing else is wrong.
                let _ = client.set_nodelay(true);
                tokio::spawn(admit(name, client, Arc::clone(&way)));
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

async fn keep_ipc(name: &'static str, listener: UnixListener, way: Arc<File>, _path: Named) {
    loop {
        match listener.accept().await {
            Ok((client, _)) => drop(tokio::spawn(admit(name, client, Arc::clone(&way)))),
            Err(error) => refused(name, &error).await,
        }
    }
}

async fn refused(name: &str, error: &io::Error) {
    tracing::warn!("{name}: a client cannot be let in: {error}");
    sleep(RETRY).await;
}

/// One client, from its first byte to its last.
async fn admit(name: &str, client: impl AsyncRead + AsyncWrite, way: Arc<File>) {
    let socket = match UnixStream::connect(own_file(&way)).await {
        Ok(socket) => socket,
        Err(error) => return refused(name, &error).await,
    };
    let (hears, says) = socket.into_split();
    let (client_says, client_hears) = split(client);
    let ended = tokio::select! {
        ended = inward(client_says, says) => ended,
        ended = outward(hears, client_hears) => ended,
    };
    if let Err(fault) = ended {
        tracing::warn!("{name}: a client is cut off: {fault}");
    }
}

/// From the client to the socket, until the client ends it.
async fn inward(
    mut client: ReadHalf<impl AsyncRead>,
    mut socket: OwnedWriteHalf,
) -> Result<(), Fault> {
    let deadline = Instant::now() + HANDSHAKE;
    let mut reader = Reader::new();
    let mut bytes = Vec::with_capacity(CHUNK);
    loop {
        bytes.clear();
        let read = client.read_buf(&mut bytes);
        let read = if reader.is_settled() {
            read.await
        } else {
            timeout_at(deadline, read).await.map_err(|_| Fault::Silent)?
        };
        let Ok(1..) = read else { return Ok(()) };
        reader.take(&bytes)?;
        if socket.write_all(&bytes).await.is_err() {
            // The socket is closed. What it has said before still has to reach the client.
            return pending().await;
        }
    }
}

/// From the socket to the client, until the socket is closed.
async fn outward(
    mut socket: OwnedReadHalf,
    mut client: WriteHalf<impl AsyncWrite>,
) -> Result<(), Fault> {
    let mut bytes = Vec::with_capacity(CHUNK);
    loop {
        bytes.clear();
        let Ok(1..) = socket.read_buf(&mut bytes).await else { return Ok(()) };
        let mut left = bytes.as_slice();
        while left.has_remaining() {
            match timeout(STALL, client.write(left)).await {
                Ok(Ok(count @ 1..)) => left.advance(count),
                Ok(_) => return Ok(()),
                Err(_) => return Err(Fault::Deaf),
            }
        }
    }
}
