//! What records say.

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A task was made, by the task that ran; the place is where.
    Create = 1,
    /// A task ran for a while without yielding.
    Step = 2,
    /// A task waits, for another task or for a plain future (0). While a timeline is taken, also
    /// that a thread (task 0) begins to wait.
    Wait = 3,
    /// What a task waited for is done: by the task that ran, or by the loop (0).
    Wake = 4,
    /// A task was asked to end, by the task that ran.
    Cancel = 5,
    /// A task ended; `other` says how: see [`Ending`].
    Done = 6,
    /// A task ran for long without yielding: the place is where it stood at that moment.
    Stall = 7,
    /// A thread began to run Python.
    ThreadStart = 8,
    /// A thread waited for a lock or another thread.
    LockWait = 9,
    /// A thread ended.
    ThreadEnd = 10,
    /// A coroutine ended that was never begun: the place is where the last reference to it went, or
    /// that of its definition.
    NeverAwaited = 11,
    /// A future, or a task, ended whose exception nobody looked at: the place is where that was
    /// raised.
    Unretrieved = 12,
    /// A thread waited in a call that lets no other task have its turn: `time.sleep`.
    Block = 13,
    /// A task went that had not ended.
    Lost = 14,
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Ending {
    Returned = 0,
    Raised = 1,
    Cancelled = 2,
}

pub(super) const KINDS: [Kind; 14] = [
    Kind::Create,
    Kind::Step,
    Kind::Wait,
    Kind::Wake,
    Kind::Cancel,
    Kind::Done,
    Kind::Stall,
    Kind::ThreadStart,
    Kind::LockWait,
    Kind::ThreadEnd,
    Kind::NeverAwaited,
    Kind::Unretrieved,
    Kind::Block,
    Kind::Lost,
];

impl Kind {
    /// It lasted, and has no other task.
    pub(super) fn lasts(self) -> bool {
        matches!(self, Self::Step | Self::Stall | Self::LockWait | Self::Block)
    }

    /// Its name in Python.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Step => "step",
            Self::Wait => "wait",
            Self::Wake => "wake",
            Self::Cancel => "cancel",
            Self::Done => "done",
            Self::Stall => "stall",
            Self::ThreadStart => "thread start",
            Self::LockWait => "lock wait",
            Self::ThreadEnd => "thread end",
            Self::NeverAwaited => "never awaited",
            Self::Unretrieved => "unretrieved",
            Self::Block => "block",
            Self::Lost => "lost",
        }
    }
}
