//! `_cellist_trace`: the records for Python.

#[rustpython_vm::pymodule(name = "_cellist_trace")]
pub(crate) mod _cellist_trace {
    use crate::record::known::{self, Begin, Known};
    use crate::record::{Block, Kind, Record, block, lanes, thread};
    use cellist_timeline::Timeline;
    use rustpython_vm::builtins::PyStrRef;
    use rustpython_vm::{Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass};
    use std::sync::Mutex;

    /// The number that the next record gets.
    #[pyfunction]
    fn position() -> u64 {
        crate::record::position()
    }

    /// Turns the recording of tasks on or off; only in a build that measures what it costs.
    #[cfg(feature = "record-switch")]
    #[pyfunction]
    fn switch(on: bool) {
        crate::record::switch::turn(on);
    }

    /// Of places in source, only the latest stay known: to be called now and then, or they fill memory.
    #[pyfunction]
    fn forget_places() {
        crate::record::site::forget();
    }

    /// The records from that number on, as tuples: number, kind, time, took, thread, task, other,
    /// file, line, function, what is waited for, the clock, and whether it is the cell itself.
    #[pyfunction]
    fn since(number: u64, vm: &VirtualMachine) -> Vec<PyObjectRef> {
        crate::record::since(number).into_iter().map(|record| row(record, vm)).collect()
    }

    /// The same, only of what deserves a warning: calls, waits and steps of at least so many
    /// seconds that held up an event loop.
    #[pyfunction]
    fn blockages(number: u64, seconds: f64, vm: &VirtualMachine) -> Vec<PyObjectRef> {
        let records = crate::record::blockages(number).into_iter();
        let long = records.filter(|record| record.took.as_secs_f64() >= seconds);
        long.map(|record| row(record, vm)).collect()
    }

    /// File and line where the task of this number was made, if that is still there.
    #[pyfunction]
    fn made(task: u32) -> Option<(String, u32)> {
        let created = crate::record::last(|kind, raw| kind == Kind::Create && raw == task)?;
        created.site.map(|site| (site.file, site.line))
    }

    /// How long ago, in seconds, the task of this number was made or began to wait.
    #[pyfunction]
    fn seconds_since(task: u32) -> Option<f64> {
        let is_either = |kind| kind == Kind::Create || kind == Kind::Wait;
        crate::record::last(|kind, of| of == task && is_either(kind)).and_then(|row| row.age())
    }

    /// All tasks that have not ended, of all event loops.
    #[pyfunction]
    fn pending_tasks() -> Vec<PyObjectRef> {
        crate::tasks::pending()
    }

    /// File and line of the coroutine that was given up last without having been awaited.
    #[pyfunction]
    fn last_never_awaited() -> Option<(String, u32)> {
        let last = crate::record::last(|kind, _| kind == Kind::NeverAwaited)?;
        last.site.map(|site| (site.file, site.line))
    }

    fn row(record: Record, vm: &VirtualMachine) -> PyObjectRef {
        let text = |text: String| vm.ctx.new_str(text).into();
        let (file, line, function) = match record.site {
            Some(site) => (text(site.file), vm.ctx.new_int(site.line).into(), text(site.function)),
            None => (vm.ctx.none(), vm.ctx.none(), vm.ctx.none()),
        };
        let row: Vec<PyObjectRef> = vec![
            vm.ctx.new_int(record.number).into(),
            vm.ctx.new_str(record.kind.name()).into(),
            vm.ctx.new_float(record.time.as_secs_f64()).into(),
            vm.ctx.new_float(record.took.as_secs_f64()).into(),
            vm.ctx.new_int(record.thread).into(),
            vm.ctx.new_int(record.task).into(),
            vm.ctx.new_int(record.other).into(),
            file,
            line,
            function,
            record.what.map_or_else(|| vm.ctx.none(), text),
            vm.ctx.new_str(record.clock.name()).into(),
            vm.ctx.new_bool(record.is_top).into(),
        ];
        vm.ctx.new_tuple(row).into()
    }

    /// A call that waits, and lets no other task have its turn meanwhile, begins; it ends by
    /// `end()`.
    #[pyfunction]
    fn blocking(name: PyStrRef, vm: &VirtualMachine) -> PyRef<Blocking> {
        let block = block(&name.to_string_lossy());
        Blocking(Mutex::new(Some(block))).into_ref(&vm.ctx)
    }

    #[pyattr]
    #[pyclass(name = "Blocking", module = "_cellist_trace")]
    #[derive(Debug, PyPayload)]
    pub(crate) struct Blocking(Mutex<Option<Block>>);

    #[pyclass]
    impl Blocking {
        #[pymethod]
        fn end(zelf: &Py<Self>) {
            let block = zelf.0.lock().ok().and_then(|mut block| block.take());
            drop(block);
        }
    }

    /// A timeline that is being taken: from when it is made until it is closed.
    #[pyattr]
    #[pyclass(name = "Watch", module = "_cellist_trace")]
    #[derive(Debug, PyPayload)]
    pub(crate) struct Watch {
        begin: Begin,
        is_open: Mutex<bool>,
    }

    /// Begins to take a timeline.
    #[pyfunction]
    fn watch(vm: &VirtualMachine) -> PyRef<Watch> {
        Watch { begin: known::watch(), is_open: Mutex::new(true) }.into_ref(&vm.ctx)
    }

    #[pyclass]
    impl Watch {
        /// The number of its first record.
        #[pygetset]
        fn since(zelf: &Py<Self>) -> u64 {
            zelf.begin.record
        }

        /// Tells the name and function of a thread that runs.
        #[pymethod]
        fn name_thread(_zelf: &Py<Self>, ident: u64, name: PyStrRef, function: PyStrRef) {
            let [name, function] = [name, function].map(|text| text.to_string_lossy().into_owned());
            if let Some(number) = known::number_of(ident) {
                known::name_thread(number, Known { name, function, error: None });
            }
        }

        /// What happened so far, as JSON.
        #[pymethod]
        fn timeline(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<String> {
            let names = known::all(vm);
            let timeline = lanes::timeline(zelf.begin, thread(), &names);
            serde_json::to_string(&timeline).map_err(|error| vm.new_value_error(error.to_string()))
        }

        /// Ends it. What only timelines need is not recorded any more.
        #[pymethod]
        fn close(zelf: &Py<Self>) {
            if let Ok(mut is_open) = zelf.is_open.lock()
                && std::mem::take(&mut *is_open)
            {
                known::unwatch();
            }
        }
    }

    fn read(timeline: &PyStrRef, vm: &VirtualMachine) -> PyResult<Timeline> {
        serde_json::from_str(&timeline.to_string_lossy())
            .map_err(|error| vm.new_value_error(format!("no timeline: {error}")))
    }

    /// A timeline drawn as SVG, so many pixels wide.
    #[pyfunction]
    fn draw_svg(timeline: PyStrRef, width: usize, vm: &VirtualMachine) -> PyResult<String> {
        Ok(cellist_timeline::svg(&read(&timeline, vm)?, width))
    }

    /// A timeline drawn in lines of so many columns.
    #[pyfunction]
    fn draw_text(timeline: PyStrRef, width: usize, vm: &VirtualMachine) -> PyResult<String> {
        Ok(cellist_timeline::text(&read(&timeline, vm)?, width))
    }
}
