//! The part of the kernel that every thread reaches: the ways out, and the queue in.

use crate::connection::Connection;
use crate::outputs::{Outbox, Publication};
use crate::session::{Parents, Prompts, Queue, Registry, Stop};
use crate::usage::Meter;
use crate::wire::{Channel, Encoder, Outgoing, Request, Signer};
use bytes::Bytes;
use cellist_history::History;
use cellist_interpreter::{InputError, Interrupter, Origin};
use jupyter_protocol::Status;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::mpsc::UnboundedSender;
use zeromq::ZmqMessage;

/// Senders to the owners of the sockets on which the kernel addresses one client.
pub(crate) struct Outlets {
    /// Replies to requests of the shell channel.
    pub(crate) shell: UnboundedSender<ZmqMessage>,
    /// Replies to requests of the control channel.
    pub(crate) control: UnboundedSender<ZmqMessage>,
    /// Questions to a client.
    pub(crate) stdin: UnboundedSender<ZmqMessage>,
}

/// What handlers, sockets and the interpreter's sink share.
pub(crate) struct Front {
    /// As read from the connection file.
    pub(crate) connection: Connection,
    /// Signs and checks.
    pub(crate) encoder: Encoder,
    /// The way to iopub.
    pub(crate) outbox: Outbox,
    /// The way to the main thread.
    pub(crate) queue: Arc<Queue>,
    /// The subshells.
    pub(crate) subshells: Registry,
    /// What the kernel uses of the machine.
    pub(crate) meter: Meter,
    /// Whose output is whose.
    pub(crate) parents: Parents,
    /// The open `input()`.
    pub(crate) prompts: Prompts,
    /// The cells of this kernel and of earlier ones.
    pub(crate) history: Arc<History>,
    /// The end.
    pub(crate) stop: Stop,
    /// `None` when nothing more is to be sent.
    outlets: Mutex<Option<Outlets>>,
    interrupter: OnceLock<Interrupter>,
}

impl Front {
    /// The shared part of a kernel whose sockets are owned elsewhere.
    ///
    /// # Errors
    /// When the process has no file descriptor left.
    pub(crate) fn new(
        connection: Connection,
        outlets: Outlets,
        history: Arc<History>,
    ) -> std::io::Result<Self> {
        Ok(Self {
            encoder: Encoder::new(Signer::new(&connection.key)),
            connection,
            outbox: Outbox::default(),
            queue: Arc::new(Queue::new()?),
            subshells: Registry::default(),
            meter: Meter::default(),
            parents: Parents::default(),
            prompts: Prompts::new()?,
            history,
            stop: Stop::default(),
            outlets: Mutex::new(Some(outlets)),
            interrupter: OnceLock::new(),
        })
    }

    /// From now on there is an interpreter to interrupt.
    pub(crate) fn adopt(&self, interrupter: Interrupter) {
        // There is one interpreter per process, so this happens once.
        let _ = self.interrupter.set(interrupter);
    }

    /// Stops the running cell and those of all subshells, wherever they are: in bytecode, asking,
    /// or waiting to print.
    pub(crate) fn interrupt(&self) {
        if let Some(interrupter) = self.interrupter.get() {
            interrupter.interrupt();
        }
        self.subshells.interrupt();
        self.prompts.interrupt();
        self.outbox.interrupt();
    }

    /// Ends the kernel: nothing new is run, what runs is interrupted.
    pub(crate) fn shut_down(&self) {
        self.stop.set();
        self.queue.wake();
        self.subshells.wake();
        self.prompts.close();
        self.interrupt();
    }

    /// Sends a reply to where its request came from.
    pub(crate) fn reply(&self, request: &Request, msg_type: &str, content: &Map<String, Value>) {
        let message = self.encoder.write(Outgoing {
            route: request.identities.clone(),
            msg_type,
            parent: request.header.raw.clone(),
            content: json_bytes(content),
            ..Outgoing::default()
        });
        let sent = self.outlets().as_ref().is_some_and(|outlets| {
            let outlet = match request.channel {
                Channel::Shell => &outlets.shell,
                Channel::Control => &outlets.control,
            };
            outlet.send(message).is_ok()
        });
        if !sent {
            tracing::debug!(msg_type, "reply after the socket was closed");
        }
    }

    /// Tells everyone what the kernel is doing, on account of this request.
    pub(crate) fn status(&self, status: &Status, parent: &Bytes) {
        self.broadcast("status", parent, status);
    }

    /// Publishes a message of the kernel itself on iopub; never waits.
    pub(crate) fn broadcast(
        &self,
        msg_type: &'static str,
        parent: &Bytes,
        content: &impl Serialize,
    ) {
        let (parent, content) = (parent.clone(), json_bytes(content));
        self.outbox.message(Publication { msg_type, parent, content, ..Publication::default() });
    }

    /// Asks the client that sent the request behind `origin`, and waits.
    ///
    /// # Errors
    /// When that client takes no questions, the user interrupts, or the kernel ends.
    pub(crate) fn ask(
        &self,
        origin: Origin,
        prompt: &str,
        password: bool,
    ) -> Result<String, InputError> {
        let parent = self.parents.get(origin).filter(|parent| parent.allow_stdin);
        let parent = parent.ok_or(InputError::NotAllowed)?;
        let message = self.encoder.write(Outgoing {
            route: parent.identities,
            msg_type: "input_request",
            parent: parent.header,
            content: json_bytes(&json!({"prompt": prompt, "password": password})),
            ..Outgoing::default()
        });
        self.prompts.ask(|| {
            let outlets = self.outlets();
            if outlets.as_ref().is_none_or(|outlets| outlets.stdin.send(message).is_err()) {
                drop(outlets);
                self.prompts.close();
            }
        })
    }

    /// Nothing more is sent to single clients; the owners of those sockets end.
    pub(crate) fn close_outlets(&self) {
        *self.outlets() = None;
    }

    fn outlets(&self) -> MutexGuard<'_, Option<Outlets>> {
        self.outlets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Content as JSON. Nothing that the kernel sends can fail to serialise: the keys are strings.
fn json_bytes(content: &impl Serialize) -> Bytes {
    serde_json::to_vec(content).map_or_else(|_| Bytes::from_static(b"{}"), Bytes::from)
}
