//! Messages that come twice: somebody who cannot sign sends again what he has overheard.

use super::signature::Mark;
use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

/// So many messages are remembered, as by `jupyter_client`.
const KEPT: usize = 1 << 16;

/// The latest messages, of all sockets.
#[derive(Default)]
pub(super) struct Seen {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    marks: HashSet<Mark>,
    order: VecDeque<Mark>,
}

impl Seen {
    /// Notes a message; false when it was here before.
    pub(super) fn is_new(&self, mark: Mark) -> bool {
        let State { marks, order } =
            &mut *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !marks.insert(mark) {
            return false;
        }
        order.push_back(mark);
        if order.len() > KEPT
            && let Some(oldest) = order.pop_front()
        {
            marks.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_new_once_until_it_is_forgotten() {
        let seen = Seen::default();
        let mark = |n: usize| (n as u128).to_ne_bytes();
        assert!(seen.is_new(mark(0)));
        assert!(!seen.is_new(mark(0)));
        assert!((1..KEPT).all(|n| seen.is_new(mark(n))));
        assert!(!seen.is_new(mark(0)));
        assert!(seen.is_new(mark(KEPT)));
        assert!(!seen.is_new(mark(1)));
        assert!(seen.is_new(mark(0)));
    }
}
