"""The stand-in for `rpds` says what rpds-py itself says, which the tests' own Python has installed."""

import json

import rpds

EXPRESSIONS = """
m.HashTrieMap()
m.HashTrieMap([("a", 1)], b=2)["b"]
m.HashTrieMap({"a": 1}).insert("b", 2) == m.HashTrieMap(a=1, b=2)
m.HashTrieMap({"a": 1}) == {"a": 1}
m.HashTrieMap({"a": 1}) != m.HashTrieMap({"a": 2})
m.HashTrieMap({"a": 1}).remove("x")
m.HashTrieMap({"a": 1}).remove("a")
m.HashTrieMap({"a": 1}).discard("x")
m.HashTrieMap({"a": 1}).update({"a": 3}, b=4).get("a")
m.HashTrieMap({"a": 1})["z"]
m.HashTrieMap({"a": 1}).get("z", 5)
"a" in m.HashTrieMap({"a": 1})
sorted(m.HashTrieMap({"a": 1, "b": 2}).items())
m.HashTrieMap({"a": 1}).keys() & {"a"} == {"a"}
list(m.HashTrieMap({"a": 1}).values())
m.HashTrieMap.convert({"a": 1})
m.HashTrieMap.fromkeys("a")
isinstance(m.HashTrieMap(), __import__("collections").abc.Mapping)
hash(m.HashTrieMap({"a": 1})) == hash(m.HashTrieMap({"a": 1}))
m.HashTrieMap(5)
m.HashTrieMap().insert([], 1)
{**m.HashTrieMap({"a": 1})}
bool(m.HashTrieMap())
m.HashTrieSet([1])
m.HashTrieSet([1]) == {1}
m.HashTrieSet([1, 2]) & m.HashTrieSet([1])
sorted(m.HashTrieSet([1, 2]) ^ m.HashTrieSet([1, 3]))
m.HashTrieSet([1]) < m.HashTrieSet([1, 2])
m.HashTrieSet([1]).insert(2) == m.HashTrieSet([1, 2])
m.HashTrieSet([1]).remove(2)
m.HashTrieSet([1]).discard(2)
sorted(m.HashTrieSet([1]).update([2], [3]))
isinstance(m.HashTrieSet(), __import__("collections").abc.Set)
m.List([1, 2])
m.List(1, 2)
m.List([1, 2]).push_front(0)
m.List([1, 2]).drop_first()
m.List([1, 2]).first, m.List([1, 2]).rest
m.List().first
m.List().rest
m.List().drop_first()
m.List([1]) == m.List([1]), m.List([1]) == [1]
list(reversed(m.List([1, 2])))
m.Queue([1, 2]).enqueue(3)
m.Queue([1, 2]).dequeue()
m.Queue().dequeue()
m.Queue([1, 2]).peek()
m.Queue().is_empty()
m.Stack([1, 2]).push(3)
m.Stack([1, 2]).pop()
m.Stack([1, 2]).peek()
m.Stack().pop()
list(m.Stack([1, 2]))
__import__("pickle").loads(__import__("pickle").dumps(m.HashTrieMap({"a": 1})))
__import__("pickle").loads(__import__("pickle").dumps(m.List([1, 2])))
""".strip().splitlines()

SAID = """
def said(m, expression):
    try:
        return repr(eval(expression))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
"""


def test_it_says_what_rpds_says(call, tmp_path):
    (tmp_path / "asked.json").write_text(json.dumps(EXPRESSIONS))
    program = f"import json\nfrom cellist import rpds\n{SAID}\nprint(json.dumps([said(rpds, e) for e in json.load(open('asked.json'))]))"
    done = call("python", "-c", program)
    assert done.returncode == 0, done.stderr
    namespace = {}
    exec(SAID, namespace)
    ours = dict(zip(EXPRESSIONS, json.loads(done.stdout), strict=True))
    assert ours == {expression: namespace["said"](rpds, expression) for expression in EXPRESSIONS}


def test_what_was_before_a_change_stays_as_it_was(call):
    program = """
from cellist.rpds import HashTrieMap, List
kinds, version = HashTrieMap(), []
for number in range(300):
    version.append(kinds)
    kinds = kinds.insert(number % 40, number)
assert [len(kinds) for kinds in version] == [min(number, 40) for number in range(300)]
assert dict(version[40]) == {n: n for n in range(40)} and kinds[39] == 279
deep = List()
for number in range(100_000):
    deep = deep.push_front(number)
assert len(deep) == 100_000 and deep.first == 99_999 and deep.rest.first == 99_998
del deep
print("well")
"""
    done = call("python", "-c", program)
    assert (done.returncode, done.stdout) == (0, "well\n"), done.stderr
