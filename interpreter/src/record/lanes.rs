//! From records to a timeline.

use super::known::{Begin, Known, Names};
use super::{Ending as End, Kind, Moment, Record, Scale, Site};
use crate::clock::Clock;
use cellist_timeline::{BLOCKING, Ending, Kind as Of, Lane, Place, Span, State, Timeline};
use std::collections::BTreeMap;
use std::time::Duration;

/// The timeline that was taken from `from` on until now, by the thread `main`.
pub(super) fn timeline(from: Begin, main: u16, names: &Names) -> Timeline {
    let began = from.moment;
    let all = super::since(from.record);
    let is_cut = all.first().is_some_and(|first| first.number > from.record);
    let is_virtual = all.iter().any(|row| row.clock == Clock::Virtual && row.kind != Kind::Wake);
    let clock = if is_virtual { Clock::Virtual } else { Clock::Wall };
    let rows: Vec<Record> = all.into_iter().filter(|row| row.clock == clock).collect();
    let (scale, now) = (Scale::now(), Moment::now());
    let first = || rows.iter().map(|row| row.time).min().unwrap_or_default();
    let begin = if began.is_virtual == is_virtual {
        scale.moment(began)
    } else if is_cut && is_virtual {
        // Switched to meanwhile, it began at 0.
        Duration::ZERO
    } else {
        first()
    };
    let last = rows.iter().map(|row| row.time + row.took).max().unwrap_or_default();
    let end = if now.is_virtual == is_virtual { scale.moment(now).max(last) } else { last };
    // When the first record was written that is left: one of a span is written at its end.
    let known = rows.first().filter(|_| is_cut).map(|row| (row.time + row.took).max(begin));
    let cut = Cut { known: known.unwrap_or(begin), is_cut, earlier: from.task };
    let of = Builder { begin, cut, end, names };
    let mut lanes = of.tasks(&rows);
    lanes.extend(of.threads(&rows, main));
    lanes.sort_by_key(|lane| lane.0);
    Timeline {
        clock: match clock {
            Clock::Wall => cellist_timeline::Clock::Wall,
            Clock::Virtual => cellist_timeline::Clock::Virtual,
        },
        seconds: of.seconds(end),
        lanes: lanes.into_iter().map(|(_, lane)| lane).collect(),
        cut: known.map(|at| of.seconds(at)),
    }
}

struct Builder<'a> {
    begin: Duration,
    cut: Cut,
    end: Duration,
    names: &'a Names,
}

/// What is left of a timeline.
struct Cut {
    /// Where its records begin.
    known: Duration,
    /// Earlier ones were dropped.
    is_cut: bool,
    /// The last task that was made before the timeline.
    earlier: u32,
}

/// A lane, and the number of the record with which it begins.
type Numbered = (u64, Lane);

/// A piece of time in which a task ran, and what it waited for behind it.
struct Step<'a> {
    begin: Duration,
    end: Duration,
    wait: Option<&'a Record>,
    wake: Option<Duration>,
}

/// The records of one task.
#[derive(Default)]
struct TaskRows<'a> {
    made: Option<&'a Record>,
    steps: Vec<Step<'a>>,
    /// Said before the record of the step comes, in which that is so.
    wait: Option<&'a Record>,
    wake: Option<Duration>,
    cancelled: Vec<Duration>,
    done: Option<&'a Record>,
    /// What kept others waiting.
    blocks: Vec<&'a Record>,
}

impl<'a> TaskRows<'a> {
    fn add(&mut self, row: &'a Record) {
        match row.kind {
            Kind::Create => self.made = Some(row),
            Kind::Wait => self.wait = Some(row),
            Kind::Wake if self.wait.is_some() => self.wake = Some(row.time),
            Kind::Wake => {
                if let Some(step) = self.steps.last_mut() {
                    step.wake.get_or_insert(row.time);
                }
            }
            Kind::Step => self.steps.push(Step {
                begin: row.time,
                end: row.time + row.took,
                wait: self.wait.take(),
                wake: self.wake.take(),
            }),
            Kind::Cancel => self.cancelled.push(row.time),
            Kind::Done => self.done = Some(row),
            Kind::Stall | Kind::Block | Kind::LockWait => self.blocks.push(row),
            _ => {}
        }
    }
}

impl Builder<'_> {
    fn seconds(&self, time: Duration) -> f64 {
        time.saturating_sub(self.begin).as_secs_f64()
    }

    /// The tasks that were made in this time.
    fn tasks(&self, rows: &[Record]) -> Vec<Numbered> {
        let mut tasks: BTreeMap<u32, TaskRows<'_>> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.task != 0) {
            tasks.entry(row.task).or_default().add(row);
        }
        let lanes = tasks.iter().filter_map(|(task, rows)| self.task(*task, rows));
        lanes.collect()
    }

    fn task(&self, task: u32, rows: &TaskRows<'_>) -> Option<Numbered> {
        // The record of its making may have been dropped.
        let is_lost = rows.made.is_none() && self.cut.is_cut && task > self.cut.earlier;
        if rows.made.is_none() && !is_lost {
            return None;
        }
        let first = rows.steps.first().map_or(self.cut.known, |step| step.begin);
        let begin = rows.made.map_or(self.cut.known.min(first), |made| made.time);
        let known = self.names.tasks.get(&task).cloned().unwrap_or_default();
        // What `asyncio.run` does at its end is nobody's idea.
        if known.function.starts_with("BaseEventLoop.shutdown_") {
            return None;
        }
        let ending = match rows.done.map(|done| done.other) {
            None => Ending::Pending,
            Some(other) if other == End::Raised as u32 => Ending::Failed,
            Some(other) if other == End::Cancelled as u32 => Ending::Cancelled,
            Some(_) => Ending::Done,
        };
        let last = rows.steps.last().map(|step| step.end);
        let end = match rows.done {
            Some(done) => last.unwrap_or(done.time).max(done.time),
            None => self.end,
        };
        let lane = Lane {
            kind: Of::Task,
            name: if known.name.is_empty() { format!("task {task}") } else { known.name },
            function: known.function,
            made: rows.made.and_then(|made| made.site.as_ref()).map(place),
            by: rows.made.filter(|made| made.other != 0).map(|made| self.name(made.other)),
            begin: self.seconds(begin),
            end: self.seconds(end),
            ending,
            error: known.error,
            raised: rows.done.and_then(|done| done.site.as_ref()).map(place),
            cancelled: rows.cancelled.iter().map(|time| self.seconds(*time)).collect(),
            spans: self.spans(rows, begin, end),
        };
        // Those whose making is not known are older than all others.
        Some((rows.made.map_or(0, |made| made.number), lane))
    }

    fn spans(&self, rows: &TaskRows<'_>, begin: Duration, end: Duration) -> Vec<Span> {
        let mut spans = Vec::new();
        let first = rows.steps.first().map_or(end, |step| step.begin);
        if rows.made.is_some() {
            self.push(&mut spans, State::Ready, begin, first, String::new(), None);
        }
        for (number, step) in rows.steps.iter().enumerate() {
            self.push_step(&mut spans, rows, step);
            let next = rows.steps.get(number + 1).map_or(end, |next| next.begin);
            let Some(wait) = step.wait else {
                self.push(&mut spans, State::Ready, step.end, next, String::new(), None);
                continue;
            };
            let woken = step.wake.unwrap_or(next).clamp(step.end.min(next), next);
            let (on, site) = (self.awaited(wait), wait.site.as_ref());
            self.push(&mut spans, State::Waiting, step.end, woken, on, site);
            self.push(&mut spans, State::Ready, woken, next, String::new(), None);
        }
        spans
    }

    fn push_step(&self, spans: &mut Vec<Span>, rows: &TaskRows<'_>, step: &Step<'_>) {
        let took = step.end.saturating_sub(step.begin).as_secs_f64();
        if took < BLOCKING {
            self.push(spans, State::Running, step.begin, step.end, String::new(), None);
            return;
        }
        let within =
            rows.blocks.iter().filter(|row| step.begin <= row.time && row.time <= step.end);
        // A call that waits says more than a look at where it stands.
        let why = within.max_by_key(|row| (row.kind != Kind::Stall, row.took));
        let on = why.and_then(|row| row.what.as_deref()).map(label).unwrap_or_default();
        let site = why.and_then(|row| row.site.as_ref());
        self.push(spans, State::Blocking, step.begin, step.end, on.to_owned(), site);
    }

    fn push(
        &self,
        spans: &mut Vec<Span>,
        state: State,
        begin: Duration,
        end: Duration,
        on: String,
        site: Option<&Site>,
    ) {
        // A step is one, however short.
        if end <= begin && state != State::Running {
            return;
        }
        let (begin, end) = (self.seconds(begin), self.seconds(end));
        spans.push(Span { state, begin, end, on, place: site.map(place) });
    }

    fn name(&self, task: u32) -> String {
        match self.names.tasks.get(&task) {
            Some(Known { name, .. }) => name.clone(),
            None => format!("task {task}"),
        }
    }

    fn awaited(&self, wait: &Record) -> String {
        if wait.other != 0 {
            return self.name(wait.other);
        }
        label(wait.what.as_deref().unwrap_or("future")).to_owned()
    }

    /// The threads that began or waited in this time. Of the main thread there is something to
    /// tell when it ran no tasks.
    fn threads(&self, rows: &[Record], main: u16) -> Vec<Numbered> {
        let mut threads: BTreeMap<u16, Vec<&Record>> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.task == 0 || row.thread != main) {
            threads.entry(row.thread).or_default().push(row);
        }
        let own = threads.remove(&main).unwrap_or_default();
        let mut lanes: Vec<Numbered> = Vec::new();
        for (number, rows) in threads {
            let begins = rows.iter().any(|row| row.kind == Kind::ThreadStart);
            let lane = self.thread(number, &rows);
            let is_internal = lane.1.function.starts_with("BaseEventLoop._do_shutdown");
            if !is_internal && (begins || rows.iter().any(|row| row.site.is_some())) {
                lanes.push(lane);
            }
        }
        let runs_tasks = rows.iter().any(|row| row.kind == Kind::Step && row.thread == main);
        if !lanes.is_empty() && !runs_tasks {
            let (_, mut lane) = self.thread(main, &own);
            lane.name = "main thread".to_owned();
            lane.ending = Ending::Done;
            lanes.push((0, lane));
        }
        lanes
    }

    fn thread(&self, number: u16, rows: &[&Record]) -> Numbered {
        let at = |kind| rows.iter().find(|row| row.kind == kind).map(|row| row.time);
        let begin = at(Kind::ThreadStart).unwrap_or(self.cut.known);
        let end = at(Kind::ThreadEnd);
        let known = self.names.threads.get(&number).cloned().unwrap_or_default();
        let lane = Lane {
            kind: Of::Thread,
            name: if known.name.is_empty() { format!("thread {number}") } else { known.name },
            function: known.function,
            begin: self.seconds(begin),
            end: self.seconds(end.unwrap_or(self.end)),
            ending: if end.is_some() { Ending::Done } else { Ending::Pending },
            spans: self.waits(rows, begin, end.unwrap_or(self.end)),
            ..Lane::default()
        };
        (rows.first().map_or(0, |row| row.number), lane)
    }

    /// A thread runs when it does not wait. Waits lie in each other: the outermost counts.
    fn waits(&self, rows: &[&Record], begin: Duration, end: Duration) -> Vec<Span> {
        let mut waits: Vec<(Duration, Duration, &Record)> = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            match row.kind {
                Kind::LockWait | Kind::Block => waits.push((row.time, row.time + row.took, row)),
                // One that has not ended.
                Kind::Wait if row.task == 0 => {
                    let goes_on = rows.iter().skip(at + 1).all(|later| !ends(row, later));
                    if goes_on {
                        waits.push((row.time, end, row));
                    }
                }
                _ => {}
            }
        }
        waits.sort_by_key(|(begin, end, _)| (*begin, std::cmp::Reverse(*end)));
        let mut spans = Vec::new();
        let mut now = begin;
        for (from, to, row) in waits {
            if to <= now {
                continue;
            }
            self.push(&mut spans, State::Running, now, from.max(now), String::new(), None);
            let on = label(row.what.as_deref().unwrap_or("lock")).to_owned();
            self.push(&mut spans, State::Waiting, from.max(now), to, on, row.site.as_ref());
            now = to;
        }
        self.push(&mut spans, State::Running, now, end, String::new(), None);
        spans
    }
}

/// Whether the later record is of the end of what the first is the begin of.
fn ends(wait: &Record, later: &Record) -> bool {
    matches!(later.kind, Kind::LockWait | Kind::Block)
        && (later.what == wait.what)
        && (later.site == wait.site)
}

fn place(site: &Site) -> Place {
    Place { file: site.file.clone(), line: site.line }
}

/// What people call it.
fn label(name: &str) -> &str {
    match name {
        "Lock.acquire" | "Lock.__aenter__" => "lock",
        "Semaphore.acquire" | "Semaphore.__aenter__" => "semaphore",
        "BoundedSemaphore.acquire" | "BoundedSemaphore.__aenter__" => "semaphore",
        "Condition.wait" | "Condition.wait_for" | "Condition.__aenter__" => "condition",
        "Event.wait" => "event",
        "Barrier.wait" => "barrier",
        "Queue.get" | "LifoQueue.get" | "PriorityQueue.get" => "queue.get",
        "Queue.put" | "LifoQueue.put" | "PriorityQueue.put" => "queue.put",
        "Queue.join" => "queue.join",
        "TaskGroup.__aexit__" => "its task group",
        "_GatheringFuture" => "gather",
        "to_thread" => "a thread",
        "Thread.join" => "join",
        "Future.result" => "a future",
        "future" => "a future",
        name if name.starts_with("Stream") || name.starts_with("BaseSelectorEventLoop.sock_") => {
            "socket"
        }
        name if name.contains("open_connection") || name.contains("create_connection") => "socket",
        name if name.starts_with("Process.") => "process",
        name => name,
    }
}
