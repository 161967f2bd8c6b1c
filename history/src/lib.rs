//! The cells that were run, in this session and in earlier ones: an SQLite file that several
//! programs share. Knows neither Python nor Jupyter.
//!
//! The tables are IPython's (`sessions`, `history`, `output_history`), so that what reads its
//! file reads this one.

mod history;
mod query;
mod store;

pub use history::{Error, History, State};
pub use query::{Query, Row, SessionInfo, Shell, Text};
pub use store::Place;
