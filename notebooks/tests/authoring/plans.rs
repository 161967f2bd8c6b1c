//! The plans that the course follows, as their authors gave them.

use cellist_notebooks::course::Course;
use cellist_notebooks::plan::{Plan, ShortNames, clean};
use std::path::Path;

fn course() -> Course {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("course");
    Course::load(&dir).unwrap_or_else(|found| panic!("{}", crate::course_folder::render(&found)))
}

fn plan<'a>(course: &'a Course, id: &str) -> &'a Plan {
    course.plans.iter().find(|plan| plan.id == id).unwrap()
}

#[test]
fn every_box_slot_and_chunk_is_an_item() {
    let course = course();
    assert_eq!(plan(&course, "day02").items.len(), 40);
    let slots = plan(&course, "coroutines").items.iter();
    assert_eq!(slots.map(|item| item.text.matches("<prompt>").count()).sum::<usize>(), 80);
    let mut chunks: Vec<&str> = plan(&course, "fluent")
        .items
        .iter()
        .filter_map(|item| item.id.split('.').nth(1).filter(|part| part.starts_with("chunk")))
        .collect();
    chunks.dedup();
    assert_eq!(chunks.len(), 55);
    let boxes = |plan: &Plan| {
        let numbered = |id: &str| id.rsplit('.').next().unwrap().parse::<u32>().is_ok();
        plan.items.iter().filter(|item| numbered(&item.id)).count()
    };
    assert_eq!(boxes(plan(&course, "concurrency")), 49);
    assert_eq!(boxes(plan(&course, "async-exercises")), 10);
}

#[test]
fn ids_are_unique_and_short_enough_to_write() {
    for plan in course().plans {
        let mut ids: Vec<&str> = plan.items.iter().map(|item| item.id.as_str()).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "{}", plan.id);
        assert!(ids.iter().all(|id| !id.contains("..") && id.len() < 120), "{ids:#?}");
    }
}

#[test]
fn no_mojibake_is_left() {
    for plan in course().plans {
        let text = std::fs::read_to_string(&plan.path).unwrap();
        for misread in ["â€", "ðŸ", "‚ú", "üöÄ", "\u{f8ff}"] {
            assert!(!text.contains(misread), "{} has {misread}", plan.id);
        }
        assert_eq!(clean(&text), text, "{}", plan.id);
    }
}

#[test]
fn a_name_stands_for_the_items_below_it() {
    let course = course();
    let ids = |plan: &Plan, name: &str| plan.matching(name).count();
    let exercises = plan(&course, "async-exercises");
    assert_eq!(ids(exercises, "async-exercises.ex1.requirements"), 1);
    assert_eq!(ids(exercises, "async-exercises.ex1"), 7);
    assert_eq!(ids(plan(&course, "day02"), "day02.step3"), 6);
    assert_eq!(ids(plan(&course, "day02"), "day02"), 40);
}

#[test]
fn headings_and_boxes_in_code_are_code() {
    let text = "# T\n\n## A\n\n```\n# no heading\n- [ ] no box\n```\n\n## B\n- [ ] b\n";
    let plan = Plan::parse("p", Path::new("p.md"), text, &ShortNames::new());
    let ids: Vec<&str> = plan.items.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids, ["p.a", "p.b.1"]);
}

#[test]
fn no_text_makes_the_parser_panic() {
    // A small generator of nasty lines; every text is tried at each of its prefixes.
    let pieces = [
        "#",
        "# ",
        "- [ ] ",
        "**",
        ":",
        "\n",
        "1. ",
        "```",
        "~~~~",
        "<prompt>",
        "é",
        "\u{f8ff}",
        "ðŸ",
        "    ",
        "* **A:** b",
        "\t",
        "\r\n",
        "[x]",
        " ### ",
        "Exercise 1: ",
    ];
    let mut state = 1_u64;
    for _ in 0..3000 {
        let mut text = String::new();
        for _ in 0..12 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[(state >> 33) as usize % pieces.len()]);
        }
        let plan = Plan::parse("p", Path::new("p.md"), &text, &ShortNames::new());
        assert!(plan.items.iter().all(|item| item.id.starts_with("p.")), "{text:?}");
        assert_eq!(clean(&clean(&text)), clean(&text), "{text:?}");
    }
}

#[test]
fn a_name_that_is_there_twice_does_not_become_that_of_another() {
    let text =
        "# P\n## A\n- **Big task:** x\n- **Big task:** y\n- **Big task 2:** z\n- **Big task:** w\n";
    let plan = Plan::parse("p", Path::new("p.md"), text, &ShortNames::new());
    let ids: Vec<&str> = plan.items.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids, ["p.a.big-task", "p.a.big-task-3", "p.a.big-task-2", "p.a.big-task-4"]);
}
