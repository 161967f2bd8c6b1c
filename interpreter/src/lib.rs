//! spike
use rustpython::InterpreterBuilderExt;
/// python
pub fn python() -> std::process::ExitCode {
    rustpython::run(rustpython::InterpreterBuilder::new().init_stdlib())
}
