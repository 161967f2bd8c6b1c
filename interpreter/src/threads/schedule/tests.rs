//! Random programs of threads over the schedule alone, with everything that can happen to it.

use super::{Dice, Place, Schedule};
use std::collections::{BTreeMap, VecDeque};

const THREADS: u64 = 4;
const ROUNDS: u32 = 5;

/// What a thread of the model does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Acquire,
    Work,
    Release,
    Done,
}

/// Threads that share one lock, with a queue as the lock core has one.
struct Model {
    schedule: Schedule,
    now: u64,
    owner: Option<u64>,
    queue: VecDeque<u64>,
    steps: BTreeMap<u64, (Step, u32)>,
    trace: Vec<u64>,
}

impl Model {
    fn new(seed: Option<u64>) -> Self {
        let mut schedule = Schedule::new(seed);
        let steps = (1..=THREADS).map(|thread| (thread, (Step::Acquire, 0))).collect();
        (1..=THREADS).for_each(|thread| schedule.add(thread));
        let (queue, trace) = (VecDeque::new(), Vec::new());
        Self { schedule, now: 0, owner: None, queue, steps, trace }
    }

    /// Runs to the end; `chaos` draws what the outside does. The trace of who ran.
    fn run(mut self, mut chaos: Option<Dice>) -> Vec<u64> {
        while self.schedule.len() > 0 {
            assert!(self.trace.len() < 100_000, "somebody waits for ever");
            self.check();
            let Some(thread) = self.schedule.running() else {
                if self.schedule.next().is_none() {
                    let Some(at) = self.schedule.earliest() else { panic!("a wake-up was lost") };
                    self.now = at;
                    self.schedule.expire(at);
                }
                continue;
            };
            self.trace.push(thread);
            match chaos.as_mut().map_or(9, |dice| dice.below(10)) {
                // A signal, or a real wait: it loses the baton and wants it back.
                0 => {
                    self.schedule.leave(thread);
                    self.schedule.come_back(thread);
                }
                // Somebody wakes a thread that waits for nothing, or for something else.
                1 => self.schedule.wake(thread % THREADS + 1),
                2 => drop(self.schedule.instruction()),
                _ => self.step(thread),
            }
        }
        self.trace
    }

    fn step(&mut self, thread: u64) {
        let (step, round) = self.steps[&thread];
        let next = match step {
            Step::Acquire if self.schedule.point() => return,
            Step::Acquire if self.owner.is_none() => {
                self.owner = Some(thread);
                self.queue.retain(|other| *other != thread);
                (Step::Work, round)
            }
            Step::Acquire => {
                if !self.queue.contains(&thread) {
                    self.queue.push_back(thread);
                }
                self.schedule.park(None);
                return;
            }
            Step::Work => {
                assert_eq!(self.owner, Some(thread), "two threads hold the lock");
                // Whoever sleeps keeps the lock; some wake-ups come too early.
                let until = self.now + thread;
                while self.schedule.park(Some(until)) && self.schedule.running().is_some() {}
                (Step::Release, round)
            }
            Step::Release => {
                assert_eq!(self.owner.take(), Some(thread), "two threads hold the lock");
                if let Some(first) = self.queue.pop_front() {
                    self.schedule.wake(first);
                }
                let done = round + 1 == ROUNDS;
                (if done { Step::Done } else { Step::Acquire }, round + 1)
            }
            Step::Done => {
                self.schedule.remove(thread);
                return;
            }
        };
        self.steps.insert(thread, next);
    }

    /// Everybody stands in exactly one place, and the queue of the ready says so.
    fn check(&self) {
        let schedule = &self.schedule;
        let at = |place| schedule.threads.values().filter(|entry| entry.place == place).count();
        assert_eq!(at(Place::Running), usize::from(schedule.running.is_some()));
        assert_eq!(at(Place::Ready), schedule.ready.len());
        for thread in &schedule.ready {
            assert_eq!(schedule.place(*thread), Some(Place::Ready));
        }
    }
}

#[test]
fn every_thread_comes_to_its_end_whatever_happens() {
    for seed in 0..3_000 {
        Model::new(None).run(Some(Dice::new(seed)));
        Model::new(Some(seed)).run(Some(Dice::new(!seed)));
    }
}

#[test]
fn the_same_seed_gives_the_same_order_and_another_one_another() {
    let first = Model::new(Some(7)).run(None);
    assert_eq!(first, Model::new(Some(7)).run(None));
    assert!((0..10).any(|seed| Model::new(Some(seed)).run(None) != first));
    assert_eq!(Model::new(None).run(None), Model::new(None).run(None));
}

#[test]
fn without_a_seed_nobody_waits_longer_than_a_turn_of_each() {
    let mut schedule = Schedule::new(None);
    (1..=3).for_each(|thread| schedule.add(thread));
    let mut turns = vec![schedule.running()];
    for _ in 0..super::TURN * 6 {
        if schedule.point() {
            turns.push(schedule.next());
        }
    }
    assert_eq!(turns, [1, 2, 3, 1, 2, 3, 1].map(Some));
}

#[test]
fn a_deadline_that_comes_is_told_apart_from_a_call() {
    let mut schedule = Schedule::new(None);
    (1..=2).for_each(|thread| schedule.add(thread));
    assert!(schedule.park(Some(10)));
    assert_eq!(schedule.next(), Some(2));
    assert!(schedule.park(Some(20)));
    schedule.wake(2);
    assert_eq!((schedule.next(), schedule.take_expired(2)), (Some(2), false));
    assert!(schedule.park(None));
    assert_eq!(schedule.earliest(), Some(10));
    schedule.expire(10);
    assert_eq!((schedule.next(), schedule.take_expired(1)), (Some(1), true));
}
