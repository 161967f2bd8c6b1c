//! Order and abort: the queue of requests, whose output is whose, busy and idle.

mod busy_idle;
mod desk;
mod parent;
mod prompt;
mod queue;
mod stop;
mod subshells;

pub(crate) use busy_idle::serve;
pub(crate) use desk::{Desk, EXIT_CRASH};
pub(crate) use parent::{Parent, Parents};
pub(crate) use prompt::Prompts;
pub(crate) use queue::{Queue, Ticket};
pub(crate) use stop::Stop;
pub(crate) use subshells::{Registry, SubshellError};
