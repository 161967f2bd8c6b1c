//! A kernel from launch to end.

use crate::connection::{Connection, ConnectionError};
use crate::front::Front;
use crate::leave::leave;
use crate::outputs::CellSink;
use crate::session::{Desk, EXIT_CRASH};
use crate::signals;
use crate::sockets::{BindError, Listeners, SocketThread};
use bytes::Bytes;
use cellist_history::{History, Place};
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

/// Runs a kernel on the ports of a connection file until it is told to end; its cells are kept in
/// `place`. To be called on the process's main thread, before any other thread is started.
///
/// # Errors
/// When the kernel cannot start; never for what happens in a cell.
pub fn run(connection_file: &Path, place: Place) -> Result<ExitCode, KernelError> {
    let connection = Connection::read(connection_file)?;
    let listeners = Listeners::bind(&connection)?;
    signals::watch_sigterm()?;
    // Its threads must not get the signals, which belong to the thread that runs Python.
    let blocked = signals::Blocked::all();
    let history = Arc::new(History::start(place)?);
    drop(blocked);
    let front = Arc::new(Front::new(connection, history)?);
    front.status(&Status::starting(), &Bytes::new());

    // A stop button pressed this early has nothing to stop, and must not stop the first cell.
    let early = signals::Blocked::interrupt();
    // Clients are answered from here on, while Python starts.
    let blocked = signals::Blocked::all();
    let sockets = SocketThread::start(Arc::clone(&front), listeners)?;
    drop(blocked);

    let sink = Arc::new(CellSink::new(Arc::clone(&front)));
    let history = Some(Arc::clone(&front.history));
    let options =
        Options { capture_descriptors: true, history, warnings: true, ..Options::default() };
    let session = match Session::start(&options, sink) {
        Ok(session) => session,
        Err(error) => {
            front.shut_down();
            sockets.finish();
            return Err(error.into());
        }
    };
    // Nothing of the user's has run yet that could have broken this.
    if let Err(failure) = session.listen(front.queue.wake_fd()) {
        tracing::error!("no widget will work while a cell runs: {}", failure.evalue);
    }
    early.discard();
    front.adopt(session.interrupter());
    if let Some(starter) = session.subshells() {
        front.subshells.adopt(starter.clone());
    }
    let mut desk = Desk::new(Arc::clone(&front), session, Arc::clone(&front.queue));
    desk.run();
    front.subshells.join();
    let (session, exit_code) = (desk.session, front.stop.exit_code());
    if exit_code == EXIT_CRASH {
        front.history.finish();
        sockets.finish();
        // Not through Python's own end, which might crash or hang.
        leave(EXIT_CRASH);
    }
    session.finish();
    front.history.finish();
    sockets.finish();
    Ok(ExitCode::from(u8::try_from(exit_code & 0xff).unwrap_or(1)))
}
