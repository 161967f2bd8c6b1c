//! Checks of a session's namespace.

use super::Session;
use crate::cell::Failure;
use crate::check::CheckOutcome;
use crate::clock::Clock;
use serde_json::Value;

impl Session {
    /// Runs a check (source with its `#| hint:` lines) against the namespace; what it calls of
    /// the learner's runs on `clock`. `id` stands in messages.
    ///
    /// # Errors
    /// When the check was interrupted.
    pub fn run_check(&self, id: &str, source: &str, clock: Clock) -> Result<CheckOutcome, Failure> {
        self.run_check_watched(id, source, clock, false)
    }

    /// As [`Session::run_check`]; where `watched`, a check that fails comes with the timeline of what
    /// it ran.
    ///
    /// # Errors
    /// As [`Session::run_check`].
    pub fn run_check_watched(
        &self,
        id: &str,
        source: &str,
        clock: Clock,
        watched: bool,
    ) -> Result<CheckOutcome, Failure> {
        let _running = self.interrupter.running();
        let clock = clock.name();
        let _limits = self.watch()?;
        let answer = self.ask("run_check", |vm| {
            let watched = vm.ctx.new_bool(watched);
            (vm.ctx.new_str(id), vm.ctx.new_str(source), vm.ctx.new_str(clock), watched)
        })?;
        let text = |key: &str| answer[key].as_str().map(str::to_owned);
        Ok(CheckOutcome {
            passed: answer["passed"] == Value::Bool(true),
            score: answer["score"].as_f64(),
            hint: text("hint"),
            message: text("message"),
            hint_error: text("hint_error"),
            comparison: text("comparison"),
            timeline: text("timeline"),
        })
    }

    /// Compiles a check ahead, for the processes that are forked from this one, which then run it
    /// sooner. `anew` forgets those that were prepared before.
    ///
    /// # Errors
    /// Never, unless a cell has broken the Python side: what does not compile is told by
    /// [`Session::run_check`].
    pub fn prepare_check(&self, id: &str, source: &str, anew: bool) -> Result<(), Failure> {
        let answer = self.ask("prepare_check", |vm| {
            (vm.ctx.new_str(id), vm.ctx.new_str(source), vm.ctx.new_bool(anew))
        });
        answer.map(drop)
    }
}
