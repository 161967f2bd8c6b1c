//! The interpreter's sink: events become iopub messages of the cell that made them.

use super::outbox::Publication;
use crate::front::Front;
use bytes::Bytes;
use cellist_interpreter::{Event, InputError, MimeBundle, Origin, Sink};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Takes the events of all cells, on whichever thread they are made.
pub(crate) struct CellSink {
    front: Arc<Front>,
}

impl CellSink {
    /// A sink that publishes through this kernel.
    pub(crate) fn new(front: Arc<Front>) -> Self {
        Self { front }
    }

    fn publish(&self, msg_type: &'static str, parent: Bytes, content: &impl Serialize) {
        // Maps with string keys: nothing in them can fail to serialise.
        let content = serde_json::to_vec(content).unwrap_or_else(|_| b"{}".to_vec());
        self.front.outbox.output(Publication { msg_type, parent, content: content.into() });
    }
}

#[derive(Serialize)]
struct DisplayData {
    data: MimeBundle,
    metadata: Map<String, Value>,
    transient: Map<String, Value>,
}

#[derive(Serialize)]
struct ExecuteResult {
    execution_count: u32,
    data: MimeBundle,
    metadata: Map<String, Value>,
}

impl Sink for CellSink {
    fn emit(&self, origin: Origin, event: Event) {
        let parent = self.front.parents.header(origin);
        match event {
            Event::Stream { name, text } => self.front.outbox.stream(&parent, name, &text),
            Event::Display { data, metadata, transient, update } => {
                let msg_type = if update { "update_display_data" } else { "display_data" };
                self.publish(msg_type, parent, &DisplayData { data, metadata, transient });
            }
            Event::Result { execution_count, data, metadata } => {
                let content = ExecuteResult { execution_count, data, metadata };
                self.publish("execute_result", parent, &content);
            }
            Event::ClearOutput { wait } => {
                self.publish("clear_output", parent, &json!({"wait": wait}));
            }
        }
    }

    fn input(&self, origin: Origin, prompt: &str, password: bool) -> Result<String, InputError> {
        self.front.ask(origin, prompt, password)
    }
}
