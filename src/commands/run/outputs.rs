//! From events to a notebook's outputs, each under the cell that caused it.

use cellist_interpreter::{Event, Failure, Origin, Sink};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Collects the outputs of all cells. Output of a background task reaches its own cell's list,
/// however late it comes.
#[derive(Default)]
pub(super) struct Outputs(Mutex<HashMap<Origin, CellOutputs>>);

#[derive(Default)]
struct CellOutputs {
    items: Vec<Value>,
    /// The display id of each item that can be updated; may be shorter than `items`.
    ids: Vec<Option<Value>>,
    /// `clear_output(wait=True)`: cleared when the next output comes.
    clear_next: bool,
}

impl Outputs {
    /// Starts a cell without outputs.
    pub(super) fn begin(&self, origin: Origin) {
        self.lock().insert(origin, CellOutputs::default());
    }

    /// Adds a finished output.
    pub(super) fn push(&self, origin: Origin, output: Value) {
        self.lock().entry(origin).or_default().push(output);
    }

    /// The outputs of a cell that was begun.
    pub(super) fn take(&self, origin: Origin) -> Option<Vec<Value>> {
        self.lock().remove(&origin).map(|cell| cell.items)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Origin, CellOutputs>> {
        // A panic of another thread leaves the lists as they were.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Outputs {
    fn emit(&self, origin: Origin, event: Event) {
        let mut cells = self.lock();
        match event {
            Event::Stream { name, text } => {
                cells.entry(origin).or_default().stream(name.as_str(), &text);
            }
            Event::Result { execution_count, data, metadata } => {
                cells.entry(origin).or_default().push(json!({
                    "output_type": "execute_result", "execution_count": execution_count,
                    "data": data, "metadata": metadata,
                }));
            }
            Event::Display { data, metadata, transient, update } => {
                let (data, metadata) = (Value::Object(data), Value::Object(metadata));
                let id = transient.get("display_id").cloned();
                match id {
                    Some(id) if update => replace(&mut cells, &data, &metadata, &id),
                    id => {
                        let cell = cells.entry(origin).or_default();
                        cell.push(json!({
                            "output_type": "display_data", "data": data, "metadata": metadata,
                        }));
                        cell.name_last(id);
                    }
                }
            }
            Event::Error(failure) => {
                cells.entry(origin).or_default().push(error_output(&failure));
            }
            // Nobody is there who could show a widget.
            Event::Comm(_) => {}
            Event::ClearOutput { wait } => {
                let cell = cells.entry(origin).or_default();
                cell.clear_next = wait;
                if !wait {
                    cell.clear();
                }
            }
        }
    }
}

/// Puts new data into every output that was displayed under this id.
fn replace(cells: &mut HashMap<Origin, CellOutputs>, data: &Value, metadata: &Value, id: &Value) {
    for cell in cells.values_mut() {
        let CellOutputs { items, ids, .. } = cell;
        for (output, of) in items.iter_mut().zip(ids) {
            if of.as_ref() == Some(id) {
                output["data"] = data.clone();
                output["metadata"] = metadata.clone();
            }
        }
    }
}

impl CellOutputs {
    fn make_room(&mut self) {
        if std::mem::take(&mut self.clear_next) {
            self.clear();
        }
    }

    fn clear(&mut self) {
        self.items.clear();
        self.ids.clear();
    }

    fn name_last(&mut self, id: Option<Value>) {
        self.ids.resize(self.items.len(), None);
        if let Some(last) = self.ids.last_mut() {
            *last = id;
        }
    }

    fn push(&mut self, output: Value) {
        self.make_room();
        self.items.push(output);
    }

    fn stream(&mut self, name: &str, text: &str) {
        self.make_room();
        if let Some(last) = self.items.last_mut()
            && last["output_type"] == "stream"
            && last["name"] == name
            && let Some(Value::String(so_far)) = last.get_mut("text")
        {
            so_far.push_str(text);
            return;
        }
        self.items.push(json!({"output_type": "stream", "name": name, "text": text}));
    }
}

/// The output of a cell that raised.
pub(super) fn error_output(failure: &Failure) -> Value {
    json!({
        "output_type": "error", "ename": failure.ename, "evalue": failure.evalue,
        "traceback": failure.traceback,
    })
}
