//! What a submission prints: counted and dropped.

use crate::protocol::EXIT_OUTPUT;
use crate::shown::Shown;
use cellist_interpreter::{Event, MimeBundle, Origin, Sink, StreamName};
use serde_json::Value;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A sink with a budget. Verdicts on checks never come from output, so none is kept but what
/// decides about nbgrader's tests.
#[derive(Debug)]
pub(super) struct Output {
    left: AtomicU64,
    watched: Mutex<Option<Watched>>,
}

/// A cell whose output decides.
#[derive(Debug)]
struct Watched {
    origin: Origin,
    shown: Shown,
    /// `clear_output(wait=True)` was called: the next output takes the place of what there is.
    clears: bool,
}

impl Output {
    pub(super) fn unlimited() -> Self {
        Self { left: AtomicU64::new(u64::MAX), watched: Mutex::new(None) }
    }

    /// The next cell may print so many bytes.
    pub(super) fn allow(&self, bytes: u64) {
        self.left.store(bytes, Ordering::SeqCst);
    }

    /// Looks at the output of this cell from now on.
    pub(super) fn watch(&self, origin: Origin) {
        *self.watched() = Some(Watched { origin, shown: Shown::Nothing, clears: false });
    }

    /// What the watched cell showed; looks no more.
    pub(super) fn shown(&self) -> Shown {
        self.watched().take().map(|watched| watched.shown).unwrap_or_default()
    }

    fn watched(&self) -> MutexGuard<'_, Option<Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Output {
    /// Ends the process when the budget is spent: whoever prints without end does not stop by
    /// being ignored.
    fn emit(&self, origin: Origin, event: Event) {
        let bytes = size(&event) as u64;
        let spend = |left: u64| left.checked_sub(bytes);
        if self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, spend).is_err() {
            super::confine::exit_now(EXIT_OUTPUT);
        }
        if let Some(watched) = self.watched().as_mut().filter(|cell| cell.origin == origin) {
            watched.see(event);
        }
    }
}

impl Watched {
    /// Keeps what decides of the outputs that a Jupyter client would have kept.
    fn see(&mut self, event: Event) {
        let shown = match event {
            Event::ClearOutput { wait: true } => {
                self.clears = true;
                return;
            }
            Event::ClearOutput { wait: false } => {
                self.shown = Shown::Nothing;
                return;
            }
            Event::Comm(_) | Event::Display { update: true, .. } => return,
            Event::Stream { text, .. } if text.is_empty() => return,
            Event::Stream { name: StreamName::Stderr, text } => Shown::Stderr { text },
            Event::Result { mut data, .. } => {
                let text = match data.remove("text/plain") {
                    Some(Value::String(text)) => Some(text),
                    _ => None,
                };
                Shown::Result { text }
            }
            Event::Error(failure) => Shown::Error { ename: failure.ename, evalue: failure.evalue },
            Event::Stream { .. } | Event::Display { .. } => Shown::Nothing,
        };
        if std::mem::take(&mut self.clears) {
            self.shown = Shown::Nothing;
        }
        self.shown = std::mem::take(&mut self.shown).then(shown);
    }
}

fn size(event: &Event) -> usize {
    match event {
        Event::Stream { text, .. } => text.len(),
        Event::Display { data, .. } | Event::Result { data, .. } => bundle_size(data),
        Event::Error(failure) => failure.traceback.iter().map(String::len).sum(),
        Event::Comm(message) => message.buffers.iter().map(Vec::len).sum(),
        Event::ClearOutput { .. } => 0,
    }
}

fn bundle_size(data: &MimeBundle) -> usize {
    let size = |value: &Value| value.as_str().map_or_else(|| value.to_string().len(), str::len);
    data.values().map(size).sum()
}
