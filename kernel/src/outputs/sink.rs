//! The interpreter's sink: events become iopub messages of the cell that made them.

use super::outbox::Publication;
use crate::front::Front;
use crate::requests;
use crate::session::{Parent, serve};
use bytes::Bytes;
use cellist_interpreter::{
    CommMessage, Comms, Event, Failure, InputError, MimeBundle, Origin, Sink, StreamName,
};
use jupyter_protocol::Status;
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
        let content = json_bytes(content);
        self.front.output(Publication { msg_type, parent, content, ..Publication::default() });
    }

    fn publish_comm(&self, parent: Bytes, message: CommMessage) {
        let CommMessage { kind, content, metadata, buffers } = message;
        self.front.output(Publication {
            msg_type: kind.as_str(),
            parent,
            content: json_bytes(&content),
            metadata: json_bytes(&metadata),
            buffers: buffers.into_iter().map(Bytes::from).collect(),
        });
    }
}

/// Content as JSON. Maps with string keys: nothing in them can fail to serialise.
fn json_bytes(content: &impl Serialize) -> Bytes {
    serde_json::to_vec(content).unwrap_or_else(|_| b"{}".to_vec()).into()
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
            Event::Stream { name, text } => self.front.outbox.stream(origin, parent, name, &text),
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
            Event::Error(Failure { ename, evalue, traceback }) => {
                let content = json!({"ename": ename, "evalue": evalue, "traceback": traceback});
                self.publish("error", parent, &content);
            }
            Event::Comm(message) => self.publish_comm(parent, message),
        }
    }

    fn text(&self, origin: Origin, name: StreamName, text: &str) -> bool {
        self.front.outbox.append(origin, name, text)
    }

    fn input(&self, origin: Origin, prompt: &str, password: bool) -> Result<String, InputError> {
        self.front.ask(origin, prompt, password)
    }

    fn cause(&self, origin: Origin) -> Option<Map<String, Value>> {
        let Parent { header, metadata, .. } = self.front.parents.get(origin)?;
        let read =
            |json: &Bytes| serde_json::from_slice::<Value>(json).unwrap_or_else(|_| json!({}));
        Some(Map::from_iter([
            ("header".to_owned(), read(&header)),
            ("metadata".to_owned(), read(&metadata)),
        ]))
    }

    fn deliver(&self, running: Origin, comms: &dyn Comms) -> bool {
        let front = &self.front;
        front.queue.calm();
        let open = comms.open_comms();
        let Some(request) = front
            .queue
            .take_out(|place, request| requests::comm::may_overtake(place, request, &open))
        else {
            return false;
        };
        serve(front, &request, || requests::comm::answer(front, comms, &request));
        // Clients take the idle for the kernel's, but the cell runs on.
        front.status(&Status::busy(), &front.parents.header(running));
        true
    }
}
