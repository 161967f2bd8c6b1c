//! The thread that all sockets live on, from the first bind to the last flush.

use super::listeners::Listeners;
use super::{control, gate, heartbeat, iopub, shell, stdin};
use crate::front::{Front, Outlets};
use crate::leave::leave;
use crate::signals;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Handle};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};
use zeromq::{RouterSocket, Socket, XPubSocket, ZmqMessage, ZmqResult};

/// A kernel that was told to end ends after this, whatever its cell does.
const PATIENCE: Duration = Duration::from_secs(2);
/// A running cell that caught the first interrupt gets another one so often.
const NUDGE: Duration = Duration::from_millis(500);
/// What was sent has this long to reach the clients before the process goes.
const GRACE: Duration = Duration::from_secs(1);

/// What the socket tasks take messages from.
pub(crate) struct Inlets {
    shell: UnboundedReceiver<ZmqMessage>,
    control: UnboundedReceiver<ZmqMessage>,
    stdin: UnboundedReceiver<ZmqMessage>,
}

/// The two ends of the ways to the sockets.
pub(crate) fn ways() -> (Outlets, Inlets) {
    let (shell_out, shell) = unbounded_channel();
    let (control_out, control) = unbounded_channel();
    let (stdin_out, stdin) = unbounded_channel();
    let outlets = Outlets { shell: shell_out, control: control_out, stdin: stdin_out };
    (outlets, Inlets { shell, control, stdin })
}

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
    pub(crate) fn start(
        front: Arc<Front>,
        listeners: Listeners,
        inlets: Inlets,
    ) -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (desk_is_done, done) = oneshot::channel();
        let thread = std::thread::Builder::new().name("sockets".to_owned()).spawn(move || {
            let front = &front;
            let obeyed = match runtime.block_on(open(front, listeners, inlets)) {
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

/// The owners of the sockets.
struct Tasks {
    /// Those that the kernel speaks on: each ends when nothing is left to say.
    speakers: JoinSet<()>,
    /// Those that go on for ever: who keep the gates, and the echo.
    others: Vec<AbortHandle>,
}

async fn open(front: &Arc<Front>, listeners: Listeners, inlets: Inlets) -> ZmqResult<Tasks> {
    let folders = gate::folders(&front.connection.path);
    let mut others = Vec::new();
    let mut behind_gate = |name, port| {
        let (behind, keeper) = gate::open(name, port, &folders)?;
        others.push(keeper);
        std::io::Result::Ok(behind)
    };
    let mut shell = RouterSocket::new();
    shell.bind_listener(behind_gate("shell", listeners.shell)?).await?;
    let mut control = RouterSocket::new();
    control.bind_listener(behind_gate("control", listeners.control)?).await?;
    let mut iopub = XPubSocket::new();
    iopub.bind_listener(behind_gate("iopub", listeners.iopub)?).await?;
    let mut stdin = RouterSocket::new();
    stdin.bind_listener(behind_gate("stdin", listeners.stdin)?).await?;
    let mut heartbeat = RouterSocket::new();
    heartbeat.bind_listener(behind_gate("heartbeat", listeners.heartbeat)?).await?;

    let mut speakers = JoinSet::new();
    speakers.spawn(shell::own(shell, Arc::clone(front), inlets.shell));
    speakers.spawn(control::own(control, Arc::clone(front), inlets.control));
    speakers.spawn(iopub::own(iopub, Arc::clone(front)));
    speakers.spawn(stdin::own(stdin, Arc::clone(front), inlets.stdin));
    others.push(tokio::spawn(heartbeat::own(heartbeat)).abort_handle());
    Ok(Tasks { speakers, others })
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

/// Sends what is queued, closes the sockets and lets their writers finish.
async fn flush(front: &Front, tasks: Tasks) {
    let Tasks { mut speakers, others } = tasks;
    others.iter().for_each(AbortHandle::abort);
    front.outbox.close();
    front.close_outlets();
    let _ = timeout(GRACE, async { while speakers.join_next().await.is_some() {} }).await;
    drop(speakers);
    // A closed socket leaves tasks behind that write what it had queued.
    let end = Instant::now() + GRACE;
    while Handle::current().metrics().num_alive_tasks() > 0 && Instant::now() < end {
        sleep(Duration::from_millis(1)).await;
    }
}
