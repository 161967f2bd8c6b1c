//! RustPython as its makers ship it, with nothing of ours but the choice of TLS that it asks
//! for: `tests/run foreign` runs other projects' tests here too, since nothing that passes here
//! may fail on ours.

#[path = "../src/tls.rs"]
mod tls;

use rustpython::{InterpreterBuilder, InterpreterBuilderExt};
use std::process::ExitCode;

fn main() -> ExitCode {
    rustpython::run(InterpreterBuilder::new().init_stdlib().init_hook(tls::install))
}
