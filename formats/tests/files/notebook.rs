//! Notebooks survive reading and writing.

use cellist_formats::notebook::{Cell, CellType, Notebook};
use serde_json::{Map, Value, json};
use std::path::Path;

fn parse(value: &Value) -> Notebook {
    Notebook::parse(&value.to_string(), Path::new("test.ipynb")).unwrap()
}

fn written(notebook: &Notebook) -> Value {
    serde_json::from_str(&notebook.to_text()).unwrap()
}

#[test]
fn every_minor_version_of_nbformat_4_is_read() {
    for minor in 0..=5 {
        let notebook = parse(&json!({
            "nbformat": 4, "nbformat_minor": minor, "metadata": {},
            "cells": [{"cell_type": "markdown", "metadata": {}, "source": ["# A\n", "b"]}],
        }));
        assert_eq!(notebook.cells[0].source(), "# A\nb", "minor {minor}");
        assert_eq!(notebook.cells[0].cell_type(), CellType::Markdown);
        assert_eq!(written(&notebook)["nbformat_minor"], 5);
    }
}

#[test]
fn cells_without_ids_get_the_same_ones_each_time_and_take_nobodys() {
    let code = |id: Option<&str>| {
        let mut cell = json!({"cell_type": "code", "metadata": {}, "source": "1", "outputs": []});
        if let Some(id) = id {
            cell["id"] = json!(id);
        }
        cell
    };
    let value = json!({
        "nbformat": 4, "nbformat_minor": 4, "metadata": {},
        "cells": [code(None), code(Some("cell-1")), code(None)],
    });
    let ids: Vec<String> = parse(&value).cells.iter().map(|cell| cell.id().to_owned()).collect();
    assert_eq!(ids, ["cell-1x", "cell-1", "cell-3"]);
    assert_eq!(parse(&value), parse(&value));
}

#[test]
fn a_newer_minor_version_stays() {
    let notebook = parse(&json!({"nbformat": 4, "nbformat_minor": 6, "metadata": {}, "cells": []}));
    assert_eq!(written(&notebook)["nbformat_minor"], 6);
}

#[test]
fn what_nobody_knows_is_kept() {
    let value = json!({
        "nbformat": 4, "nbformat_minor": 5, "from_the_future": [1, {"b": 2}],
        "metadata": {"kernelspec": {"name": "cellist", "display_name": "C"}, "widgets": {"w": 1}},
        "cells": [
            {
                "cell_type": "code", "id": "a", "metadata": {"tags": ["t"], "vendor": {"x": null}},
                "source": ["x = 1\n", "x"], "execution_count": 7, "vendor_field": true,
                "outputs": [
                    {"output_type": "stream", "name": "stdout", "text": ["a\n", "b"]},
                    {"output_type": "invented", "payload": {"deep": [1.5, "ü"]}},
                    {
                        "output_type": "display_data", "metadata": {"image/png": {"width": 4}},
                        "data": {
                            "text/plain": ["<Figure>"], "image/png": "iVBOR",
                            "application/json": {"list": ["kept", "as", "list"]},
                            "application/vnd.thing": ["also", "kept"],
                        },
                    },
                    {
                        "output_type": "error", "ename": "E", "evalue": "v",
                        "traceback": ["line 1", "line 2"],
                    },
                ],
            },
            {
                "cell_type": "markdown", "id": "b", "metadata": {}, "source": [],
                "attachments": {"a.svg": {"image/svg+xml": ["<svg>\n", "</svg>"]}},
            },
            {"cell_type": "raw", "id": "c", "metadata": {"format": "text/html"}, "source": ["<b>"]},
        ],
    });
    let notebook = parse(&value);
    assert_eq!(written(&notebook), value);
    assert_eq!(notebook.kernel_name(), Some("cellist"));
    assert_eq!(notebook.cells[0].outputs[0]["text"], "a\nb");
    assert_eq!(notebook.cells[0].execution_count, Some(7));
}

/// What Python's `nbformat.write` makes of this notebook, byte for byte.
const AS_NBFORMAT_WRITES: &str = r##"{
 "cells": [
  {
   "cell_type": "code",
   "execution_count": null,
   "id": "one",
   "metadata": {
    "b": 1,
    "ä": 2
   },
   "outputs": [
    {
     "data": {
      "text/plain": [
       "'ü'"
      ]
     },
     "execution_count": 1,
     "metadata": {},
     "output_type": "execute_result"
    }
   ],
   "source": [
    "'ü'\n",
    "\n",
    "\"q\" \u0007"
   ]
  },
  {
   "cell_type": "markdown",
   "id": "two",
   "metadata": {},
   "source": []
  }
 ],
 "metadata": {},
 "nbformat": 4,
 "nbformat_minor": 5
}
"##;

#[test]
fn the_writer_writes_what_nbformat_writes() {
    let mut code = Cell::new(CellType::Code, "one", "'ü'\n\n\"q\" \u{7}");
    code.metadata.insert("ä".into(), json!(2));
    code.metadata.insert("b".into(), json!(1));
    code.outputs.push(json!({
        "output_type": "execute_result", "metadata": {}, "execution_count": 1,
        "data": {"text/plain": "'ü'"},
    }));
    let notebook = Notebook::new(vec![code, Cell::new(CellType::Markdown, "two", "")], Map::new());
    assert_eq!(notebook.to_text(), AS_NBFORMAT_WRITES);
    let again = Notebook::parse(AS_NBFORMAT_WRITES, Path::new("n.ipynb")).unwrap();
    assert_eq!(again, notebook);
}

#[test]
fn a_cell_can_be_found_and_changed() {
    let cells = vec![Cell::new(CellType::Code, "a", "1"), Cell::new(CellType::Code, "b", "2")];
    let mut notebook = Notebook::new(cells, Map::new());
    notebook.cell_mut("b").unwrap().set_source("3");
    assert_eq!(notebook.cell("b").map(Cell::source), Some("3"));
    assert!(notebook.cell("c").is_none());
}

#[test]
fn fifty_megabytes_are_read_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.ipynb");
    let picture = "A".repeat(50 << 20);
    let mut cell = Cell::new(CellType::Code, "plot", "plot()");
    cell.outputs.push(json!({
        "output_type": "display_data", "metadata": {}, "data": {"image/png": picture},
    }));
    let notebook = Notebook::new(vec![cell], Map::new());
    notebook.write(&path).unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() > 50 << 20);
    assert!(Notebook::read(&path).unwrap() == notebook, "it is not what was written");
}

#[test]
fn many_cells_with_many_lines_are_read_and_written() {
    let source = "print('a line of an ordinary length, more or less')\n".repeat(200);
    let cells =
        (0..1000).map(|n| Cell::new(CellType::Code, format!("c{n}"), source.clone())).collect();
    let notebook = Notebook::new(cells, Map::new());
    let again = Notebook::parse(&notebook.to_text(), Path::new("n.ipynb")).unwrap();
    assert!(again == notebook, "it is not what was written");
}
