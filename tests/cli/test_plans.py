"""``cellist notebooks import`` and ``coverage``."""

import json

import pytest

UNIT = """\
---
id: small
title: Small
clock: virtual
covers: [day.goals]
---
# Twice

```python {exercise id=twice}
def twice(n):
    ### BEGIN SOLUTION stub=return ...
    return 2 * n
    ### END SOLUTION
```

```python {check id=doubles points=2}
assert lab.run("twice", 3).result == 6
```
"""
COURSE = """\
title = "T"

[[set]]
id = "day"
title = "Day"

[[notebook]]
file = "day/a.ipynb"
plan = "day"
units = ["small"]

[[plan]]
id = "day"
file = "plans/day.md"

[[waive]]
item = "day.commits"
reason = "a git habit"
"""
ONE_LINE = ("### Day #### Goals - [ ] explain the loop - [ ] itâ€™s done ✅ #### Steps "
            "1. **Demo** - [ ] run it #### Commits - [ ] commit\n")


@pytest.fixture
def course(tmp_path):
    (tmp_path / "units" / "t").mkdir(parents=True)
    (tmp_path / "units" / "t" / "small.md").write_text(UNIT)
    (tmp_path / "course.toml").write_text(COURSE)
    (tmp_path / "given.txt").write_text(ONE_LINE)
    return tmp_path


@pytest.fixture
def notebooks(call, course):
    return lambda *args: call("notebooks", *args, "--course", course)


def test_a_plan_is_repaired_unfolded_and_measured(notebooks, course):
    done = notebooks("import", course / "given.txt", "--id", "day")
    assert (done.returncode, done.stderr) == (0, "")
    assert "4 items" in done.stdout and 'file = "plans/day.md"' in done.stdout
    text = (course / "plans" / "day.md").read_text()
    assert "- [ ] it’s done ✅\n" in text and "1. **Demo**\n   - [ ] run it\n" in text

    done = notebooks("coverage")
    assert done.returncode == 1
    assert done.stdout.splitlines()[0].startswith("missing  day.steps.step1.1  run it  (")
    assert done.stdout.endswith("day: 2 of 4 items covered, 1 waived, 1 missing\n")

    done = notebooks("coverage", "--json")
    states = {item["id"]: item["state"] for item in json.loads(done.stdout)["plans"][0]["items"]}
    assert states == {"day.goals.1": "covered", "day.goals.2": "covered",
                      "day.steps.step1.1": "missing", "day.commits.1": "waived"}


def test_a_changed_plan_asks_for_a_review(notebooks, course):
    notebooks("import", course / "given.txt", "--id", "day")
    unit = course / "units" / "t" / "small.md"
    unit.write_text(UNIT.replace("[day.goals]", "[day.goals, day.steps]"))
    assert notebooks("coverage").returncode == 0
    assert notebooks("coverage", "--accept").stdout.startswith("3 items recorded in ")
    (course / "given.txt").write_text(ONE_LINE.replace("explain the loop", "draw the loop"))
    refused = notebooks("import", course / "given.txt", "--id", "day")
    assert refused.returncode == 2 and "say `--force` to replace it" in refused.stderr
    assert notebooks("import", course / "given.txt", "--id", "day", "--force").returncode == 0
    done = notebooks("coverage")
    assert done.returncode == 1
    assert "review   day.goals.1  changed since small was reviewed" in done.stdout
    assert notebooks("coverage", "--accept").returncode == 0
    assert notebooks("coverage").returncode == 0


def test_bad_input_says_what_to_do(notebooks, course, tmp_path):
    broken = tmp_path / "broken.md"
    broken.write_bytes(b"# Plan\n\xff\xfe\n")
    for args, message in [
        (("import", "missing.md"), "does not exist"),
        (("import", broken), "UTF-8"),
        (("import", course / "given.txt", "--id", "A day"), "cannot name a plan"),
    ]:
        done = notebooks(*args)
        assert done.returncode == 2 and message in done.stderr, done
    notebooks("import", course / "given.txt", "--id", "day")
    done = notebooks("coverage", "--plan", "night")
    assert done.returncode == 2 and "there is no plan `night`; the course has day" in done.stderr
