use super::*;
use crate::batch::GradeError;
use crate::specs::Foreign;
use cellist_formats::verdict::CellError;
use std::path::PathBuf;

fn item(id: &str, status: Status, points: f64, max_points: f64) -> ItemVerdict {
    ItemVerdict {
        id: id.into(),
        status,
        points,
        max_points,
        hint: None,
        message: None,
        hidden: false,
        guard: false,
        written: false,
        hint_error: None,
    }
}

fn coffee_shop() -> Verdict {
    let hint = |text: &str| Some(text.to_owned());
    let items = vec![
        item("ex01-predict", Status::Unanswered, 0.0, 0.0),
        item("ex01-durations", Status::Passed, 3.0, 3.0),
        ItemVerdict {
            hint: hint(
                "The shop took 12 s. 0: nothing awaited; 12: one after another; 5: all at \
                        once. Give all three coroutines to one gather.",
            ),
            message: Some("assert t.elapsed == 5".into()),
            ..item("ex01-concurrent", Status::Failed, 0.0, 4.0)
        },
        ItemVerdict {
            message: Some("assert order == ['濃い', 'ラテ']".into()),
            ..item("ex01-注文", Status::Failed, 0.5, 2.0)
        },
        ItemVerdict { guard: true, ..item("ex01-hygiene", Status::Withheld, 0.0, 1.0) },
        ItemVerdict {
            hidden: true,
            message: Some("assert secret == 42".into()),
            ..item("ex01-really-calls", Status::Failed, 0.0, 2.0)
        },
        ItemVerdict {
            hint_error: Some("NameError: name 'fnn' is not defined".into()),
            ..item("ex01-typo", Status::Failed, 0.0, 1.0)
        },
        item("ex01-why", Status::Manual, 0.0, 2.0),
    ];
    let error = CellError {
        cell: "ex01-shop".into(),
        ename: "NameError".into(),
        evalue: "name 'asynco' is not defined\x1b[2J".into(),
        traceback: "…".into(),
    };
    Verdict {
        notebook: "day02/01-gather.ipynb".into(),
        points: 3.5,
        max_points: 13.0,
        manual_points: 2.0,
        units: vec![UnitVerdict {
            id: "ex01".into(),
            title: "Coffee Shop Simulator".into(),
            points: 3.5,
            max_points: 13.0,
            items,
            errors: vec![error],
        }],
        notes: vec!["check cell `ex01-durations` was changed; the original was run".into()],
        millis: 12.0,
        forfeited: false,
    }
}

fn graded() -> Graded {
    Graded {
        path: PathBuf::from("handed-in/zoë.ipynb"),
        learner: Some("zoë".into()),
        identity: None,
        result: Ok(coffee_shop()),
        runs: Default::default(),
    }
}

fn foreign() -> Graded {
    let foreign = Foreign { notebooks: vec!["day02/01-gather.ipynb".into()] };
    Graded {
        path: PathBuf::from("other.ipynb"),
        learner: None,
        identity: None,
        result: Err(GradeError::Foreign(foreign)),
        runs: Default::default(),
    }
}

#[test]
fn a_submission() {
    insta::assert_snapshot!(submission(&graded(), Look { width: Some(90), colours: false }));
}

#[test]
fn a_submission_on_a_narrow_terminal() {
    insta::assert_snapshot!(submission(&graded(), Look { width: Some(20), colours: false }));
}

#[test]
fn a_foreign_notebook() {
    insta::assert_snapshot!(submission(&foreign(), Look { width: Some(60), colours: false }));
}

#[test]
fn colours_change_nothing_but_colours() {
    for graded in [graded(), foreign()] {
        let plain = submission(&graded, Look { width: Some(90), colours: false });
        let painted = submission(&graded, Look { width: Some(90), colours: true });
        assert!(painted.contains("\x1b[") && !plain.contains('\x1b'));
        assert_eq!(console::strip_ansi_codes(&painted), plain);
    }
}

#[test]
fn every_line_of_the_table_fits() {
    for width in [60, 80, 120] {
        let text = submission(&graded(), Look { width: Some(width), colours: false });
        for line in text.lines() {
            assert!(measure_text_width(line) <= width, "{width}: {line}");
        }
    }
}

#[test]
fn what_a_hidden_check_compares_is_not_shown() {
    let text = submission(&graded(), Look { width: Some(200), colours: false });
    assert!(!text.contains("secret"), "{text}");
}

#[test]
fn points_are_short() {
    let cases =
        [(0.0, "0"), (3.0, "3"), (0.5, "0.5"), (1.0 / 3.0, "0.33"), (10.0, "10"), (-0.0, "0")];
    for (points, text) in cases {
        assert_eq!(number(points), text);
    }
}

#[test]
fn the_summary_counts() {
    assert_eq!(summary(2, 0), "Graded 2 submissions.\n");
    assert_eq!(summary(1, 3), "Graded 1 submission; 3 could not be graded.\n");
}

#[test]
fn long_texts_are_cut() {
    let mut verdict = coffee_shop();
    let traceback = format!("Traceback:\n{}NameError: the last line", "  a line\n".repeat(50));
    verdict.units[0].items[3].message = Some(traceback);
    verdict.units[0].items[2].hint = Some("é".repeat(100_000));
    verdict.units[0].errors[0].evalue = "x".repeat(100_000);
    let text = submission(
        &Graded { result: Ok(verdict), ..graded() },
        Look { width: Some(100), colours: false },
    );
    assert!(text.len() < 5_000, "{} bytes", text.len());
    assert!(text.contains("✘ NameError: the last line"), "{text}");
}

#[test]
fn sentences_stay_whole_in_a_file() {
    let text = submission(&foreign(), Look { width: None, colours: false });
    assert_eq!(text.lines().count(), 3, "{text}");
}
