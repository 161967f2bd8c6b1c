//! The heartbeat socket: sends back whatever comes.

use super::peers::{Peers, Router};
use bytes::Bytes;
use std::sync::Arc;

/// A router, so that clients of every kind get their own frames back, in any number at a time.
pub(super) fn socket() -> Router<impl Fn(Vec<Bytes>)> {
    let peers = Arc::new(Peers::default());
    let back = Arc::clone(&peers);
    Router {
        peers,
        hear: move |beat: Vec<Bytes>| {
            back.send(&beat);
        },
    }
}
