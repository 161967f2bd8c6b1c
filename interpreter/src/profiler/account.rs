//! The sums of a profile: who called whom, how often, and how long it took.

use std::collections::HashMap;

/// What is known of one function, or of the calls from one function to another. Times in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sums {
    /// Calls that have ended.
    pub(super) calls: u64,
    /// Those of them that began while another of the same function ran.
    pub(super) recursive: u64,
    /// Time from begin to end; of calls within each other only of the outermost.
    pub(super) total: f64,
    /// Time outside of the functions that it called.
    pub(super) inline: f64,
    /// Calls that run at this moment.
    running: u64,
}

impl Sums {
    fn end(&mut self, total: f64, inline: f64) {
        self.running = self.running.saturating_sub(1);
        if self.running == 0 {
            self.total += total;
        } else {
            self.recursive += 1;
        }
        self.inline += inline;
        self.calls += 1;
    }
}

/// One function of the profile.
#[derive(Debug)]
pub(super) struct Entry<T> {
    /// The function's code, or what stands for a native function.
    pub(super) object: T,
    pub(super) sums: Sums,
    /// By the keys of the functions that it called.
    pub(super) callees: HashMap<usize, Sums>,
}

struct Running {
    key: usize,
    began: f64,
    /// Time spent in the functions that it called.
    elsewhere: f64,
}

/// A profile that goes on. A function is known by a key that is its own as long as its `object`
/// is held.
pub(super) struct Account<T> {
    entries: HashMap<usize, Entry<T>>,
    running: Vec<Running>,
}

impl<T> Default for Account<T> {
    fn default() -> Self {
        Self { entries: HashMap::new(), running: Vec::new() }
    }
}

impl<T> Account<T> {
    /// A function begins at a time.
    pub(super) fn begin(
        &mut self,
        key: usize,
        object: impl FnOnce() -> T,
        subcalls: bool,
        now: f64,
    ) {
        let entry = self.entries.entry(key).or_insert_with(|| Entry {
            object: object(),
            sums: Sums::default(),
            callees: HashMap::new(),
        });
        entry.sums.running += 1;
        if subcalls
            && let Some(caller) = self.running.last()
            && let Some(caller) = self.entries.get_mut(&caller.key)
        {
            caller.callees.entry(key).or_default().running += 1;
        }
        self.running.push(Running { key, began: now, elsewhere: 0.0 });
    }

    /// Whether a call of this function is under way: one that began before the profile is not.
    pub(super) fn is_running(&self, key: usize) -> bool {
        self.running.iter().any(|running| running.key == key)
    }

    /// The function ends, and with it those that it called and whose end nobody told.
    pub(super) fn end(&mut self, key: usize, subcalls: bool, now: f64) {
        if !self.is_running(key) {
            return;
        }
        while let Some(running) = self.running.pop() {
            self.book(&running, subcalls, now);
            if running.key == key {
                return;
            }
        }
    }

    /// Ends all that runs.
    pub(super) fn end_all(&mut self, subcalls: bool, now: f64) {
        while let Some(running) = self.running.pop() {
            self.book(&running, subcalls, now);
        }
    }

    fn book(&mut self, running: &Running, subcalls: bool, now: f64) {
        let total = now - running.began;
        let inline = total - running.elsewhere;
        if let Some(entry) = self.entries.get_mut(&running.key) {
            entry.sums.end(total, inline);
        }
        let Some(caller) = self.running.last_mut() else {
            return;
        };
        caller.elsewhere += total;
        if subcalls
            && let Some(caller) = self.entries.get_mut(&caller.key)
            && let Some(sums) = caller.callees.get_mut(&running.key)
        {
            sums.end(total, inline);
        }
    }

    /// All functions seen.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry<T>> {
        self.entries.values()
    }

    /// The function of a key.
    pub(super) fn entry(&self, key: usize) -> Option<&Entry<T>> {
        self.entries.get(&key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_booked_once_for_each_function() {
        let mut account = Account::default();
        account.begin(1, || "outer", true, 0.0);
        account.begin(2, || "inner", true, 1.0);
        account.begin(2, || "inner", true, 2.0);
        account.end(2, true, 4.0);
        account.end(2, true, 5.0);
        account.end(1, true, 7.0);
        let (Some(outer), Some(inner)) = (account.entry(1), account.entry(2)) else {
            panic!("both were called");
        };
        assert_eq!((outer.sums.calls, outer.sums.total, outer.sums.inline), (1, 7.0, 3.0));
        assert_eq!((inner.sums.calls, inner.sums.recursive), (2, 1));
        assert_eq!((inner.sums.total, inner.sums.inline), (4.0, 4.0));
        assert_eq!((outer.callees[&2].calls, outer.callees[&2].total), (1, 4.0));
        assert_eq!((inner.callees[&2].calls, inner.callees[&2].total), (1, 2.0));
    }

    #[test]
    fn what_began_before_does_not_end_anything() {
        let mut account = Account::default();
        account.begin(1, || (), true, 0.0);
        account.end(9, true, 1.0);
        assert!(account.is_running(1));
        account.end_all(true, 2.0);
        assert_eq!(account.entry(1).map(|entry| entry.sums.total), Some(2.0));
    }
}
