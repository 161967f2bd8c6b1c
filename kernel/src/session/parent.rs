//! Which request an output belongs to.

use crate::wire::Request;
use bytes::Bytes;
use cellist_interpreter::Origin;
use lru::LruCache;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many runs keep their parent: the latest, and those of which output still came meanwhile.
const KEPT: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();
/// And so many messages of comms: a slider that is moved sends hundreds.
const KEPT_MESSAGES: NonZeroUsize = KEPT;

/// What must be known of an `execute_request` for as long as its code may print or ask.
#[derive(Clone, Debug)]
pub(crate) struct Parent {
    /// Its raw header.
    pub(crate) header: Bytes,
    /// The client that sent it.
    pub(crate) identities: Vec<Bytes>,
    /// Its metadata, raw.
    pub(crate) metadata: Bytes,
    /// Whether that client answers `input()`.
    pub(crate) allow_stdin: bool,
}

impl Parent {
    fn of(request: &Request, allow_stdin: bool) -> Self {
        // Copies: the frames of a request share one buffer, and a large cell must not stay in
        // memory for its header's sake.
        Self {
            header: Bytes::copy_from_slice(&request.header.raw),
            identities: request.identities.iter().map(|id| Bytes::copy_from_slice(id)).collect(),
            metadata: Bytes::copy_from_slice(&request.metadata),
            allow_stdin,
        }
    }
}

/// The requests by the origin that the interpreter knows them by.
#[derive(Default)]
pub(crate) struct Parents {
    state: Mutex<State>,
}

struct State {
    last: u64,
    cells: LruCache<Origin, Parent>,
    messages: LruCache<Origin, Parent>,
}

impl Default for State {
    fn default() -> Self {
        let (cells, messages) = (LruCache::new(KEPT), LruCache::new(KEPT_MESSAGES));
        Self { last: 0, cells, messages }
    }
}

impl State {
    fn get(&mut self, origin: Origin) -> Option<&Parent> {
        self.cells.get(&origin).or_else(|| self.messages.get(&origin))
    }
}

impl Parents {
    /// Registers the run of a cell.
    pub(crate) fn add(&self, request: &Request, allow_stdin: bool) -> Origin {
        self.keep(Parent::of(request, allow_stdin), |state| &mut state.cells)
    }

    /// Registers the handling of a comm's message. It cannot ask: no client waits for questions.
    pub(crate) fn add_message(&self, request: &Request) -> Origin {
        self.keep(Parent::of(request, false), |state| &mut state.messages)
    }

    fn keep(
        &self,
        parent: Parent,
        kept: impl Fn(&mut State) -> &mut LruCache<Origin, Parent>,
    ) -> Origin {
        let mut state = self.lock();
        state.last += 1;
        let origin = Origin(state.last);
        kept(&mut state).put(origin, parent);
        origin
    }

    /// The raw header of the request behind an origin; empty when there is none.
    pub(crate) fn header(&self, origin: Origin) -> Bytes {
        self.lock().get(origin).map(|parent| parent.header.clone()).unwrap_or_default()
    }

    /// The request behind an origin.
    pub(crate) fn get(&self, origin: Origin) -> Option<Parent> {
        self.lock().get(origin).cloned()
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
        let message =
            encoder.write(Outgoing { route, msg_type, parent, content, ..Outgoing::default() });
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
        let add = |_| parents.add(&request("x"), true);
        let origins: Vec<Origin> = (0..=KEPT.get()).map(add).collect();
        assert_eq!(parents.header(origins[0]), "");
        assert_ne!(parents.header(origins[1]), "");
    }

    #[test]
    fn what_still_prints_is_not_forgotten() {
        let parents = Parents::default();
        let task = parents.add(&request("task"), true);
        for _ in 0..3 {
            assert_eq!(msg_type(&parents.header(task)), "task");
            for _ in 1..KEPT.get() {
                parents.add(&request("x"), true);
            }
        }
        assert_eq!(msg_type(&parents.header(task)), "task");
    }

    #[test]
    fn messages_do_not_drive_cells_out() {
        let parents = Parents::default();
        let cell = parents.add(&request("cell"), true);
        let first = parents.add_message(&request("first"));
        for _ in 0..KEPT_MESSAGES.get() {
            parents.add_message(&request("x"));
        }
        assert_eq!(msg_type(&parents.header(cell)), "cell");
        assert_eq!(parents.header(first), "");
    }
}
