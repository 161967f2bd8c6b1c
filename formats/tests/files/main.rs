//! Files as other rooms read and write them.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail by panicking")]

mod cell_metadata;
mod notebook;
mod notebook_errors;
mod spec;
mod text_file;
