//! Proofs, with a judge that gives the verdicts a test asks for.

use crate::course_folder::{CourseFolder, SMALL};
use cellist_formats::spec::{Spec, SpecCell};
use cellist_formats::verdict::{CellError, ItemVerdict, Status, UnitVerdict, Verdict};
use cellist_judge::Judge;
use cellist_notebooks::build::Answers;
use cellist_notebooks::unit::{Body, FrontMatter, Unit};
use cellist_notebooks::verify::{self, Claim, Grade, Memory, Proof, SEEDS, report};
use std::num::NonZero;
use std::time::Duration;

/// Passes and fails what the unit `small` promises, but for what a test changes.
struct Puppet<F: Fn(&str, u32, &mut UnitVerdict)> {
    change: F,
}

impl<F: Fn(&str, u32, &mut UnitVerdict)> Grade for Puppet<F> {
    fn grade(&self, spec: &Spec, answers: &Answers, seed: u32) -> Result<Verdict, String> {
        let answer = answers["small-twice"].as_str();
        let (who, failed): (_, &[&str]) = match answer {
            _ if answer.contains("...") => ("starter", &["small-doubles", "small-secret"]),
            _ if answer.contains("2 + n") => ("adds", &["small-doubles", "small-secret"]),
            _ if answer.contains("print") => ("prints", &["small-quiet"]),
            _ => ("solution", &[]),
        };
        let unit = &spec.units[0];
        let mut verdict = UnitVerdict {
            id: unit.id.clone(),
            title: unit.title.clone(),
            points: 0.0,
            max_points: 0.0,
            items: unit.cells.iter().filter_map(|cell| item(cell, failed)).collect(),
            errors: Vec::new(),
        };
        (self.change)(who, seed, &mut verdict);
        Ok(Verdict {
            notebook: spec.notebook.clone(),
            points: 0.0,
            max_points: 0.0,
            manual_points: 0.0,
            units: vec![verdict],
            notes: Vec::new(),
            millis: 0.0,
            forfeited: false,
        })
    }
}

fn item(cell: &SpecCell, failed: &[&str]) -> Option<ItemVerdict> {
    let (SpecCell::Check { id, .. } | SpecCell::Quiz { id, .. } | SpecCell::Fill { id, .. }) = cell
    else {
        return None;
    };
    let fails = failed.contains(&id.as_str());
    Some(ItemVerdict {
        id: id.clone(),
        status: if fails { Status::Failed } else { Status::Passed },
        points: 0.0,
        max_points: 1.0,
        hint: fails.then(|| format!("do something about {id}")),
        message: fails.then(|| "7 == 6".to_owned()),
        hidden: false,
        guard: false,
        written: false,
        hint_error: None,
    })
}

fn unit() -> Unit {
    CourseFolder::small().load().units.remove("small").unwrap()
}

fn prove(change: impl Fn(&str, u32, &mut UnitVerdict)) -> Vec<Proof> {
    let mut proofs = Vec::new();
    verify::unit(&Puppet { change }, &unit(), &mut |proof| {
        proofs.push(Proof { millis: 1.5, ..proof })
    });
    proofs
}

/// What a test runner would print.
fn printed(proofs: &[Proof]) -> String {
    let lines: String = proofs.iter().map(|proof| report::proof(proof, report::PLAIN)).collect();
    lines + &report::summary(1, proofs, Duration::from_millis(1500))
}

fn set(verdict: &mut UnitVerdict, id: &str, change: impl FnOnce(&mut ItemVerdict)) {
    change(verdict.items.iter_mut().find(|item| item.id == id).unwrap());
}

#[test]
fn a_unit_that_keeps_its_promises() {
    let proofs = prove(|_, _, _| {});
    assert!(proofs.iter().all(Proof::holds), "{}", printed(&proofs));
    assert_eq!(proofs.len(), verify::count(&unit()));
    insta::assert_snapshot!(printed(&proofs));
}

#[test]
fn a_solution_that_fails_a_check_or_a_quiz() {
    insta::assert_snapshot!(printed(&prove(|who, _, verdict| if who == "solution" {
        set(verdict, "small-doubles", |item| {
            item.status = Status::Failed;
            item.hint = Some("twice(3) gave 7; multiply.".into());
            item.message = Some("assert got == 6\n  got: 7".into());
        });
        set(verdict, "small-guess", |item| item.status = Status::Unanswered);
        set(verdict, "small-secret", |item| item.status = Status::Error);
    })));
}

#[test]
fn an_example_that_raises() {
    insta::assert_snapshot!(printed(&prove(|who, _, verdict| if who == "solution" {
        verdict.errors.push(CellError {
            cell: "small-twice-example".into(),
            ename: "NameError".into(),
            evalue: "name 'x' is not defined".into(),
            traceback: "Traceback (most recent call last):\n  …\n".into(),
        });
    })));
}

#[test]
fn a_starter_that_passes_or_is_no_python() {
    insta::assert_snapshot!(printed(&prove(|who, _, verdict| if who == "starter" {
        set(verdict, "small-doubles", |item| item.status = Status::Passed);
        // A guard may pass with the starter, paid or not.
        set(verdict, "small-quiet", |item| item.status = Status::Withheld);
        for ename in ["SyntaxError", "NotImplementedError"] {
            verdict.errors.push(CellError {
                cell: "small-twice".into(),
                ename: ename.into(),
                evalue: "…".into(),
                traceback: String::new(),
            });
        }
    })));
}

#[test]
fn a_mutant_that_fails_too_much_and_too_little() {
    insta::assert_snapshot!(printed(&prove(|who, _, verdict| if who == "adds" {
        set(verdict, "small-doubles", |item| item.status = Status::Passed);
        set(verdict, "small-quiet", |item| {
            item.status = Status::Failed;
            item.hint = Some("be quiet".into());
        });
    })));
}

#[test]
fn a_check_that_nothing_fails() {
    let proofs = prove(|who, _, verdict| {
        if who == "prints" {
            set(verdict, "small-quiet", |item| item.status = Status::Passed);
        }
    });
    let checks = proofs.iter().find(|proof| proof.claim == Claim::Checks);
    let Some(Proof { problems, .. }) = checks else { panic!("{proofs:?}") };
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].cell, "quiet");
    assert!(problems[0].what.starts_with("nothing fails it"), "{}", problems[0].what);
}

/// What is said against the quizzes of `small` once `change` has been at its key.
fn against_quizzes(change: impl Fn(&mut Body)) -> Vec<String> {
    let mut unit = unit();
    unit.cells.iter_mut().for_each(|cell| change(&mut cell.body));
    let mut proofs = Vec::new();
    let puppet = Puppet { change: |_: &str, _, _: &mut UnitVerdict| {} };
    verify::unit(&puppet, &unit, &mut |proof| proofs.push(proof));
    let [quizzes] = proofs
        .into_iter()
        .filter(|proof| proof.claim == Claim::Quizzes)
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    quizzes
        .problems
        .into_iter()
        .map(|problem| format!("{}: {}", problem.cell, problem.what))
        .collect()
}

#[test]
fn a_quiz_whose_wrong_answer_passes_or_is_explained_by_another() {
    assert_eq!(against_quizzes(|_| {}), Vec::<String>::new());
    let said = against_quizzes(|body| {
        if let Body::Fill { key, .. } = body {
            // `5 ± 1` takes it before.
            key.answers[0].text = "5 ± 1".into();
            key.answers[1].text = "5.5".into();
        }
    });
    assert_eq!(said, ["half: `5.5` should be failed, and is passed"]);
    // Options that cannot be told apart by letters.
    let said = against_quizzes(|body| {
        if let Body::Quiz { options, .. } = body {
            options.iter_mut().for_each(|option| option.correct = false);
        }
    });
    assert!(said[0].starts_with("guess: the key, ticked, should be passed"), "{said:?}");
}

#[test]
fn a_hint_that_does_not_render() {
    insta::assert_snapshot!(printed(&prove(|who, _, verdict| if who == "prints" {
        set(verdict, "small-quiet", |item| item.hint_error = Some("NameError: got".into()));
    })));
}

#[test]
fn results_that_depend_on_the_hash_seed() {
    insta::assert_snapshot!(printed(&prove(|who, seed, verdict| {
        if who == "adds" && seed == SEEDS[1] {
            set(verdict, "small-secret", |item| item.status = Status::Passed);
            set(verdict, "small-doubles", |item| item.hint = Some("{'b', 'a'}".into()));
        }
    })));
}

#[test]
fn a_judge_that_fails_or_says_nothing() {
    struct Broken;
    impl Grade for Broken {
        fn grade(&self, _: &Spec, _: &Answers, _: u32) -> Result<Verdict, String> {
            Err("no memory".into())
        }
    }
    let mut proofs = Vec::new();
    verify::unit(&Broken, &unit(), &mut |proof| proofs.push(proof));
    // For a quiz nothing is run.
    let judged = |proof: &&Proof| proof.claim != Claim::Quizzes;
    assert!(proofs.iter().filter(judged).all(|proof| !proof.holds()));
    assert_eq!(proofs[0].problems.len(), 1, "{:?}", proofs[0].problems);
    assert_eq!(proofs[0].problems[0].what, "it could not be judged: no memory");

    let silent = prove(|_, _, verdict| verdict.items.clear());
    assert!(silent.iter().filter(judged).all(|proof| !proof.holds()), "{}", printed(&silent));
}

#[test]
fn several_threads_make_the_same_proofs_in_the_same_order() {
    let unit = unit();
    let other =
        Unit { front: FrontMatter { id: "other".into(), ..unit.front.clone() }, ..unit.clone() };
    let one = |unit: &Unit| {
        let mut proofs = Vec::new();
        verify::unit(&Puppet { change: |_, _, _| {} }, unit, &mut |proof| proofs.push(proof));
        proofs
    };
    let wanted: Vec<Proof> = [one(&unit), one(&other)].concat();
    for jobs in 1..=8 {
        let mut proofs = Vec::new();
        let start = || Ok::<_, String>(Puppet { change: |_: &str, _, _: &mut UnitVerdict| {} });
        let jobs = NonZero::new(jobs).unwrap();
        verify::units(&[&unit, &other], jobs, start, &mut |proof| proofs.push(proof)).unwrap();
        let timeless = |proofs: &[Proof]| -> Vec<Proof> {
            proofs.iter().map(|proof| Proof { millis: 0.0, ..proof.clone() }).collect()
        };
        assert_eq!(timeless(&proofs), timeless(&wanted));
    }
}

#[test]
fn a_judge_that_does_not_start_ends_the_proofs() {
    let start = || Err::<Judge, _>("no memory");
    let jobs = NonZero::new(2).unwrap();
    let result = verify::units(&[&unit()], jobs, start, &mut |proof| panic!("{proof:?}"));
    assert_eq!(result, Err("no memory"));
}

#[test]
fn proofs_as_json() {
    let proofs = prove(|who, _, verdict| {
        if who == "adds" {
            set(verdict, "small-doubles", |item| item.status = Status::Passed);
        }
    });
    let adds = proofs.iter().find(|proof| proof.claim == Claim::Mutant("adds".into())).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&[adds, &proofs[0]]).unwrap());
}

#[test]
fn units_are_remembered_until_something_changes() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    std::fs::write(&program, "1").unwrap();
    let memory = || Memory::new(&folder.path().join("proofs"), &program).unwrap();
    let proofs = prove(|_, _, _| {});
    assert_eq!(memory().recall(&unit()), None);
    memory().keep(&unit(), &proofs).unwrap();
    let recalled = memory().recall(&unit()).unwrap();
    let before: Vec<Proof> =
        proofs.iter().map(|proof| Proof { remembered: true, ..proof.clone() }).collect();
    assert_eq!(recalled, before);
    assert!(printed(&recalled).contains("PASS [remembered] small: the solution passes"));

    let course = CourseFolder::small();
    course.unit("track/small.md", &SMALL.replace("Double a", "Double any"));
    assert_eq!(memory().recall(&course.load().units["small"]), None);
    // Another executable, though of the same size, and the same bytes.
    let before = memory();
    std::fs::remove_file(&program).unwrap();
    std::fs::write(&program, "1").unwrap();
    assert_eq!(memory().recall(&unit()), None);
    assert!(before.recall(&unit()).is_some());
}

#[test]
fn what_does_not_hold_or_is_not_whole_is_not_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let memory = Memory::new(folder.path(), &std::env::current_exe().unwrap()).unwrap();
    let fails = prove(|who, _, verdict| {
        if who == "prints" {
            set(verdict, "small-quiet", |item| item.hint_error = Some("NameError: got".into()));
        }
    });
    memory.keep(&unit(), &fails).unwrap();
    assert_eq!(memory.recall(&unit()), None);
    let proofs = prove(|_, _, _| {});
    memory.keep(&unit(), &proofs[1..]).unwrap();
    assert_eq!(memory.recall(&unit()), None);
    memory.keep(&unit(), &proofs).unwrap();
    assert!(memory.recall(&unit()).is_some());
    // A file that is damaged, and one that is too old.
    let [file] = std::fs::read_dir(folder.path()).unwrap().collect::<Vec<_>>().try_into().unwrap();
    let path = file.unwrap().path();
    let old = std::time::SystemTime::now() - Duration::from_hours(31 * 24);
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
    assert_eq!(memory.recall(&unit()), None);
    memory.tidy();
    assert!(!path.exists());
    memory.keep(&unit(), &proofs).unwrap();
    std::fs::write(&path, "[1.5").unwrap();
    assert_eq!(memory.recall(&unit()), None);
}
