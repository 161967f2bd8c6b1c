//! Python in a box: an embedded interpreter that runs cells. It knows neither Jupyter nor grades.

#[macro_use]
mod collector;

mod capture;
mod cell;
mod check;
mod clock;
mod comm;
mod contexts;
mod event;
mod event_loop;
mod footprint;
mod futures;
mod history;
mod interrupt;
mod iterators;
mod limits;
mod native;
mod primitives;
mod print;
mod profiler;
pub mod record;
mod session;
mod sources;
mod streams;
mod subshell;
mod sysconfig;
mod tasks;
mod threads;
mod tls;
mod traces;
mod vm;

pub use cell::{Cell, Completeness, Completion, Failure, Inspection, Outcome};
pub use check::CheckOutcome;
pub use clock::Clock;
pub use comm::{CommKind, CommMessage, Comms};
pub use event::{Event, InputError, MimeBundle, Origin, Sink, StreamName};
pub use footprint::use_small_pages;
pub use interrupt::Interrupter;
pub use limits::{EXIT_LIMIT, Limits, Metered};
pub use session::{Introspection, Options, Session, StartError, WARNINGS_VARIABLE};
pub use subshell::Subshells;
pub use threads::has_thread_failed;
pub use vm::{
    CLOCK_VARIABLE, PYTHON_LINK, SCHEDULE_VARIABLE, python_main, python_program, python_version,
};
