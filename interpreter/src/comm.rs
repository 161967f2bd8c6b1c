//! Comms: objects of a session, such as widgets, that talk with their other halves in the
//! embedder's clients. What stands here is Jupyter's notion of them:
//! <https://jupyter-client.readthedocs.io/en/stable/messaging.html#custom-messages>.

use crate::event::Origin;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine, py_serde};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// What a message does with its comm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CommKind {
    /// Opens it: the content names its target.
    Open,
    /// Goes from one side to the other.
    Message,
    /// Closes it.
    Close,
}

impl CommKind {
    /// The type of Jupyter's message.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "comm_open",
            Self::Message => "comm_msg",
            Self::Close => "comm_close",
        }
    }

    /// The kind of Jupyter's message of this type.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Open, Self::Message, Self::Close].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A message of a comm, in either direction.
#[derive(Clone, Debug, PartialEq)]
pub struct CommMessage {
    /// What it does.
    pub kind: CommKind,
    /// `comm_id` and `data`; `target_name` when it opens.
    pub content: Map<String, Value>,
    /// About the content, free in form.
    pub metadata: Map<String, Value>,
    /// Binary data that the content refers to, in order.
    pub buffers: Vec<Vec<u8>>,
}

/// The session's halves of the comms. To be used on the interpreter's thread.
pub trait Comms {
    /// The ids of the comms that are open at this moment.
    fn open_comms(&self) -> HashSet<String>;

    /// Calls the handler of a client's message. What it prints, shows and raises are events of
    /// `origin`.
    fn take(&self, origin: Origin, message: CommMessage);

    /// The open comms, of one target or of all: id to `{"target_name": …}`.
    fn describe(&self, target: Option<&str>) -> Map<String, Value>;
}

/// The Python side (`cellist.comms`), for who runs in the interpreter already.
pub(crate) struct PythonComms<'a> {
    vm: &'a VirtualMachine,
}

impl<'a> PythonComms<'a> {
    pub(crate) fn new(vm: &'a VirtualMachine) -> Self {
        Self { vm }
    }

    fn module(&self) -> PyResult {
        self.vm.import("cellist.comms", 0)?.get_attr("comms", self.vm)
    }

    fn try_take(&self, origin: Origin, message: CommMessage) -> PyResult<()> {
        let vm = self.vm;
        let CommMessage { kind, content, metadata, buffers } = message;
        let from_json = |map| {
            // Every JSON value has a Python form, so this cannot fail.
            py_serde::deserialize(vm, Value::Object(map)).unwrap_or_else(|_| vm.ctx.none())
        };
        let buffers = buffers.into_iter().map(|buffer| vm.ctx.new_bytes(buffer).into()).collect();
        let arguments = (
            vm.ctx.new_int(origin.0),
            vm.ctx.new_str(kind.as_str()),
            from_json(content),
            from_json(metadata),
            vm.ctx.new_list(buffers),
        );
        let module = self.module()?;
        vm.call_method(&module, "take", arguments).map(drop)
    }

    fn ask(&self, method: &str, arguments: Vec<PyObjectRef>) -> Value {
        let vm = self.vm;
        let answer = self.module().and_then(|module| vm.call_method(&module, method, arguments));
        let answer = answer.inspect_err(|exc| vm.print_exception(exc)).ok();
        answer
            .and_then(|it| py_serde::serialize(vm, &it, serde_json::value::Serializer).ok())
            .unwrap_or_default()
    }
}

impl Comms for PythonComms<'_> {
    fn open_comms(&self) -> HashSet<String> {
        let ids = self.ask("open_ids", Vec::new());
        let ids = ids.as_array().map(Vec::as_slice).unwrap_or_default();
        ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect()
    }

    fn take(&self, origin: Origin, message: CommMessage) {
        // What handlers raise is shown there; this is an interrupt between them, for example.
        if let Err(exc) = self.try_take(origin, message) {
            self.vm.print_exception(&exc);
        }
    }

    fn describe(&self, target: Option<&str>) -> Map<String, Value> {
        let target = target.map_or_else(|| self.vm.ctx.none(), |it| self.vm.ctx.new_str(it).into());
        match self.ask("describe", vec![target]) {
            Value::Object(comms) => comms,
            _ => Map::new(),
        }
    }
}
