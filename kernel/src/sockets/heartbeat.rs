//! The heartbeat socket: sends back whatever comes.

use zeromq::{RouterSocket, SocketRecv, SocketSend};

/// A router, so that clients of every kind get their own frames back, in any number at a time.
pub(super) async fn own(mut socket: RouterSocket) {
    while let Ok(beat) = socket.recv().await {
        if let Err(error) = socket.send(beat).await {
            tracing::debug!(%error, "a heartbeat came back too late");
        }
    }
}
