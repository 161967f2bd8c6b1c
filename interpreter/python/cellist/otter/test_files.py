"""Otter's test files: the cases in them, what they are worth, and how they go.

After Otter-Grader 7.0: files in OK format (``OK_FORMAT = True``, a dict ``test`` with doctests) and
exception-based ones (functions under ``@test_case``), and the same in a notebook's metadata.
"""

from textwrap import dedent, indent

from cellist import cases

__all__ = ["test_case"]


class test_case:
    """Marks a function as a test: it passes unless it raises."""

    def __init__(self, name=None, points=None, hidden=False, success_message=None, failure_message=None):
        self.name, self.points, self.hidden = name, points, hidden
        self.success_message, self.failure_message = success_message, failure_message
        self.test_func = None

    def __call__(self, test_func):
        self.test_func = test_func
        return self


class TestCase:
    """One test of a question. ``run(names)`` returns what failed, or None; ``check`` is the source
    by which a grader runs it."""

    def __init__(self, name, hidden, points, success_message, failure_message, run, check):
        self.name, self.hidden, self.points = name, bool(hidden), points
        self.success_message, self.failure_message = success_message, failure_message
        self.run, self.check = run, check


class TestFile:
    """The tests of a question, and after `run` how they went."""

    def __init__(self, name, test_cases, points=None, all_or_nothing=False):
        self.name, self.test_cases, self.all_or_nothing = name, test_cases, bool(all_or_nothing)
        _resolve(points, test_cases)
        self.failures = {}

    def run(self, names):
        """Runs all tests against these names."""
        self.failures = {number: failure for number, case in enumerate(self.test_cases)
                         if (failure := case.run(names)) is not None}
        return self

    @property
    def passed_all(self):
        return not self.failures

    @property
    def possible(self):
        return sum(case.points for case in self.test_cases)

    @property
    def score(self):
        if self.all_or_nothing:
            return self.possible if self.passed_all else 0
        return sum(case.points for number, case in enumerate(self.test_cases) if number not in self.failures)

    def summary(self):
        """How it went, as text."""
        passed = len(self.test_cases) - len(self.failures)
        if self.passed_all:
            told = f"{self.name} results: All test cases passed!"
        else:
            told = f"{self.name} results: {passed} of {len(self.test_cases)} test cases passed"
        parts = [told]
        for number, case in enumerate(self.test_cases):
            failure = self.failures.get(number)
            said = case.success_message if failure is None else case.failure_message
            if said:
                parts.append(f"    {case.name} message: {said}")
            if failure is not None:
                parts.append(f"    {case.name} result:\n        ❌ Test case failed\n{indent(failure, ' ' * 8)}")
        return "\n".join(parts)

    __repr__ = summary

    def _repr_html_(self):
        from html import escape

        colour = "#1a7f37" if self.passed_all else "#b35900"
        first, _, rest = self.summary().partition("\n")
        sign = "✔" if self.passed_all else "✘"
        return (f'<div style="border-left:3px solid {colour};padding-left:0.6em">'
                f'<strong style="color:{colour}">{sign} {escape(first)}</strong>'
                f'<pre style="margin:0">{escape(dedent(rest))}</pre></div>')


def read(text, name):
    """The tests in the text of a file, whose name (without ``.py``) is for messages."""
    defined = cases.names_of(text, _builtins(), test_case)
    if "OK_FORMAT" not in defined:
        raise ValueError(f"the test file {name} does not say OK_FORMAT = True or OK_FORMAT = False")
    if defined["OK_FORMAT"]:
        return from_ok(defined["test"])
    return _from_functions(text, defined, name)


def from_metadata(spec, ok_format, name):
    """The tests of a question in a notebook's metadata."""
    if ok_format:
        return from_ok(spec)
    return _from_functions(spec, cases.names_of(spec, _builtins(), test_case), name)


def from_ok(spec):
    """The tests of a dict in OK format."""
    [suite] = spec["suites"]
    for key, wanted in (("type", "doctest"), ("setup", ""), ("teardown", "")):
        if (suite.get(key) or wanted) != wanted:
            raise ValueError(f"the test {spec['name']} has a {key} {suite[key]!r}, which Otter does not run either")
    found = []
    for number, case in enumerate(suite["cases"]):
        name = case.get("name", f"{spec['name']} - {number + 1}")
        text = dedent(case["code"])
        found.append(ok_case(name, text, case.get("hidden", True), case.get("points"),
                             case.get("success_message"), case.get("failure_message")))
    return TestFile(spec["name"], found, spec.get("points"), spec.get("all_or_nothing", False))


def ok_case(name, text, hidden, points, success_message, failure_message):
    """A doctest."""
    return TestCase(name, hidden, points, success_message, failure_message,
                    lambda names: cases.run_doctest(name, text, names, _builtins()),
                    f"lab.doctest({name!r}, {text!r})")


def function_case(name, source, number, hidden, points, success_message, failure_message):
    """The test function `number` of a file's source."""
    return TestCase(name, hidden, points, success_message, failure_message,
                    lambda names: cases.run_function(source, number, names, _builtins(), test_case),
                    f"lab.test_function({source!r}, {number})")


def _from_functions(source, defined, file):
    if "name" not in defined:
        raise ValueError(f"the test file {file} does not define `name`")
    name = defined["name"]
    marked = [value for value in defined.values() if type(value) is test_case]
    found = [function_case(case.name or f"{name} - {number + 1}", source, number, case.hidden,
                           case.points, case.success_message, case.failure_message)
             for number, case in enumerate(marked)]
    return TestFile(name, found, defined.get("points"), defined.get("all_or_nothing", False))


def _resolve(total, test_cases):
    """Settles what each case is worth, given the question's points: a number, a list with one for
    each case, or None."""
    if isinstance(total, list):
        if len(total) != len(test_cases):
            raise ValueError(f"points has {len(total)} numbers for {len(test_cases)} test cases")
        for case, points in zip(test_cases, total):
            case.points = points
        total = None
    elif isinstance(total, bool) or not isinstance(total, (int, float, type(None))):
        raise TypeError(f"points is {total!r}; it must be a number, a list of numbers or None")
    for case in test_cases:
        if type(case.points) not in (int, float, type(None)):
            raise TypeError(f"points of {case.name} is {case.points!r}; it must be a number")
    given = sum(case.points for case in test_cases if case.points is not None)
    rest = [case for case in test_cases if case.points is None]
    if total is not None:
        if given > total:
            raise ValueError(f"the test cases have {given} points, more than the question's {total}")
        share = (total - given) / len(rest) if rest else 0
    elif given == 0 and all(case.points in (0, None) for case in test_cases):
        # A question for which nobody says anything is worth 1 point.
        share = 1 / len(rest) if rest else 0
    else:
        share = 0
    for case in rest:
        case.points = share


def _builtins():
    import builtins

    return vars(builtins)
