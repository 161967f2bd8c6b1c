//! Files: written when they must be, found stale when they are.

use crate::course_folder::{CourseFolder, SMALL};
use cellist_formats::notebook::{Cell, CellType, Notebook};
use cellist_notebooks::build;
use cellist_notebooks::publish::{self, Places};
use std::path::Path;

fn places(course: &CourseFolder) -> Places {
    Places {
        student: course.path("published"),
        instructor: course.path("out/instructor"),
        specs: course.path("out/specs"),
    }
}

/// What `check` says, paths relative to the course's folder.
fn stale(course: &CourseFolder) -> Vec<String> {
    let root = course.path("");
    let course_read = course.load();
    publish::check(&build::course(&course_read), &build::syllabus(&course_read), &places(course))
        .into_iter()
        .map(|stale| {
            let path = stale.path.strip_prefix(&root).unwrap_or(&stale.path).display().to_string();
            format!("{path}: {}", stale.reason)
        })
        .collect()
}

fn write(folder: &CourseFolder) -> publish::Written {
    let course = folder.load();
    publish::write(&build::course(&course), &build::syllabus(&course), &places(folder)).unwrap()
}

fn published() -> CourseFolder {
    let course = CourseFolder::small();
    write(&course);
    course
}

fn edit(course: &CourseFolder, change: impl FnOnce(&mut Notebook)) {
    let path = course.path("published/set/a.ipynb");
    let mut notebook = Notebook::read(&path).unwrap();
    change(&mut notebook);
    notebook.write(&path).unwrap();
}

#[test]
fn what_was_just_written_is_up_to_date() {
    let course = published();
    assert_eq!(stale(&course), [""; 0]);
    let again = write(&course);
    assert_eq!((again.changed.len(), again.unchanged), (0, 6));
}

#[test]
fn only_what_learners_get_must_be_there() {
    let course = CourseFolder::small();
    let missing = |file: &str| format!("published/{file}: it is missing");
    let files = ["set/a.ipynb", "set/glossary.ipynb", "syllabus.json"];
    assert_eq!(stale(&course), files.map(missing));
}

#[test]
fn a_changed_unit_makes_all_three_stale() {
    let course = published();
    course.unit("track/small.md", &SMALL.replace("== 6", "== 7"));
    assert_eq!(
        stale(&course),
        [
            "out/instructor/set/a.ipynb: cell `small-doubles` differs",
            "out/specs/set/a.json: it differs from what the units make",
            "published/set/a.ipynb: cell `small-doubles` differs",
        ]
    );
}

#[test]
fn differing_cells_are_named() {
    let course = published();
    edit(&course, |notebook| {
        notebook.cell_mut("small-twice").unwrap().set_source("def twice(n): return 2 * n");
        notebook.cell_mut("small-guess").unwrap().metadata.remove("nbgrader");
        notebook.cells.retain(|cell| cell.id() != "small-quiet");
        notebook.cells.push(Cell::new(CellType::Code, "mine", ""));
    });
    assert_eq!(
        stale(&course),
        [
            "published/set/a.ipynb: cells `small-twice`, `small-guess` differ; cell `small-quiet` is \
          missing; cell `mine` is not in the unit"
        ]
    );
}

#[test]
fn order_metadata_and_way_of_writing_count() {
    let course = published();
    edit(&course, |notebook| notebook.cells.swap(0, 1));
    assert_eq!(stale(&course), ["published/set/a.ipynb: the cells are in another order, or twice"]);

    let course = published();
    edit(&course, |notebook| {
        notebook.metadata.remove("kernelspec");
    });
    assert_eq!(stale(&course), ["published/set/a.ipynb: the notebook's metadata differ"]);

    let course = published();
    let path = course.path("published/set/a.ipynb");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\n ", "\n  ")).unwrap();
    assert_eq!(
        stale(&course),
        ["published/set/a.ipynb: the cells are the same, but written in another way"]
    );
}

#[test]
fn a_broken_file_says_how() {
    let course = published();
    std::fs::write(course.path("published/set/a.ipynb"), "{").unwrap();
    let [problem] = stale(&course).try_into().unwrap();
    assert!(problem.contains("is not JSON"), "{problem}");
}

#[test]
fn stray_notebooks_are_named_and_never_deleted() {
    let course = published();
    let stray = course.path("published/old/b.ipynb");
    std::fs::create_dir_all(stray.parent().unwrap()).unwrap();
    std::fs::create_dir_all(course.path("published/set/.ipynb_checkpoints")).unwrap();
    std::fs::write(&stray, "{}").unwrap();
    std::fs::write(course.path("published/set/.ipynb_checkpoints/a-checkpoint.ipynb"), "{}")
        .unwrap();
    std::fs::write(course.path("published/README.md"), "text").unwrap();
    assert_eq!(stale(&course), ["published/old/b.ipynb: no unit makes it; delete it"]);
    let written = write(&course);
    assert_eq!(written.stray, [stray.as_path()]);
    assert!(Path::new(&stray).exists());
}
