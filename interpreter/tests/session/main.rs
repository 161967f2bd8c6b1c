//! Sessions as an embedder uses them. One session per process: run with nextest.

#![expect(clippy::unwrap_used, reason = "a failed expectation is what a test reports")]

mod cells;
mod display_hook;
mod event_loop;
mod lazy;
mod limits;
mod notebook;
mod primitives;
mod record;
mod simple_queue;
mod streams;
mod tasks;
mod threads;
mod transform;
mod virtual_threads;

// As in the executable: memory limits need it.
#[global_allocator]
static ALLOCATOR: cellist_interpreter::Metered<std::alloc::System> =
    cellist_interpreter::Metered::new(std::alloc::System);
