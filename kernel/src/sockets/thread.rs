//! The thread that serves all sockets, from the first bind to the last flush.

use super::listeners::Listeners;
use super::peers::Router;
use super::{control, gate, heartbeat, iopub, shell, stdin};
use crate::front::Front;
use crate::leave::leave;
use crate::signals;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

/// A kernel that was told to end ends after this, whatever its cell does.
const PATIENCE: Duration = Duration::from_secs(2);
/// A running cell that caught the first interrupt gets another one so often.
const NUDGE: Duration = Duration::from_millis(500);
/// What was sent has this long to reach the clients before the process goes.
const GRACE: Duration = Duration::from_secs(1);

/// The running thread.
pub(crate) struct SocketThread {
    thread: JoinHandle<()>,
    desk_is_done: oneshot::Sender<()>,
}

impl SocketThread {
    /// Starts the thread. It blocks the signals that the calling thread blocks.
    ///
    /// # Errors
    /// When the process has no threads or file descriptors left.
    pub(crate) fn start(front: Arc<Front>, listeners: Listeners) -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (desk_is_done, done) = oneshot::channel();
        let thread = std::thread::Builder::new().name("sockets".to_owned()).spawn(move || {
            let front = &front;
            let obeyed = match runtime.block_on(open(front, listeners)) {
                Ok(tasks) => {
                    let obeyed = runtime.block_on(watch(front, done));
                    runtime.block_on(flush(front, tasks));
                    obeyed
                }
                Err(error) => {
                    // The ports are ours already, so what fails here is the machine.
                    tracing::error!(%error, "the sockets could not be opened");
                    front.shut_down();
                    runtime.block_on(watch(front, done))
                }
            };
            if !obeyed {
                tracing::warn!("the running cell did not stop; the kernel ends without it");
                front.history.finish();
                leave(1);
            }
        })?;
        Ok(Self { thread, desk_is_done })
    }

    /// After the last request: sends what is left and ends the thread.
    pub(crate) fn finish(self) {
        // Either end may be gone already if the thread panicked, and then that was reported.
        let _ = self.desk_is_done.send(());
        let _ = self.thread.join();
    }
}

/// What goes on beside the clients.
struct Tasks {
    iopub: tokio::task::JoinHandle<()>,
    keepers: Vec<AbortHandle>,
}

async fn open(front: &Arc<Front>, listeners: Listeners) -> std::io::Result<Tasks> {
    let router = |peers: &Arc<_>, hear: fn(&Arc<Front>, _)| {
        let (front, peers) = (Arc::clone(front), Arc::clone(peers));
        Arc::new(Router { peers, hear: move |message| hear(&front, message) })
    };
    let shell = router(&front.shell, shell::hear);
    let control = router(&front.control, control::hear);
    let stdin = router(&front.stdin, |front, message| stdin::hear(front, message));
    let iopub = Arc::new(iopub::Publisher { front: Arc::clone(front) });
    let keepers = vec![
        gate::open("shell", listeners.shell, shell)?,
        gate::open("control", listeners.control, control)?,
        gate::open("iopub", listeners.iopub, iopub)?,
        gate::open("stdin", listeners.stdin, stdin)?,
        gate::open("heartbeat", listeners.heartbeat, Arc::new(heartbeat::socket()))?,
    ];
    Ok(Tasks { iopub: tokio::spawn(iopub::own(Arc::clone(front))), keepers })
}

/// Waits for the end and sees to it that it comes; false when the main thread did not obey.
async fn watch(front: &Front, mut desk_is_done: oneshot::Receiver<()>) -> bool {
    tokio::select! {
        () = front.stop.wait() => {}
        () = signals::terminated() => {
            tracing::info!("SIGTERM: the kernel ends");
            front.shut_down();
        }
        () = signals::parent_gone() => {
            tracing::info!("the process that started this kernel is gone: the kernel ends");
            front.shut_down();
        }
        _ = &mut desk_is_done => return true,
    }
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        if timeout(NUDGE, &mut desk_is_done).await.is_ok() {
            return true;
        }
        front.interrupt();
    }
    false
}

/// Lets nobody in any more, and sends what is queued.
async fn flush(front: &Front, tasks: Tasks) {
    let Tasks { iopub, keepers } = tasks;
    keepers.iter().for_each(AbortHandle::abort);
    front.outbox.close();
    let _ = timeout(GRACE, iopub).await;
    let peers = [&front.shell, &front.control, &front.stdin];
    peers.iter().for_each(|peers| peers.close());
    let end = Instant::now() + GRACE;
    while Instant::now() < end
        && !(front.audience.is_done() && peers.iter().all(|peers| peers.is_done()))
    {
        sleep(Duration::from_millis(1)).await;
    }
}
