//! Notebooks and specs as they are generated.

use crate::course_folder::CourseFolder;
use cellist_formats::cell_metadata::{CellistMetadata, NbgraderMetadata};
use cellist_formats::notebook::{CellType, Notebook};
use cellist_notebooks::build::{self, Generated};
use cellist_notebooks::export;
use std::collections::HashSet;
use std::path::Path;

fn small() -> Generated {
    build::course(&CourseFolder::small().load()).remove(0)
}

#[test]
fn the_student_notebook() {
    insta::assert_snapshot!(small().student.to_text());
}

#[test]
fn the_instructor_notebook() {
    let notebook = small().instructor;
    let mut text = String::new();
    for cell in &notebook.cells {
        text.push_str(&format!(
            "=== {} {}\n{}\n",
            cell.cell_type().as_str(),
            cell.id(),
            cell.source()
        ));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn the_spec() {
    insta::assert_snapshot!(small().spec.to_text());
}

#[test]
fn building_twice_gives_the_same_bytes() {
    let course = CourseFolder::small();
    let texts = || {
        let generated = build::course(&course.load());
        let text = |g: &Generated| [g.student.to_text(), g.instructor.to_text(), g.spec.to_text()];
        generated.iter().flat_map(text).collect::<Vec<_>>()
    };
    let first = texts();
    for _ in 0..20 {
        assert_eq!(texts(), first);
    }
}

#[test]
fn learners_get_no_answers() {
    let text = small().student.to_text();
    for secret in [
        "2 * n",
        "BEGIN SOLUTION",
        "secret",
        "adds",
        "strings can be multiplied",
        "[x] `'aa'`",
        "because",
        "Two minutes",
    ] {
        assert!(!text.contains(secret), "the student notebook holds `{secret}`");
    }
}

#[test]
fn a_generated_notebook_reads_back_as_itself() {
    let generated = small();
    for notebook in [&generated.student, &generated.instructor] {
        let again = Notebook::parse(&notebook.to_text(), Path::new("a.ipynb")).unwrap();
        assert_eq!(again, *notebook);
    }
}

#[test]
fn graded_cells_say_so_to_nbgrader_and_to_us() {
    let student = small().student;
    let mut seen = Vec::new();
    let mut ids = HashSet::new();
    for cell in &student.cells {
        assert!(ids.insert(cell.id()), "the id {} is there twice", cell.id());
        assert!(cell.outputs.is_empty() && cell.execution_count.is_none());
        let ours = CellistMetadata::from_cell(&cell.metadata).unwrap().unwrap();
        assert_eq!(ours.unit, "small");
        let Some(nbgrader) = NbgraderMetadata::from_cell(&cell.metadata).unwrap() else { continue };
        assert_eq!(nbgrader.grade_id, cell.id());
        seen.push((
            cell.id().to_owned(),
            ours.kind,
            (nbgrader.grade, nbgrader.solution, nbgrader.locked),
            nbgrader.points,
        ));
    }
    let row = |id: &str, kind: &str, flags, points| (id.to_owned(), kind.to_owned(), flags, points);
    let wanted = [
        row("small-twice", "exercise", (false, true, false), None),
        row("small-doubles", "check", (true, false, true), Some(2.0)),
        row("small-quiet", "check", (true, false, true), Some(1.0)),
        row("small-guess", "quiz", (true, true, false), Some(1.0)),
        row("small-guess--answer", "answer", (false, true, false), None),
        row("small-half--answer", "answer", (true, true, false), Some(1.0)),
        row("small-why", "reflect", (true, true, false), Some(2.0)),
    ];
    assert_eq!(seen, wanted);
}

#[test]
fn the_terms_of_a_set_stand_on_a_page_of_their_own() {
    let course = CourseFolder::small();
    let other = crate::course_folder::SMALL
        .replace("id: small", "id: other")
        .replace("twice: two times", "twice: two times\nAgain: once more");
    course.unit("track/other.md", &other);
    let toml = course.dir().join("course.toml");
    let text = std::fs::read_to_string(&toml).unwrap();
    std::fs::write(&toml, text.replace("[\"small\"]", "[\"small\", \"other\"]")).unwrap();
    let generated = build::course(&course.load());
    let page = generated.iter().find(|page| page.file == "set/glossary.ipynb").unwrap();
    assert!(page.spec.units.is_empty());
    assert_eq!(
        page.student.cells[0].source(),
        "# Glossary: Set\n\n- **Again**: once more ([Small](a.ipynb))\n- **twice**: two times \
         ([Small](a.ipynb))"
    );
}

#[test]
fn nbgrader_gets_solutions_between_its_markers_and_no_hidden_test_is_released() {
    let [assignment] = export::nbgrader(&CourseFolder::small().load()).try_into().unwrap();
    let source = |id: &str| assignment.source.cell(id).unwrap().source().to_owned();
    assert_eq!(
        source("small-twice"),
        "def twice(n):\n    ### BEGIN SOLUTION\n    return 2 * n\n    ### END SOLUTION"
    );
    assert!(source("small-doubles").starts_with("#| check: doubles\n#| on-failure: raise\n"));
    assert!(source("small-secret").starts_with("### BEGIN HIDDEN TESTS\n#| check: secret\n"));
    assert!(source("small-why").contains("### BEGIN SOLUTION\nbecause.\n### END SOLUTION"));
    let ids = |notebook: &Notebook| {
        notebook.cells.iter().map(|cell| cell.id().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&assignment.source), ids(&assignment.release));
    let released = assignment.release.to_text();
    let half = "### BEGIN SOLUTION\nanswer = \"5\"\n### END SOLUTION";
    assert!(source("small-half--answer").ends_with(half));
    for secret in [
        "2 * n",
        "== -2",
        "because",
        "a string times 2",
        "[x] `'aa'`",
        "Two minutes",
        "times 2.5",
        "2.52.5",
    ] {
        assert!(!released.contains(secret), "the release holds `{secret}`");
    }
}

#[test]
fn keys_of_quizzes_are_sealed_in_learners_notebooks() {
    let student = small().student;
    let below = student.cell("small-half--answer").unwrap();
    assert_eq!(below.cell_type(), CellType::Code);
    let lines: Vec<&str> = below.source().lines().collect();
    assert_eq!(lines[0], "#| quiz: half");
    assert!(lines[1].starts_with("#| key: fill/- n,:"), "{}", lines[1]);
    assert_eq!(*lines.last().unwrap(), "answer = ...");
    let text = student.to_text();
    for secret in ["two times 2.5", "2.52.5", "a string", "double the number", "strings can be"] {
        assert!(!text.contains(secret), "learners can read `{secret}`");
    }
    // The same explanation is another text under another name, and for another option.
    let other = crate::course_folder::SMALL.replace("id=half", "id=part");
    let course = CourseFolder::small();
    course.unit("track/small.md", &other);
    let part = build::course(&course.load()).remove(0).student;
    let part = part.cell("small-part--answer").unwrap().source().to_owned();
    assert_ne!(part.lines().nth(1).unwrap()[12..40], lines[1][12..40]);
}

#[test]
fn a_check_says_what_it_is_in_its_first_lines() {
    let student = small().student;
    let check = student.cell("small-doubles").unwrap();
    assert_eq!(check.cell_type(), CellType::Code);
    let lines: Vec<&str> = check.source().lines().take(3).collect();
    let wanted = ["#| check: doubles", "#| points: 2", "#| hint: twice(3) gave {got!r}; multiply."];
    assert_eq!(lines, wanted);
}
