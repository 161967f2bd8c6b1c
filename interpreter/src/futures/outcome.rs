//! How a future ended, for who asks.

use super::{Future, State, names};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyTraceback};
use rustpython_vm::{PyObjectRef, PyRef, PyResult, VirtualMachine};

/// How a future ended.
pub(crate) enum Outcome {
    Returned(PyObjectRef),
    /// With the traceback that the exception had then.
    Raised(PyBaseExceptionRef, Option<PyRef<PyTraceback>>),
}

impl Future {
    /// Its result, or its exception raised; `not_ready` is the error's text when it is pending.
    pub(crate) fn outcome(&self, not_ready: &str, vm: &VirtualMachine) -> PyResult<Outcome> {
        let mut cell = self.cell.lock();
        match cell.state {
            State::Pending => {
                drop(cell);
                Err(names(vm)?.invalid_state(not_ready, vm))
            }
            State::Cancelled => {
                drop(cell);
                Err(self.cancelled_error(vm)?)
            }
            State::Finished => {
                cell.log_traceback = false;
                Ok(match &cell.exception {
                    Some(exception) => Outcome::Raised(exception.clone(), cell.traceback.clone()),
                    None => Outcome::Returned(cell.result.clone().unwrap_or_else(|| vm.ctx.none())),
                })
            }
        }
    }

    /// As the method of this name.
    pub(crate) fn result(&self, vm: &VirtualMachine) -> PyResult {
        match self.outcome("Result is not ready.", vm)? {
            Outcome::Returned(result) => Ok(result),
            Outcome::Raised(exception, traceback) => {
                exception.set_traceback(traceback);
                Err(exception)
            }
        }
    }

    /// The error to raise when it was cancelled: the one that ended the task, once.
    pub(crate) fn cancelled_error(&self, vm: &VirtualMachine) -> PyResult<PyBaseExceptionRef> {
        let (kept, message) = {
            let mut cell = self.cell.lock();
            match cell.rare.as_mut() {
                Some(rare) => (rare.cancelled_error.take(), rare.cancel_message.clone()),
                None => (None, None),
            }
        };
        if let Some(error) = kept {
            return Ok(error);
        }
        let class = names(vm)?.cancelled_error.clone();
        Ok(vm.new_exception(class, message.into_iter().collect()))
    }
}
