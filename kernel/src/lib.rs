//! Speaks Jupyter: a kernel on five sockets, in front of one interpreter.
//!
//! The way of a cell: connection file -> sockets -> session -> interpreter -> outputs -> sockets.

mod connection;
mod front;
mod kernel;
mod kernelspec;
mod leave;
mod outputs;
mod requests;
mod session;
mod signals;
mod sockets;
mod usage;
mod wire;

pub use cellist_history::Place as HistoryPlace;
pub use connection::{Connection, ConnectionError, Socket, Transport};
pub use kernel::{KernelError, run};
pub use kernelspec::{DEFAULT_NAME, Installation, Place, Removal, SpecError, default_display_name};
pub use sockets::BindError;
