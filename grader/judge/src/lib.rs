//! One notebook in, one verdict out.
//!
//! A submission is judged in a process of its own, forked from a warm interpreter. The parent
//! owns the timers, the budgets and the verdict; the child only runs cells and checks, and answers
//! over a socket of its own.

mod answer_cell;
mod assemble;
mod attachment;
mod check_run;
mod child;
mod fill;
mod level;
mod limits;
mod parent;
mod protocol;
mod quiz;
mod revision;
mod score;
mod shown;

pub use answer_cell::written;
pub use assemble::{Assembled, ForeignNotebook, assemble, matching_cells};
pub use attachment::Attachment;
pub use check_run::{CheckRun, CheckRuns};
pub use child::child_main;
pub use fill::{Pattern, normal, number};
pub use level::Level;
pub use limits::Limits;
pub use parent::{Judge, JudgeError};
pub use quiz::{is_ticked, labelled, letter};
pub use revision::revised;
pub use score::quiz_item;
