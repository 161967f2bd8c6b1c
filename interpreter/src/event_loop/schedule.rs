//! Filling the queue: what becomes ready, and what is due later.

use super::handle::callback_and_arguments;
use super::queue::{Due, Ready, Timer};
use super::{LoopCore, now, seconds};
use crate::futures::Future;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine,
};
use std::sync::atomic::Ordering;

impl LoopCore {
    pub(super) fn schedule(
        zelf: &Py<Self>,
        at: u64,
        when: Option<PyObjectRef>,
        mut args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult {
        zelf.open_or_raise(vm)?;
        let handle: PyObjectRef = if zelf.debug.load(Ordering::Relaxed) {
            args.prepend_arg(when.unwrap_or_else(|| seconds(at, vm)));
            vm.call_method(zelf.as_object(), "_debug_call_at", args)?
        } else {
            Self::note_stray(zelf, vm)?;
            let context = args.take_keyword("context");
            let call = callback_and_arguments(args, vm)?;
            let class = zelf.types.timer.clone();
            let core = Self::handle_core(zelf, call, context, at, when, vm)?;
            core.scheduled.store(true, Ordering::SeqCst);
            core.into_ref_with_type(vm, class)?.into()
        };
        zelf.add_timer(at, Due::Handle(handle.clone()));
        Ok(handle)
    }

    /// `owner` as a loop whose queue may be filled without asking it: exactly ours, open, not
    /// in debug mode.
    pub(crate) fn plain(owner: &PyObject) -> Option<&Py<Self>> {
        let core = owner.downcast_ref::<Self>()?;
        let open = !core.debug.load(Ordering::Relaxed) && !core.is_shut();
        (core.is_exact.load(Ordering::Relaxed) && open).then_some(core)
    }

    /// Whether `create_task` is our own, and no factory is set.
    pub(crate) fn makes_plain_tasks(&self, vm: &VirtualMachine) -> PyResult<bool> {
        let method = self.types.ours.as_object().get_attr("create_task", vm)?;
        Ok(self.task_factory.lock().is_none() && method.is(&self.types.create_task))
    }

    /// Ends `future` with `result` after so many nanoseconds, unless it is done by then.
    pub(crate) fn resolve_after(&self, nanos: u64, future: PyRef<Future>, result: PyObjectRef) {
        self.add_timer(now().saturating_add(nanos), Due::Sleep(future, result));
    }

    /// One of the timers no longer matters.
    pub(crate) fn timer_cancelled(&self) {
        self.queue.lock().cancelled += 1;
    }

    fn add_timer(&self, at: u64, due: Due) {
        let mut queue = self.queue.lock();
        let sequence = queue.sequence;
        queue.sequence += 1;
        queue.timers.push(Timer { at, sequence, due });
        drop(queue);
        self.wake();
    }

    /// Puts something into the ready queue.
    pub(crate) fn push(&self, ready: Ready) {
        self.queue.lock().ready.push_back(ready);
        self.wake();
    }

    pub(super) fn wake(&self) {
        if self.sleeping.swap(false, Ordering::SeqCst) {
            self.poller.wake();
        }
    }
}
