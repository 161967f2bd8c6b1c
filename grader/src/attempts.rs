//! Several submissions of one learner for one notebook, and several machines for one batch: which
//! submissions are graded here, and in which order.

use crate::assignments::{Assignments, Owner};
use crate::intake::{IntakeError, Mark, Submission};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::num::NonZero;
use std::path::Path;
use std::str::FromStr;
use std::thread;

/// Which of a learner's attempts count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// All are graded and reported; where one must count, it is the latest.
    All,
    /// The latest; the others are not graded.
    Latest,
    /// All are graded; the one with most points is reported, of equals the latest.
    Best,
    /// The one with this number, or with this name in its path; the others are not graded.
    Named(String),
}

impl From<&str> for Which {
    fn from(word: &str) -> Self {
        match word {
            "all" => Self::All,
            "latest" => Self::Latest,
            "best" => Self::Best,
            name => Self::Named(name.to_owned()),
        }
    }
}

/// One of several parts of a batch: the submissions of some of the learners. Which part a learner is
/// in depends on the name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 0.
    index: u64,
    of: u64,
}

/// Text that names no part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a part such as `1/4`: a number from 1 on, and how many parts there are")]
pub struct NoShard;

impl FromStr for Shard {
    type Err = NoShard;

    /// `1/4` to `4/4`.
    fn from_str(text: &str) -> Result<Self, NoShard> {
        let (number, of) = text.split_once('/').ok_or(NoShard)?;
        let number: u64 = number.parse().map_err(|_| NoShard)?;
        let of: u64 = of.parse().map_err(|_| NoShard)?;
        match (1..=of).contains(&number) {
            true => Ok(Self { index: number - 1, of }),
            false => Err(NoShard),
        }
    }
}

impl Shard {
    fn takes(self, name: &[u8]) -> bool {
        let digest = Sha256::digest(name);
        let number = digest.iter().take(8).fold(0, |sum: u64, byte| (sum << 8) | u64::from(*byte));
        number % self.of == self.index
    }
}

/// One of a learner's attempts at a notebook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// From 1 on, the earliest first.
    pub number: usize,
    /// How many there are.
    pub of: usize,
    /// What tells their order.
    pub by: By,
}

/// What tells the order of attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// When they were handed in.
    Time,
    /// The numbers in their names.
    Number,
    /// The numbers that the platform gave to the files.
    Serial,
    /// Nothing but the order in which they were found.
    Place,
}

impl By {
    /// For people: what they are ordered by.
    pub fn words(self) -> &'static str {
        match self {
            Self::Time => "by the times they were handed in",
            Self::Number => "by the numbers in their names",
            Self::Serial => "by the platform's numbers",
            Self::Place => "in the order they were found",
        }
    }
}

/// What there is to grade.
#[derive(Debug)]
pub struct Planned {
    /// The submission, or why there is none.
    pub found: Result<Submission, IntakeError>,
    /// Its place among the learner's attempts, when there are several.
    pub attempt: Option<Attempt>,
}

impl From<Result<Submission, IntakeError>> for Planned {
    fn from(found: Result<Submission, IntakeError>) -> Self {
        Self { found, attempt: None }
    }
}

/// What is graded, in order, and what is not.
#[derive(Debug, Default)]
pub struct Plan {
    /// Attempts at one notebook stand together, the earliest first, where the first that was found
    /// stood.
    pub work: Vec<Planned>,
    /// For people: attempts that are not graded.
    pub notes: Vec<String>,
}

/// What one owner handed in for one assignment; of files without an owner each stands alone.
type Group = (Option<Owner>, Vec<Result<Submission, IntakeError>>);

/// Sorts out what was found. Reads every notebook, `jobs` at a time.
pub fn plan(
    found: Vec<Result<Submission, IntakeError>>,
    assignments: &dyn Assignments,
    jobs: NonZero<usize>,
    which: &Which,
    shard: Option<Shard>,
) -> Plan {
    if found.len() < 2 && shard.is_none() && !matches!(which, Which::Named(_)) {
        return Plan { work: found.into_iter().map(Planned::from).collect(), notes: Vec::new() };
    }
    let owners = owners(&found, assignments, jobs);
    let here = |found: &Result<Submission, IntakeError>, owner: &Option<Owner>| match owner {
        Some(owner) => shard.is_none_or(|shard| shard.takes(owner.learner.as_bytes())),
        None => shard.is_none_or(|shard| shard.takes(path(found).as_os_str().as_encoded_bytes())),
    };
    let mut groups: Vec<Group> = Vec::new();
    let mut known: HashMap<Owner, usize> = HashMap::new();
    for (found, owner) in found.into_iter().zip(owners) {
        if !here(&found, &owner) {
            continue;
        }
        let owner = owner.filter(|owner| owner.notebook.is_some());
        match owner.as_ref().and_then(|owner| known.get(owner)) {
            Some(at) => groups[*at].1.push(found),
            None => {
                known.extend(owner.clone().map(|owner| (owner, groups.len())));
                groups.push((owner, vec![found]));
            }
        }
    }
    let mut plan = Plan::default();
    for (owner, found) in groups {
        match owner {
            Some(Owner { learner, notebook: Some(notebook) }) => {
                let found = found.into_iter().flatten().collect();
                plan.add(Attempts::new(learner, notebook, found), which);
            }
            _ => plan.work.extend(found.into_iter().map(Planned::from)),
        }
    }
    plan
}

fn path(found: &Result<Submission, IntakeError>) -> &Path {
    match found {
        Ok(submission) => &submission.path,
        Err(error) => error.path(),
    }
}

fn owners(
    found: &[Result<Submission, IntakeError>],
    assignments: &dyn Assignments,
    jobs: NonZero<usize>,
) -> Vec<Option<Owner>> {
    let owner = |found: &Result<Submission, IntakeError>| match found {
        Ok(submission) => assignments.owner(submission),
        Err(_) => None,
    };
    let mut owners = vec![None; found.len()];
    let share = found.len().div_ceil(jobs.get()).max(1);
    thread::scope(|scope| {
        for (found, owners) in found.chunks(share).zip(owners.chunks_mut(share)) {
            scope.spawn(move || {
                for (found, slot) in found.iter().zip(owners) {
                    *slot = owner(found);
                }
            });
        }
    });
    owners
}

/// A learner's attempts at a notebook, the earliest first. Never empty.
struct Attempts {
    learner: String,
    notebook: String,
    found: Vec<(Mark, Submission)>,
    by: By,
}

impl Attempts {
    fn new(learner: String, notebook: String, found: Vec<Submission>) -> Self {
        let mut found: Vec<(Mark, Submission)> =
            found.into_iter().map(|one| (one.mark(&notebook), one)).collect();
        // Stable: what has no mark stays in its order.
        found.sort_by_key(|(mark, _)| *mark);
        let differ = |key: &dyn Fn(&Mark) -> bool| found.iter().any(|(mark, _)| key(mark));
        let first = found.first().map(|(mark, _)| *mark).unwrap_or_default();
        let by = if differ(&|mark| mark.time != first.time) {
            By::Time
        } else if differ(&|mark| mark.number != first.number) {
            By::Number
        } else if differ(&|mark| mark.serial != first.serial) {
            By::Serial
        } else {
            By::Place
        };
        Self { learner, notebook, found, by }
    }

    /// Place of the attempt that is called so.
    fn named(&self, name: &str) -> Option<usize> {
        let numbered = self.found.iter().any(|(mark, _)| mark.number.is_some());
        let by_number = |number: u64| match numbered {
            true => self.found.iter().position(|(mark, _)| mark.number == Some(number)),
            false => usize::try_from(number).ok()?.checked_sub(1),
        };
        let by_number = name.parse().ok().and_then(by_number);
        let by_name = || {
            self.found
                .iter()
                .rposition(|(_, one)| one.path.iter().any(|part| is_called(part, name)))
        };
        by_number.filter(|at| *at < self.found.len()).or_else(by_name)
    }
}

/// `attempt-2` and `2026-02-02` are names of `ann_attempt-2.ipynb` and `ann_2026-02-02/`.
fn is_called(part: &OsStr, name: &str) -> bool {
    let part = part.to_string_lossy();
    let stem = part.strip_suffix(".ipynb").unwrap_or(&part);
    let ends = |text: &str| {
        let rest = text.strip_suffix(name);
        rest.is_some_and(|rest| !rest.ends_with(char::is_alphanumeric))
    };
    !name.is_empty() && (ends(stem) || ends(&part))
}

impl Plan {
    fn add(&mut self, attempts: Attempts, which: &Which) {
        let of = attempts.found.len();
        let taken = match which {
            Which::All | Which::Best => None,
            Which::Latest => Some(of - 1),
            Which::Named(name) => match attempts.named(name) {
                Some(at) => Some(at),
                None => return self.missing(attempts, name),
            },
        };
        let by = attempts.by;
        let mut left_out = Vec::new();
        for (at, (_, submission)) in attempts.found.into_iter().enumerate() {
            if taken.is_none_or(|taken| taken == at) {
                let attempt = (of > 1).then_some(Attempt { number: at + 1, of, by });
                self.work.push(Planned { found: Ok(submission), attempt });
            } else {
                left_out.push(format!("`{}`", submission.path.display()));
            }
        }
        if !left_out.is_empty() {
            self.notes.push(format!(
                "other attempts of {} at `{}` are not graded: {}",
                attempts.learner,
                attempts.notebook,
                left_out.join(", ")
            ));
        }
    }

    fn missing(&mut self, attempts: Attempts, name: &str) {
        let Attempts { learner, notebook, mut found, .. } = attempts;
        let there: Vec<String> =
            found.iter().map(|(_, one)| format!("`{}`", one.path.display())).collect();
        let (there, name) = (there.join(", "), name.to_owned());
        let path = found.pop().map(|(_, last)| last.path).unwrap_or_default();
        let error = IntakeError::NoAttempt { path, learner, notebook, name, there };
        self.work.push(Err(error).into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards() {
        let parse = |text: &str| text.parse::<Shard>();
        assert_eq!(parse("1/4"), Ok(Shard { index: 0, of: 4 }));
        assert_eq!(parse("4/4"), Ok(Shard { index: 3, of: 4 }));
        for wrong in ["0/4", "5/4", "1/0", "1", "a/b", "1/4/2", "-1/4"] {
            assert_eq!(parse(wrong), Err(NoShard), "{wrong}");
        }
        let shards = [1, 2, 3].map(|index| Shard { index: index - 1, of: 3 });
        let mut taken = [0; 3];
        for number in 0..300 {
            let name = format!("learner-{number}");
            let takers: Vec<usize> =
                (0..3).filter(|at| shards[*at].takes(name.as_bytes())).collect();
            assert_eq!(takers.len(), 1);
            taken[takers[0]] += 1;
        }
        assert!(taken.iter().all(|count| (70..130).contains(count)), "{taken:?}");
        // Other machines and versions must say the same.
        assert!(shards[2].takes(b"ann"));
    }

    #[test]
    fn names_of_attempts() {
        let called = |part: &str, name: &str| is_called(OsStr::new(part), name);
        assert!(called("attempt-2", "attempt-2") && called("ann_attempt-2.ipynb", "attempt-2"));
        assert!(called("answer.ipynb", "answer.ipynb"));
        assert!(!called("attempt-12", "2") && !called("ann", "") && !called("joanna", "anna"));
    }
}
