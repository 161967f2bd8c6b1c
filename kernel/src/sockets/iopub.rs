//! The iopub socket: everything the kernel says, to everyone who listens.
//!
//! Whoever says something also sends it, without waiting; the socket's own task sends text that has
//! waited long enough for more, and goes on when a listener had too much to take.

use super::client::Client;
use super::gate::Socket;
use super::zmtp;
use crate::front::Front;
use crate::outputs::{Entry, Next, Outbox, Publication};
use crate::wire::{Encoder, Outgoing};
use bytes::Bytes;
use jupyter_protocol::IoPubWelcome;
use serde::Serialize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::{Instant, sleep_until};

/// Those who listen. Any thread publishes to them.
#[derive(Debug, Default)]
pub(crate) struct Audience {
    /// Held while messages are sent, so that they stay in order.
    listeners: Mutex<Vec<Listener>>,
}

#[derive(Debug)]
struct Listener {
    client: Arc<Client>,
    /// What it has subscribed to: beginnings of topics.
    topics: Vec<Bytes>,
}

/// How far the publishing came.
enum Progress {
    /// This listener has much to take first.
    Busy(Arc<Client>),
    /// Text waits for more, until then.
    Until(std::time::Instant),
    /// All has been sent.
    Empty,
    /// Nothing more will come.
    Closed,
}

impl Audience {
    /// Sends what is due of the outbox, unless a listener has too much to take already: then the
    /// socket's task will.
    pub(crate) fn publish(&self, outbox: &Outbox, encoder: &Encoder) {
        if let Progress::Busy(_) = self.advance(outbox, encoder) {
            outbox.nudge();
        }
    }

    fn advance(&self, outbox: &Outbox, encoder: &Encoder) -> Progress {
        let listeners = self.lock();
        loop {
            if let Some(busy) = listeners.iter().find(|listener| listener.client.is_busy()) {
                return Progress::Busy(Arc::clone(&busy.client));
            }
            match outbox.next() {
                Next::Send(entry) => send(&listeners, &encoder.write(message(&entry))),
                Next::Until(ripe) => return Progress::Until(ripe),
                Next::Empty => return Progress::Empty,
                Next::Closed => return Progress::Closed,
            }
        }
    }

    /// Whether all that was sent has been written.
    pub(super) fn is_done(&self) -> bool {
        self.lock().iter().all(|listener| listener.client.is_done())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Listener>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends what nobody else has sent, until the outbox is closed and empty.
pub(super) async fn own(front: Arc<Front>) {
    loop {
        let ripe = match front.audience.advance(&front.outbox, &front.encoder) {
            Progress::Busy(client) => {
                client.room().await;
                continue;
            }
            Progress::Until(ripe) => Some(Instant::from_std(ripe)),
            Progress::Empty => None,
            Progress::Closed => return,
        };
        tokio::select! {
            () = front.outbox.news() => {}
            () = sleep_until(ripe.unwrap_or_else(Instant::now)), if ripe.is_some() => {}
        }
    }
}

/// The socket behind its gate.
pub(super) struct Publisher {
    pub(super) front: Arc<Front>,
}

impl Socket for Publisher {
    const KIND: &'static str = "XPUB";
    const OTHERS: &'static [&'static [u8]] = &[b"SUB", b"XSUB"];

    fn joined(&self, _identity: &Bytes, client: &Arc<Client>) {
        let listener = Listener { client: Arc::clone(client), topics: Vec::new() };
        self.front.audience.lock().push(listener);
    }

    fn arrived(&self, _identity: &Bytes, client: &Arc<Client>, message: Vec<Bytes>) {
        let [subscription] = &message[..] else { return };
        let Some((&wanted, topic)) = subscription.split_first() else { return };
        // A copy: what it was read with need not stay in memory.
        let topic = Bytes::copy_from_slice(topic);
        let mut listeners = self.front.audience.lock();
        let Some(listener) = listeners.iter_mut().find(|one| Arc::ptr_eq(&one.client, client))
        else {
            return;
        };
        match wanted {
            1 => {
                listener.topics.push(topic.clone());
                self.welcome(&listeners, topic);
            }
            0 => {
                if let Some(place) = listener.topics.iter().position(|known| *known == topic) {
                    listener.topics.remove(place);
                }
            }
            _ => {}
        }
    }

    fn left(&self, _identity: &Bytes, client: &Arc<Client>) {
        self.front.audience.lock().retain(|listener| !Arc::ptr_eq(&listener.client, client));
    }
}

impl Publisher {
    /// Tells a client that its subscription counts:
    /// <https://github.com/jupyter/enhancement-proposals/blob/master/65-jupyter-xpub/jupyter-xpub.md>.
    fn welcome(&self, listeners: &[Listener], topic: Bytes) {
        let Ok(subscription) = std::str::from_utf8(&topic) else { return };
        let content = IoPubWelcome::new(subscription.to_owned());
        let frames = self.front.encoder.write(Outgoing {
            // Only the topic itself is sure to match the subscription.
            route: vec![topic],
            msg_type: "iopub_welcome",
            parent: Bytes::new(),
            content: serde_json::to_vec(&content).unwrap_or_default().into(),
            ..Outgoing::default()
        });
        send(listeners, &frames);
    }
}

/// Sends a message to all who have subscribed to its topic, its first frame.
fn send(listeners: &[Listener], frames: &[Bytes]) {
    let Some(topic) = frames.first() else { return };
    let mut written = None;
    for Listener { client, topics } in listeners {
        if topics.iter().any(|beginning| topic.starts_with(beginning)) {
            let bytes: &mut Bytes = written.get_or_insert_with(|| zmtp::written(frames));
            client.send(bytes.clone());
        }
    }
}

/// Content of a `stream` message.
#[derive(Serialize)]
struct Stream<'a> {
    name: &'static str,
    text: &'a str,
}

fn message(entry: &Entry) -> Outgoing<'_> {
    match entry {
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
        Entry::Message(Publication { msg_type, parent, content, metadata, buffers }) => Outgoing {
            route: vec![format!("kernel.{msg_type}").into()],
            msg_type,
            parent: parent.clone(),
            content: content.clone(),
            metadata: metadata.clone(),
            buffers: buffers.clone(),
        },
    }
}
