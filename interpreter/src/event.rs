//! What a running cell says: events, and the sink that receives them.

use crate::cell::Failure;
use crate::comm::{CommMessage, Comms};
use serde_json::{Map, Value};

/// The run of a cell: every event carries the origin of the code that caused it, so that output
/// of a background task or thread finds the cell that started it, however late it comes.
///
/// Chosen by the embedder (a kernel maps it to the parent header); 0 is "no cell".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin(pub u64);

/// One of the two text streams of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StreamName {
    /// `sys.stdout`
    Stdout,
    /// `sys.stderr`
    Stderr,
}

impl StreamName {
    /// The name in Jupyter's `stream` message and in nbformat.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// A MIME bundle: MIME type to data (text as a string, JSON types as JSON).
pub type MimeBundle = Map<String, Value>;

/// Something a cell produced.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Text written to a stream, in order. Not coalesced: one event per `write`.
    Stream {
        /// Which stream.
        name: StreamName,
        /// The text; not necessarily whole lines.
        text: String,
    },
    /// `display()`, or an update of an earlier display.
    Display {
        /// Representations by MIME type.
        data: MimeBundle,
        /// Metadata by MIME type.
        metadata: Map<String, Value>,
        /// Holds `display_id` when the display can be updated.
        transient: Map<String, Value>,
        /// True for `update_display_data`.
        update: bool,
    },
    /// The value of the cell's last expression.
    Result {
        /// The cell's execution count.
        execution_count: u32,
        /// Representations by MIME type.
        data: MimeBundle,
        /// Metadata by MIME type.
        metadata: Map<String, Value>,
    },
    /// `clear_output()`.
    ClearOutput {
        /// Wait for the next output before clearing.
        wait: bool,
    },
    /// An exception that is shown and ends nothing: a widget's callback raised it, for example.
    Error(Failure),
    /// A comm's message to the embedder's clients.
    Comm(CommMessage),
}

/// Why `input()` could not be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputError {
    /// The embedder takes no input for this cell (Jupyter's `allow_stdin: false`).
    NotAllowed,
    /// The user interrupted the prompt.
    Interrupted,
    /// The other side is gone.
    Closed,
}

/// Receives events. Called from whichever thread ran the code, without the interpreter's locks,
/// so a call may block: blocking is how an embedder pushes back on a cell that prints too fast.
pub trait Sink: Send + Sync + 'static {
    /// Takes one event; events of one thread arrive in the order they were made.
    fn emit(&self, origin: Origin, event: Event);

    /// Takes text written to a stream in the place of [`Sink::emit`], if that needs no waiting; says
    /// whether it did. Called with the interpreter's locks.
    fn text(&self, origin: Origin, name: StreamName, text: &str) -> bool {
        let _ = (origin, name, text);
        false
    }

    /// Answers `input(prompt)` or, with `password`, `getpass(prompt)`. Blocks.
    ///
    /// # Errors
    /// When no answer can come; the cell then raises a Python exception.
    fn input(&self, origin: Origin, prompt: &str, password: bool) -> Result<String, InputError> {
        let _ = (origin, prompt, password);
        Err(InputError::NotAllowed)
    }

    /// The message that caused what runs under `origin`: Jupyter's `header` and `metadata`.
    fn cause(&self, origin: Origin) -> Option<Map<String, Value>> {
        let _ = origin;
        None
    }

    /// Called while the cell `running` awaits, when [`crate::Session::listen`]'s descriptor is
    /// readable: hands one comm message, if one has arrived that need not wait for the cell's end,
    /// to `comms`. True when there was one. On the interpreter's thread and, unlike the others,
    /// with its locks.
    fn deliver(&self, running: Origin, comms: &dyn Comms) -> bool {
        let _ = (running, comms);
        false
    }
}
