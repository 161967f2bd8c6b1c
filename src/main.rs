//! The one executable.

mod args;
mod commands;

use std::process::ExitCode;

// Python allocates much and from many threads; RustPython is measured with this one.
#[global_allocator]
static ALLOCATOR: cellist_interpreter::Metered<mimalloc::MiMalloc> =
    cellist_interpreter::Metered::new(mimalloc::MiMalloc);

fn main() -> ExitCode {
    cellist_interpreter::use_small_pages();
    if args::is_python() {
        return cellist_interpreter::python_main();
    }
    tracing_subscriber::fmt()
        .with_env_filter(args::log_filter())
        .with_writer(args::log_writer())
        .with_target(false)
        .init();
    commands::run(args::parse())
}
