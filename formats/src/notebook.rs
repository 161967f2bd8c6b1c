//! Jupyter notebooks: `.ipynb` files of nbformat 4.0 to 4.5.
//!
//! A thin typed layer over JSON rather than the crate `nbformat` (3.0), which was tried first: it
//! drops fields it does not know of a cell and of the notebook itself, refuses a whole file for one
//! cell id or output that it does not like, invents a random id for every cell that has none, and
//! does not split texts into lines when it writes. A learner's file must survive all of that.

mod cell;
mod file;
mod multiline;

pub use cell::{Cell, CellType};
pub use file::NotebookError;

use serde_json::{Map, Value, json};

/// Minor version of nbformat 4 that this writes: the one with cell ids.
pub const NBFORMAT_MINOR: u64 = 5;

/// A notebook. What is not named here is kept as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Notebook {
    /// The cells in order.
    pub cells: Vec<Cell>,
    /// The notebook's metadata: `kernelspec`, `language_info` and anybody's own.
    pub metadata: Map<String, Value>,
    /// Minor version of the format; at least [`NBFORMAT_MINOR`], since ids are added when missing.
    minor: u64,
    /// Fields of the notebook that the format does not know.
    extra: Map<String, Value>,
}

impl Notebook {
    /// A notebook of these cells.
    pub fn new(cells: Vec<Cell>, metadata: Map<String, Value>) -> Self {
        Self { cells, metadata, minor: NBFORMAT_MINOR, extra: Map::new() }
    }

    /// The first cell with this id.
    pub fn cell(&self, id: &str) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.id() == id)
    }

    /// The first cell with this id, to be changed.
    pub fn cell_mut(&mut self, id: &str) -> Option<&mut Cell> {
        self.cells.iter_mut().find(|cell| cell.id() == id)
    }

    /// Name of the kernel that the notebook asks for.
    pub fn kernel_name(&self) -> Option<&str> {
        self.metadata.get("kernelspec")?.get("name")?.as_str()
    }

    /// The notebook as nbformat's JSON, texts split into lines.
    fn to_value(&self) -> Value {
        let mut notebook = self.extra.clone();
        notebook.insert("cells".to_owned(), self.cells.iter().map(Cell::to_value).collect());
        notebook.insert("metadata".to_owned(), Value::Object(self.metadata.clone()));
        notebook.insert("nbformat".to_owned(), json!(4));
        notebook.insert("nbformat_minor".to_owned(), json!(self.minor));
        Value::Object(notebook)
    }
}
