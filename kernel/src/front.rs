//! The part of the kernel that every thread reaches: the ways out, and the queue in.

use crate::connection::Connection;
use crate::outputs::{Outbox, Publication};
use crate::session::{Parents, Prompts, Queue, Registry, Stop};
use crate::sockets::{Audience, Peers};
use crate::usage::Meter;
use crate::wire::{Channel, Encoder, Outgoing, Request, Signer};
use bytes::Bytes;
use cellist_history::History;
use cellist_interpreter::{InputError, Interrupter, Origin};
use jupyter_protocol::Status;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::sync::{Arc, OnceLock};

/// What handlers, sockets and the interpreter's sink share.
pub(crate) struct Front {
    /// As read from the connection file.
    pub(crate) connection: Connection,
    /// Signs and checks.
    pub(crate) encoder: Encoder,
    /// What goes to iopub.
    pub(crate) outbox: Outbox,
    /// Who listens there.
    pub(crate) audience: Audience,
    /// Who asks on the shell channel.
    pub(crate) shell: Arc<Peers>,
    /// Who asks on the control channel.
    pub(crate) control: Arc<Peers>,
    /// Who is asked.
    pub(crate) stdin: Arc<Peers>,
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
    interrupter: OnceLock<Interrupter>,
}

impl Front {
    /// The shared part of a kernel whose sockets are owned elsewhere.
    ///
    /// # Errors
    /// When the process has no file descriptor left.
    pub(crate) fn new(connection: Connection, history: Arc<History>) -> std::io::Result<Self> {
        Ok(Self {
            encoder: Encoder::new(Signer::new(&connection.key)),
            connection,
            outbox: Outbox::default(),
            audience: Audience::default(),
            shell: Arc::default(),
            control: Arc::default(),
            stdin: Arc::default(),
            queue: Arc::new(Queue::new()?),
            subshells: Registry::default(),
            meter: Meter::default(),
            parents: Parents::default(),
            prompts: Prompts::new()?,
            history,
            stop: Stop::default(),
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
        let peers = match request.channel {
            Channel::Shell => &self.shell,
            Channel::Control => &self.control,
        };
        if !peers.send(&message) {
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
        self.publish();
    }

    /// Publishes a message made by a cell; waits while too much is queued.
    pub(crate) fn output(&self, publication: Publication) {
        self.outbox.output(publication);
        self.publish();
    }

    fn publish(&self) {
        self.audience.publish(&self.outbox, &self.encoder);
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
            if !self.stdin.send(&message) {
                self.prompts.close();
            }
        })
    }
}

/// Content as JSON. Nothing that the kernel sends can fail to serialise: the keys are strings.
fn json_bytes(content: &impl Serialize) -> Bytes {
    serde_json::to_vec(content).map_or_else(|_| Bytes::from_static(b"{}"), Bytes::from)
}
