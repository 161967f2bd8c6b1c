//! Whatever is wrong with `course.toml` or with the units taken together.

use crate::course_folder::{CourseFolder, SMALL};
use std::fmt::Write as _;

const HEAD: &str = "title = \"T\"\n[[set]]\nid = \"set\"\ntitle = \"Set\"\n";

fn course(toml: &str, units: &[(&str, &str)]) -> String {
    let course = CourseFolder::new(toml);
    for (file, text) in units {
        course.unit(file, text);
    }
    course.problems()
}

fn notebook(file: &str, units: &str) -> String {
    format!("[[notebook]]\nfile = \"{file}\"\nunits = [{units}]\n")
}

#[test]
fn problems() {
    let small = ("t/small.md", SMALL);
    let one = notebook("set/a.ipynb", "\"small\"");
    let renamed = |id: &str| SMALL.replace("id: small", &format!("id: {id}"));
    let (a, a_twice) = (renamed("a"), renamed("a-b").replace("id=guess", "id=x"));
    let a_with = a.replace("id=guess", "id=b-x");
    let requires = SMALL.replace("clock:", "requires: [smal]\nclock:");
    let table = [
        ("broken TOML", course("title = \"T\n", &[])),
        ("unknown key", course("title = \"T\"\n[[sets]]\nid = \"a\"\n", &[])),
        ("no title", course("", &[])),
        (
            "no such unit",
            course(&format!("{HEAD}{}", notebook("set/a.ipynb", "\"smal\", \"small\"")), &[small]),
        ),
        ("left over", course(HEAD, &[small])),
        (
            "unknown set",
            course(&format!("{HEAD}{}", notebook("sets/a.ipynb", "\"small\"")), &[small]),
        ),
        (
            "bad names",
            course(
                &format!(
                    "{HEAD}{}{}{}{}",
                    notebook("a.ipynb", "\"small\""),
                    notebook("set/../../a.ipynb", ""),
                    notebook("/set/a.ipynb", ""),
                    notebook("set/a.md", "")
                ),
                &[small],
            ),
        ),
        ("a notebook twice", course(&format!("{HEAD}{one}{one}"), &[small])),
        (
            "a set twice, and odd",
            course(
                &format!(
                    "{HEAD}[[set]]\nid = \"set\"\ntitle = \"x\"\n[[set]]\nid = \"a/b\"\ntitle = \"x\"\n{one}"
                ),
                &[small],
            ),
        ),
        ("a unit twice", course(&format!("{HEAD}{one}"), &[small, ("u/small.md", SMALL)])),
        ("another file name", course(&format!("{HEAD}{one}"), &[("t/other.md", SMALL)])),
        (
            "the same cell id",
            course(
                &format!("{HEAD}{}", notebook("set/a.ipynb", "\"a\", \"a-b\"")),
                &[("t/a.md", &a_with), ("t/a-b.md", &a_twice)],
            ),
        ),
        ("requires nobody", course(&format!("{HEAD}{one}"), &[("t/small.md", &requires)])),
        (
            "a broken unit is not missing",
            course(&format!("{HEAD}{one}"), &[("t/small.md", "# x\n")]),
        ),
    ];
    insta::assert_snapshot!(report(&table));
}

fn report(table: &[(&str, String)]) -> String {
    let mut report = String::new();
    for (name, problems) in table {
        write!(report, "## {name}\n{problems}\n").unwrap();
    }
    report
}

#[test]
fn plans() {
    let one = notebook("set/a.ipynb", "\"small\"");
    let plan = "[[plan]]\nid = \"day\"\nfile = \"plans/day.md\"\n";
    let with = |more: &str, covers: &str| {
        let course = CourseFolder::new(&format!("{HEAD}{one}{more}"));
        let unit = SMALL.replace("clock:", &format!("covers: [{covers}]\nclock:"));
        course.unit("t/small.md", &unit);
        std::fs::create_dir(course.dir().join("plans")).unwrap();
        let text = "# Day\n## Goals\n- [ ] one\n- [ ] two\n## Reading\n**Docs** first.\n";
        std::fs::write(course.dir().join("plans/day.md"), text).unwrap();
        course.problems()
    };
    let waive = |item: &str, reason: &str| {
        format!("{plan}[[waive]]\nitem = \"{item}\"\nreason = \"{reason}\"\n")
    };
    let table = [
        ("no such plan", with("", "day.goals")),
        ("no such file", with("[[plan]]\nid = \"day\"\nfile = \"plans/night.md\"\n", "")),
        ("twice, and odd", with(&format!("{plan}{plan}{}", plan.replace("day\"", "a day\"")), "")),
        ("typing mistake", with(plan, "day.goal.1, dai.goals")),
        ("no such item", with(plan, "day.goals.third, day.evening, day.goals.1.x")),
        ("a waiver of nothing", with(&waive("day.writing", "no cell"), "")),
        ("a waiver without a reason", with(&waive("day.reading", " "), "")),
        ("a notebook of no plan", with(&format!("plan = \"dya\"\n{plan}"), "")),
    ];
    insta::assert_snapshot!(report(&table));
}

#[test]
fn no_folder_of_units_and_no_course() {
    let course = CourseFolder::small();
    std::fs::remove_dir_all(course.dir().join("units")).unwrap();
    assert!(course.problems().contains("the folder of units cannot be read"));
    std::fs::remove_file(course.dir().join("course.toml")).unwrap();
    assert!(course.problems().contains("/course/course.toml: the file does not exist"));
}
