//! Questions about source: what could stand somewhere, and what does.

use super::{ask_side, strings};
use crate::cell::{Completion, Failure, Inspection};
use crate::event::MimeBundle;
use rustpython_vm::{PyObjectRef, VirtualMachine};
use serde_json::{Map, Value, json};

/// Answers questions about source in the session's namespace, also while a cell runs: none of the
/// user's code is (see `cellist.introspect.guarded`).
pub struct Introspection<'a> {
    vm: &'a VirtualMachine,
    side: PyObjectRef,
}

impl std::fmt::Debug for Introspection<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Introspection").finish_non_exhaustive()
    }
}

impl<'a> Introspection<'a> {
    /// `side` is the session of the Python side.
    pub(crate) fn new(vm: &'a VirtualMachine, side: PyObjectRef) -> Self {
        Self { vm, side }
    }

    /// Completions of the name before `cursor` (in code points).
    pub fn complete(&self, source: &str, cursor: usize) -> Completion {
        let vm = self.vm;
        let arguments = (vm.ctx.new_str(source), vm.ctx.new_int(cursor));
        let answer = ask_side(vm, self.side.get_attr("complete", vm), arguments);
        let Ok(answer) = answer.inspect_err(|failure| failed("completion", failure)) else {
            return Completion {
                cursor_start: cursor,
                cursor_end: cursor,
                ..Completion::default()
            };
        };
        let position = |key: &str| answer[key].as_u64().map_or(cursor, |at| at as usize);
        let matches = strings(&answer["matches"]);
        let (start, end) = (position("start"), position("end"));
        let types: Vec<Value> = matches
            .iter()
            .zip(strings(&answer["types"]).iter().zip(strings(&answer["signatures"])))
            .map(|(text, (kind, signature))| {
                json!({"text": text, "type": kind, "signature": signature, "start": start, "end": end})
            })
            .collect();
        let mut metadata = Map::new();
        metadata.insert("_jupyter_types_experimental".to_owned(), Value::Array(types));
        Completion { matches, cursor_start: start, cursor_end: end, metadata }
    }

    /// What is known about the object at `cursor` (in code points); `detail` 1 adds its source.
    /// Sections named in `omit`, by title (`File`) or key (`file`), are left out.
    pub fn inspect(
        &self,
        source: &str,
        cursor: usize,
        detail: u8,
        omit: &[String],
    ) -> Option<Inspection> {
        let vm = self.vm;
        let omit = omit.iter().map(|name| vm.ctx.new_str(name.as_str()).into()).collect();
        let omit = vm.ctx.new_list(omit);
        let arguments =
            (vm.ctx.new_str(source), vm.ctx.new_int(cursor), vm.ctx.new_int(detail), omit);
        let answer = ask_side(vm, self.side.get_attr("inspect", vm), arguments);
        let answer = answer.inspect_err(|failure| failed("inspection", failure));
        let text = answer.ok()?.as_str()?.to_owned();
        let mut data = MimeBundle::new();
        data.insert("text/plain".to_owned(), Value::String(text));
        Some(Inspection { data })
    }
}

/// A question about source failed: the client gets an empty answer, the log the reason.
pub(super) fn failed(question: &str, failure: &Failure) {
    tracing::warn!("{question} failed: {}", failure.evalue);
}
