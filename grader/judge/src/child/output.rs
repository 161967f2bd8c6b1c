//! What a submission prints: counted and dropped.

use crate::protocol::EXIT_OUTPUT;
use cellist_interpreter::{Event, MimeBundle, Origin, Sink};
use serde_json::Value;
use std::sync::atomic::{AtomicU64, Ordering};

/// A sink with a budget. Verdicts never come from output, so none is kept.
#[derive(Debug)]
pub(super) struct Output {
    left: AtomicU64,
}

impl Output {
    pub(super) fn unlimited() -> Self {
        Self { left: AtomicU64::new(u64::MAX) }
    }

    /// The next cell may print so many bytes.
    pub(super) fn allow(&self, bytes: u64) {
        self.left.store(bytes, Ordering::SeqCst);
    }
}

impl Sink for Output {
    /// Ends the process when the budget is spent: whoever prints without end does not stop by
    /// being ignored.
    fn emit(&self, _origin: Origin, event: Event) {
        let bytes = size(&event) as u64;
        let spend = |left: u64| left.checked_sub(bytes);
        if self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, spend).is_err() {
            super::confine::exit_now(EXIT_OUTPUT);
        }
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
