//! The blocks that are held, and where they came from.

use rustpython_vm::builtins::PyCode;
use rustpython_vm::{AsObject, Py, PyRef};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// A place in a code object. Places are equal when code and instruction are.
#[derive(Clone)]
pub(super) struct Place {
    /// Kept: another one must not come to lie at the same address.
    code: PyRef<PyCode>,
    instruction: u32,
}

impl Place {
    pub(super) fn new(code: &Py<PyCode>, instruction: u32) -> Self {
        Self { code: code.to_owned(), instruction }
    }

    /// The file's name, or the cell's.
    pub(super) fn file(&self) -> &str {
        self.code.source_path().as_str()
    }

    /// The line, from 1; 0 when unknown.
    pub(super) fn line(&self) -> u32 {
        // It points behind the instruction, each of which is two bytes.
        let line = self.code.addr2line(self.instruction as i32 * 2 - 2);
        u32::try_from(line).unwrap_or(0)
    }

    fn key(&self) -> (usize, u32) {
        (self.code.as_object().get_id(), self.instruction)
    }
}

/// Where a block came from: the places, the innermost first, and how many frames there were.
#[derive(Clone)]
pub(super) struct Stack {
    pub(super) places: Vec<Place>,
    pub(super) depth: usize,
}

#[derive(Clone, Copy)]
struct Block {
    size: usize,
    stack: usize,
}

/// What is traced.
#[derive(Default)]
pub(super) struct Table {
    blocks: HashMap<usize, Block>,
    stacks: Vec<Stack>,
    numbers: HashMap<Vec<(usize, u32)>, usize>,
    /// The stack of the block that comes next.
    places: Vec<Place>,
    depth: usize,
    held: usize,
    peak: usize,
}

static TABLE: LazyLock<Mutex<Table>> = LazyLock::new(Mutex::default);

/// Only ever locked for moments in which no Python runs.
pub(super) fn lock() -> MutexGuard<'static, Table> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Table {
    /// Takes the stack of the next block from `walk`, which returns its depth.
    pub(super) fn collect(&mut self, walk: impl FnOnce(&mut Vec<Place>) -> usize) {
        self.places.clear();
        self.depth = walk(&mut self.places);
    }

    /// Notes a block under the stack collected last.
    pub(super) fn add(&mut self, address: usize, size: usize) {
        let key: Vec<_> = self.places.iter().map(Place::key).collect();
        let (stacks, places, depth) = (&mut self.stacks, &self.places, self.depth);
        let stack = *self.numbers.entry(key).or_insert_with(|| {
            stacks.push(Stack { places: places.clone(), depth });
            stacks.len() - 1
        });
        self.remove(address);
        self.blocks.insert(address, Block { size, stack });
        self.held += size;
        self.peak = self.peak.max(self.held);
    }

    pub(super) fn remove(&mut self, address: usize) {
        if let Some(block) = self.blocks.remove(&address) {
            self.held = self.held.saturating_sub(block.size);
        }
    }

    /// The stack of the block at an address.
    pub(super) fn stack(&self, address: usize) -> Option<Stack> {
        self.blocks.get(&address).and_then(|block| self.stacks.get(block.stack)).cloned()
    }

    /// The blocks, as sizes and numbers of stacks; and the stacks.
    pub(super) fn snapshot(&self) -> (Vec<(usize, usize)>, Vec<Stack>) {
        let blocks = self.blocks.values().map(|block| (block.size, block.stack)).collect();
        (blocks, self.stacks.clone())
    }

    /// Bytes held, and the most that were held.
    pub(super) fn totals(&self) -> (usize, usize) {
        (self.held, self.peak)
    }

    pub(super) fn reset_peak(&mut self) {
        self.peak = self.held;
    }

    /// Bytes that the table itself takes.
    pub(super) fn footprint(&self) -> usize {
        let places: usize = self.stacks.iter().map(|stack| stack.places.capacity()).sum();
        self.blocks.capacity() * (size_of::<(usize, Block)>() + 1)
            + self.stacks.capacity() * size_of::<Stack>()
            + self.numbers.capacity() * (size_of::<(Vec<(usize, u32)>, usize)>() + 1)
            + places * (size_of::<Place>() + size_of::<(usize, u32)>())
    }
}
