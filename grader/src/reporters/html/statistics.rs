//! What a class's verdicts come to. Pure.

use crate::reporters::feedback::{check_name, outcome, possible};
use crate::reporters::json::Entry;
use cellist_formats::verdict::{ItemVerdict, Status, Verdict};
use cellist_judge::{CheckRun, CheckRuns};
use std::collections::{BTreeMap, HashMap};

/// One notebook's submissions: of each learner the last.
pub(super) struct Statistics<'a> {
    pub(super) notebook: &'a str,
    /// Learner (or file) to verdict.
    pub(super) verdicts: BTreeMap<&'a str, &'a Verdict>,
    pub(super) checks: Vec<Check<'a>>,
}

/// What became of a check in all submissions that have it.
pub(super) struct Check<'a> {
    pub(super) unit: &'a str,
    pub(super) name: &'a str,
    pub(super) hidden: bool,
    pub(super) max_points: f64,
    pub(super) passed: usize,
    pub(super) failed: usize,
    /// Withheld, not answered, waiting.
    pub(super) open: usize,
    /// Sum of the points given.
    pub(super) points: f64,
    /// How long it took in each submission in which it ran, in milliseconds.
    pub(super) took: Vec<f64>,
    failures: HashMap<String, usize>,
}

impl Check<'_> {
    /// In how many submissions it is.
    pub(super) fn count(&self) -> usize {
        self.passed + self.failed + self.open
    }

    /// What failing submissions were told most often, and how often. Of equals the first by letter.
    pub(super) fn commonest_failure(&self) -> Option<(&str, usize)> {
        let most = self.failures.iter().max_by(|(a, n), (b, m)| n.cmp(m).then_with(|| b.cmp(a)));
        most.map(|(text, count)| (text.as_str(), *count))
    }

    /// Median and maximum of the time that it took, in milliseconds.
    pub(super) fn millis(&self) -> (Option<f64>, Option<f64>) {
        let longest = self.took.iter().copied().max_by(f64::total_cmp);
        (longest.map(|_| median(self.took.iter().copied())), longest)
    }

    fn add(&mut self, item: &ItemVerdict, run: Option<&CheckRun>) {
        self.points += item.points;
        self.took.extend(run.map(|run| run.took.as_secs_f64() * 1e3));
        match item.status {
            Status::Passed => self.passed += 1,
            Status::Failed | Status::Error => {
                self.failed += 1;
                *self.failures.entry(outcome(item)).or_default() += 1;
            }
            Status::Withheld | Status::Manual | Status::Unanswered => self.open += 1,
        }
    }
}

impl<'a> Statistics<'a> {
    /// Of every notebook, by name.
    pub(super) fn of(entries: &'a [Entry]) -> Vec<Self> {
        let mut notebooks: BTreeMap<&str, BTreeMap<&str, (&Verdict, &CheckRuns)>> = BTreeMap::new();
        for entry in entries {
            if let Some(verdict) = &entry.verdict {
                let learner = entry.learner.as_deref().unwrap_or(&entry.submission);
                let seen = (verdict, &entry.runs);
                notebooks.entry(&verdict.notebook).or_default().insert(learner, seen);
            }
        }
        let one = |(notebook, seen): (_, BTreeMap<_, (_, _)>)| Self {
            checks: checks(&seen),
            notebook,
            verdicts: seen.into_iter().map(|(learner, (verdict, _))| (learner, verdict)).collect(),
        };
        notebooks.into_iter().map(one).collect()
    }

    /// How many got what share of the points, in tenths; full marks are in the last.
    pub(super) fn tenths(&self) -> [usize; 10] {
        let mut tenths = [0; 10];
        for verdict in self.verdicts.values() {
            let most = possible(verdict);
            let share = if most > 0.0 { verdict.points / most } else { 1.0 };
            // A share below 0 or above 1 (extra credit) is in the first or the last.
            let tenth = (share * 10.0 + 1e-9).clamp(0.0, 9.0);
            tenths[tenth as usize] += 1;
        }
        tenths
    }

    /// Median of the points.
    pub(super) fn median_points(&self) -> f64 {
        median(self.verdicts.values().map(|verdict| verdict.points))
    }

    /// Median and maximum of the time that judging a submission took, in milliseconds.
    pub(super) fn millis(&self) -> (f64, f64) {
        let millis = || self.verdicts.values().map(|verdict| verdict.millis);
        (median(millis()), millis().fold(0.0, f64::max))
    }
}

/// In the order in which they stand in the first submission that has them.
fn checks<'a>(seen: &BTreeMap<&'a str, (&'a Verdict, &'a CheckRuns)>) -> Vec<Check<'a>> {
    let mut checks: Vec<Check<'a>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let units = seen
        .values()
        .flat_map(|(verdict, runs)| verdict.units.iter().map(move |unit| (unit, runs)));
    let items = units.flat_map(|(unit, runs)| unit.items.iter().map(move |i| (unit, i, runs)));
    for (unit, item, runs) in items {
        let place = *places.entry(&item.id).or_insert_with(|| {
            checks.push(Check {
                unit: &unit.id,
                name: check_name(unit, item),
                hidden: item.hidden,
                max_points: item.max_points,
                passed: 0,
                failed: 0,
                open: 0,
                points: 0.0,
                took: Vec::new(),
                failures: HashMap::new(),
            });
            checks.len() - 1
        });
        checks[place].add(item, runs.get(&item.id));
    }
    checks
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[n / 2],
        n => (values[n / 2 - 1] + values[n / 2]) / 2.0,
    }
}
