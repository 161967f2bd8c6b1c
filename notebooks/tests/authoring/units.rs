//! What a unit's Markdown comes to.

use crate::course_folder::SMALL;
use cellist_formats::spec::SpecClock;
use cellist_notebooks::unit::{Body, Difficulty, Unit};
use std::path::Path;

fn parse(text: &str) -> Unit {
    let parsed = Unit::parse(Path::new("u.md"), text);
    parsed.unwrap_or_else(|problems| panic!("{}", crate::course_folder::render(&problems)))
}

fn cells(unit: &Unit) -> Vec<String> {
    unit.cells.iter().map(|cell| format!("{} {}", cell.line, cell.id)).collect()
}

/// A unit whose only exercise has this content.
fn with_exercise(content: &str) -> Unit {
    parse(&format!(
        "---\nid: u\ntitle: U\nclock: wall\n---\n```python {{exercise id=x}}\n{content}\n```\n"
    ))
}

fn exercise(unit: &Unit) -> (&str, &str) {
    let found = unit.cells.iter().find_map(|cell| match &cell.body {
        Body::Exercise { solution, starter, .. } => Some((solution.as_str(), starter.as_str())),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn a_unit_with_one_of_everything() {
    insta::assert_debug_snapshot!(parse(SMALL));
}

#[test]
fn front_matter() {
    let unit = parse(
        "---\nid: ex-01\ntitle: \"Coffee: a shop\"\ncovers: [a.b, c]\nclock: wall\n\
         difficulty: advanced\nminutes: 45\nrequires:\n  - ex-00\npackages: [httpx]\nrev: 3\n---\nText",
    );
    let front = unit.front;
    assert_eq!((front.id.as_str(), front.title.as_str()), ("ex-01", "Coffee: a shop"));
    assert_eq!(
        (front.covers, front.requires),
        (vec!["a.b".into(), "c".into()], vec!["ex-00".into()])
    );
    assert_eq!((front.clock, front.rev), (SpecClock::Wall, 3));
    assert_eq!((front.difficulty, front.minutes), (Some(Difficulty::Advanced), Some(45)));
    assert_eq!(front.packages, ["httpx"]);
}

#[test]
fn windows_line_ends_change_nothing() {
    assert_eq!(parse(&SMALL.replace('\n', "\r\n")), parse(SMALL));
}

#[test]
fn prose_is_cut_at_headings_and_fences_and_named_after_its_heading() {
    let unit = parse(
        "---\nid: u\ntitle: U\nclock: wall\n---\nBefore.\n\n# Größe & co: `x`!\nOne.\n\n\
         ```python {example}\n1\n```\n\nTwo.\n\n```python\nplain = \"prose\"\n```\n\n\
         Setext\n======\nThree.\n\n# Größe & co: `x`!\n\n- a list\n\n  # not a section\n\n## ???\nx\n",
    );
    let wanted = [
        "6 u-intro",
        "8 u-gr-e-co-x",
        "11 u-gr-e-co-x-example",
        "15 u-gr-e-co-x-2",
        "21 u-setext",
        "25 u-gr-e-co-x-3",
        "31 u-text",
    ];
    assert_eq!(cells(&unit), wanted);
    let Body::Prose(text) = &unit.cells[3].body else { panic!("{:?}", unit.cells[3]) };
    assert_eq!(text, "Two.\n\n```python\nplain = \"prose\"\n```");
}

#[test]
fn derived_names_leave_declared_ones_alone() {
    let unit = parse(
        "---\nid: u\ntitle: U\nclock: wall\n---\n# Cup\nText.\n\n```python {example id=cup}\n1\n```\n",
    );
    assert_eq!(cells(&unit), ["6 u-cup-2", "9 u-cup"]);
}

#[test]
fn ids_fit_into_64_characters() {
    let heading = "a very long heading ".repeat(10);
    let unit = parse(&format!(
        "---\nid: {}\ntitle: U\nclock: wall\n---\n# {heading}\nx\n\n```python {{example}}\n1\n```\n\ny\n",
        "u".repeat(40)
    ));
    assert_eq!(unit.cells.len(), 3);
    for cell in &unit.cells {
        assert!(cell.id.len() <= 64, "{} has {}", cell.id, cell.id.len());
    }
}

#[test]
fn fences_of_other_widths_and_signs() {
    let unit = parse(
        "---\nid: u\ntitle: U\nclock: wall\n---\n````python {example id=a}\ns = '''\n```\n'''\n````\n\
         ~~~python { example  id=\"b\" }\n1\n~~~\n   ```python {example id=c}\n   if 1:\n       2\n   ```\n",
    );
    let sources: Vec<&str> = unit
        .cells
        .iter()
        .map(|cell| match &cell.body {
            Body::Example(source) => source.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(sources, ["s = '''\n```\n'''", "1", "if 1:\n    2"]);
}

#[test]
fn regions_become_solution_and_starter() {
    let unit = with_exercise(
        "import a\n\n### BEGIN SOLUTION\ndef h(): pass\n### END SOLUTION\n\n\n\
         def f(x):\n    \"\"\"Doc.\"\"\"\n    ### BEGIN SOLUTION stub=return None  # yours\n    y = x\n\n\
         \x20   return y\n    ### END SOLUTION\n",
    );
    let (solution, starter) = exercise(&unit);
    assert_eq!(
        solution,
        "import a\n\ndef h(): pass\n\n\ndef f(x):\n    \"\"\"Doc.\"\"\"\n    y = x\n\n    return y"
    );
    assert_eq!(starter, "import a\n\n\ndef f(x):\n    \"\"\"Doc.\"\"\"\n    return None  # yours");
}

#[test]
fn a_starter_may_be_empty() {
    let unit = with_exercise("### BEGIN SOLUTION\nx = 1\n### END SOLUTION");
    assert_eq!(exercise(&unit), ("x = 1", ""));
}

#[test]
fn a_mutant_may_change_two_places_and_use_context() {
    let unit = parse(
        "---\nid: u\ntitle: U\nclock: wall\n---\n\
         ```python {exercise id=x}\n### BEGIN SOLUTION\na = 1\n\nb = 1\nc = 1\nd = 1\n### END SOLUTION\n```\n\
         ```python {check id=c points=1}\nassert a\n```\n\
         ```diff {mutant id=m fails=c}\n@@\n a = 1\n\n-b = 1\n+b = 2\n+bb = 2\n@@\n-d = 1\n```\n",
    );
    let wanted = ("u-x".to_owned(), "a = 1\n\nb = 2\nbb = 2\nc = 1".to_owned());
    assert_eq!(unit.mutants[0].sources, [wanted]);
}

#[test]
fn a_mutant_finds_its_exercise_among_several() {
    let unit = parse(
        "---\nid: u\ntitle: U\nclock: wall\n---\n\
         ```python {exercise id=x}\n### BEGIN SOLUTION\na = 1\n### END SOLUTION\n```\n\
         ```python {exercise id=y}\n### BEGIN SOLUTION\nb = 1\n### END SOLUTION\n```\n\
         ```python {check id=c points=1}\nassert a\n```\n\
         ```diff {mutant id=m fails=c}\n-b = 1\n+b = 2\n```\n",
    );
    assert_eq!(unit.mutants[0].sources, [("u-y".to_owned(), "b = 2".to_owned())]);
}

#[test]
fn a_mutant_may_change_several_exercises() {
    let unit = parse(
        "---\nid: u\ntitle: U\nclock: wall\n---\n\
         ```python {exercise id=x}\n### BEGIN SOLUTION\na = 1\nc = 1\n### END SOLUTION\n```\n\
         ```python {exercise id=y}\n### BEGIN SOLUTION\nb = 1\n### END SOLUTION\n```\n\
         ```python {check id=c points=1}\nassert a\n```\n\
         ```diff {mutant id=m fails=c}\n-b = 1\n+b = 2\n@@\n-c = 1\n+c = 2\n@@\n-a = 1\n```\n",
    );
    let sources = [("u-x", "c = 2"), ("u-y", "b = 2")];
    assert_eq!(unit.mutants[0].sources, sources.map(|(id, text)| (id.into(), text.into())));
}

#[test]
fn a_stub_may_have_several_lines() {
    let unit = with_exercise(
        "def f(x):\n    ### BEGIN SOLUTION\n    y = x\n    return y\n    ### STUB\n    y = ...\n\n\
         \x20   return ...  # y, but how?\n    ### END SOLUTION\nz = 1",
    );
    assert_eq!(
        exercise(&unit),
        (
            "def f(x):\n    y = x\n    return y\nz = 1",
            "def f(x):\n    y = ...\n\n    return ...  # y, but how?\nz = 1"
        )
    );
}

#[test]
fn a_check_may_be_on_another_clock_than_its_unit() {
    let text = SMALL.replace("id=doubles points=2", "id=doubles points=2 clock=wall");
    let unit = parse(&text);
    let clocks: Vec<_> = unit.checks().map(|(_, check)| check.clock).collect();
    assert_eq!(clocks, [Some(SpecClock::Wall), None, None]);
}
