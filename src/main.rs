//! cellist
fn main() -> std::process::ExitCode { cellist_interpreter::python() }
