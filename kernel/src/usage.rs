//! What the kernel and its children use of the machine, and what the machine has. From `/proc`;
//! what is not there is left out.

use rustix::param::{clock_ticks_per_second, page_size};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs::read_to_string;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Measures. Percentages are of the time since the reading before, as psutil's.
#[derive(Default)]
pub(crate) struct Meter {
    before: Mutex<Before>,
}

#[derive(Default)]
struct Before {
    /// Processor time by process and time of its start, in ticks, and when it was read.
    processes: HashMap<(i32, u64), (u64, Instant)>,
    /// Busy and all ticks of the machine.
    host: Option<(u64, u64)>,
}

/// A line of `/proc/PID/stat`.
struct Process {
    pid: i32,
    parent: i32,
    /// Ticks since the boot.
    started: u64,
    /// Ticks of processor time.
    used: u64,
}

impl Meter {
    /// The content of a `usage_reply`.
    pub(crate) fn read(&self) -> Value {
        let mut before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        let own = std::process::id().cast_signed();
        let family = family(own);
        let ticks_per_second = clock_ticks_per_second() as f64;
        let now = Instant::now();
        let mut kernel_cpu = 0.0;
        let mut processes = HashMap::new();
        for process in &family {
            let key = (process.pid, process.started);
            if let Some((used, at)) = before.processes.get(&key) {
                let seconds = process.used.saturating_sub(*used) as f64 / ticks_per_second;
                kernel_cpu += 100.0 * seconds / now.duration_since(*at).as_secs_f64().max(1e-3);
            }
            processes.insert(key, (process.used, now));
        }
        before.processes = processes;
        let memory: u64 = family.iter().filter_map(|process| memory(process.pid)).sum();
        let mut usage = json!({
            "hostname": read("/proc/sys/kernel/hostname").trim_end(),
            "pid": own,
            "kernel_cpu": tenth(kernel_cpu),
            "kernel_memory": memory,
        });
        let stat = read("/proc/stat");
        let processors = stat.lines().filter(|line| is_processor(line)).count();
        if processors > 0 {
            usage["cpu_count"] = processors.into();
        }
        let host = host_ticks(&stat);
        if let (Some((busy, all)), Some((busy_before, all_before))) = (host, before.host)
            && all > all_before
        {
            let share = busy.saturating_sub(busy_before) as f64 / (all - all_before) as f64;
            usage["host_cpu_percent"] = tenth(100.0 * share).into();
        }
        before.host = host;
        if let Some(memory) = host_memory(&read("/proc/meminfo")) {
            usage["host_virtual_memory"] = memory;
        }
        usage
    }
}

fn read(path: &str) -> String {
    read_to_string(path).unwrap_or_default()
}

fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// A process and all that descend from it.
fn family(own: i32) -> Vec<Process> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut others: Vec<Process> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid: i32| parse_stat(pid, &read(&format!("/proc/{pid}/stat"))))
        .collect();
    let mut family = Vec::new();
    let mut wanted = vec![own];
    while let Some(pid) = wanted.pop() {
        wanted.extend(others.iter().filter(|process| process.parent == pid).map(|p| p.pid));
        if let Some(at) = others.iter().position(|process| process.pid == pid) {
            family.push(others.swap_remove(at));
        }
    }
    family
}

/// Fields as proc_pid_stat(5) numbers them, from the third on.
fn parse_stat(pid: i32, line: &str) -> Option<Process> {
    // The second field, a name in parentheses, may have anything in it.
    let fields: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    Some(Process {
        pid,
        parent: fields.get(4 - 3)?.parse().ok()?,
        started: number(22)?,
        used: number(14)? + number(15)?,
    })
}

/// Bytes that a process has, shared ones in part (PSS); where that is not to be known, all (RSS).
fn memory(pid: i32) -> Option<u64> {
    let shares = read(&format!("/proc/{pid}/smaps_rollup"));
    if let Some(kilobytes) = field(&shares, "Pss") {
        return Some(kilobytes * 1024);
    }
    let statm = read(&format!("/proc/{pid}/statm"));
    let resident: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(resident * page_size() as u64)
}

/// The number of a line such as `Pss:  12 kB`.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

fn is_processor(line: &str) -> bool {
    line.strip_prefix("cpu").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Busy and all ticks of all processors: user, nice, system, idle, iowait, irq, softirq, steal.
fn host_ticks(stat: &str) -> Option<(u64, u64)> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> = line.split_whitespace().take(8).filter_map(|n| n.parse().ok()).collect();
    let all: u64 = ticks.iter().sum();
    let idle = ticks.get(3)? + ticks.get(4).unwrap_or(&0);
    Some((all - idle, all))
}

/// As psutil's `virtual_memory()`, in bytes.
fn host_memory(meminfo: &str) -> Option<Value> {
    let bytes = |name: &str| field(meminfo, name).map_or(0, |kilobytes| kilobytes * 1024);
    let total = field(meminfo, "MemTotal")? * 1024;
    let available = bytes("MemAvailable");
    let used = total.saturating_sub(available);
    Some(json!({
        "total": total,
        "available": available,
        "percent": tenth(100.0 * used as f64 / total.max(1) as f64),
        "used": used,
        "free": bytes("MemFree"),
        "active": bytes("Active"),
        "inactive": bytes("Inactive"),
        "buffers": bytes("Buffers"),
        "cached": bytes("Cached") + bytes("SReclaimable"),
        "shared": bytes("Shmem"),
        "slab": bytes("Slab"),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_spaces_is_skipped() {
        let line = "7 (a) b (c) S 3 7 7 0 -1 0 0 0 0 0 11 5 0 0 20 0 1 0 99 0 0";
        let process = parse_stat(7, line).map(|p| (p.parent, p.used, p.started));
        assert_eq!(process, Some((3, 16, 99)));
        assert!(parse_stat(7, "").is_none());
    }

    #[test]
    fn waiting_for_disks_is_idle() {
        assert_eq!(host_ticks("cpu  1 2 3 40 5 6 7 8 9 9\ncpu0 1"), Some((27, 72)));
        assert_eq!(host_ticks(""), None);
    }

    #[test]
    fn fields_are_whole_names() {
        assert_eq!(field("PssX: 1 kB\nPss:   12 kB", "Pss"), Some(12));
    }
}
