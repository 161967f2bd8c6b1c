//! Proofs that a unit is right, made by the very judge that grades learners.
//!
//! Under two hash seeds: the solution passes every check and nothing raises; the starter fails
//! every check that is not a guard; each mutant fails exactly the checks it says; every check is
//! failed by the starter or some mutant; every failure's hint renders.

mod judged;
mod memory;
mod parallel;
mod proofs;
mod quizzes;
pub mod report;

use crate::build::{self, Answers};
use crate::unit::Unit;
use cellist_formats::spec::{SPEC_SCHEMA, Spec, SpecCell, UnitSpec};
use cellist_formats::verdict::Verdict;
use cellist_judge::Judge;
use judged::Judged;
pub use memory::Memory;
pub use parallel::units;
use serde::Serialize;
use std::time::{Duration, Instant};

/// The hash seeds that every proof is made under.
pub const SEEDS: [u32; 2] = [Judge::DEFAULT_SEED, 20_260_131];

/// Whoever turns answers into a verdict.
pub trait Grade {
    /// Grades answers; `Err` says why that could not be done.
    ///
    /// # Errors
    /// A failure of the machine, not of the answers.
    fn grade(&self, spec: &Spec, answers: &Answers, seed: u32) -> Result<Verdict, String>;
}

impl Grade for Judge {
    fn grade(&self, spec: &Spec, answers: &Answers, seed: u32) -> Result<Verdict, String> {
        Judge::grade(self, spec, answers, seed).map_err(|error| error.to_string())
    }
}

/// What is proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "claim", content = "mutant", rename_all = "lowercase")]
pub enum Claim {
    /// The solution passes every check.
    Solution,
    /// The starter fails every check that is not a guard.
    Starter,
    /// The mutant fails exactly its checks.
    Mutant(String),
    /// Every check is failed by the starter or some mutant.
    Checks,
    /// Every quiz takes its key and no other answer.
    Quizzes,
}

/// A claim about a unit and whether it holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proof {
    /// The unit's id.
    pub unit: String,
    /// The claim.
    #[serde(flatten)]
    pub claim: Claim,
    /// What speaks against it; empty when it holds.
    pub problems: Vec<Problem>,
    /// Real time the judging took, in milliseconds.
    pub millis: f64,
    /// Made before, when nothing was different ([`Memory`]).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub remembered: bool,
}

impl Proof {
    /// Whether the claim holds.
    pub fn holds(&self) -> bool {
        self.problems.is_empty()
    }

    /// The claim in words.
    pub fn title(&self) -> String {
        match &self.claim {
            Claim::Solution => "the solution passes every check".to_owned(),
            Claim::Starter => "the starter fails every check but guards".to_owned(),
            Claim::Mutant(id) => format!("mutant `{id}` fails exactly its checks"),
            Claim::Quizzes => "every quiz takes its key and no other answer".to_owned(),
            Claim::Checks => "every check is failed by the starter or a mutant".to_owned(),
        }
    }
}

/// Something that speaks against a claim.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Problem {
    /// The check or cell, by its name within the unit.
    pub cell: String,
    /// What is wrong.
    pub what: String,
    /// What failed, as the judge says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What the learner would read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The hash seed, when only one of them shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
}

/// How many proofs [`unit`] makes of a unit.
pub fn count(unit: &Unit) -> usize {
    let checks = usize::from(unit.checks().next().is_some());
    1 + 2 * checks + usize::from(quizzes::any(unit)) + unit.mutants.len()
}

/// Proves a unit, handing out each proof as soon as it is made.
pub fn unit(grade: &dyn Grade, unit: &Unit, done: &mut dyn FnMut(Proof)) {
    let mut failed = Vec::new();
    for claim in claims(unit) {
        let proved = prove(grade, unit, claim);
        failed.extend(proved.failed);
        done(proved.proof);
    }
    closing(unit, &failed).into_iter().for_each(done);
}

/// What is proved of a unit once its answers were judged; these checks were failed by some of them.
fn closing(unit: &Unit, failed: &[String]) -> Vec<Proof> {
    let mut proofs = Vec::new();
    if unit.checks().next().is_some() {
        proofs.push(killed(unit, failed));
    }
    if quizzes::any(unit) {
        let (unit, problems) = (unit.front.id.clone(), quizzes::problems(unit));
        proofs.push(Proof {
            unit,
            claim: Claim::Quizzes,
            problems,
            millis: 0.0,
            remembered: false,
        });
    }
    proofs
}

/// What a judge is asked about a unit, in order. A unit without checks has only its solution.
fn claims(unit: &Unit) -> Vec<Claim> {
    let mut claims = vec![Claim::Solution];
    if unit.checks().next().is_some() {
        claims.push(Claim::Starter);
        claims.extend(unit.mutants.iter().map(|mutant| Claim::Mutant(mutant.id.clone())));
    }
    claims
}

/// A proof, and the names of the checks that the answers failed.
struct Proved {
    proof: Proof,
    failed: Vec<String>,
}

fn prove(grade: &dyn Grade, unit: &Unit, claim: Claim) -> Proved {
    let prover = Prover { grade, unit };
    match &claim {
        Claim::Starter => prover.prove(claim, &build::starter_answers(unit), proofs::starter),
        Claim::Mutant(id) => match unit.mutants.iter().find(|mutant| mutant.id == *id) {
            Some(mutant) => {
                let answers = build::mutant_answers(unit, mutant);
                prover.prove(claim, &answers, |unit, judged| proofs::mutant(unit, mutant, judged))
            }
            None => Proved { proof: killed(unit, &[]), failed: Vec::new() },
        },
        Claim::Solution | Claim::Checks | Claim::Quizzes => {
            prover.prove(claim, &build::right_answers(unit), proofs::solution)
        }
    }
}

/// Every check was failed by something.
fn killed(unit: &Unit, failed: &[String]) -> Proof {
    let problems = proofs::killed(unit, failed);
    Proof {
        unit: unit.front.id.clone(),
        claim: Claim::Checks,
        problems,
        millis: 0.0,
        remembered: false,
    }
}

struct Prover<'a> {
    grade: &'a dyn Grade,
    unit: &'a Unit,
}

impl Prover<'_> {
    /// What is run for a claim. A mutant is judged by the checks alone, and what stands below the last
    /// of them runs after it: demonstrations, often, that measure for a second.
    fn run(&self, claim: &Claim) -> UnitSpec {
        let mut spec = build::unit_spec(self.unit);
        let is_check = |cell: &SpecCell| matches!(cell, SpecCell::Check { .. });
        if let (Claim::Mutant(_), Some(last)) = (claim, spec.cells.iter().rposition(is_check)) {
            spec.cells.truncate(last + 1);
        }
        spec
    }

    /// Grades `answers` under both seeds and lets `objections` look at the results.
    fn prove(
        &self,
        claim: Claim,
        answers: &Answers,
        objections: impl Fn(&Unit, &Judged) -> Vec<Problem>,
    ) -> Proved {
        let start = Instant::now();
        let spec = Spec {
            schema: SPEC_SCHEMA,
            notebook: self.unit.path.display().to_string(),
            units: vec![self.run(&claim)],
            older: Vec::new(),
        };
        let mut judged = Vec::new();
        let mut found = Vec::new();
        for seed in SEEDS {
            match self.grade.grade(&spec, answers, seed) {
                Ok(verdict) => {
                    let verdict = Judged::new(self.unit, verdict);
                    found.push((seed, objections(self.unit, &verdict)));
                    judged.push(verdict);
                }
                Err(reason) => {
                    let what = format!("it could not be judged: {reason}");
                    let problem = Problem { seed: None, ..proofs::problem("judge", what) };
                    found.push((seed, vec![problem]));
                }
            }
        }
        let mut problems = proofs::merge(found);
        if let [one, other] = judged.as_slice() {
            problems.extend(proofs::same(self.unit, one, other));
        }
        let mut failed = Vec::new();
        if claim != Claim::Solution {
            failed.extend(judged.iter().flat_map(Judged::failed).map(str::to_owned));
        }
        let unit = self.unit.front.id.clone();
        Proved {
            proof: Proof {
                unit,
                claim,
                problems,
                millis: millis(start.elapsed()),
                remembered: false,
            },
            failed,
        }
    }
}

fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e4).round() / 10.0
}
