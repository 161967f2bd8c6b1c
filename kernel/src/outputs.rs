//! What the kernel says on iopub: from an event of the interpreter to a message.

mod outbox;
mod sink;

pub(crate) use outbox::{Entry, Next, Outbox, Publication};
pub(crate) use sink::CellSink;
