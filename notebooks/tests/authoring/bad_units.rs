//! Whatever is wrong with a unit: the file, the line, what to do. All of it at once.

use crate::course_folder::{CourseFolder, SMALL, render};
use cellist_notebooks::unit::Unit;
use std::fmt::Write as _;
use std::path::Path;

const FRONT: &str = "---\nid: u\ntitle: U\nclock: virtual\n---\n";

/// A unit that is right but for what a test puts into it.
fn unit(extra: &str) -> String {
    format!(
        "{FRONT}```python {{exercise id=x}}\n### BEGIN SOLUTION\na = 1\nb = 1\n    b = 1\n\
         ### END SOLUTION\n```\n```python {{check id=c points=1}}\nassert a\n```\n{extra}"
    )
}

fn problems(text: &str) -> String {
    match Unit::parse(Path::new("u.md"), text) {
        Ok(unit) => panic!("no problem was found in\n{text}\n{unit:#?}"),
        Err(problems) => render(&problems),
    }
}

fn report(table: &[(&str, String)]) -> String {
    let mut report = String::new();
    for (name, text) in table {
        write!(report, "## {name}\n{}\n", problems(text)).unwrap();
    }
    report
}

#[test]
fn the_unit_of_these_tests_is_right_by_itself() {
    assert!(Unit::parse(Path::new("u.md"), &unit("")).is_ok());
}

#[test]
fn front_matter() {
    let front = |yaml: &str| format!("---\n{yaml}---\n# T\ntext\n");
    insta::assert_snapshot!(report(&[
        ("none", "# A title\n".into()),
        ("empty file", String::new()),
        ("never ends", "---\nid: u\n# T\n".into()),
        ("empty", front("")),
        ("no id", front("title: T\nclock: wall\n")),
        ("unknown key", front("id: u\ntitle: T\nclock: wall\nminuts: 3\nauthor: me\n")),
        ("unknown clock", front("id: u\ntitle: T\nclock: sundial\n")),
        ("unknown need", front("id: u\ntitle: T\nclock: wall\nneeds: [loopback, internet]\n")),
        (
            "odd values",
            front(
                "id: U 1\ntitle: [T]\nclock: wall\nminutes: -3\nrev: 1.5\ncovers: a\nrequires: [1]\n\
             difficulty: hard\n"
            )
        ),
        ("broken YAML", front("id: u\ntitle: \"T\nclock: wall\n")),
        ("a key twice", front("id: u\ntitle: T\nclock: wall\nid: v\n")),
        ("a list", front("- id\n- title\n")),
    ]));
}

#[test]
fn fences() {
    let fence = |info: &str| unit(&format!("```{info}\nx\n```\n"));
    insta::assert_snapshot!(report(&[
        ("unknown kind", fence("python {exampel}")),
        ("unknown kind of no resemblance", fence("python {widget}")),
        ("unknown language", fence("pyhton {check id=a points=1}")),
        ("wrong language", fence("js {check id=a points=1}")),
        ("no kind", fence("python {}")),
        ("no kind but attributes", fence("python {id=a points=1}")),
        ("no closing brace", fence("python {check id=a points=1")),
        ("no opening brace", fence("python check id=a}")),
        ("text after the brace", fence("python {example} numbered")),
        ("open quote", fence("python {example id=\"a}")),
        ("unknown attribute", fence("python {check id=a point=1}")),
        ("flag with value", fence("python {check id=a points=1 hidden=true}")),
        ("value without name", fence("python {check id points=1}")),
        ("empty value", fence("python {check id= points=1}")),
        ("attribute twice", fence("python {check id=a points=1 points=2}")),
        ("no id", fence("python {exercise}")),
        ("list with a space", fence("diff {mutant id=m fails=c, d}")),
        ("odd id", fence("python {example id=a/b}")),
        ("long id", fence(&format!("python {{example id={}}}", "a".repeat(63)))),
        ("id twice", fence("python {example id=c}")),
        ("never closed", unit("```python {example}\nx = 1\n")),
        ("closed by the next", unit("```python {example}\nx = 1\n\n```python {example}\ny\n```\n")),
        ("in a list", unit("1. Do:\n\n   ```python {example}\n   x\n   ```\n")),
        ("in a quotation", unit("> ```python {example}\n> x\n> ```\n")),
        ("empty", unit("```python {example}\n```\n")),
    ]));
}

#[test]
fn answers_that_would_be_published_as_prose() {
    let fence = "```python {check id=d points=1}\nassert 1\n```\n";
    let indented = fence.replace("```", "    ```");
    insta::assert_snapshot!(report(&[
        ("in a comment", unit(&format!("<!--\n{fence}-->\n"))),
        ("indented too far", unit(&format!("Text.\n\n{indented}"))),
        ("swallowed by a plain fence", unit(&format!("```text\nx\n\n{fence}"))),
        ("a plain fence never closed", unit("```text\nx\n")),
        (
            "markers in a plain fence",
            unit("```python\n### BEGIN SOLUTION\nx\n### END SOLUTION\n```\n")
        ),
        ("markers in an example", unit("```python {example}\n### BEGIN SOLUTION stub=1\nx\n```\n")),
        (
            "nbgrader's hidden tests",
            unit("```python {check id=d points=1}\n### BEGIN HIDDEN TESTS\nx\n```\n")
        ),
    ]));
}

#[test]
fn regions() {
    let exercise = |content: &str| format!("{FRONT}```python {{exercise id=x}}\n{content}\n```\n");
    insta::assert_snapshot!(report(&[
        ("none", exercise("a = 1")),
        ("never ends", exercise("a\n### BEGIN SOLUTION\nb")),
        ("never begins", exercise("a\n### END SOLUTION\n### BEGIN SOLUTION\nb\n### END SOLUTION")),
        ("nested", exercise("### BEGIN SOLUTION\n### BEGIN SOLUTION\nb\n### END SOLUTION")),
        ("unknown option", exercise("### BEGIN SOLUTION sutb=pass\nb\n### END SOLUTION")),
        ("nearly a marker", exercise("## begin solution\nb\n###END SOLUTION")),
        ("nothing in it", exercise("a = 1\n### BEGIN SOLUTION\n### END SOLUTION")),
        ("stub outside", exercise("### STUB\n### BEGIN SOLUTION\nb\n### END SOLUTION")),
        ("two stubs", exercise("### BEGIN SOLUTION stub=pass\nb\n### STUB\nc\n### END SOLUTION")),
        ("nearly a stub", exercise("### BEGIN SOLUTION\nb\n# stub\nc\n### END SOLUTION")),
    ]));
}

#[test]
fn checks() {
    let check =
        |head: &str, content: &str| unit(&format!("```python {{check {head}}}\n{content}\n```\n"));
    insta::assert_snapshot!(report(&[
        ("no points", check("id=d", "assert 1")),
        ("points of 0", check("id=d points=0", "assert 1")),
        ("points below 0", check("id=d points=-1", "assert 1")),
        ("endless points", check("id=d points=inf", "assert 1")),
        ("points that are none", check("id=d points=NaN", "assert 1")),
        ("points in words", check("id=d points=two", "assert 1")),
        ("unknown clock", check("id=d points=1 clock=virtaul", "assert 1")),
        ("empty", check("id=d points=1", "#| hint: x")),
        ("late hint", check("id=d points=1", "x = 1\n#| hint: x\nassert x")),
        ("empty hint", check("id=d points=1", "#| hint:\nassert 1")),
        ("unknown option", check("id=d points=1", "#| points: 3\nassert 1")),
        ("no exercise", format!("{FRONT}```python {{check id=c points=1}}\nassert 1\n```\n")),
        ("guards only", unit("").replace("points=1}", "points=1 guard}")),
    ]));
}

#[test]
fn mutants() {
    let mutant =
        |head: &str, patch: &str| unit(&format!("```diff {{mutant {head}}}\n{patch}\n```\n"));
    insta::assert_snapshot!(report(&[
        ("does not apply", mutant("id=m fails=c", "-z = 1\n+z = 2")),
        ("other indentation", mutant("id=m fails=c", "-  a = 1\n+  a = 2")),
        ("not one below the other", mutant("id=m fails=c", "-b = 1\n-a = 1\n+z")),
        (
            "applies twice",
            mutant("id=m fails=c", "-a = 1\n+a = 2").replace("\nb = 1\n", "\na = 1\n")
        ),
        ("changes nothing", mutant("id=m fails=c", "-a = 1\n+a = 1")),
        ("nothing to find it by", mutant("id=m fails=c", "+a = 2")),
        ("empty", mutant("id=m fails=c", "")),
        ("no sign", mutant("id=m fails=c", "-a = 1\na = 2")),
        ("overlapping places", mutant("id=m fails=c", "-a = 1\n b = 1\n@@\n-b = 1\n     b = 1")),
        ("unknown check", mutant("id=m fails=cc", "-a = 1\n+a = 2")),
        ("empty name", mutant("id=m fails=c,", "-a = 1\n+a = 2")),
        ("a check twice", mutant("id=m fails=c,c", "-a = 1\n+a = 2")),
        ("fails nothing", mutant("id=m", "-a = 1\n+a = 2")),
        ("no exercise", format!("{FRONT}```diff {{mutant id=m fails=c}}\n-a\n```\n")),
    ]));
}

#[test]
fn quizzes_and_written_answers() {
    let fence = |info: &str, content: &str| unit(&format!("```{info}\n{content}\n```\n"));
    let quiz = |content: &str| fence("quiz {id=q points=1}", content);
    insta::assert_snapshot!(report(&[
        ("no question", quiz("- [ ] a > x\n- [x] b > y")),
        ("no options", quiz("What?")),
        ("one option", quiz("What?\n- [x] a > b")),
        ("no right option", quiz("What?\n- [ ] a > x\n- [ ] b > y")),
        ("no explanation", quiz("What?\n- [ ] a\n- [x] b >\n- [ ] `c > d`")),
        ("an option twice", quiz("What?\n- [ ] a > x\n- [x] a > y")),
        ("no text", quiz("What?\n- [ ] > x\n- [x] a > y")),
        ("odd mark", quiz("What?\n- [  ] a > x\n- [x] b > y")),
        ("text below", quiz("What?\n- [ ] a > x\n- [x] b > y\nMore.")),
        ("points below 0", fence("quiz {id=q points=-1}", "What?\n- [ ] a > x\n- [x] b > y")),
        (
            "rules for options",
            fence("quiz {id=q points=1 case}", "What?\n- [ ] a > x\n- [x] b > y")
        ),
        ("unknown rule", fence("quiz {id=q points=1 cases}", "What?\n= a > x")),
        ("no question to write", quiz("= a > x")),
        ("nothing right", quiz("What?\n!= a > x")),
        ("nothing but dots is right", quiz("What?\n= ... > x")),
        ("an answer without a reason", quiz("What?\n= 5\n!= 6 > x")),
        ("an answer that is there", quiz("What?\n= 5 ± 1 > x\n!= 5.5 > y\n!= A > z\n!= a > z")),
        ("a tolerance of nothing", quiz("What?\n= 5 ± 0 > x\n= 5 s ± 1 s > x\n= five ± 1 > x")),
        ("dots twice", quiz("What?\n= 5 > x\n!= ... > y\n!= ... > z")),
        ("options and answers", quiz("What?\n= 5 > x\n- [ ] 6 > y")),
        ("a sign without a blank", quiz("What?\n= 5 > x\n!=6 > y")),
        (
            "the place for the answer",
            unit(
                "```quiz {id=q points=1}\nWhat?\n= 5 > x\n```\n\n```python {exercise id=q--answer}\npass\n```\n"
            )
        ),
        ("no rubric", fence("reflect {id=r points=1 manual}", "Why?")),
        ("no reflection", fence("reflect {id=r points=1 manual}", "Rubric: x")),
        ("reflection for nothing", fence("reflect {id=r points=0 manual}", "Why? Rubric: x")),
        ("glossary without colon", fence("glossary", "gather runs things")),
        ("glossary with a term twice", fence("glossary", "a: b\na: c")),
        ("empty glossary", fence("glossary", "")),
    ]));
}

#[test]
fn all_problems_of_a_unit_come_at_once_in_the_order_of_their_lines() {
    let text = SMALL
        .replace("clock: virtual", "clock: solar")
        .replace("{example}", "{exmple}")
        .replace("points=2}", "points=many}")
        .replace("-    return 2 * n\n+    print", "-    return 3 * n\n+    print")
        .replace("[x]", "[ ]");
    insta::assert_snapshot!(problems(&text));
}

#[test]
fn a_unit_that_is_no_text_is_told_by_line() {
    let course = CourseFolder::small();
    let path = course.dir().join("units/track/small.md");
    let mut bytes = SMALL.as_bytes().to_vec();
    bytes[20] = 0xe9;
    std::fs::write(path, bytes).unwrap();
    insta::assert_snapshot!(course.problems());
}

/// Half-written units are what an editor saves: none may crash the parser, and every problem must
/// point into the file.
#[test]
fn mutilated_units_are_parsed_or_refused_with_lines_that_exist() {
    let shop = include_str!("../../course/units/async/ex01.md");
    let mut refused = 0;
    for whole in [shop, SMALL] {
        let lines: Vec<&str> = whole.split_inclusive('\n').collect();
        let without = |index: usize| [&lines[..index], &lines[index + 1..]].concat().concat();
        let doubled = |index: usize| [&lines[..=index], &lines[index..]].concat().concat();
        let ends = whole.char_indices().map(|(at, _)| at).step_by(7);
        let texts = (ends.map(|at| whole[..at].to_owned()))
            .chain((0..lines.len()).map(without))
            .chain((0..lines.len()).map(doubled))
            .chain((0..lines.len()).map(|index| lines[index..].concat()));
        for text in texts {
            let Err(problems) = Unit::parse(Path::new("u.md"), &text) else { continue };
            refused += 1;
            assert!(!problems.is_empty(), "refused without a reason:\n{text}");
            for problem in &problems {
                let last = text.lines().count().max(1);
                assert!(problem.line <= last, "{problem} in a file of {last} lines:\n{text}");
            }
        }
    }
    assert!(refused > 500, "only {refused} were refused");
}
