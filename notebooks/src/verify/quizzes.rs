//! Quizzes are proved by the function that grades them, for which nothing is run.

use super::Problem;
use super::proofs::problem;
use crate::build::{self, Answers};
use crate::unit::{Body, Unit, UnitCell};
use cellist_formats::spec::{FillKey, QuizOption, SpecCell, answer_id};
use cellist_formats::verdict::Status;
use cellist_judge::{Pattern, quiz_item};

/// Whether the unit has quizzes.
pub(super) fn any(unit: &Unit) -> bool {
    unit.cells.iter().any(|cell| matches!(cell.body, Body::Quiz { .. } | Body::Fill { .. }))
}

/// What speaks against: every right answer passes, every wrong one fails and is explained, and what
/// was given out is no answer.
pub(super) fn problems(unit: &Unit) -> Vec<Problem> {
    let spec = build::unit_spec(unit);
    let mut problems = Vec::new();
    for cell in &unit.cells {
        let Some(spec) = spec.cells.iter().find(|spec| spec.id() == cell.id) else { continue };
        let mut quiz = Quiz { cell, spec, problems: &mut problems };
        match &cell.body {
            Body::Quiz { question, options, .. } => quiz.options(question, options),
            Body::Fill { key, .. } => quiz.fill(key),
            _ => {}
        }
    }
    problems
}

struct Quiz<'a> {
    cell: &'a UnitCell,
    spec: &'a SpecCell,
    problems: &'a mut Vec<Problem>,
}

impl Quiz<'_> {
    fn options(&mut self, question: &str, options: &[QuizOption]) {
        let given = build::quiz(question, options, true);
        self.expect("what is given out", &given, &build::quiz_starter(), Status::Unanswered, "");
        let right: Vec<usize> = (0..options.len()).filter(|at| options[*at].correct).collect();
        let mut both = |what: &str, places: &[usize], status, explanation: &str| {
            let mut ticked = given.clone();
            for at in places {
                let text = cellist_judge::labelled(*at, &options[*at].text);
                ticked = ticked.replacen(&format!("- [ ] {text}\n"), &format!("- [x] {text}\n"), 1);
            }
            self.expect(&format!("{what}, ticked,"), &ticked, "", status, explanation);
            let letters = build::letters(places);
            self.expect(&format!("{what}, as letters,"), &given, &letters, status, explanation);
        };
        both("the key", &right, Status::Passed, "");
        for (at, option) in options.iter().enumerate() {
            if option.correct {
                let rest: Vec<usize> = right.iter().copied().filter(|other| *other != at).collect();
                if !rest.is_empty() {
                    let what = format!("the key without `{}`", option.text);
                    both(&what, &rest, Status::Failed, "Not every right option");
                }
            } else {
                let what = format!("`{}`", option.text);
                both(&what, &[at], Status::Failed, &option.explanation);
                let more: Vec<usize> = right.iter().copied().chain([at]).collect();
                both(&format!("{what} beside the key"), &more, Status::Failed, &option.explanation);
            }
        }
    }

    fn fill(&mut self, key: &FillKey) {
        let nothing = build::quiz_starter();
        self.expect("what is given out", "", &nothing, Status::Unanswered, "");
        for answer in &key.answers {
            let what = format!("`{}`", answer.text);
            let status = if answer.correct { Status::Passed } else { Status::Failed };
            let why = if answer.correct { "" } else { &answer.explanation };
            self.expect(&what, "", &build::written(key, &answer.text), status, why);
            let Ok(Pattern::Number { value, tolerance, unit }) =
                Pattern::parse(&answer.text, key.case, key.spaces)
            else {
                continue;
            };
            let near = |written: &str| {
                key.answers.iter().any(|other| {
                    let other_one = Pattern::parse(&other.text, key.case, key.spaces);
                    other != answer
                        && other_one.is_ok_and(|it| it.accepts(written, key.case, key.spaces))
                })
            };
            // Clearly beyond the border, which for an exact number is the number itself.
            let beyond = tolerance * 1.01 + if tolerance == 0.0 { 0.5 } else { 0.0 };
            for written in [value - beyond, value + beyond].map(|number| format!("{number} {unit}"))
            {
                if !near(&written) {
                    let what = format!("`{}`, which is not `{}`,", written.trim(), answer.text);
                    let source = format!("answer = {written}");
                    self.expect(&what, "", &source, Status::Failed, &key.otherwise);
                }
            }
        }
        let odd = "answer = \"no such answer\"";
        self.expect("another answer", "", odd, Status::Failed, &key.otherwise);
    }

    /// The judge must come to `status` and say `explanation`.
    fn expect(&mut self, what: &str, text: &str, below: &str, status: Status, explanation: &str) {
        let answers: Answers =
            [(self.cell.id.clone(), text.to_owned()), (answer_id(&self.cell.id), below.to_owned())]
                .into();
        let Some(item) = quiz_item(self.spec, &answers) else {
            self.problems.push(problem(&self.cell.name, "the judge said nothing about it"));
            return;
        };
        let said = item.hint.unwrap_or_default();
        if item.status != status {
            let (wanted, got) = (status.word(), item.status.word());
            let message = format!("{what} should be {wanted}, and is {got}");
            self.problems.push(problem(&self.cell.name, message));
        } else if !said.contains(explanation.trim()) {
            let message = format!("{what} should be told `{explanation}`, and reads `{said}`");
            self.problems.push(problem(&self.cell.name, message));
        }
    }
}
