//! Sessions as an embedder uses them. One session per process: run with nextest.

#![expect(clippy::unwrap_used, reason = "a failed expectation is what a test reports")]

mod cells;
mod event_loop;
mod notebook;
mod threads;
