//! The ring: written by any thread without a lock, read while it is written.

use std::sync::atomic::{AtomicU64, Ordering, fence};

/// Records kept: 1 MiB of them.
const LENGTH: usize = 1 << 15;

/// A record as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Raw {
    pub(super) time: u64,
    pub(super) task: u32,
    pub(super) other: u32,
    pub(super) site: u32,
    pub(super) took: u32,
    pub(super) thread: u16,
    pub(super) kind: u8,
    pub(super) extra: u8,
}

/// Four words; the last holds the lower half of the record's number, by which a reader knows that
/// the other three belong to it. 0 while they are written.
struct Slot([AtomicU64; 4]);

#[expect(clippy::declare_interior_mutable_const, reason = "the way to fill an array of atomics")]
const EMPTY: Slot = Slot([const { AtomicU64::new(0) }; 4]);

static RING: [Slot; LENGTH] = [EMPTY; LENGTH];
static NEXT: AtomicU64 = AtomicU64::new(0);

pub(super) fn position() -> u64 {
    NEXT.load(Ordering::Acquire)
}

/// A seal is never 0: no kind is.
fn seal(number: u64, raw: &Raw) -> u64 {
    let extra = u64::from(raw.extra) << 24;
    number << 32 | extra | u64::from(raw.thread) << 8 | u64::from(raw.kind)
}

/// Should a thread stand still in here while all others write the whole ring once, its record and
/// the one in the same place can be mixed up.
#[inline]
pub(super) fn write(raw: Raw) {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let Slot([time, who, place, last]) = &RING[number as usize % LENGTH];
    last.store(0, Ordering::Relaxed);
    fence(Ordering::Release);
    time.store(raw.time, Ordering::Relaxed);
    who.store(u64::from(raw.task) << 32 | u64::from(raw.other), Ordering::Relaxed);
    place.store(u64::from(raw.site) << 32 | u64::from(raw.took), Ordering::Relaxed);
    last.store(seal(number, &raw), Ordering::Release);
}

/// The records from number `since` on, but those that are written at this moment.
pub(super) fn read(since: u64) -> Vec<(u64, Raw)> {
    let end = position();
    let first = since.max(end.saturating_sub(LENGTH as u64));
    (first..end).filter_map(|number| Some((number, read_one(number)?))).collect()
}

fn read_one(number: u64) -> Option<Raw> {
    let Slot([time, who, place, last]) = &RING[number as usize % LENGTH];
    let before = last.load(Ordering::Acquire);
    let [time, who, place] = [time, who, place].map(|word| word.load(Ordering::Relaxed));
    fence(Ordering::Acquire);
    let raw = Raw {
        time,
        task: (who >> 32) as u32,
        other: who as u32,
        site: (place >> 32) as u32,
        took: place as u32,
        thread: (before >> 8) as u16,
        kind: before as u8,
        extra: (before >> 24) as u8,
    };
    let whole = last.load(Ordering::Relaxed) == before && before == seal(number, &raw);
    (whole && raw.kind != 0).then_some(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(of: u32) -> Raw {
        Raw {
            time: of.into(),
            task: of,
            other: of,
            site: of,
            took: of,
            thread: 7,
            kind: 1,
            extra: 5,
        }
    }

    /// Each record of the tests has the same number in all its parts.
    fn is_whole(raw: &Raw) -> bool {
        raw.time == u64::from(raw.task)
            && [raw.other, raw.site, raw.took] == [raw.task; 3]
            && (raw.thread, raw.kind, raw.extra) == (7, 1, 5)
    }

    #[test]
    fn records_come_back_in_order_and_the_oldest_go() {
        let begin = position();
        for of in 0..LENGTH as u32 + 100 {
            write(raw(of));
        }
        let read = read(begin);
        assert_eq!(read.len(), LENGTH);
        assert_eq!(read[0], (begin + 100, raw(100)));
        assert!(read.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0));
    }

    #[test]
    fn a_reader_never_sees_half_a_record() {
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            for part in 0..2 {
                let stop = &stop;
                scope.spawn(move || {
                    let mut of = part;
                    while !stop.load(Ordering::Relaxed) {
                        write(raw(of));
                        of += 2;
                    }
                });
            }
            let mut seen = 0;
            while seen < 5 * LENGTH {
                let read = read(0);
                assert!(read.iter().all(|(_, raw)| is_whole(raw)));
                seen += read.len();
            }
            stop.store(true, Ordering::Relaxed);
        });
    }
}
