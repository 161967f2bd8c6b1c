//! How a kernel ends: on request, on a signal, when its parent is gone.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use tokio::sync::Notify;

/// Set once, by whoever learns first that the kernel should end.
#[derive(Default)]
pub(crate) struct Stop {
    set: AtomicBool,
    told: Notify,
    exit_code: AtomicI32,
}

impl Stop {
    /// Ends the kernel.
    pub(crate) fn set(&self) {
        self.set.store(true, Ordering::Release);
        self.told.notify_one();
    }

    /// The process is to end with this code: a cell said so.
    pub(crate) fn exit_with(&self, code: i32) {
        self.exit_code.store(code, Ordering::Relaxed);
    }

    /// The exit code of the process, as far as a cell has set it.
    pub(crate) fn exit_code(&self) -> i32 {
        self.exit_code.load(Ordering::Relaxed)
    }

    /// Whether the kernel is ending.
    pub(crate) fn is_set(&self) -> bool {
        self.set.load(Ordering::Acquire)
    }

    /// Waits for the end; one waiter only.
    pub(crate) async fn wait(&self) {
        while !self.is_set() {
            self.told.notified().await;
        }
    }
}
