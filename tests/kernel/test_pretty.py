"""Values are printed as IPython prints them: compared with the IPython of this environment."""

import json
import random
import re

import pytest
from IPython.lib.pretty import pretty

from kernel.client import Kernel

# What the values below are made of, here and in the kernel.
SETTING = """
import array, collections, dataclasses, datetime, decimal, enum, fractions, functools, re, types, uuid
class Plain: pass
class Own:
    def __repr__(self): return 'Own(\\n  1,\\n  2)'
class P:
    def __init__(self, *parts): self.parts = parts
    def _repr_pretty_(self, p, cycle):
        if cycle: return p.text('P(...)')
        with p.group(4, 'P[', ']'):
            for number, part in enumerate(self.parts):
                if number: p.text(';'); p.breakable('')
                p.pretty(part)
@dataclasses.dataclass
class D:
    a: int
    b: list
class L(list): pass
class R(list):
    def __repr__(self): return 'R!'
class T(tuple): pass
class M(dict): pass
class S(set): pass
class E(enum.Enum): A = 1
class Error(Exception): pass
class Meta(type):
    def __repr__(cls): return '<meta>'
class Made(metaclass=Meta): pass
N = collections.namedtuple('N', 'x y')
def f(a, b=2, *c, d: int = 3, **e) -> str: pass
async def g(x): pass
loop = [1]; loop.append(loop)
knot = {'a': 1}; knot['self'] = knot
pair = ([],); pair[0].append(pair)
deep = P([]); deep.parts[0].append(deep)
lost = collections.defaultdict(list); lost['x'].append(lost)
space = types.SimpleNamespace(); space.me = space
"""

VALUES = """1|1.5|'a'|"a'b"|b'x'|None|True|...|NotImplemented|[]|()|{}|set()|frozenset()|[1]|(1,)|{1}|{'a': 1}
frozenset({1, 2})|list(range(100))|tuple(range(50))|set(range(40))|frozenset(range(40))|dict(enumerate('abc' * 20))
list(range(1001))|{3, 1, 2}|{'b', 'a', 'c'}|[list(range(30))] * 5|{'k': list(range(40)), 'l': {'m': 'x' * 70}}
['x' * 100, 'y' * 100]|'a\\nb' * 3|[['x' * 30] * 3] * 3|Own()|[Own(), Own()]|P(1, 2)|P(*range(40))|[P('x' * 30, 'y' * 30, 'z' * 30)]
D(1, [2])|D(1, list(range(60)))|L([1, 2])|R([1])|T((1,))|T((1, 2))|M(a=1)|S({1})|S()|M()|E.A|E|Made|Error('a', 1)|Error()
ValueError('x' * 100, 'y' * 100)|KeyError('k')|ValueError|Error|N(1, 2)|N(list(range(40)), 2)|loop|knot|pair|deep|lost|space
f|g|len|Plain|int|type|list[int]|collections.defaultdict(int, a=1)|collections.defaultdict(list)|collections.OrderedDict()
collections.OrderedDict(a=1, b=list(range(40)))|collections.Counter()|collections.Counter('hello world' * 3)|collections.Counter(range(50))
collections.deque()|collections.deque([1, 2])|collections.deque(range(50), maxlen=60)|collections.UserList([1, 2])
collections.UserDict(a=1)|collections.ChainMap({'a': 1}, {'b': 2})|types.SimpleNamespace()|types.SimpleNamespace(a=1, b=list(range(40)))
types.MappingProxyType({'a': 1})|types.MappingProxyType(dict(enumerate('abcdefghijklmnop' * 3)))|re.compile('a')
re.compile('a.*b\\\\d', re.I | re.M)|re.compile('a"b', re.S | re.X | re.A)|datetime.datetime(2024, 1, 2, 3, 4)|datetime.date(2024, 1, 2)
datetime.timedelta(1, 2)|[datetime.datetime(2024, 1, 2, 3, 4)] * 5|decimal.Decimal('1.50')|fractions.Fraction(1, 3)|uuid.UUID(int=5)
array.array('i', [1, 2, 3])|range(10)|range(1, 10, 2)|slice(1, 2, 3)|bytearray(b'abc')|complex(1, 2)|float('nan')|float('inf')|10**100
dict(a=dict(b=dict(c=list(range(30)))))|{}.keys()|{'a': 1}.values()|dict(enumerate('x' * 40)).items()|{(1, 2): [3, 4]}|{frozenset({1}): {2: 3}}
[{}]|[[]]|[()]|([],)|[[[[[[1]]]]]]|[None] * 50|['\\u00e9\\u4e2d'] * 30|[1, 'two', 3.0, None, {'four': [5, 6]}]|lambda x: x"""


def expressions() -> list[str]:
    """The values above, and nested containers at random (always the same)."""
    dice = random.Random(7)

    def nested(depth: int) -> str:
        kind = dice.randrange(12)
        if depth <= 0 or kind < 4:
            leaf = [dice.randrange(10 ** dice.randrange(1, 12)), round(dice.random(), 6), "x" * dice.randrange(30), None, b"ab", "a\nb"]
            return repr(dice.choice(leaf))
        parts = [nested(depth - 1) for _ in range(dice.randrange(7))]
        if kind < 7:
            return f"[{', '.join(parts)}]"
        if kind == 7:
            return f"({''.join(part + ', ' for part in parts)})"
        if kind == 8:
            items = (f"{dice.choice('abcdef') * dice.randrange(1, 12)!r}: {part}" for part in parts)
            return f"{{{', '.join(items)}}}"
        if kind == 9:
            return f"collections.OrderedDict(enumerate([{', '.join(parts)}]))"
        return f"P({', '.join(parts)})"

    return [*re.split(r"(?<! )\||\n", VALUES), *(nested(4) for _ in range(200))]


@pytest.mark.parametrize("width", [79, 40, 12])
def test_values_look_as_in_ipython(kernel: Kernel, width: int) -> None:
    sources = expressions()
    namespace = {"__name__": "__main__"}
    exec(SETTING, namespace)
    theirs = {source: pretty(eval(source, namespace), max_width=width, max_seq_length=60) for source in sources}
    kernel.run(SETTING)
    run = kernel.run(f"""
import json
from IPython.lib.pretty import pretty
sources = json.loads({json.dumps(json.dumps(sources))!s})
print(json.dumps({{source: pretty(eval(source), max_width={width}, max_seq_length=60) for source in sources}}))
""")
    assert run.content["status"] == "ok", run.content
    ours = json.loads(run.text())
    assert len(ours) == len(theirs) > 250
    assert {source: text for source, text in ours.items() if text != theirs[source]} == {}
