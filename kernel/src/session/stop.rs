//! How a kernel ends: on request, on a signal, when its parent is gone.

use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// Set once, by whoever learns first that the kernel should end.
#[derive(Default)]
pub(crate) struct Stop {
    set: AtomicBool,
    told: Notify,
}

impl Stop {
    /// Ends the kernel.
    pub(crate) fn set(&self) {
        self.set.store(true, Ordering::Release);
        self.told.notify_one();
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
