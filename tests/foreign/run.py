"""Runs tests that others wrote on stock RustPython and on ours: what passes there must pass here.

    run.py --cellist FILE --stock FILE --python FILE [--quick] [--rustpython DIR] [--junit FILE]
           [--only SUITE or MODULE]… [--fresh]

A test that passes on stock and not on ours is a regression, unless `exceptions.txt` says why. One
that fails is run alone three times more: if ours passes them all, or stock fails one too, it is
reported as flaky. Results of stock are kept, by the contents of its executable.
"""

import argparse
import dataclasses
import hashlib
import json
import os
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from pathlib import Path

import child
import suites

AGAIN = 3


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cellist", type=Path, required=True)
    parser.add_argument("--stock", type=Path, required=True)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rustpython", type=Path, default=os.environ.get("RUSTPYTHON_REPO"))
    parser.add_argument("--junit", type=Path)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--fresh", action="store_true", help="forget what stock did before")
    return parser.parse_args()


def main():
    options = arguments()
    bench = Bench(options)
    report = Report()
    # One pool for all: a suite's longest module keeps no processor waiting, nor does a download.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = []
        for name, find in {
            "cpython-3.11": suites.cpython,
            "cpython-3.14": lambda: suites.rustpython(repository(options)),
            "uvloop": lambda: suites.uvloop(options.python),
            "anyio": lambda: suites.anyio(options.python),
        }.items():
            try:
                suite = find()
            except suites.Missing as why:
                report.missing(name, str(why))
                continue
            if options.quick:
                suite = suites.quick(suite)
            if options.only:
                suite.modules = [module for module in suite.modules if wanted(options.only, name, module)]
            running += [(suite, module, pool.submit(bench.both, suite, options.quick, module))
                        for module in suite.modules]
        for suite, module, both in running:
            report.module(bench, suite, module, *both.result())
    report.print()
    if options.junit:
        report.write(options.junit)
    sys.exit(report.regressions > 0)


def repository(options):
    if not options.rustpython:
        raise suites.Missing("no RustPython repository: give --rustpython DIR or set RUSTPYTHON_REPO")
    return Path(options.rustpython)


def wanted(only, suite, module):
    return any(word == suite or word in module for word in only)


class Bench:
    """The two interpreters."""

    def __init__(self, options):
        self._ours = [str(options.cellist), "python"]
        self._stock = [str(options.stock)]
        digest = hashlib.sha256(options.stock.read_bytes()).hexdigest()[:16]
        self._kept = suites.folder() / "stock" / digest
        self._fresh = options.fresh

    def both(self, suite, quick, module):
        """What became of the tests of `module` on stock, and on ours: to be quick, only of those
        that pass on stock."""
        stock = self._on_stock(suite, module)
        without = [name for name, row in stock.items() if row.outcome != "passed"] if quick else []
        return stock, child.run(self._ours, "ours", suite, module, without)

    def _on_stock(self, suite, module):
        kept = self._kept / f"{suite.name}-{module.replace('/', '.')}.json"
        if kept.exists() and not self._fresh:
            return {name: child.Result(**row) for name, row in json.loads(kept.read_text()).items()}
        results = child.run(self._stock, "stock", suite, module)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps({name: dataclasses.asdict(row) for name, row in results.items()}))
        return results

    def is_flaky(self, suite, test):
        """Whether it passes alone on ours, or does not always pass on stock either."""
        return self._always(self._ours, "ours", suite, test) or not self._always(self._stock, "stock", suite, test)

    def _always(self, command, loop, suite, test):
        for _ in range(AGAIN):
            result = child.run(command, loop, suite, test).get(test)
            if result is None or result.outcome != "passed":
                return False
        return True


class Report:
    def __init__(self):
        self._rows = []
        self._cases = ElementTree.Element("testsuite", name="foreign")
        self._notes = []
        self.regressions = 0
        path = Path(__file__).with_name("exceptions.txt")
        self._exceptions = [tuple(part.strip() for part in line.split(" | ", 1))
                            for line in path.read_text().splitlines() if line and not line.startswith("#")]

    def missing(self, suite, why):
        self._case(suite, suite, "skipped", why)
        self._notes.append(f"MISSING {suite}: {why}")

    def module(self, bench, suite, module, stock, ours):
        counts = Counter()
        for test, result in stock.items():
            if result.outcome != "passed":
                continue
            here = ours.get(test) or child.Result("not run")
            if here.outcome == "passed":
                self._case(suite.name, test, None, "")
            elif reason := self._reason(suite.name, test):
                counts["excepted"] += 1
                self._case(suite.name, test, "skipped", reason)
            elif bench.is_flaky(suite, test):
                counts["flaky"] += 1
                self._case(suite.name, test, None, "")
                self._notes.append(f"FLAKY {suite.name} {test}: {here.outcome}")
            else:
                counts["regressions"] += 1
                self._case(suite.name, test, "failure", f"{here.outcome}\n{here.text}")
                self._notes.append(f"REGRESSION {suite.name} {test}: {here.outcome}\n{here.text}")
        passed = [sum(row.outcome == "passed" for row in rows.values()) for rows in (stock, ours)]
        self.regressions += counts["regressions"]
        self._rows.append((suite.name, module, len(ours), *passed, counts["excepted"], counts["flaky"],
                           counts["regressions"]))
        print(f"{suite.name} {module}: {passed[0]} on stock, {passed[1]} on ours, "
              f"{counts['regressions']} regressions", flush=True)

    def _reason(self, suite, test):
        for pattern, reason in self._exceptions:
            if fnmatchcase(f"{suite} {test}", pattern):
                return reason
        return None

    def _case(self, suite, test, kind, text):
        case = ElementTree.SubElement(self._cases, "testcase", classname=suite, name=test)
        if kind:
            ElementTree.SubElement(case, kind, message=text.splitlines()[0] if text else "").text = text

    def print(self):
        head = ("suite", "module", "run", "stock", "ours", "excepted", "flaky", "regressions")
        total = ("", "", *(sum(column) for column in list(zip(*self._rows))[2:])) if self._rows else ()
        print()
        for row in [head, *self._rows, total]:
            if row:
                print(f"{row[0]:13} {row[1]:48}" + "".join(f"{value:>9}" for value in row[2:-1]) + f"{row[-1]:>13}")
        print()
        for note in self._notes:
            print(note)

    def write(self, path):
        ElementTree.ElementTree(self._cases).write(path, encoding="utf-8", xml_declaration=True)


if __name__ == "__main__":
    main()
