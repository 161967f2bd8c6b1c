//! Python in a box: an embedded interpreter that runs cells. It knows neither Jupyter nor grades.

mod capture;
mod cell;
mod check;
mod clock;
mod event;
mod event_loop;
mod interrupt;
mod native;
mod session;
mod threads;
mod vm;

pub use cell::{Cell, Completeness, Completion, Failure, Inspection, Outcome};
pub use check::CheckOutcome;
pub use clock::Clock;
pub use event::{Event, InputError, MimeBundle, Origin, Sink, StreamName};
pub use interrupt::Interrupter;
pub use session::{Options, Session, StartError};
pub use vm::{PYTHON_LINK, python_main, python_program, python_version};
