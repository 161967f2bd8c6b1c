//! Proving many units, several proofs at a time.

use super::{Claim, Grade, Proof, Proved, claims, closing, prove};
use crate::unit::Unit;
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Proves units; `done` gets the proofs in the order of the units and of their claims, each as soon
/// as it and all before it are there. `start` makes a judge for each of `jobs` threads.
///
/// # Errors
/// The first judge that does not start; no further proofs are made then.
pub fn units<G: Grade, E: Send>(
    units: &[&Unit],
    jobs: NonZero<usize>,
    start: impl Fn() -> Result<G, E> + Sync,
    done: &mut dyn FnMut(Proof),
) -> Result<(), E> {
    let tasks: Vec<(&Unit, Claim)> = units
        .iter()
        .flat_map(|unit| claims(unit).into_iter().map(|claim| (*unit, claim)))
        .collect();
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..jobs.get().min(tasks.len()) {
            let (sender, next, stop, start, tasks) = (sender.clone(), &next, &stop, &start, &tasks);
            scope.spawn(move || {
                let judge = match start() {
                    Ok(judge) => judge,
                    Err(error) => {
                        stop.store(true, Ordering::Relaxed);
                        // Nobody receives when the caller's `done` has panicked.
                        let _ = sender.send(Err(error));
                        return;
                    }
                };
                while !stop.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some((unit, claim)) = tasks.get(index) else { break };
                    let _ = sender.send(Ok((index, prove(&judge, unit, claim.clone()))));
                }
            });
        }
        drop(sender);
        let mut line = Line { tasks: &tasks, waiting: Vec::new(), first: 0, failed: Vec::new() };
        line.waiting.resize_with(tasks.len(), || None);
        let mut result = Ok(());
        for proved in receiver {
            match proved {
                Ok((index, proved)) => line.add(index, proved, done),
                Err(error) => result = result.and(Err(error)),
            }
        }
        result
    })
}

/// Puts proofs back into their order.
struct Line<'a> {
    tasks: &'a [(&'a Unit, Claim)],
    waiting: Vec<Option<Proved>>,
    /// The first that was not handed out.
    first: usize,
    /// Checks of the unit at hand that something failed.
    failed: Vec<String>,
}

impl Line<'_> {
    fn add(&mut self, index: usize, proved: Proved, done: &mut dyn FnMut(Proof)) {
        self.waiting[index] = Some(proved);
        while let Some(proved) = self.waiting.get_mut(self.first).and_then(Option::take) {
            let unit = self.tasks[self.first].0;
            self.first += 1;
            self.failed.extend(proved.failed);
            done(proved.proof);
            let next = self.tasks.get(self.first).map(|(unit, _)| &unit.front.id);
            if next != Some(&unit.front.id) {
                closing(unit, &self.failed).into_iter().for_each(&mut *done);
                self.failed.clear();
            }
        }
    }
}
