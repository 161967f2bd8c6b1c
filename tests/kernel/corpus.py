"""Small notebooks as people write them: the sources of their cells, with tags where they have some."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

#: Both kernels must make the same of these.
ALIKE = {
    "streams": [
        "import sys\nprint('out'); print('err', file=sys.stderr); print('out again')",
        "for i in range(1000): print(i, end=' ')\nprint()",
        "print('no newline', end='')",
        "sys.stdout.write('count')",
        "sys.stdout.write('silent');",
        "!echo from a shell",
        "print('a\\rb\\tc\\x1b[31mred\\x1b[0m\\x08'); print('\\U0001f375 é')",
    ],
    "results": [
        "1 + 1", "_ + 1", "None", "'text'", "1;", "x = 5", "x\n", "# nothing", "",
        "[list(range(30)), {'k' * i: i for i in range(12)}, {3, 1, 2}, (1,), frozenset()]",
        "{'nested': {'a' * 30: ['b' * 30, 'c' * 30], 'd': {'e' * 30: 'f' * 30}}}",
        "class C:\n    def __repr__(self): return 'two\\nlines'\n[C(), C()]",
        "_10, Out[1], In[1]", "b'bytes', 1e100, 1j, float('inf'), ..., NotImplemented",
        "import collections\ncollections.OrderedDict(a=1), collections.Counter('aab'), collections.deque([1])",
        "import dataclasses\n@dataclasses.dataclass\nclass P:\n    x: int = 1\nP()",
        "range(3), int, len, print", "import types\ntypes.SimpleNamespace(a=1, b='c')",
    ],
    "errors": [
        ("1 / 0", "raises-exception"),
        ("raise ValueError('said so')", "raises-exception"),
        ("def f(): return g()\ndef g(): return [][1]\nf()", "raises-exception"),
        ("class Odd(Exception):\n    def __str__(self): return 'odd ones'\nraise Odd", "raises-exception"),
        ("raise KeyError('k')", "raises-exception"),
        ("assert 1 == 2, 'not equal'", "raises-exception"),
        ("print('before'); undefined_name", "raises-exception"),
        ("raise KeyboardInterrupt", "raises-exception"),
        ("try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise RuntimeError('after') from e", "raises-exception"),
        "print('goes on')",
    ],
    "displays": [
        "from IPython.display import *\ndisplay(HTML('<b>b</b>'), Markdown('*m*'))",
        "h = display('first', display_id='one')", "h.update('second')", "display('third', display_id='one')",
        "h2 = display(Latex('$x$'), display_id=True)", "update_display(Latex('$y$'), display_id=h2.display_id)",
        "for i in range(3):\n    clear_output(wait=True)\n    print('step', i)",
        "print('gone'); clear_output(); print('stays')",
        "display(1); clear_output(wait=True)",
        "display({'text/plain': 'p', 'application/vnd.mine+json': {'a': [1, None]}}, raw=True, metadata={'m': 1})",
        "JSON({'a': 1}, expanded=True)", "SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"/>')",
        "Image(data=b'\\x89PNG\\r\\n\\x1a\\n' + bytes(8), format='png', width=3)",
        "Javascript('1')", "Math('x^2')", "Pretty('p')",
    ],
    "representations": [
        "class H:\n    def _repr_html_(self): return '<i>h</i>'\n    def __repr__(self): return 'H'\nH()",
        "class B:\n    def _repr_mimebundle_(self, include=None, exclude=None):\n"
        "        return {'text/html': 'b', 'text/plain': 't'}, {'text/html': {'isolated': True}}\nB()",
        "class P:\n    def _repr_png_(self): return b'\\x89PNG\\r\\n\\x1a\\n'\n    def __repr__(self): return 'P'\nP()",
        "class D:\n    def _ipython_display_(self): print('shown')\nD()",
        "class L:\n    def _repr_latex_(self): return '$l$'\n    def _repr_markdown_(self): return None\n"
        "    def __repr__(self): return 'L'\ndisplay(L())\nL()",
        "class J:\n    def _repr_json_(self): return {'j': [1, 2]}\n    def __repr__(self): return 'J'\nJ()",
        "class Y:\n    def _repr_pretty_(self, p, cycle): p.text('pretty')\n[Y()]",
    ],
    "awaits": [
        "import asyncio\nasync def tea(n):\n    await asyncio.sleep(0)\n    return n",
        "await tea(1)",
        "await asyncio.gather(tea(1), tea(2))",
        "async def letters():\n    for c in 'ab':\n        await asyncio.sleep(0)\n        yield c\n"
        "async for c in letters(): print(c)",
        "task = asyncio.create_task(tea(3))", "await task", "task.done(), task.result()",
        "[c async for c in letters()]",
        "async with asyncio.timeout(5):\n    print(await tea(4))",
        ("async with asyncio.timeout(0.01):\n    await asyncio.sleep(100)", "raises-exception"),
        ("await tea()", "raises-exception"),
    ],
    "comms": [
        "import comm\n"
        "one = comm.create_comm(target_name='jupyter.widget', metadata={'version': '2.1.0'}, data={'state': {\n"
        "    '_model_module': '@jupyter-widgets/base', '_model_module_version': '2.0.0',\n"
        "    '_model_name': 'LayoutModel', 'width': '1px'}, 'buffer_paths': []})",
        "one.send(data={'method': 'update', 'state': {'width': '2px'}, 'buffer_paths': []})",
        "two = comm.create_comm(target_name='jupyter.widget', metadata={'version': '2.1.0'}, data={'state': {\n"
        "    '_model_module': 'm', '_model_name': 'N', 'value': None}, 'buffer_paths': [['value']]},\n"
        "    buffers=[b'\\0\\xff'])",
        "two.close()",
    ],
    "magics": [
        "%%capture kept\nprint('hidden')", "kept.stdout", "%%writefile made.txt\none\ntwo",
        "open('made.txt').read()", "!cat made.txt", "lines = !cat made.txt\nlines", "%cd -q .\n1",
        "%%bash\necho $((1 + 1))", "%%html\n<b>x</b>", "get_ipython().run_line_magic('precision', '2')", "1 / 3",
    ],
}

#: Here there is nobody to ask.
INPUT = [
    ("input('name? ')", "raises-exception"),
    ("import getpass\ngetpass.getpass()", "raises-exception"),
    "print('goes on')",
]

#: And these run only here: ipykernel refuses `asyncio.run`, since a loop runs around its cells.
ASYNCIO_RUN = [
    "import asyncio\nasync def main():\n    await asyncio.sleep(0.01)\n    return 'tea'",
    "asyncio.run(main())",
    "await main()",
    "with asyncio.Runner() as runner:\n    print(runner.run(main()), runner.run(main()))",
    "t = asyncio.create_task(main())",
    "asyncio.run(main()), await t",
    ("asyncio.run(main(1))", "raises-exception"),
]


def notebook(cells: list[str | tuple[str, str]], **metadata: object) -> nbformat.NotebookNode:
    """A notebook of these cells, with a heading."""
    made = new_notebook(metadata=metadata, cells=[new_markdown_cell("# Notebook")])
    for place, cell in enumerate(cells):
        source, *tags = cell if isinstance(cell, tuple) else (cell,)
        made.cells.append(new_code_cell(source, id=f"cell-{place}", metadata={"tags": tags} if tags else {}))
    return made
