//! A kernel from launch to end.

use crate::connection::{Connection, ConnectionError};
use crate::front::Front;
use crate::outputs::CellSink;
use crate::session::Desk;
use crate::signals;
use crate::sockets::{BindError, Listeners, SocketThread, ways};
use bytes::Bytes;
use cellist_interpreter::{Options, Session, StartError};
use jupyter_protocol::Status;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Why a kernel did not start.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// The connection file is no good.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// A port cannot be opened.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The process has no threads or file descriptors left.
    #[error(
        "the kernel did not start: {0}\nthe limits of this process may be too low: see `ulimit -a`"
    )]
    System(#[from] std::io::Error),
    /// Python did not start.
    #[error(transparent)]
    Interpreter(#[from] StartError),
}

/// Runs a kernel on the ports of a connection file until it is told to end. To be called on the
/// process's main thread, before any other thread is started.
///
/// # Errors
/// When the kernel cannot start; never for what happens in a cell.
pub fn run(connection_file: &Path) -> Result<ExitCode, KernelError> {
    let connection = Connection::read(connection_file)?;
    let listeners = Listeners::bind(&connection)?;
    signals::watch_sigterm()?;
    let (outlets, inlets) = ways();
    let front = Arc::new(Front::new(connection, outlets)?);
    front.status(&Status::starting(), &Bytes::new());

    // A stop button pressed this early has nothing to stop, and must not stop the first cell.
    let early = signals::Blocked::interrupt();
    // Clients are answered from here on, while Python starts.
    let blocked = signals::Blocked::all();
    let sockets = SocketThread::start(Arc::clone(&front), listeners, inlets)?;
    drop(blocked);

    let sink = Arc::new(CellSink::new(Arc::clone(&front)));
    let options = Options { capture_descriptors: true, warnings: true, ..Options::default() };
    let session = match Session::start(&options, sink) {
        Ok(session) => session,
        Err(error) => {
            front.shut_down();
            sockets.finish();
            return Err(error.into());
        }
    };
    early.discard();
    front.adopt(session.interrupter());
    let mut desk = Desk::new(Arc::clone(&front), session);
    desk.run();
    let Desk { session, exit_code, .. } = desk;
    session.finish();
    sockets.finish();
    Ok(ExitCode::from(u8::try_from(exit_code & 0xff).unwrap_or(1)))
}
