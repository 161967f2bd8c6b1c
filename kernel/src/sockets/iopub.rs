//! The iopub socket: everything the kernel says, to everyone who listens.

use crate::front::Front;
use crate::outputs::{Entry, Next, Publication};
use crate::wire::Outgoing;
use bytes::Bytes;
use jupyter_protocol::IoPubWelcome;
use serde::Serialize;
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
        let subscription = tokio::select! {
            subscription = iopub.subscription() => subscription,
            () = front.outbox.news() => None,
            () = sleep_until(ripe.unwrap_or_else(Instant::now)), if ripe.is_some() => None,
        };
        iopub.welcome(subscription).await;
    }
}

/// Content of a `stream` message.
#[derive(Serialize)]
struct Stream<'a> {
    name: &'static str,
    text: &'a str,
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
        let subscription = tokio::select! {
            biased;
            subscription = self.subscription() => subscription,
            () = std::future::ready(()) => None,
        };
        self.welcome(subscription).await;
        let message = self.encode(&entry);
        if self.send(message).await {
            return;
        }
        tracing::warn!("a client takes no output for {} s and is cut off", STALL.as_secs());
        self.reconnect().await;
        // Some clients may have it already. Better twice for them than never for the others; but
        // as a new message, since clients take equal ones for an attack.
        let again = self.encode(&entry);
        if !self.send(again).await {
            tracing::error!("output was lost: no client takes it");
        }
    }

    /// Waits for a client to subscribe, to anything: its topic. `None` when it was something else.
    /// Nothing is lost when the wait is given up.
    async fn subscription(&mut self) -> Option<Bytes> {
        match self.socket.recv().await {
            Ok(message) => {
                let mut frame = message.into_vec().pop()?;
                (frame.first() == Some(&1)).then(|| frame.split_off(1))
            }
            Err(error) => {
                tracing::debug!(%error, "a listener is gone");
                None
            }
        }
    }

    /// Tells a client that its subscription counts:
    /// <https://github.com/jupyter/enhancement-proposals/blob/master/65-jupyter-xpub/jupyter-xpub.md>.
    async fn welcome(&mut self, topic: Option<Bytes>) {
        let Some(topic) = topic else { return };
        let Ok(subscription) = std::str::from_utf8(&topic) else { return };
        let content = IoPubWelcome::new(subscription.to_owned());
        let welcome = self.front.encoder.write(Outgoing {
            // Only the topic itself is sure to match the subscription.
            route: vec![topic],
            msg_type: "iopub_welcome",
            parent: Bytes::new(),
            content: serde_json::to_vec(&content).unwrap_or_default().into(),
            ..Outgoing::default()
        });
        // Who cannot take even this is found out by the next message.
        self.send(welcome).await;
    }

    fn encode(&self, entry: &Entry) -> ZmqMessage {
        let message = match entry {
            Entry::Stream { parent, name, text, .. } => {
                let name = name.as_str();
                Outgoing {
                    route: vec![format!("stream.{name}").into()],
                    msg_type: "stream",
                    parent: parent.clone(),
                    // Two strings: nothing that can fail to serialise.
                    content: serde_json::to_vec(&Stream { name, text }).unwrap_or_default().into(),
                    ..Outgoing::default()
                }
            }
            Entry::Message(Publication { msg_type, parent, content, metadata, buffers }) => {
                Outgoing {
                    route: vec![format!("kernel.{msg_type}").into()],
                    msg_type,
                    parent: parent.clone(),
                    content: content.clone(),
                    metadata: metadata.clone(),
                    buffers: buffers.clone(),
                }
            }
        };
        self.front.encoder.write(message)
    }

    /// Sends to everyone; false when someone does not take it.
    async fn send(&mut self, message: ZmqMessage) -> bool {
        match timeout(STALL, self.socket.send(message)).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a listener is gone");
                true
            }
            Err(_) => false,
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
        while let Ok(topic) = timeout_at(end, self.subscription()).await {
            self.welcome(topic).await;
        }
    }
}
