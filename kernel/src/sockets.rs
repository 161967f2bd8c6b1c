//! The five sockets: bound before anything else, then each owned by one task on a thread of their
//! own.

mod control;
mod gate;
mod heartbeat;
mod iopub;
mod listeners;
mod router;
mod shell;
mod stdin;
mod thread;
mod zmtp;

pub use listeners::BindError;
pub(crate) use listeners::Listeners;
pub(crate) use thread::{SocketThread, ways};
