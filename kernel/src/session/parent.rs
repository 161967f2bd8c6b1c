//! Which request an output belongs to.

use crate::wire::Request;
use bytes::Bytes;
use cellist_interpreter::Origin;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many runs keep their parent; output of a task that is older has none.
const KEPT: usize = 10_000;

/// What must be known of an `execute_request` for as long as its code may print or ask.
#[derive(Clone, Debug)]
pub(crate) struct Parent {
    /// Its raw header.
    pub(crate) header: Bytes,
    /// The client that sent it.
    pub(crate) identities: Vec<Bytes>,
    /// Whether that client answers `input()`.
    pub(crate) allow_stdin: bool,
}

/// The requests by the origin that the interpreter knows them by.
#[derive(Default)]
pub(crate) struct Parents {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: u64,
    by_origin: BTreeMap<Origin, Parent>,
}

impl Parents {
    /// Registers a run.
    pub(crate) fn add(&self, request: &Request, allow_stdin: bool) -> Origin {
        // Copies: the frames of a request share one buffer, and a large cell must not stay in
        // memory for its header's sake.
        let parent = Parent {
            header: Bytes::copy_from_slice(&request.header.raw),
            identities: request.identities.iter().map(|id| Bytes::copy_from_slice(id)).collect(),
            allow_stdin,
        };
        let mut state = self.lock();
        state.last += 1;
        let origin = Origin(state.last);
        state.by_origin.insert(origin, parent);
        if state.by_origin.len() > KEPT {
            state.by_origin.pop_first();
        }
        origin
    }

    /// The raw header of the request behind an origin; empty when there is none.
    pub(crate) fn header(&self, origin: Origin) -> Bytes {
        self.lock().by_origin.get(&origin).map(|parent| parent.header.clone()).unwrap_or_default()
    }

    /// The request behind an origin.
    pub(crate) fn get(&self, origin: Origin) -> Option<Parent> {
        self.lock().by_origin.get(&origin).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::wire::{Channel, Encoder, Outgoing, Signer};
    use serde_json::Value;

    fn request(msg_type: &str) -> Request {
        let encoder = Encoder::new(Signer::new(""));
        let (route, parent) = (vec![Bytes::from_static(b"client")], Bytes::new());
        let content = Bytes::from_static(b"{}");
        let message = encoder.write(Outgoing { route, msg_type, parent, content });
        encoder.read(Channel::Shell, message).unwrap()
    }

    fn msg_type(header: &Bytes) -> Value {
        serde_json::from_slice::<Value>(header).unwrap()["msg_type"].clone()
    }

    #[test]
    fn every_run_has_an_origin_of_its_own_and_none_is_zero() {
        let parents = Parents::default();
        let (first, second) = (parents.add(&request("1"), true), parents.add(&request("2"), false));
        assert_eq!(msg_type(&parents.header(first)), "1");
        assert_eq!(msg_type(&parents.header(second)), "2");
        assert_eq!(parents.get(first).unwrap().identities, ["client"]);
        assert!(parents.get(first).unwrap().allow_stdin);
        assert!(!parents.get(second).unwrap().allow_stdin);
        assert_eq!(parents.header(Origin(0)), "");
    }

    #[test]
    fn only_the_oldest_is_forgotten() {
        let parents = Parents::default();
        let origins: Vec<Origin> = (0..=KEPT).map(|_| parents.add(&request("x"), true)).collect();
        assert_eq!(parents.header(origins[0]), "");
        assert_ne!(parents.header(origins[1]), "");
    }
}
