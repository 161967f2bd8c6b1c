//! The iopub socket: everything the kernel says, to everyone who listens.

use crate::front::Front;
use crate::outputs::{Entry, Next};
use crate::wire::Outgoing;
use bytes::Bytes;
use jupyter_protocol::IoPubWelcome;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use zeromq::util::PeerIdentity;
use zeromq::{Socket, SocketEvent, SocketRecv, SocketSend, XPubSocket, ZmqMessage};

/// A client that takes nothing for this long is cut off: it would hold up the cell and everyone.
const STALL: Duration = Duration::from_secs(10);
/// After that, the clients that are alive have this long to come back.
const RETURN: Duration = Duration::from_millis(500);

/// Owns the socket until the outbox is closed and empty.
pub(super) async fn own(socket: XPubSocket, front: Arc<Front>) {
    let mut iopub = Iopub::new(socket, &front);
    loop {
        let ripe = match front.outbox.next() {
            Next::Send(entry) => {
                iopub.publish(entry).await;
                continue;
            }
            Next::Closed => return,
            Next::Until(ripe) => Some(Instant::from_std(ripe)),
            Next::Empty => None,
        };
        tokio::select! {
            () = iopub.subscription() => {}
            () = front.outbox.news() => {}
            () = sleep_until(ripe.unwrap_or_else(Instant::now)), if ripe.is_some() => {}
        }
    }
}

struct Iopub<'a> {
    front: &'a Front,
    socket: XPubSocket,
    accepted: futures_channel::mpsc::Receiver<SocketEvent>,
}

impl<'a> Iopub<'a> {
    fn new(mut socket: XPubSocket, front: &'a Front) -> Self {
        let accepted = socket.monitor();
        Self { front, socket, accepted }
    }

    async fn publish(&mut self, entry: Entry) {
        // Subscriptions count only once they are read, so read them between messages too.
        tokio::select! {
            biased;
            () = self.subscription() => {}
            () = std::future::ready(()) => {}
        }
        let message = self.encode(entry);
        self.send(message).await;
    }

    /// Waits for a client to subscribe or unsubscribe, and welcomes it:
    /// <https://github.com/jupyter/enhancement-proposals/blob/master/65-jupyter-xpub/jupyter-xpub.md>.
    async fn subscription(&mut self) {
        let frame = match self.socket.recv().await {
            Ok(message) => message.into_vec().pop().unwrap_or_default(),
            Err(error) => {
                tracing::debug!(%error, "a listener is gone");
                return;
            }
        };
        let Some((&1, topic)) = frame.split_first() else { return };
        let Ok(subscription) = std::str::from_utf8(topic) else { return };
        let welcome = IoPubWelcome::new(subscription.to_owned());
        let welcome = self.front.encoder.write(Outgoing {
            // Only the topic itself is sure to match the subscription.
            route: vec![Bytes::copy_from_slice(topic)],
            msg_type: "iopub_welcome",
            parent: Bytes::new(),
            content: serde_json::to_vec(&welcome).unwrap_or_default(),
        });
        self.send(welcome).await;
    }

    fn encode(&self, entry: Entry) -> ZmqMessage {
        let (topic, msg_type, parent, content) = match entry {
            Entry::Stream { parent, name, text, .. } => {
                let name = name.as_str();
                let content = json!({"name": name, "text": text}).to_string().into_bytes();
                (format!("stream.{name}"), "stream", parent, content)
            }
            Entry::Message(publication) => {
                let topic = format!("kernel.{}", publication.msg_type);
                (topic, publication.msg_type, publication.parent, publication.content)
            }
        };
        self.front.encoder.write(Outgoing { route: vec![topic.into()], msg_type, parent, content })
    }

    async fn send(&mut self, message: ZmqMessage) {
        match timeout(STALL, self.socket.send(message.clone())).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "a listener is gone"),
            Err(_) => {
                tracing::warn!("a client takes no output for {} s and is cut off", STALL.as_secs());
                self.reconnect().await;
                // Better once too often for some than never for others.
                if timeout(STALL, self.socket.send(message)).await.is_err() {
                    tracing::error!("output was lost: no client takes it");
                }
            }
        }
    }

    /// Cuts everyone off, since the socket does not say who is stuck. Clients that are alive come
    /// back by themselves and subscribe again.
    async fn reconnect(&mut self) {
        let backend = self.socket.backend();
        while let Ok(event) = self.accepted.try_recv() {
            if let SocketEvent::Accepted(_, peer) = event {
                let peer: PeerIdentity = peer;
                backend.peer_disconnected(&peer);
            }
        }
        let end = Instant::now() + RETURN;
        while let Ok(returned) = timeout_at(end, self.socket.recv()).await {
            if let Err(error) = returned {
                tracing::debug!(%error, "a listener is gone");
            }
        }
    }
}
