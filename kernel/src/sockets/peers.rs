//! What shell, control, stdin and heartbeat have in common: a ROUTER, each of whose messages is for
//! one client.

use super::client::Client;
use super::gate::Socket;
use super::zmtp;
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The clients of a socket, by identity. Any thread sends to them.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    clients: HashMap<Bytes, Arc<Client>>,
    closed: bool,
}

impl Peers {
    /// Sends a message to the client that its first frame names; false when nothing is sent any
    /// more. A client that asked and left is normal: `jupyter_server` does it.
    pub(crate) fn send(&self, frames: &[Bytes]) -> bool {
        let Some((identity, frames)) = frames.split_first() else { return true };
        let state = self.lock();
        if state.closed {
            return false;
        }
        let client = state.clients.get(identity).cloned();
        drop(state);
        match client {
            Some(client) => client.send(zmtp::written(frames)),
            None => tracing::debug!("a reply came too late: the client is gone"),
        }
        true
    }

    /// Nothing more is sent.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
    }

    /// Whether all that was sent has been written.
    pub(super) fn is_done(&self) -> bool {
        self.lock().clients.values().all(|client| client.is_done())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A socket whose messages `hear` takes, with the identity of who sent them in front.
pub(super) struct Router<F> {
    pub(super) peers: Arc<Peers>,
    pub(super) hear: F,
}

impl<F: Fn(Vec<Bytes>) + Send + Sync + 'static> Socket for Router<F> {
    const KIND: &'static str = "ROUTER";
    const OTHERS: &'static [&'static [u8]] = &[b"DEALER", b"REQ", b"ROUTER"];

    fn joined(&self, identity: &Bytes, client: &Arc<Client>) {
        // In the place of one of the same identity: it comes back before it is known to be gone.
        self.peers.lock().clients.insert(identity.clone(), Arc::clone(client));
    }

    fn arrived(&self, identity: &Bytes, _client: &Arc<Client>, mut message: Vec<Bytes>) {
        message.insert(0, identity.clone());
        (self.hear)(message);
    }

    fn left(&self, identity: &Bytes, client: &Arc<Client>) {
        let clients = &mut self.peers.lock().clients;
        if clients.get(identity).is_some_and(|current| Arc::ptr_eq(current, client)) {
            clients.remove(identity);
        }
    }
}
