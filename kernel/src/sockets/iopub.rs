//! The iopub socket: everything the kernel says, to everyone who listens.

use crate::front::Front;
use crate::outputs::{Entry, Next, Publication};
use crate::wire::Outgoing;
use bytes::Bytes;
use jupyter_protocol::IoPubWelcome;
use serde::Serialize;
use std::sync::Arc;
use tokio::time::{Instant, sleep_until};
use zeromq::{SocketRecv, SocketSend, XPubSocket, ZmqMessage};

/// Owns the socket until the outbox is closed and empty.
pub(super) async fn own(socket: XPubSocket, front: Arc<Front>) {
    let mut iopub = Iopub { front: &front, socket };
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
}

impl Iopub<'_> {
    async fn publish(&mut self, entry: Entry) {
        // Subscriptions count only once they are read, so read them between messages too.
        let subscription = tokio::select! {
            biased;
            subscription = self.subscription() => subscription,
            () = std::future::ready(()) => None,
        };
        self.welcome(subscription).await;
        let message = self.encode(&entry);
        self.send(message).await;
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

    /// Sends to everyone, and waits until everyone takes it: the gate cuts off who does not.
    async fn send(&mut self, message: ZmqMessage) {
        if let Err(error) = self.socket.send(message).await {
            tracing::debug!(%error, "a listener is gone");
        }
    }
}
