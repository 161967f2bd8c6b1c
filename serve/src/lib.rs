//! The grader's page: a web server for one teacher, on the loopback.
//!
//! It shows what a gradebook has, beside the notebooks that were handed in, and writes what a person
//! decides. What learners wrote is never their markup here: text is escaped, Markdown loses whatever
//! is more than text with a shape, HTML outputs stand in frames that can do nothing.

mod allowances;
mod answers;
mod exports;
mod fields;
mod gate;
mod handed_in;
mod history;
mod items;
mod layout;
mod list;
mod live;
mod markdown;
mod notebook;
mod outputs;
mod overview;
mod problem;
mod routes;
mod save;
mod server;
mod site;
mod submission;
mod work;

pub use server::{ServeError, Settings, serve};
pub use work::Grader;
