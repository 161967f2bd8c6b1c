//! Grading specs as files.

use cellist_formats::spec::{
    FillAnswer, FillKey, QuizOption, SPEC_SCHEMA, Spec, SpecCell, SpecClock, SpecError, SpecNeed,
    UnitSpec,
};
use std::path::Path;

fn spec() -> Spec {
    let option = |text: &str, correct| QuizOption {
        text: text.into(),
        correct,
        explanation: "because".into(),
    };
    Spec {
        schema: SPEC_SCHEMA,
        notebook: "set/a.ipynb".into(),
        units: vec![UnitSpec {
            id: "u".into(),
            title: "Ünit".into(),
            clock: SpecClock::Wall,
            needs: vec![SpecNeed::Loopback, SpecNeed::Processes],
            rev: 2,
            cells: vec![
                SpecCell::Example { id: "u-e".into(), source: "1".into() },
                SpecCell::Exercise { id: "u-x".into(), starter: "pass".into() },
                SpecCell::Check {
                    id: "u-c".into(),
                    points: 2.5,
                    hidden: true,
                    guard: true,
                    source: "assert 1".into(),
                },
                SpecCell::Quiz {
                    id: "u-q".into(),
                    points: 0.0,
                    options: vec![option("a", true), option("b", false)],
                },
                SpecCell::Fill { id: "u-f".into(), points: 1.0, key: fill() },
                SpecCell::Reflect {
                    id: "u-r".into(),
                    points: 1.0,
                    rubric: "r".into(),
                    starter: "?".into(),
                },
            ],
        }],
        older: Vec::new(),
    }
}

fn fill() -> FillKey {
    let answer =
        FillAnswer { text: "5 ± 0.5 s".into(), correct: true, explanation: "because".into() };
    FillKey { answers: vec![answer], otherwise: "look again".into(), case: true, spaces: false }
}

#[test]
fn a_spec_is_read_back_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/spec.json");
    spec().write(&path).unwrap();
    assert_eq!(Spec::read(&path).unwrap(), spec());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), spec().to_text());
}

#[test]
fn the_format_stays() {
    insta::assert_snapshot!(spec().to_text());
}

#[test]
fn messages() {
    let message = |text: &str| Spec::parse(text, Path::new("spec.json")).unwrap_err().to_string();
    insta::assert_snapshot!(
        [
            message("{\"schema\": 1,"),
            message("[]"),
            message("{\"cells\": []}"),
            message("{\"schema\": 1, \"notebook\": \"a\"}"),
            message("{\"schema\": 9, \"anything\": \"else\"}"),
            Spec::read(Path::new("missing/spec.json")).unwrap_err().to_string(),
        ]
        .join("\n")
    );
}

#[test]
fn an_unknown_kind_of_cell_is_refused_with_its_place() {
    let text = spec().to_text().replace("\"kind\": \"reflect\"", "\"kind\": \"essay\"");
    let error = Spec::parse(&text, Path::new("spec.json")).unwrap_err();
    assert!(matches!(error, SpecError::Malformed { .. }), "{error:?}");
    assert!(error.to_string().contains("unknown variant `essay`"), "{error}");
    assert!(error.to_string().contains("line "), "{error}");
}
