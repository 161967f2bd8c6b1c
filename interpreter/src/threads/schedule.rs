//! Which thread runs: the baton's rules, without clocks, futexes or Python. At most one thread
//! runs at a time; the others are ready, or parked until somebody wakes them or a deadline comes,
//! or away: they went on without the baton and have to come back for it.

use std::collections::{BTreeMap, VecDeque};

/// A thread that passes this many points in a row lets the next one run, so that nobody starves.
/// Passing at each would cost a switch of threads for each lock that is free anyway.
const TURN: u32 = 64;

/// Where a thread stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Running,
    Ready,
    /// `until` in nanoseconds of the clock; the order is that of parking.
    Parked {
        until: Option<u64>,
        order: u64,
    },
    Away,
}

#[derive(Clone, Debug)]
struct Entry {
    place: Place,
    /// Woken when it was not parked: its next parking ends at once.
    woken: bool,
    /// Its deadline ended the parking.
    expired: bool,
}

/// The order in which threads run: first in, first out, or drawn by a seed.
#[derive(Clone, Debug, Default)]
pub(super) struct Schedule {
    threads: BTreeMap<u64, Entry>,
    ready: VecDeque<u64>,
    running: Option<u64>,
    order: u64,
    points: u32,
    dice: Option<Dice>,
}

impl Schedule {
    pub(super) fn new(seed: Option<u64>) -> Self {
        Self { dice: seed.map(Dice::new), ..Self::default() }
    }

    /// Adds a thread: ready, or running when nobody is.
    pub(super) fn add(&mut self, thread: u64) {
        self.threads.insert(thread, Entry { place: Place::Away, woken: false, expired: false });
        if self.threads.len() == 1 {
            self.run(thread);
        } else {
            self.come_back(thread);
        }
    }

    pub(super) fn remove(&mut self, thread: u64) {
        self.leave(thread);
        self.threads.remove(&thread);
    }

    pub(super) fn running(&self) -> Option<u64> {
        self.running
    }

    pub(super) fn place(&self, thread: u64) -> Option<Place> {
        self.threads.get(&thread).map(|entry| entry.place)
    }

    pub(super) fn len(&self) -> usize {
        self.threads.len()
    }

    pub(super) fn is_anybody_away(&self) -> bool {
        self.threads.values().any(|entry| entry.place == Place::Away)
    }

    /// The running thread comes to a point at which the baton may pass; whether it does. It is
    /// ready then, and somebody else's turn.
    pub(super) fn point(&mut self) -> bool {
        if self.ready.is_empty() {
            return false;
        }
        self.points += 1;
        let passes = match &mut self.dice {
            None => self.points >= TURN,
            Some(dice) => dice.point(),
        };
        passes && self.yield_now()
    }

    /// Like [`Self::point`], between two instructions: only under a seed.
    pub(super) fn instruction(&mut self) -> bool {
        !self.ready.is_empty()
            && self.dice.as_mut().is_some_and(Dice::instruction)
            && self.yield_now()
    }

    pub(super) fn yield_now(&mut self) -> bool {
        let Some(thread) = self.running.take() else { return false };
        self.make_ready(thread);
        true
    }

    /// The running thread parks; false when it was woken already, and goes on.
    pub(super) fn park(&mut self, until: Option<u64>) -> bool {
        let Some(entry) = self.running.and_then(|thread| self.threads.get_mut(&thread)) else {
            return false;
        };
        if std::mem::take(&mut entry.woken) {
            return false;
        }
        self.order += 1;
        entry.place = Place::Parked { until, order: self.order };
        self.running = None;
        true
    }

    /// Ends the parking of `thread`, or its next one.
    pub(super) fn wake(&mut self, thread: u64) {
        let Some(entry) = self.threads.get_mut(&thread) else { return };
        if matches!(entry.place, Place::Parked { .. }) {
            self.make_ready(thread);
        } else {
            entry.woken = true;
        }
    }

    /// The thread goes on without the baton, wherever it stood.
    pub(super) fn leave(&mut self, thread: u64) {
        if self.running == Some(thread) {
            self.running = None;
        }
        self.ready.retain(|other| *other != thread);
        if let Some(entry) = self.threads.get_mut(&thread) {
            entry.place = Place::Away;
        }
    }

    /// A thread that was away wants the baton.
    pub(super) fn come_back(&mut self, thread: u64) {
        if self.place(thread) == Some(Place::Away) {
            self.make_ready(thread);
        }
    }

    /// Gives the baton to a thread that is ready.
    pub(super) fn next(&mut self) -> Option<u64> {
        if self.running.is_some() || self.ready.is_empty() {
            return None;
        }
        let at = self.dice.as_mut().map_or(0, |dice| dice.below(self.ready.len()));
        let thread = self.ready.remove(at)?;
        self.run(thread);
        Some(thread)
    }

    /// The first deadline of a parked thread.
    pub(super) fn earliest(&self) -> Option<u64> {
        let until = |entry: &Entry| match entry.place {
            Place::Parked { until, .. } => until,
            _ => None,
        };
        self.threads.values().filter_map(until).min()
    }

    /// Ends the parking of those whose deadline is not after `now`.
    pub(super) fn expire(&mut self, now: u64) {
        let mut due: Vec<(u64, u64, u64)> = Vec::new();
        for (thread, entry) in &self.threads {
            if let Place::Parked { until: Some(until), order } = entry.place
                && until <= now
            {
                due.push((until, order, *thread));
            }
        }
        due.sort_unstable();
        for (_, _, thread) in due {
            self.make_ready(thread);
            if let Some(entry) = self.threads.get_mut(&thread) {
                entry.expired = true;
            }
        }
    }

    /// Whether the deadline ended the thread's last parking.
    pub(super) fn take_expired(&mut self, thread: u64) -> bool {
        self.threads.get_mut(&thread).is_some_and(|entry| std::mem::take(&mut entry.expired))
    }

    /// The parked threads, in the order in which they parked.
    pub(super) fn parked(&self) -> Vec<u64> {
        let parked = |(thread, entry): (&u64, &Entry)| match entry.place {
            Place::Parked { order, .. } => Some((order, *thread)),
            _ => None,
        };
        let mut parked: Vec<_> = self.threads.iter().filter_map(parked).collect();
        parked.sort_unstable();
        parked.into_iter().map(|(_, thread)| thread).collect()
    }

    fn run(&mut self, thread: u64) {
        if let Some(entry) = self.threads.get_mut(&thread) {
            entry.place = Place::Running;
            self.running = Some(thread);
            self.points = 0;
        }
    }

    fn make_ready(&mut self, thread: u64) {
        if let Some(entry) = self.threads.get_mut(&thread) {
            entry.place = Place::Ready;
            self.ready.push_back(thread);
        }
    }
}

/// The draws of a seed (splitmix64, by Sebastiano Vigna). How often a schedule switches between
/// two instructions is drawn first: rare switches find other races than frequent ones.
#[derive(Clone, Debug)]
struct Dice {
    state: u64,
    /// One in this many instructions passes the baton.
    rarity: usize,
}

impl Dice {
    fn new(seed: u64) -> Self {
        let mut dice = Self { state: seed, rarity: 1 };
        dice.rarity = [2, 4, 10, 40][dice.below(4)];
        dice
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to `count` - 1.
    fn below(&mut self, count: usize) -> usize {
        (self.next() % count.max(1) as u64) as usize
    }

    fn point(&mut self) -> bool {
        self.below(2) == 0
    }

    fn instruction(&mut self) -> bool {
        self.below(self.rarity) == 0
    }
}

#[cfg(test)]
mod tests;
