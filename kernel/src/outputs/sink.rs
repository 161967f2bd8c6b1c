//! The interpreter's sink: events become iopub messages of the cell that made them.

use super::outbox::Publication;
use crate::front::Front;
use bytes::Bytes;
use cellist_interpreter::{Event, InputError, Origin, Sink};
use serde_json::{Value, json};
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

    fn publish(&self, msg_type: &'static str, parent: Bytes, content: &Value) {
        let content = content.to_string().into_bytes();
        self.front.outbox.output(Publication { msg_type, parent, content });
    }
}

impl Sink for CellSink {
    fn emit(&self, origin: Origin, event: Event) {
        let parent = self.front.parents.header(origin);
        match event {
            Event::Stream { name, text } => self.front.outbox.stream(&parent, name, &text),
            Event::Display { data, metadata, transient, update } => {
                let msg_type = if update { "update_display_data" } else { "display_data" };
                let content = json!({"data": data, "metadata": metadata, "transient": transient});
                self.publish(msg_type, parent, &content);
            }
            Event::Result { execution_count, data, metadata } => {
                let content = json!({
                    "execution_count": execution_count, "data": data, "metadata": metadata,
                });
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
