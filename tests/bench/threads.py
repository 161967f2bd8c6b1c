"""Measures how much faster two threads that compute are than one, against the machine's python3.

    tests/bench/threads.py CELLIST [PYTHON]

Prints, for each interpreter, the seconds that the work takes twice in one thread and once in each
of two (the least of three), and how many times faster that is; and the processors that were busy
meanwhile (processor time by elapsed time), which tells a busy machine from a slow interpreter.
"""

import json
import subprocess
import sys

WORK = '''
import json, os, threading, time

def compute():
    total = 0
    for number in range(3_000_000):
        total += number % 7
    return total

def alone():
    compute()
    compute()

def together():
    threads = [threading.Thread(target=compute) for _ in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()

def measure(work):
    begun, used = time.perf_counter(), time.process_time()
    work()
    elapsed = time.perf_counter() - begun
    return elapsed, (time.process_time() - used) / elapsed

compute()
print(json.dumps({work.__name__: min(measure(work) for _ in range(3)) for work in (alone, together)}))
'''


def measure(*python):
    done = subprocess.run([*python, "-c", WORK], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main():
    cellist, python = sys.argv[1], (sys.argv[2:] or ["python3"])[0]
    print(f"{'':12}{'one':>9}{'two':>9}{'faster':>9}{'busy':>9}")
    for name, command in ("cellist", [cellist, "python"]), ("python3", [python]):
        times = measure(*command)
        (alone, _), (together, busy) = times["alone"], times["together"]
        print(f"{name:12}{alone:>8.2f}s{together:>8.2f}s{alone / together:>8.2f}x{busy:>9.2f}")


if __name__ == "__main__":
    main()
