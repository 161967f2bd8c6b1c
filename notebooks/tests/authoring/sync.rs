//! Instructors' edits flow back into the units, exactly or not at all.

use crate::course_folder::{CourseFolder, here};
use crate::random::{Random, garble, mangle, seeds};
use cellist_formats::notebook::{Cell, CellType, Notebook};
use cellist_notebooks::build;
use cellist_notebooks::sync::{SyncError, mark, sync};

fn instructor(course: &CourseFolder) -> Notebook {
    build::course(&course.load()).remove(0).instructor
}

/// Edits a cell of `small` and carries it over; the unit's new text.
fn edited(course: &CourseFolder, id: &str, change: impl FnOnce(&str) -> String) -> String {
    let mut notebook = instructor(course);
    let cell = notebook.cell_mut(id).unwrap();
    let source = change(cell.source());
    cell.set_source(source);
    let synced = sync(&course.load(), &notebook).unwrap();
    assert_eq!(synced.cells, [id]);
    let [(_, text)] = synced.files.try_into().unwrap();
    text
}

fn refusal(course: &CourseFolder, change: impl FnOnce(&mut Notebook)) -> String {
    let mut notebook = instructor(course);
    change(&mut notebook);
    sync(&course.load(), &notebook).unwrap_err().to_string()
}

#[test]
fn nothing_edited_changes_nothing() {
    let course = CourseFolder::small();
    let synced = sync(&course.load(), &instructor(&course)).unwrap();
    assert_eq!((synced.files, synced.cells, synced.added), (vec![], vec![], 0));
}

#[test]
fn every_kind_of_cell_flows_back() {
    let course = CourseFolder::small();
    let both = |id: &str, from: &str, to: &str| {
        edited(&course, id, |source| {
            assert!(source.contains(from), "{source}");
            source.replace(from, to)
        })
    };
    assert!(both("small-twice-2", "Double a", "Now double a").contains("\nNow double a number.\n"));
    let text = both("small-twice-example", "1 + 1", "2 + 2");
    assert!(text.contains("```python {example}\nprint(2 + 2)\n```"), "{text}");
    let text = both("small-doubles", "== 6", "== 3 + 3");
    assert!(text.contains("points=2}\n#| hint: twice(3) gave {got!r}; multiply.\n"), "{text}");
    assert!(text.contains("assert got == 3 + 3\n```"), "{text}");
    let text = both("small-guess", "once more the string", "the string again");
    assert!(
        text.contains("- [x] `'aa'` > a string times 2 is the string and the string again\n```"),
        "{text}"
    );
    assert!(text.contains("- [ ] an error > strings can be multiplied\n"), "{text}");
    let text = both("small-half", "two times 2.5", "2.5 and 2.5");
    assert!(
        text.contains(
            "`twice(2.5)`?\n= 5 > 2.5 and 2.5\n!= 2.52.5 > so it would be with `'2.5'`, a string\n\
             != ... > double the number\n```"
        ),
        "{text}"
    );
    let text = both("small-half", "- **right:** 5", "- **right:** 5 ± 0.1");
    assert!(text.contains("\n= 5 ± 0.1 > two times"), "{text}");
    assert!(
        both("small-why", "because.", "it is so.").contains("\nWhy?\n\nRubric: it is so.\n```")
    );
    assert!(both("small-twice-glossary", "two times", "2 times").contains("\ntwice: 2 times\n```"));
    assert!(both("small-twice-instructor", "Two", "Three").contains("\nThree minutes.\n```"));
}

/// A course whose only unit has an exercise of this content.
fn exercise(content: &str) -> CourseFolder {
    let course = CourseFolder::small();
    course.unit(
        "track/small.md",
        &format!(
            "---\nid: small\ntitle: Small\nclock: virtual\n---\n# A\n\n```python {{exercise id=x}}\n{content}\n```\n"
        ),
    );
    course
}

const REGIONS: &str = "import a\n\ndef f(x):\n    ### BEGIN SOLUTION stub=...\n    y = x\n    return y\n    \
                       ### END SOLUTION\n\ndef g(x):\n    ### BEGIN SOLUTION\n    return x\n    ### STUB\n    \
                       return ...\n    ### END SOLUTION";

#[test]
fn a_solution_goes_back_between_its_markers() {
    let course = exercise(REGIONS);
    let becomes = |from: &str, to: &str, wanted: (&str, &str)| {
        let text = edited(&course, "small-x", |source| source.replace(from, to));
        let content =
            text.split("```").nth(1).unwrap().trim_start_matches("python {exercise id=x}\n");
        assert_eq!(content.trim_end(), REGIONS.replace(wanted.0, wanted.1));
    };
    becomes("y = x\n", "y = 2 * x\n", ("    y = x\n", "    y = 2 * x\n"));
    // Next to a border it is the learner's.
    becomes("    return y", "    return y\n    # done", ("return y\n", "return y\n    # done\n"));
    becomes("    y = x", "    z = 1\n    y = x", ("    y = x", "    z = 1\n    y = x"));
    becomes(
        "    return x",
        "    return x\n    # end",
        ("    return x\n", "    return x\n    # end\n"),
    );
    becomes("import a", "import a, b", ("import a", "import a, b"));
    becomes("def g(x)", "def g(x, y)", ("def g(x)", "def g(x, y)"));
    becomes("    y = x\n", "", ("    y = x\n", ""));
}

#[test]
fn an_edit_across_a_border_is_refused() {
    let course = exercise(REGIONS);
    let said = refusal(&course, |notebook| {
        let cell = notebook.cell_mut("small-x").unwrap();
        let source = cell.source().replace("def f(x):\n    y = x", "def h(x):\n    z = x");
        cell.set_source(source);
    });
    assert!(said.contains("`small-x`") && said.contains("region's border"), "{said}");
}

#[test]
fn a_fence_grows_around_fences() {
    let course = CourseFolder::small();
    let text = edited(&course, "small-twice-example", |_| "s = \"\"\"\n```\n\"\"\"".to_owned());
    assert!(text.contains("````python {example}\ns = \"\"\"\n```\n\"\"\"\n````\n"), "{text}");
}

#[test]
fn windows_line_ends_stay() {
    let course = CourseFolder::small();
    course.unit("track/small.md", &crate::course_folder::SMALL.replace('\n', "\r\n"));
    let text = edited(&course, "small-twice-example", |_| "print(3)".to_owned());
    assert!(text.contains("print(3)\r\n```\r\n"), "{text}");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
}

#[test]
fn a_unit_that_changed_meanwhile_is_refused() {
    let course = CourseFolder::small();
    let mut notebook = instructor(&course);
    course.unit("track/small.md", &crate::course_folder::SMALL.replace("Double a", "Double any"));
    let said = sync(&course.load(), &notebook).unwrap_err().to_string();
    assert!(
        said.starts_with("changed since the notebook was built: `small`; build into"),
        "{said}"
    );
    mark(&course.load(), &mut notebook).unwrap();
    assert_eq!(sync(&course.load(), &notebook).unwrap().cells, ["small-twice-2"]);
}

#[test]
fn what_has_no_place_in_the_unit_is_refused() {
    let course = CourseFolder::small();
    let set = |id: &'static str, source: &'static str| {
        refusal(&course, |notebook| notebook.cell_mut(id).unwrap().set_source(source))
    };
    assert!(set("small-doubles", "assert 1").contains("change id, points and clock in the unit"));
    assert!(set("small--mistakes", "none").contains("mutants are edited in the unit"));
    assert!(set("small-why", "Why?").contains("keep `**Rubric (2 points):** `"));
    assert!(set("small-guess", "What?").contains("no options"));
    assert!(set("small-half", "What?").contains("no answers `- **right:** …`"));
    assert!(set("small-twice-example", " ").contains("it is empty"));
    assert!(
        set("small-twice-2", "# Twice\nA\n\n# Thrice\nB").contains("would make something else")
    );
    // The mutants no longer apply.
    assert!(set("small-twice", "def twice(n): return n + n").contains("small"));
    let gone = refusal(&course, |notebook| notebook.cells.retain(|cell| cell.id() != "small-why"));
    assert!(gone.contains("`small-why` missing"), "{gone}");
    let moved = refusal(&course, |notebook| notebook.cells.swap(0, 1));
    assert!(moved.contains("was moved"), "{moved}");
    let student = build::course(&course.load()).remove(0).student;
    assert!(matches!(sync(&course.load(), &student), Err(SyncError::Foreign)));
}

#[test]
fn added_cells_are_left_alone() {
    let course = CourseFolder::small();
    let mut notebook = instructor(&course);
    notebook.cells.insert(1, Cell::new(CellType::Code, "mine", "1 + 1"));
    let synced = sync(&course.load(), &notebook).unwrap();
    assert_eq!((synced.added, synced.files.len()), (1, 0));
}

/// Whatever is edited: the new units make exactly the edited cells, or nothing changes.
#[test]
fn random_edits_come_back_exactly_or_not_at_all() {
    let units: Vec<String> = ["ex01", "ex04", "ex07"]
        .map(|id| {
            std::fs::read_to_string(here().join(format!("course/units/async/{id}.md"))).unwrap()
        })
        .iter()
        .map(|text| {
            let own = text
                .lines()
                .filter(|line| !line.starts_with("covers:") && !line.starts_with("requires:"));
            let own: Vec<&str> = own
                .map(|line| if line.starts_with("id: ex") { "id: small" } else { line })
                .collect();
            own.join("\n")
        })
        .collect();
    let pieces = ["x = 1", "    # a remark", "A line more.", "word", "```", "# Heading", ""];
    let (mut carried, mut refused) = (0, 0);
    for seed in seeds("sync", 80) {
        let course = CourseFolder::small();
        let mut random = Random(seed);
        // Mostly the smallest, so that many seeds take little time.
        let unit = &units[random.below(8).saturating_sub(5)];
        course.unit("track/small.md", unit);
        let mut notebook = instructor(&course);
        for _ in 0..=random.below(3) {
            let count = notebook.cells.len();
            let cell = &mut notebook.cells[random.below(count)];
            let source = if seed % 5 == 0 {
                mangle(cell.source(), &units, &pieces, &mut random)
            } else {
                garble(cell.source(), &pieces, &mut random)
            };
            cell.set_source(source);
        }
        let Ok(synced) = sync(&course.load(), &notebook) else {
            refused += 1;
            continue;
        };
        carried += 1;
        for (path, text) in &synced.files {
            std::fs::write(path, text).unwrap();
        }
        let made = instructor(&course);
        assert_eq!(made.cells.len(), notebook.cells.len(), "seed {seed}");
        for (made, own) in made.cells.iter().zip(&notebook.cells) {
            assert_eq!(made.id(), own.id(), "seed {seed}");
            if !own.id().ends_with("--mistakes") {
                assert_eq!(made.source().trim_end(), own.source().trim_end(), "seed {seed}");
            }
        }
    }
    assert!(carried > 15 && refused > 15, "{carried} carried over, {refused} refused");
}
