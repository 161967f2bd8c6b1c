//! `_tracemalloc`: the native part of `tracemalloc`.

#[rustpython_vm::pymodule(name = "_tracemalloc")]
pub(crate) mod _tracemalloc {
    use crate::traces::table::{Stack, Table};
    use crate::traces::{self, FRAMES, TRACING};
    use rustpython_vm::function::OptionalArg;
    use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};
    use std::sync::atomic::Ordering;

    const MOST_FRAMES: i64 = 65535;

    /// Begins to trace, and keeps so many frames of each block.
    #[pyfunction]
    fn start(nframe: OptionalArg<i64>, vm: &VirtualMachine) -> PyResult<()> {
        let frames = nframe.unwrap_or(1);
        if !(1..=MOST_FRAMES).contains(&frames) {
            return Err(vm.new_value_error(format!(
                "the number of frames must be in range [1; {MOST_FRAMES}]"
            )));
        }
        traces::start(frames as usize);
        Ok(())
    }

    /// Ends the tracing and forgets what was traced.
    #[pyfunction]
    fn stop() {
        traces::stop();
    }

    /// Whether blocks are traced.
    #[pyfunction]
    fn is_tracing() -> bool {
        TRACING.load(Ordering::SeqCst)
    }

    /// Forgets what was traced so far.
    #[pyfunction]
    fn clear_traces() {
        traces::clear();
    }

    /// How many frames of each block are kept.
    #[pyfunction]
    fn get_traceback_limit() -> usize {
        FRAMES.load(Ordering::SeqCst)
    }

    /// Bytes of traced blocks, now and at most.
    #[pyfunction]
    fn get_traced_memory() -> (usize, usize) {
        traces::with_table(|table| table.totals()).unwrap_or_default()
    }

    /// From now on the most counts from what is held now.
    #[pyfunction]
    fn reset_peak() {
        traces::with_table(Table::reset_peak);
    }

    /// Bytes that tracing itself takes.
    #[pyfunction]
    fn get_tracemalloc_memory() -> usize {
        traces::with_table(|table| table.footprint()).unwrap_or_default()
    }

    /// ``(domain, size, ((file, line), …), number of frames)`` of each block, the innermost frame
    /// first.
    #[pyfunction]
    fn _get_traces(vm: &VirtualMachine) -> Vec<PyObjectRef> {
        if !is_tracing() {
            return Vec::new();
        }
        // The stacks are copied, and so hold their code, before any object is made.
        let (blocks, stacks) = traces::with_table(|table| table.snapshot()).unwrap_or_default();
        let stacks: Vec<(PyObjectRef, PyObjectRef)> = stacks
            .iter()
            .map(|stack| (places(stack, vm), vm.ctx.new_int(stack.depth).into()))
            .collect();
        let domain: PyObjectRef = vm.ctx.new_int(0).into();
        let rows = blocks.into_iter().filter_map(|(size, stack)| {
            let (places, depth) = stacks.get(stack)?.clone();
            let row = vec![domain.clone(), vm.ctx.new_int(size).into(), places, depth];
            Some(vm.ctx.new_tuple(row).into())
        });
        rows.collect()
    }

    /// The places where an object's memory was allocated, the innermost first; None when unknown.
    #[pyfunction]
    fn _get_object_traceback(object: PyObjectRef, vm: &VirtualMachine) -> Option<PyObjectRef> {
        let address = object.as_object().get_id();
        // What weak references and attributes need lies before the object in the same block.
        let found = traces::with_table(|table| {
            (0..=MOST_BEFORE / STEP).find_map(|step| table.stack(address - step * STEP))
        });
        found.flatten().map(|stack| places(&stack, vm))
    }

    /// Bytes that may lie between a block's begin and the object in it.
    const MOST_BEFORE: usize = 128;
    const STEP: usize = 8;

    fn places(stack: &Stack, vm: &VirtualMachine) -> PyObjectRef {
        let places = stack.places.iter().map(|place| {
            let file = vm.ctx.new_str(place.file()).into();
            vm.ctx.new_tuple(vec![file, vm.ctx.new_int(place.line()).into()]).into()
        });
        vm.ctx.new_tuple(places.collect()).into()
    }
}
