//! Whatever is wrong with a notebook, the message names the file and says what to do.

use cellist_formats::notebook::{Notebook, NotebookError};
use std::fmt::Write as _;
use std::path::Path;

fn message(text: &str) -> String {
    Notebook::parse(text, Path::new("hw/a.ipynb")).expect_err(text).to_string()
}

#[test]
fn messages() {
    let with_cell = |cell: &str| {
        format!(r#"{{"nbformat": 4, "nbformat_minor": 5, "metadata": {{}}, "cells": [{cell}]}}"#)
    };
    let table = [
        ("empty", String::new()),
        ("white space", " \n".into()),
        ("cut off", r#"{"nbformat": 4, "cells": [{"cell_type": "co"#.into()),
        ("a web page", "<!DOCTYPE html>\n<html></html>".into()),
        ("a merge", "{\n<<<<<<< HEAD\n \"cells\": []\n=======\n>>>>>>> b\n}".into()),
        ("nbformat 3", r#"{"nbformat": 3, "nbformat_minor": 0, "worksheets": []}"#.into()),
        ("nbformat 5", r#"{"nbformat": 5, "cells": []}"#.into()),
        ("a list", "[1, 2]".into()),
        ("other JSON", r#"{"name": "package.json"}"#.into()),
        ("odd version", r#"{"nbformat": "4", "cells": []}"#.into()),
        ("no cells", r#"{"nbformat": 4, "metadata": {}}"#.into()),
        ("odd metadata", r#"{"nbformat": 4, "metadata": 1, "cells": []}"#.into()),
        ("cell is no object", with_cell("7")),
        ("no cell type", with_cell("{}")),
        ("odd cell type", with_cell(r#"{"cell_type": "heading", "source": ""}"#)),
        ("no source", with_cell(r#"{"cell_type": "code"}"#)),
        ("odd source", with_cell(r#"{"cell_type": "code", "source": [1]}"#)),
        ("odd id", with_cell(r#"{"cell_type": "code", "source": "", "id": 3}"#)),
        ("odd cell metadata", with_cell(r#"{"cell_type": "raw", "source": "", "metadata": []}"#)),
        ("odd outputs", with_cell(r#"{"cell_type": "code", "source": "", "outputs": {}}"#)),
    ];
    let mut report = String::new();
    for (name, text) in table {
        writeln!(report, "{name}: {}", message(&text)).unwrap();
    }
    insta::assert_snapshot!(report);
}

#[test]
fn deep_nesting_is_refused_and_does_not_overflow_the_stack() {
    let deep = format!(r#"{{"nbformat": 4, "cells": [], "metadata": {}"#, "[".repeat(100_000));
    assert!(message(&deep).contains("is not JSON (recursion limit"), "{}", message(&deep));
}

#[test]
fn a_missing_file_a_folder_and_bytes_that_are_no_text() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str| {
        let path = folder.path().join(name);
        let message = Notebook::read(&path).expect_err(name).to_string();
        message.replace(&folder.path().display().to_string(), "FOLDER")
    };
    std::fs::write(folder.path().join("latin1.ipynb"), b"{\n\"a\": \"caf\xe9\"}").unwrap();
    std::fs::create_dir(folder.path().join("folder.ipynb")).unwrap();
    insta::assert_snapshot!(
        [read("missing.ipynb"), read("latin1.ipynb"), read("folder.ipynb")].join("\n")
    );
}

#[test]
fn a_byte_order_mark_is_no_reason_to_refuse() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bom.ipynb");
    std::fs::write(&path, "\u{feff}{\"nbformat\": 4, \"metadata\": {}, \"cells\": []}").unwrap();
    assert!(Notebook::read(&path).unwrap().cells.is_empty());
}

#[test]
fn a_folder_that_cannot_be_written_into_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let path = folder.path().join("file/below/a.ipynb");
    let notebook = Notebook::new(Vec::new(), serde_json::Map::new());
    let error = notebook.write(&path).unwrap_err();
    assert!(matches!(&error, NotebookError::File(_)), "{error:?}");
    assert!(error.to_string().contains("a.ipynb` could not be written"), "{error}");
}
