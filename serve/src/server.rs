//! The server's life: it binds, says where it is, and ends.

use crate::gate::Gate;
use crate::routes::routes;
use crate::site::Site;
use crate::work::Grader;
use cellist_gradebook::Gradebook;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Requests that are being answered when the server is to end have this long.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is served, and where.
pub struct Settings {
    /// The gradebook.
    pub gradebook: Gradebook,
    /// Finds notebooks and grades them.
    pub grader: Option<Arc<dyn Grader>>,
    /// In whose name points are given.
    pub by: String,
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
}

/// Why nothing is served. What happened, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Somebody else has the port.
    #[error("port {port} is in use\nname another with --port, or 0 for any that is free")]
    PortInUse {
        /// Which.
        port: u16,
    },
    /// The address is not this machine's, or not ours to take.
    #[error("`{address}` could not be listened at: {source}\nname another with --bind and --port")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused something else.
    #[error("the server could not be started: {0}")]
    System(#[from] io::Error),
    /// There are no random numbers.
    #[error("this system gives no random numbers, without which nobody can be kept out: {0}")]
    Random(#[from] getrandom::Error),
}

/// Serves until Ctrl-C, or SIGTERM. `ready` gets the address to open, its token included.
///
/// # Errors
/// When it cannot listen.
pub fn serve(settings: Settings, ready: impl FnOnce(&str)) -> Result<(), ServeError> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let served = runtime.block_on(run(settings, ready));
    // A batch may still be grading: what it has written down is whole.
    runtime.shutdown_background();
    served
}

async fn run(settings: Settings, ready: impl FnOnce(&str)) -> Result<(), ServeError> {
    let Settings { gradebook, grader, by, address } = settings;
    let listener = TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => ServeError::PortInUse { port: address.port() },
        _ => ServeError::Bind { address, source },
    })?;
    let address = listener.local_addr()?;
    let gate = Arc::new(Gate::new(address.port(), address.ip().is_loopback())?);
    let (ends, ending) = watch::channel(false);
    // Before the address is out: whoever reads it may already want an end.
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let site = Site::new(gradebook, Arc::clone(&gate), grader, by, ending.clone());
    ready(&format!("http://{address}/?token={}", gate.token()));
    let asked = async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        // Ends the streams of events, too, for which the server would wait.
        let _ = ends.send(true);
    };
    let mut over = ending;
    let server = axum::serve(listener, routes(Arc::new(site))).with_graceful_shutdown(asked);
    tokio::select! {
        served = server.into_future() => served?,
        () = async {
            let _ = over.wait_for(|over| *over).await;
            tokio::time::sleep(PATIENCE).await;
        } => {}
    }
    Ok(())
}
