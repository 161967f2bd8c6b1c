//! How long a program has run, however busy the machine is.
//!
//! A limit is one of real time, less what the program waited for a processor that others had.
//! Whoever only waits, for a lock or a signal, has the same time on every machine; whoever
//! computes has what an idle machine would give.

use rustix::process::Pid;
use std::fs::{read_dir, read_to_string};
use std::time::{Duration, Instant};

/// Real time is up after this many times the limit, however busy the machine is.
const MOST: u32 = 10;
/// Processor times in `/proc/PID/stat` count in these: `USER_HZ` is 100 (proc_pid_stat(5)).
const TICK: Duration = Duration::from_millis(10);

/// A limit that has begun to run.
pub(super) struct Timer {
    process: Option<Pid>,
    limit: Duration,
    begun: Instant,
    before: Used,
}

/// What a process has had so far, all of its threads taken together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Used {
    /// Time on a processor.
    processor: Duration,
    /// Time in which it could have run, and no processor was free.
    queued: Duration,
}

impl Timer {
    /// Begins now. Without a process, or where the system does not tell, it is one of real time.
    pub(super) fn begin(process: Option<Pid>, limit: Duration) -> Self {
        Self { process, limit, begun: Instant::now(), before: Used::of(process) }
    }

    /// No earlier than this the time is up.
    pub(super) fn until(&self) -> Instant {
        self.begun + self.limit
    }

    /// What has been taken of the time.
    pub(super) fn taken(&self) -> Duration {
        let used = Used::of(self.process).since(self.before);
        taken(self.begun.elapsed(), used)
    }

    /// What is left of the time at least; zero when it is up.
    pub(super) fn rest(&self) -> Duration {
        let real = self.begun.elapsed();
        match self.limit.saturating_sub(real) {
            Duration::ZERO => rest(self.limit, real, Used::of(self.process).since(self.before)),
            rest => rest,
        }
    }
}

/// Ticks are coarse: no more than real time.
fn taken(real: Duration, used: Used) -> Duration {
    real.saturating_sub(used.queued).max(used.processor.min(real))
}

/// Several threads may have queued at once: what they had of the processors counts in any case.
fn rest(limit: Duration, real: Duration, used: Used) -> Duration {
    let taken = real.saturating_sub(used.queued).max(used.processor);
    limit.saturating_sub(taken).min((limit * MOST).saturating_sub(real))
}

impl Used {
    /// Zero for what the system does not tell.
    fn of(process: Option<Pid>) -> Self {
        let Some(process) = process else { return Self::default() };
        let folder = format!("/proc/{}", process.as_raw_nonzero());
        let stat = read_to_string(format!("{folder}/stat")).unwrap_or_default();
        let tasks = read_dir(format!("{folder}/task")).into_iter().flatten().flatten();
        let queued = tasks.filter_map(|task| {
            queued(&read_to_string(task.path().join("schedstat")).unwrap_or_default())
        });
        Self { processor: processor(&stat).unwrap_or_default(), queued: queued.sum() }
    }

    fn since(self, before: Self) -> Self {
        Self {
            processor: self.processor.saturating_sub(before.processor),
            queued: self.queued.saturating_sub(before.queued),
        }
    }
}

/// User and system time in a `/proc/PID/stat`.
fn processor(stat: &str) -> Option<Duration> {
    // The name, in parentheses, may contain anything; `utime` is the twelfth field behind it.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok();
    Some(TICK * ticks()?.checked_add(ticks()?)?)
}

/// The time that a thread waited for a processor, in its `schedstat`.
fn queued(schedstat: &str) -> Option<Duration> {
    schedstat.split(' ').nth(1)?.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    fn left(real: u64, processor: u64, queued: u64) -> u64 {
        let [real, processor, queued] = [real, processor, queued].map(Duration::from_secs);
        rest(LIMIT, real, Used { processor, queued }).as_secs()
    }

    #[test]
    fn only_waiting_for_a_processor_does_not_count() {
        assert_eq!(left(10, 10, 0), 0);
        assert_eq!(left(10, 0, 0), 0);
        assert_eq!(left(10, 2, 8), 8);
        assert_eq!(left(12, 2, 8), 6);
        assert_eq!(left(50, 10, 40), 0);
    }

    #[test]
    fn threads_that_queue_for_each_other_gain_nothing() {
        assert_eq!(left(10, 20, 500), 0);
        assert_eq!(left(30, 9, 500), 1);
    }

    #[test]
    fn real_time_has_an_end() {
        assert_eq!(left(99, 0, 99), 1);
        assert_eq!(left(100, 0, 100), 0);
        assert_eq!(left(1000, 0, 1000), 0);
    }

    #[test]
    fn what_was_taken_leaves_out_the_queue() {
        let taken = |real, processor, queued| {
            let [real, processor, queued] = [real, processor, queued].map(Duration::from_millis);
            taken(real, Used { processor, queued }).as_millis()
        };
        assert_eq!(taken(50, 20, 30), 20);
        assert_eq!(taken(50, 0, 0), 50);
        // Threads that queued for each other, and a tick that came early.
        assert_eq!(taken(50, 40, 90), 40);
        assert_eq!(taken(3, 10, 0), 3);
    }

    #[test]
    fn what_the_system_tells_is_read() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 1 2 3 4 120 30 8 9 20 0 1 0 55 0";
        assert_eq!(processor(stat), Some(Duration::from_millis(1500)));
        assert_eq!(queued("141556 2500 1\n"), Some(Duration::from_nanos(2500)));
        for nothing in ["", "7 (a", "7 (a) S 1", "x y z"] {
            assert_eq!((processor(nothing), queued(nothing)), (None, None));
        }
    }
}
