//! The queue in front of the iopub socket: bounded by bytes, streams coalesced, nothing lost.

use bytes::Bytes;
use cellist_interpreter::{Origin, StreamName};
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// A stream message is sent when it has this many bytes…
const FULL: usize = 64 * 1024;
/// …or is this old…
const RIPE: Duration = Duration::from_millis(10);
/// …or has something behind it. Who prints waits while more than this is queued.
const LIMIT: usize = 4 * 1024 * 1024;
/// What an entry takes besides its text.
const OVERHEAD: usize = 256;

/// A message for iopub, not yet signed.
#[derive(Debug, Default)]
pub(crate) struct Publication {
    /// For example `display_data`.
    pub(crate) msg_type: &'static str,
    /// Raw header of the request that caused it; empty for none.
    pub(crate) parent: Bytes,
    /// Content, as JSON.
    pub(crate) content: Bytes,
    /// Metadata, as JSON; empty for none.
    pub(crate) metadata: Bytes,
    /// Binary data, in order.
    pub(crate) buffers: Vec<Bytes>,
}

/// One place in the queue.
#[derive(Debug)]
pub(crate) enum Entry {
    /// Text of one stream and one cell, perhaps of many writes.
    Stream {
        /// The cell.
        origin: Origin,
        /// Raw header of the request that caused it.
        parent: Bytes,
        /// Which stream.
        name: StreamName,
        /// The text.
        text: String,
        /// When its first piece came.
        since: Instant,
    },
    /// Any other message.
    Message(Publication),
}

impl Entry {
    fn weight(&self) -> usize {
        OVERHEAD
            + match self {
                Self::Stream { text, .. } => text.len(),
                Self::Message(Publication { content, buffers, .. }) => {
                    content.len() + buffers.iter().map(Bytes::len).sum::<usize>()
                }
            }
    }
}

/// What who takes out should do.
pub(crate) enum Next {
    /// Send this.
    Send(Entry),
    /// Wait for more text until then, or until told.
    Until(Instant),
    /// Wait until told.
    Empty,
    /// Nothing more will come.
    Closed,
}

/// The queue. Any thread puts in and takes out; text is taken out by the task of the iopub socket.
#[derive(Default)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    room: Condvar,
    news: Notify,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Entry>,
    bytes: usize,
    closed: bool,
    /// Counts interrupts: who waits for room does so only while this stands still.
    interrupts: u64,
    /// So many threads wait for room.
    waiting: usize,
}

impl Outbox {
    /// Puts text behind the text that is queued last, if that is of the same stream and cell and
    /// there is room; says whether it did. Never waits.
    pub(crate) fn append(&self, origin: Origin, name: StreamName, piece: &str) -> bool {
        let mut state = self.lock();
        state.bytes <= LIMIT && self.append_to(&mut state, origin, name, piece)
    }

    /// Queues text of a cell, the raw header of whose request is `parent`; waits while the queue is
    /// full.
    pub(crate) fn stream(&self, origin: Origin, parent: Bytes, name: StreamName, piece: &str) {
        let mut state = self.with_room();
        if self.append_to(&mut state, origin, name, piece) {
            return;
        }
        let (text, since) = (piece.to_owned(), Instant::now());
        put(&mut state, Entry::Stream { origin, parent, name, text, since });
        drop(state);
        self.news.notify_one();
    }

    fn append_to(&self, state: &mut State, origin: Origin, name: StreamName, piece: &str) -> bool {
        let Some(Entry::Stream { origin: last_origin, name: last_name, text, .. }) =
            state.queue.back_mut()
        else {
            return false;
        };
        if (*last_origin, *last_name) != (origin, name) || text.len() >= FULL {
            return false;
        }
        text.push_str(piece);
        let is_full = text.len() >= FULL;
        state.bytes += piece.len();
        if is_full {
            self.news.notify_one();
        }
        true
    }

    /// Queues a message made by a cell, for the caller to take out; waits while the queue is full.
    pub(crate) fn output(&self, publication: Publication) {
        put(&mut self.with_room(), Entry::Message(publication));
    }

    /// Queues a message of the kernel itself (status and the like), for the caller to take out; never
    /// waits.
    pub(crate) fn message(&self, publication: Publication) {
        put(&mut self.lock(), Entry::Message(publication));
    }

    /// The caller has left something in the queue that is ripe.
    pub(crate) fn nudge(&self) {
        self.news.notify_one();
    }

    /// Lets everyone through who waits for room, once: an interrupt must reach a thread that waits.
    pub(crate) fn interrupt(&self) {
        self.lock().interrupts += 1;
        self.room.notify_all();
    }

    /// Takes nothing more in and lets everyone through; what is queued still goes out.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.room.notify_all();
        self.news.notify_one();
    }

    /// Takes the next message out, if it is ripe.
    pub(crate) fn next(&self) -> Next {
        let mut state = self.lock();
        if let (1, Some(Entry::Stream { text, since, .. })) =
            (state.queue.len(), state.queue.front())
            && text.len() < FULL
            && since.elapsed() < RIPE
            && !state.closed
        {
            return Next::Until(*since + RIPE);
        }
        let Some(entry) = state.queue.pop_front() else {
            return if state.closed { Next::Closed } else { Next::Empty };
        };
        state.bytes -= entry.weight();
        // A system call, even when nobody waits.
        if state.waiting > 0 && state.bytes <= LIMIT {
            self.room.notify_all();
        }
        Next::Send(entry)
    }

    /// Waits until there may be something new to take out.
    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }

    fn with_room(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        let interrupts = state.interrupts;
        while state.bytes > LIMIT && !state.closed && state.interrupts == interrupts {
            state.waiting += 1;
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        state
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn put(state: &mut State, entry: Entry) {
    if !state.closed {
        state.bytes += entry.weight();
        state.queue.push_back(entry);
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;
    use std::sync::Arc;

    const A: (Origin, Bytes) = (Origin(1), Bytes::from_static(b"a"));
    const B: (Origin, Bytes) = (Origin(2), Bytes::from_static(b"b"));

    fn stream(outbox: &Outbox, (origin, parent): (Origin, Bytes), name: StreamName, piece: &str) {
        outbox.stream(origin, parent, name, piece);
    }

    fn status() -> Publication {
        let content = Bytes::from_static(b"{}");
        Publication { msg_type: "status", parent: A.1, content, ..Publication::default() }
    }

    fn drained(outbox: &Outbox) -> Vec<String> {
        outbox.close();
        std::iter::from_fn(|| match outbox.next() {
            Next::Send(Entry::Stream { parent, name, text, .. }) => {
                Some(format!("{} {} {text}", parent.escape_ascii(), name.as_str()))
            }
            Next::Send(Entry::Message(publication)) => Some(publication.msg_type.to_owned()),
            _ => None,
        })
        .collect()
    }

    #[test]
    fn text_of_one_cell_and_stream_becomes_one_message() {
        let outbox = Outbox::default();
        for piece in ["1", "\n", "2"] {
            stream(&outbox, A, StreamName::Stdout, piece);
        }
        assert_eq!(drained(&outbox), ["a stdout 1\n2"]);
    }

    #[test]
    fn text_is_put_behind_its_own_kind_only() {
        let outbox = Outbox::default();
        let append =
            |(origin, _): (Origin, Bytes), name, piece: &str| outbox.append(origin, name, piece);
        assert!(!append(A, StreamName::Stdout, "1"));
        stream(&outbox, A, StreamName::Stdout, "2");
        assert!(append(A, StreamName::Stdout, "3"));
        assert!(!append(A, StreamName::Stderr, "4"));
        assert!(!append(B, StreamName::Stdout, "5"));
        assert!(append(A, StreamName::Stdout, &"x".repeat(FULL - 2)));
        assert!(!append(A, StreamName::Stdout, "6"));
        assert_eq!(drained(&outbox), [format!("a stdout 23{}", "x".repeat(FULL - 2))]);
    }

    #[test]
    fn another_stream_another_cell_or_a_message_begins_a_new_one() {
        let outbox = Outbox::default();
        stream(&outbox, A, StreamName::Stdout, "1");
        stream(&outbox, A, StreamName::Stderr, "2");
        stream(&outbox, B, StreamName::Stderr, "3");
        outbox.message(status());
        stream(&outbox, B, StreamName::Stderr, "4");
        assert_eq!(
            drained(&outbox),
            ["a stdout 1", "a stderr 2", "b stderr 3", "status", "b stderr 4"]
        );
    }

    #[test]
    fn text_waits_for_more_unless_something_is_behind_it() {
        let outbox = Outbox::default();
        assert!(matches!(outbox.next(), Next::Empty));
        stream(&outbox, A, StreamName::Stdout, "1");
        assert!(matches!(outbox.next(), Next::Until(_)));
        outbox.message(status());
        assert!(matches!(outbox.next(), Next::Send(Entry::Stream { .. })));
        assert!(matches!(outbox.next(), Next::Send(Entry::Message(_))));
    }

    #[test]
    fn a_full_message_goes_out_at_once() {
        let outbox = Outbox::default();
        stream(&outbox, A, StreamName::Stdout, &"x".repeat(FULL));
        stream(&outbox, A, StreamName::Stdout, "y");
        let Next::Send(Entry::Stream { text, .. }) = outbox.next() else { panic!("not ripe") };
        assert_eq!(text.len(), FULL);
        assert!(matches!(outbox.next(), Next::Until(_)));
    }

    #[test]
    fn a_full_queue_holds_the_printer_until_there_is_room() {
        let outbox = Arc::new(Outbox::default());
        stream(&outbox, A, StreamName::Stdout, &"x".repeat(LIMIT + 1));
        let printer = std::thread::spawn({
            let outbox = Arc::clone(&outbox);
            move || stream(&outbox, A, StreamName::Stdout, "y")
        });
        // The kernel's own messages pass even now.
        outbox.message(status());
        assert!(!printer.is_finished());
        assert!(matches!(outbox.next(), Next::Send(Entry::Stream { .. })));
        printer.join().unwrap();
        assert_eq!(drained(&outbox), ["status", "a stdout y"]);
    }

    #[test]
    fn an_interrupt_lets_the_printer_through_and_loses_nothing() {
        let outbox = Arc::new(Outbox::default());
        stream(&outbox, A, StreamName::Stdout, &"x".repeat(LIMIT + 1));
        let printer = std::thread::spawn({
            let outbox = Arc::clone(&outbox);
            move || stream(&outbox, A, StreamName::Stdout, "y")
        });
        while !printer.is_finished() {
            outbox.interrupt();
        }
        printer.join().unwrap();
        assert_eq!(drained(&outbox).len(), 2);
    }
}
