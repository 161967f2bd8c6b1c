//! The five sockets: bound before anything else, then served on a thread of their own. What they say
//! is written by whoever says it.

mod client;
mod control;
mod gate;
mod heartbeat;
mod iopub;
mod listeners;
mod peers;
mod shell;
mod stdin;
mod thread;
mod zmtp;

pub(crate) use iopub::Audience;
pub use listeners::BindError;
pub(crate) use listeners::Listeners;
pub(crate) use peers::Peers;
pub(crate) use thread::SocketThread;
