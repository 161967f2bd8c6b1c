//! All interleavings of a few threads over the lock core, and many random ones of more: the real
//! code, one of its steps at a time. A step is one atomic operation on a free lock, or what is
//! done under the table's lock; how the kernel puts threads to sleep is left out.

use super::{Core, Hold, Waiter, Word};
use crate::clock::{self, Clock};
use std::sync::Arc;

/// Where a thread of the model stands in `acquire(timeout)` and `release()`.
enum At {
    Before,
    /// It found the lock taken.
    Refused,
    Queued(Arc<Waiter>),
    Holding,
}

struct Thread {
    number: u64,
    at: At,
    rounds: u32,
}

/// Decides by a list of choices, the last of which can be changed to come to the next run.
#[derive(Default)]
struct Choices {
    made: Vec<(usize, usize)>,
    at: usize,
}

impl Choices {
    fn choose(&mut self, count: usize) -> usize {
        if self.at == self.made.len() {
            self.made.push((0, count));
        }
        self.at += 1;
        self.made[self.at - 1].0
    }

    /// The next list of choices; false after the last.
    fn advance(&mut self) -> bool {
        self.at = 0;
        while let Some((choice, count)) = self.made.pop() {
            if choice + 1 < count {
                self.made.push((choice + 1, count));
                return true;
            }
        }
        false
    }
}

/// Runs `threads` to their end. After a long wait (`old`) the lock is handed over, else only offered. With
/// `impatient` a waiting thread may also give up.
fn run(
    threads: u64,
    rounds: u32,
    old: bool,
    impatient: bool,
    choose: &mut dyn FnMut(usize) -> usize,
) {
    let core = Core::new();
    let mut all: Vec<Thread> =
        (1..=threads).map(|number| Thread { number, at: At::Before, rounds }).collect();
    let mut holding = 0;
    loop {
        let mut moves = Vec::new();
        for (index, thread) in all.iter().enumerate() {
            match &thread.at {
                At::Before if thread.rounds == 0 => {}
                At::Queued(waiter) if waiter.word() == Word::Waiting => {
                    if impatient {
                        moves.push((index, true));
                    }
                }
                At::Queued(_) if impatient => moves.extend([(index, false), (index, true)]),
                _ => moves.push((index, false)),
            }
        }
        if moves.is_empty() {
            let done = all.iter().all(|thread| thread.rounds == 0);
            assert!(done, "a thread waits for a lock that nobody holds");
            assert!(!core.is_locked(), "nobody freed the lock");
            return;
        }
        let (index, gives_up) = moves[choose(moves.len())];
        let thread = &mut all[index];
        let number = thread.number;
        let took = match std::mem::replace(&mut thread.at, At::Before) {
            At::Before if core.try_acquire_for(number, Hold::Call) => true,
            At::Before => {
                thread.at = At::Refused;
                false
            }
            At::Refused => match core.enqueue(number, Hold::Call) {
                None => true,
                Some(waiter) => {
                    thread.at = At::Queued(waiter);
                    false
                }
            },
            At::Queued(waiter) if gives_up => {
                let took = core.leave(&waiter);
                if !took {
                    thread.rounds -= 1;
                }
                took
            }
            At::Queued(waiter) if waiter.word() == Word::Granted || core.retry(&waiter) => true,
            At::Queued(waiter) => {
                thread.at = At::Queued(waiter);
                false
            }
            At::Holding => {
                assert_eq!(core.owner(), number, "the lock has another owner");
                holding -= 1;
                thread.rounds -= 1;
                if old {
                    clock::advance(10_000_000);
                }
                assert!(core.release_by(number), "the lock was free");
                false
            }
        };
        if took {
            thread.at = At::Holding;
            holding += 1;
            assert_eq!(holding, 1, "two threads hold the lock");
        }
    }
}

/// All runs; how many there are.
fn explore(threads: u64, rounds: u32, impatient: bool) -> usize {
    // Only for its time, which stands still.
    clock::set(Clock::Virtual);
    let mut count = 0;
    for old in [false, true] {
        let mut choices = Choices::default();
        loop {
            run(threads, rounds, old, impatient, &mut |moves| choices.choose(moves));
            count += 1;
            if !choices.advance() {
                break;
            }
        }
    }
    count
}

#[test]
fn all_interleavings_of_two_threads() {
    assert!(explore(2, 2, false) > 100);
    assert!(explore(2, 2, true) > 100);
}

#[test]
fn all_interleavings_of_three_threads() {
    assert!(explore(3, 1, false) > 100);
    assert!(explore(3, 1, true) > 1_000);
}

#[test]
fn random_interleavings_of_five_threads() {
    clock::set(Clock::Virtual);
    let mut state = 1_u64;
    let mut choose = |count: usize| {
        // A linear congruential generator, with Knuth's constants.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % count
    };
    for turn in 0..5_000 {
        run(5, 3, turn % 2 == 0, turn % 3 == 0, &mut choose);
    }
}
