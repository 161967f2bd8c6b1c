//! What shell, control and stdin have in common: one task that reads and writes one socket.

use tokio::sync::mpsc::UnboundedReceiver;
use zeromq::{RouterSocket, SocketRecv, SocketSend, ZmqMessage};

/// Owns a socket: hands in what arrives, sends what it is given, until no one can give any more.
pub(super) async fn own(
    mut socket: RouterSocket,
    mut outgoing: UnboundedReceiver<ZmqMessage>,
    mut arrived: impl FnMut(ZmqMessage),
) {
    loop {
        tokio::select! {
            message = socket.recv() => match message {
                Ok(message) => arrived(message),
                Err(error) => tracing::debug!(%error, "a client's message was lost"),
            },
            message = outgoing.recv() => {
                let Some(message) = message else { return };
                // Clients that ask and leave are normal: jupyter_server does it.
                if let Err(error) = socket.send(message).await {
                    tracing::debug!(%error, "a reply came too late");
                }
            }
        }
    }
}
