//! One turn of the loop: wait, then run what is ready.

use super::handle::{HandleCore, is_cancelled};
use super::poller::Event;
use super::queue::{Due, Interest, Ready};
use super::{LoopCore, now, os_error};
use crate::clock::outside::is_outside;
use crate::futures::Future;
use crate::tasks::{self, Enter, Gathering};
use crate::threads::baton::{self, Outside, Watch, Woken};
use crate::{contexts, subshell};
use rustix::event::PollFlags;
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, Py, PyObject, PyResult, VirtualMachine};
use std::os::fd::RawFd;
use std::sync::atomic::Ordering;

/// How many turns without anybody's descriptor go by between two looks at our own.
const QUIET_TURNS: u64 = 32;
/// Cancelled timers are swept out when they are this many, and half of all.
const SWEEP: usize = 100;

impl LoopCore {
    pub(super) fn turn(
        zelf: &Py<Self>,
        companion: Option<&Py<Self>>,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let companion = companion.filter(|other| !other.is_shut());
        vm.check_signals()?;
        subshell::check(vm)?;
        Self::wait(zelf, companion, vm)?;
        let now = now();
        zelf.collect_due(now);
        if let Some(other) = companion {
            other.collect_due(now);
            Self::run_companion(zelf, other, vm)?;
        }
        Self::run_batch(zelf, vm)
    }

    /// Waits until something is ready in either, or due, or a signal came.
    fn wait(zelf: &Py<Self>, other: Option<&Py<Self>>, vm: &VirtualMachine) -> PyResult<()> {
        let turn = zelf.turns.fetch_add(1, Ordering::Relaxed);
        let (mut ready, mut due, mut watched) = zelf.outlook(vm)?;
        if let Some(other) = other {
            let (more, earlier, descriptors) = other.outlook(vm)?;
            ready |= more;
            watched |= descriptors;
            due = [due, earlier].into_iter().flatten().min();
        }
        ready |= zelf.is_stopping();
        if ready && !watched && !turn.is_multiple_of(QUIET_TURNS) {
            return Ok(());
        }
        let idle = !ready && due.is_none_or(|due| due > now());
        let found = Self::look(zelf, other, vm)?;
        if !idle || found {
            return Ok(());
        }
        if zelf.simulated && baton::is_member(vm) {
            return Self::wait_virtually(zelf, other, due, vm);
        }
        let timeout = due.map(|due| due.saturating_sub(now()));
        let patience = subshell::patience().map(|patience| patience.as_nanos() as u64);
        Self::sleep(zelf, other, [timeout, patience].into_iter().flatten().min(), vm);
        vm.check_signals()?;
        subshell::check(vm)?;
        Self::look(zelf, other, vm).map(drop)
    }

    /// On the virtual clock other threads run meanwhile, and then time jumps.
    fn wait_virtually(
        zelf: &Py<Self>,
        other: Option<&Py<Self>>,
        due: Option<u64>,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let cores = || std::iter::once(zelf).chain(other);
        let watch = Watch {
            descriptors: cores().map(|core| (core.poller.fileno(), PollFlags::IN)).collect(),
            outside: if cores().any(|core| core.is_outside_pending()) {
                Outside::Expected
            } else {
                Outside::No
            },
            event_loop: Some(zelf.as_object().to_owned()),
        };
        cores().for_each(|core| core.sleeping.store(true, Ordering::SeqCst));
        // Who pushed before the flags were up has not woken anybody.
        let late = cores().any(|core| !core.queue.lock().ready.is_empty());
        let woken = if late { Ok(Woken::Called) } else { baton::park(due, watch, vm) };
        cores().for_each(|core| core.sleeping.store(false, Ordering::SeqCst));
        if woken? == Woken::Stalled {
            return Err(vm.call_method(zelf.as_object(), "_stalled", ()).map_or_else(
                |error| error,
                |_| vm.new_runtime_error("nothing can wake the event loop"),
            ));
        }
        Self::look(zelf, other, vm).map(drop)
    }

    /// Whether something is ready, when the first timer is due, and whether anybody but
    /// ourselves watches a descriptor.
    fn outlook(&self, vm: &VirtualMachine) -> PyResult<(bool, Option<u64>, bool)> {
        let mut queue = self.queue.lock();
        if queue.cancelled > 0 {
            let mut dropped = Vec::new();
            if queue.cancelled >= SWEEP && queue.cancelled * 2 > queue.timers.len() {
                let timers = std::mem::take(&mut queue.timers);
                let keep: Vec<_>;
                (dropped, keep) =
                    timers.into_iter().partition(|timer| timer.due.is_off(vm).unwrap_or(false));
                queue.timers = keep.into();
                queue.cancelled = 0;
            }
            while let Some(timer) = queue.timers.peek()
                && timer.due.is_off(vm)?
            {
                dropped.extend(queue.timers.pop());
                queue.cancelled = queue.cancelled.saturating_sub(1);
            }
            if queue.timers.is_empty() {
                queue.cancelled = 0;
            }
            let first = queue.timers.peek().map(|timer| timer.at);
            let state = (!queue.ready.is_empty(), first, queue.descriptors.len() > 1);
            // Dropping a handle may run Python code.
            drop(queue);
            drop(dropped);
            return Ok(state);
        }
        let first = queue.timers.peek().map(|timer| timer.at);
        Ok((!queue.ready.is_empty(), first, queue.descriptors.len() > 1))
    }

    /// Takes in what the descriptors have to say; whether there was anything.
    fn look(zelf: &Py<Self>, other: Option<&Py<Self>>, vm: &VirtualMachine) -> PyResult<bool> {
        let mut found = false;
        for core in std::iter::once(zelf).chain(other) {
            let mut events = Vec::new();
            match core.poller.events(&mut events) {
                Ok(()) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(os_error(error, vm)),
            }
            found |= !events.is_empty();
            core.take_in(&events, vm)?;
        }
        Ok(found)
    }

    fn take_in(&self, events: &[Event], vm: &VirtualMachine) -> PyResult<()> {
        for event in events {
            let queue = self.queue.lock();
            let (reader, writer) = match queue.descriptors.get(&event.fd) {
                Some(Interest { reader, writer }) => (reader.clone(), writer.clone()),
                None => (None, None),
            };
            drop(queue);
            let wanted = [(reader, event.readable, true), (writer, event.writable, false)];
            for (handle, wanted, read) in wanted {
                let Some(handle) = handle.filter(|_| wanted) else { continue };
                if is_cancelled(&handle, vm)? {
                    self.remove(vm.ctx.new_int(event.fd).as_object(), read, vm)?;
                } else {
                    self.queue.lock().ready.push_back(Ready::Handle(handle));
                }
            }
        }
        Ok(())
    }

    fn sleep(zelf: &Py<Self>, other: Option<&Py<Self>>, nanos: Option<u64>, vm: &VirtualMachine) {
        zelf.sleeping.store(true, Ordering::SeqCst);
        other.inspect(|other| other.sleeping.store(true, Ordering::SeqCst));
        // Who pushed before the flags were up has not woken anybody.
        let late = |core: &Self| !core.queue.lock().ready.is_empty();
        if !late(zelf) && !other.is_some_and(|other| late(other)) {
            let companion = other.map(|other| other.poller.clone());
            let poller = zelf.poller.clone();
            vm.allow_threads(|| poller.wait(companion.as_deref(), nanos));
        }
        zelf.sleeping.store(false, Ordering::SeqCst);
        other.inspect(|other| other.sleeping.store(false, Ordering::SeqCst));
    }

    fn is_outside_pending(&self) -> bool {
        let fds: Vec<RawFd> = self.queue.lock().descriptors.keys().copied().collect();
        fds.into_iter().any(is_outside)
    }

    fn collect_due(&self, now: u64) {
        let mut queue = self.queue.lock();
        while let Some(timer) = queue.timers.peek()
            && timer.at <= now
        {
            let Some(timer) = queue.timers.pop() else { break };
            if let Due::Handle(handle) = &timer.due
                && let Some(core) = handle.downcast_ref::<HandleCore>()
            {
                core.scheduled.store(false, Ordering::SeqCst);
            }
            queue.ready.push_back(timer.due.into_ready());
        }
    }

    /// Runs what is ready in `other` as if it ran itself.
    fn run_companion(zelf: &Py<Self>, other: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        if other.queue.lock().ready.is_empty() {
            return Ok(());
        }
        let hook = |name: &'static str| other.as_object().get_attr(name, vm).map(Some);
        let first = hook("_asyncgen_firstiter_hook")?;
        let last = hook("_asyncgen_finalizer_hook")?;
        let first = vm.async_gen_firstiter.replace(first);
        let last = vm.async_gen_finalizer.replace(last);
        let running = vm.asyncio_running_loop.replace(Some(other.as_object().to_owned()));
        let thread = other.thread.swap(zelf.thread.load(Ordering::SeqCst), Ordering::SeqCst);
        let result = Self::run_batch(other, vm);
        other.thread.store(thread, Ordering::SeqCst);
        if thread == 0 {
            // It was not running: there is nothing to stop.
            other.stopping.store(false, Ordering::SeqCst);
        }
        vm.asyncio_running_loop.replace(running);
        vm.async_gen_firstiter.replace(first);
        vm.async_gen_finalizer.replace(last);
        result
    }

    /// Runs what is ready now, but not what becomes ready meanwhile.
    fn run_batch(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<()> {
        let count = zelf.queue.lock().ready.len();
        for _ in 0..count {
            // A cell-level `asyncio.run` in a callback may have taken some as a companion.
            let Some(ready) = zelf.queue.lock().ready.pop_front() else { break };
            // What a message about it would show.
            let shown = ready.clone();
            let result = match ready {
                Ready::Step(task, error) => tasks::step(&task, error, Enter::Context, vm),
                Ready::Wakeup(task, future) => {
                    tasks::wakeup(&task, future.as_object(), Enter::Context, vm)
                }
                Ready::Gathered(gathering, future) => {
                    Gathering::child_done(&gathering, future.as_object(), vm)
                }
                Ready::Done(callback, future, context) => {
                    let arguments = FuncArgs::from(vec![future.into()]);
                    contexts::run(&context, &callback, arguments, vm).map(drop)
                }
                Ready::Native(waker, future) => waker.wake(&future, vm),
                Ready::Slept(future, result) if !future.needs_no_timer() => {
                    Future::resolve(&future, result, vm)
                }
                Ready::Slept(..) => Ok(()),
                Ready::Handle(handle) => {
                    Self::run_handle(zelf, &handle, vm)?;
                    continue;
                }
            };
            if let Err(error) = result {
                let handle = shown.into_handle(zelf, vm)?;
                Self::report(zelf, &handle, error, vm)?;
            }
        }
        Ok(())
    }

    fn run_handle(zelf: &Py<Self>, handle: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
        if zelf.debug.load(Ordering::Relaxed) {
            return vm.call_method(zelf.as_object(), "_debug_run", (handle.to_owned(),)).map(drop);
        }
        let Some(core) = handle.downcast_ref::<HandleCore>() else {
            if !is_cancelled(handle, vm)? {
                vm.call_method(handle, "_run", ())?;
            }
            return Ok(());
        };
        let Some(call) = core.call.lock().clone() else { return Ok(()) };
        let mut call = call.into_iter();
        let Some(callback) = call.next() else { return Ok(()) };
        let arguments = FuncArgs::from(call.collect::<Vec<_>>());
        match contexts::run(&core.context, &callback, arguments, vm) {
            Ok(_) => Ok(()),
            Err(error) => Self::report(zelf, handle, error, vm),
        }
    }

    /// A callback raised: tells the loop's exception handler.
    fn report(
        zelf: &Py<Self>,
        handle: &PyObject,
        error: PyBaseExceptionRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let exceptions = &vm.ctx.exceptions;
        if error.fast_isinstance(exceptions.system_exit)
            || error.fast_isinstance(exceptions.keyboard_interrupt)
        {
            return Err(error);
        }
        let arguments = (handle.to_owned(), error);
        vm.call_method(zelf.as_object(), "_callback_failed", arguments).map(drop)
    }
}
