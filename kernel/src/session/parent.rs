//! Which request an output belongs to.

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
    pub(crate) fn add(&self, parent: Parent) -> Origin {
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
mod tests {
    use super::*;

    fn parent(header: &str) -> Parent {
        Parent {
            header: Bytes::copy_from_slice(header.as_bytes()),
            identities: Vec::new(),
            allow_stdin: false,
        }
    }

    #[test]
    fn every_run_has_an_origin_of_its_own_and_none_is_zero() {
        let parents = Parents::default();
        let (first, second) = (parents.add(parent("1")), parents.add(parent("2")));
        assert_eq!(parents.header(first), "1");
        assert_eq!(parents.header(second), "2");
        assert_eq!(parents.header(Origin(0)), "");
    }

    #[test]
    fn only_the_oldest_is_forgotten() {
        let parents = Parents::default();
        let origins: Vec<Origin> = (0..=KEPT).map(|_| parents.add(parent("x"))).collect();
        assert_eq!(parents.header(origins[0]), "");
        assert_eq!(parents.header(origins[1]), "x");
    }
}
