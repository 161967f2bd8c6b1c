//! `_cellist_trace`: the records for Python.

#[rustpython_vm::pymodule(name = "_cellist_trace")]
pub(crate) mod _cellist_trace {
    use rustpython_vm::{PyObjectRef, VirtualMachine};

    /// The number that the next record gets.
    #[pyfunction]
    fn position() -> u64 {
        crate::record::position()
    }

    /// The records from that number on, as tuples: number, kind, time, took, thread, task, other,
    /// file, line, function.
    #[pyfunction]
    fn since(number: u64, vm: &VirtualMachine) -> Vec<PyObjectRef> {
        let text = |text: String| vm.ctx.new_str(text).into();
        let rows = crate::record::since(number).into_iter().map(|record| {
            let (file, line, function) = match record.site {
                Some(site) => {
                    (text(site.file), vm.ctx.new_int(site.line).into(), text(site.function))
                }
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
            ];
            vm.ctx.new_tuple(row).into()
        });
        rows.collect()
    }
}
