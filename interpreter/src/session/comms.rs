//! Comm messages for a session.

use super::Session;
use crate::capture;
use crate::comm::{CommMessage, Comms, PythonComms};
use crate::event::Origin;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Between cells; while one awaits, the sink is given the comms.
impl Comms for Session {
    fn open_comms(&self) -> HashSet<String> {
        self.enter(|vm| PythonComms::new(vm).open_comms())
    }

    fn take(&self, origin: Origin, message: CommMessage) {
        self.forget_interrupts();
        let running = self.interrupter.running();
        let before = self.capture.as_ref().map(|capture| {
            capture.drain();
            capture::belongs_to(origin)
        });
        self.enter(|vm| PythonComms::new(vm).take(origin, message));
        if let (Some(capture), Some(before)) = (&self.capture, before.flatten()) {
            capture.drain();
            capture::belongs_to(before);
        }
        drop(running);
        self.forget_interrupts();
    }

    fn describe(&self, target: Option<&str>) -> Map<String, Value> {
        self.enter(|vm| PythonComms::new(vm).describe(target))
    }
}
