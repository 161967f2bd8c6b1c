"""Counts the results in a JUnit file: prints `PASSED FAILED SKIPPED`, and each skipped test's reason."""

import sys
import xml.etree.ElementTree as ElementTree


def main(path: str) -> None:
    passed = failed = skipped = 0
    for case in ElementTree.parse(path).iter("testcase"):
        reason = case.find("skipped")
        if reason is not None:
            skipped += 1
            name = f"{case.get('classname', '')} {case.get('name', '')}".strip()
            print(f"SKIPPED {name}: {reason.get('message') or 'no reason given'}", file=sys.stderr)
        elif case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        else:
            passed += 1
    print(passed, failed, skipped)


main(sys.argv[1])
