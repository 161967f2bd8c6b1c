"""What `import psutil` gives where psutil is not installed: figures of processes and of the machine.

psutil itself is made of native code for CPython and cannot be installed. This is the part of it
that memory profilers and dashboards ask for, read from ``/proc``; names and units are psutil's.
"""

import collections
import contextlib
import os
import time

__version__ = "7.0.0"
version_info = (7, 0, 0)

LINUX = POSIX = True
WINDOWS = MACOS = OSX = FREEBSD = OPENBSD = NETBSD = BSD = SUNOS = AIX = False

STATUS_RUNNING, STATUS_SLEEPING, STATUS_DISK_SLEEP = "running", "sleeping", "disk-sleep"
STATUS_STOPPED, STATUS_ZOMBIE, STATUS_DEAD, STATUS_IDLE = "stopped", "zombie", "dead", "idle"
_STATUS = {"R": STATUS_RUNNING, "S": STATUS_SLEEPING, "D": STATUS_DISK_SLEEP, "T": STATUS_STOPPED,
           "Z": STATUS_ZOMBIE, "X": STATUS_DEAD, "I": STATUS_IDLE}

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")

pmem = collections.namedtuple("pmem", "rss vms shared text lib data dirty")
pfullmem = collections.namedtuple("pfullmem", (*pmem._fields, "uss", "pss", "swap"))
pcputimes = collections.namedtuple("pcputimes", "user system children_user children_system iowait")
scputimes = collections.namedtuple(
    "scputimes", "user nice system idle iowait irq softirq steal guest guest_nice")
svmem = collections.namedtuple(
    "svmem", "total available percent used free active inactive buffers cached shared slab")
sswap = collections.namedtuple("sswap", "total used free percent sin sout")


class Error(Exception):
    """Base of the exceptions here."""


class NoSuchProcess(Error):
    """There is no process of this number (any more)."""

    def __init__(self, pid, name=None, msg=None):
        super().__init__(msg or f"process no longer exists (pid={pid})")
        self.pid, self.name, self.msg = pid, name, msg


class ZombieProcess(NoSuchProcess):
    """The process has ended and nobody has asked how."""


class AccessDenied(Error):
    """The process belongs to somebody else."""

    def __init__(self, pid=None, name=None, msg=None):
        super().__init__(msg or f"access denied (pid={pid})")
        self.pid, self.name, self.msg = pid, name, msg


class TimeoutExpired(Error):
    """A wait has lasted too long."""


class Process:
    """A process, by default this one."""

    def __init__(self, pid=None):
        self._pid = os.getpid() if pid is None else int(pid)
        self._started = self._stat()[19]
        self._last = None

    @property
    def pid(self):
        return self._pid

    def __repr__(self):
        return f"psutil.Process(pid={self._pid}, name={self.name()!r})"

    def __eq__(self, other):
        return isinstance(other, Process) and (self._pid, self._started) == (other._pid, other._started)

    def __hash__(self):
        return hash((self._pid, self._started))

    def _read(self, name):
        try:
            with open(f"/proc/{self._pid}/{name}", encoding="utf-8", errors="surrogateescape") as file:
                return file.read()
        except (FileNotFoundError, ProcessLookupError):
            raise NoSuchProcess(self._pid) from None
        except PermissionError:
            raise AccessDenied(self._pid) from None

    def _stat(self):
        """The fields of ``stat`` behind the name: the state has the number 0."""
        return self._read("stat").rpartition(")")[2].split()

    def name(self):
        return self._read("comm").rstrip("\n")

    def cmdline(self):
        return self._read("cmdline").rstrip("\0").split("\0")

    def exe(self):
        try:
            return os.readlink(f"/proc/{self._pid}/exe")
        except FileNotFoundError:
            raise NoSuchProcess(self._pid) from None
        except PermissionError:
            raise AccessDenied(self._pid) from None

    def status(self):
        return _STATUS.get(self._stat()[0], "?")

    def ppid(self):
        return int(self._stat()[1])

    def parent(self):
        pid = self.ppid()
        return Process(pid) if pid and pid_exists(pid) else None

    def children(self, recursive=False):
        """The processes that this one has started and, `recursive`, those that they have."""
        parents = {}
        for pid in pids():
            try:
                process = Process(pid)
                parents.setdefault(process.ppid(), []).append(process)
            except Error:
                continue
        found = list(parents.get(self._pid, ()))
        if recursive:
            for process in found:
                found += parents.get(process.pid, ())
        return found

    def is_running(self):
        try:
            return self._stat()[19] == self._started
        except Error:
            return False

    def create_time(self):
        return boot_time() + int(self._started) / _TICKS

    def num_threads(self):
        return int(self._stat()[17])

    def num_fds(self):
        return len(os.listdir(f"/proc/{self._pid}/fd"))

    def memory_info(self):
        """Bytes of memory: `rss` is what is in it at this moment."""
        size, resident, shared, text, lib, data, dirty = map(int, self._read("statm").split())
        return pmem(*(pages * _PAGE for pages in (resident, size, shared, text, lib, data, dirty)))

    get_memory_info = memory_info

    def memory_full_info(self):
        """As `memory_info`, and what belongs to this process alone (`uss`)."""
        found = _table(self._read("smaps_rollup"))
        unique = found["Private_Clean"] + found["Private_Dirty"] + found.get("Private_Hugetlb", 0)
        return pfullmem(*self.memory_info(), unique, found["Pss"], found["Swap"])

    def memory_percent(self, memtype="rss"):
        return 100 * getattr(self.memory_full_info() if memtype in ("uss", "pss", "swap") else
                             self.memory_info(), memtype) / virtual_memory().total

    def cpu_times(self):
        """Seconds of the processor."""
        return pcputimes(*(int(text) / _TICKS for text in self._stat()[11:15]), 0.0)

    def cpu_percent(self, interval=None):
        """Share of one processor since the last call, or during so many seconds; 0.0 at first."""
        if interval:
            self._last = self._now()
            time.sleep(interval)
        before, self._last = self._last, self._now()
        if before is None or self._last[0] <= before[0]:
            return 0.0
        return round(100 * (self._last[1] - before[1]) / (self._last[0] - before[0]), 1)

    def _now(self):
        times = self.cpu_times()
        return time.monotonic(), times.user + times.system

    def oneshot(self):
        return contextlib.nullcontext(self)

    def send_signal(self, sig):
        try:
            os.kill(self._pid, sig)
        except ProcessLookupError:
            raise NoSuchProcess(self._pid) from None
        except PermissionError:
            raise AccessDenied(self._pid) from None

    def terminate(self):
        self.send_signal(15)

    def kill(self):
        self.send_signal(9)


def _table(text):
    """Lines such as ``Pss:  12 kB`` as bytes by name."""
    found = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        words = value.split()
        if colon and len(words) == 2 and words[1] == "kB":
            found[name] = int(words[0]) * 1024
    return found


def _file(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def pids():
    """The numbers of all processes."""
    return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())


def pid_exists(pid):
    return os.path.exists(f"/proc/{pid}")


def process_iter(attrs=None, ad_value=None):
    """All processes."""
    for pid in pids():
        try:
            yield Process(pid)
        except Error:
            continue


def boot_time():
    """When the machine was started, in seconds since 1970."""
    return next(float(line.split()[1]) for line in _file("/proc/stat").splitlines() if line.startswith("btime"))


def virtual_memory():
    """Bytes of the machine's memory."""
    found = collections.defaultdict(int, _table(_file("/proc/meminfo")))
    total, free, available = found["MemTotal"], found["MemFree"], found["MemAvailable"]
    cached = found["Cached"] + found["SReclaimable"]
    return svmem(total, available, round(100 * (total - available) / total, 1), total - available, free,
                 found["Active"], found["Inactive"], found["Buffers"], cached, found["Shmem"], found["Slab"])


def swap_memory():
    """Bytes of the machine's swap."""
    found = collections.defaultdict(int, _table(_file("/proc/meminfo")))
    total, free = found["SwapTotal"], found["SwapFree"]
    return sswap(total, total - free, free, round(100 * (total - free) / total, 1) if total else 0.0, 0, 0)


def cpu_count(logical=True):
    """The number of processors, or of their cores (None when unknown)."""
    if logical:
        return os.cpu_count()
    cores, physical = set(), None
    for line in _file("/proc/cpuinfo").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "physical id":
            physical = value.strip()
        elif name.strip() == "core id":
            cores.add((physical, value.strip()))
    return len(cores) or None


def cpu_times(percpu=False):
    """Seconds that the processors have spent, together or each."""
    lines = [line.split() for line in _file("/proc/stat").splitlines() if line.startswith("cpu")]
    every = [scputimes(*(int(text) / _TICKS for text in words[1:11])) for words in lines]
    return every[1:] if percpu else every[0]


_last = None


def cpu_percent(interval=None, percpu=False):
    """Share of all processors that was busy since the last call, or during so many seconds."""
    global _last
    if percpu:
        raise NotImplementedError("cpu_percent(percpu=True) is not there; cpu_times(percpu=True) is")
    if interval:
        _last = cpu_times()
        time.sleep(interval)
    before, _last = _last, cpu_times()
    if before is None:
        return 0.0
    passed = sum(_last[:8]) - sum(before[:8])
    idle = _last.idle + _last.iowait - before.idle - before.iowait
    return round(100 * (passed - idle) / passed, 1) if passed > 0 else 0.0


def getloadavg():
    """How many processes ran, on average over 1, 5 and 15 minutes."""
    return os.getloadavg()
