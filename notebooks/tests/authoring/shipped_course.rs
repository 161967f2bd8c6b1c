//! The course in this repository.

use crate::course_folder::here;
use cellist_formats::cell_metadata::CellistMetadata;
use cellist_formats::notebook::{Cell, Notebook};
use cellist_notebooks::build;
use cellist_notebooks::course::Course;
use cellist_notebooks::publish::{self, Places};

fn course() -> Course {
    Course::load(&here().join("course")).unwrap_or_else(|problems| {
        panic!("{}", crate::course_folder::render(&problems));
    })
}

#[test]
fn the_published_notebooks_are_what_the_units_make() {
    let nowhere = tempfile::tempdir().unwrap();
    let places = Places {
        student: here().join("published"),
        instructor: nowhere.path().join("instructor"),
        specs: nowhere.path().join("specs"),
    };
    let course = course();
    let (notebooks, syllabus) = (build::course(&course), build::syllabus(&course));
    assert_eq!(publish::check(&notebooks, &syllabus, &places), []);
}

#[test]
fn every_unit_has_what_a_learner_needs() {
    for unit in course().units.values() {
        let id = &unit.front.id;
        // A page of reference has nothing to check.
        let checks = unit.checks().next().is_some();
        assert_eq!(checks, !unit.mutants.is_empty(), "{id}: checks and mutants go together");
        for (cell, check) in unit.checks() {
            let hint = check.source.starts_with("#| hint:");
            assert!(hint, "check {} has no hint", cell.id);
        }
    }
}

#[test]
fn a_plan_is_followed_in_its_own_notebooks() {
    let syllabus = build::syllabus(&course());
    let plan = syllabus.plans.iter().find(|plan| plan.id == "day02").unwrap();
    assert_eq!(plan.title, "Day 2: asyncio fundamentals");
    assert_eq!((plan.notebooks.len(), plan.items.len()), (8, 40));
    let item = |id: &str| plan.items.iter().find(|item| item.id == id).unwrap();
    // The coffee shop of the other plan covers it, too.
    assert_eq!(item("day02.step1.1").units, ["day02-gather"]);
    assert_eq!(item("day02.goals.3").units, ["day02-cancel", "day02-limit", "day02-timeouts"]);
    let commit = item("day02.suggested-commits.1");
    assert!(commit.units.is_empty() && commit.waived.is_some());
    let files =
        syllabus.plans.iter().flat_map(|plan| &plan.notebooks).map(|notebook| &notebook.file);
    assert_eq!(files.count(), course().notebooks.len());
}

/// A sample is the published notebook with answers in it, so that grading it means something.
#[test]
fn samples_differ_from_the_published_notebooks_in_answers_only() {
    let is_answer = |cell: &Cell| {
        let ours = CellistMetadata::from_cell(&cell.metadata).unwrap();
        ours.is_some_and(|ours| {
            matches!(ours.kind.as_str(), "exercise" | "quiz" | "answer" | "reflect")
        })
    };
    let mut samples = 0;
    for entry in std::fs::read_dir(here().join("course/samples")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "ipynb") {
            continue;
        }
        samples += 1;
        let mut sample = Notebook::read(&path).unwrap();
        let file = sample.metadata["cellist"]["notebook"].as_str().unwrap().to_owned();
        let published = Notebook::read(&here().join("published").join(file)).unwrap();
        let mut answered = 0;
        for cell in sample.cells.iter_mut().filter(|cell| is_answer(cell)) {
            let empty = published.cell(cell.id()).unwrap();
            answered += usize::from(empty.source() != cell.source());
            cell.set_source(empty.source());
        }
        assert!(answered > 0, "{} holds no answer", path.display());
        assert_eq!(sample, published, "{} is out of date", path.display());
    }
    assert!(samples > 0);
}
