"""Keeps what checks are made of away from the code that they judge.

Both run in one interpreter. So the modules that decide (`cellist.check`, `cellist.laboratory`) are
loaded once more, with builtins, imports and helpers of their own, and stand in no table of modules:
whoever imports `cellist.check` gets another one. Their functions and frames, and those of checks,
show neither variables nor code, wherever somebody gets hold of one: from the stack, a traceback, a
coroutine, or as what a check hands to the code under test. What lists objects, watches the
interpreter or goes round it (`gc`, `sys.settrace`, `ctypes`) is not there.
"""

import _imp
import gc
import opcode
import sys
import types

#: Names under which this object stands are private.
_MARK = "__cellist_private__"
#: Loaded again, in this order: nobody else must be able to change them.
_MODULES = ("operator", "ast", "inspect", "string", "textwrap", "doctest", "cellist.cases",
            "cellist.timelines", "cellist.laboratory", "cellist.check")
#: Of these no class is found among the subclasses of another.
_HIDDEN = ("cellist.cases", "cellist.check", "cellist.laboratory", "cellist.timelines", "ast", "doctest",
           "operator")
#: Native ones, of which copies do.
_COPIES = ("_ast", "_cellist", "_cellist_limits", "_cellist_trace", "_operator", "itertools", "math",
           "time")
#: What a check computes with.
_TRUSTED = ("ast", "inspect", "itertools", "math", "operator", "string", "textwrap")
#: Shared modules whose functions and classes are put back before each check.
_RESTORED = (
    "asyncio", "asyncio.base_events", "asyncio.events", "asyncio.runners", "asyncio.tasks",
    "asyncio.timeouts", "builtins", "collections", "contextlib", "functools", "json", "random", "re",
    "threading", "time", "warnings",
)
#: Native modules that reach what this one hides, and those whose second copies would.
_REFUSED = frozenset({
    "_abc", "_ctypes", "_imp", "_interpchannels", "_interpqueues", "_interpreters", "_testinternalcapi",
    "builtins", "gc", "sys",
})


def seal(session, replace):
    """From now on the session's cells cannot reach what judges them. `replace(type, name, value)`
    sets an attribute of a built-in type. Returns what runs checks and prepares them, by name."""
    # All that is made from here on is private itself.
    names = {"__name__": __name__, "__builtins__": dict(session.pristine), _MARK: object()}
    exec(_imp.get_frozen_object(__name__), names)
    return names["_seal"](session, replace)


def _seal(session, replace):
    mark, pristine = globals()[_MARK], dict(session.pristine)
    modules = _load(mark, pristine)
    check, context = modules["cellist.check"], session.context
    lab = modules["cellist.laboratory"]["Lab"](session.namespace)
    restored, fields = _functions(), _fields()
    _guard(mark, replace, _classes(modules))
    _refuse()
    # The next import makes others of these names.
    for name in ("check", "isolation", "laboratory", "timelines"):
        sys.modules.pop(f"cellist.{name}", None)
        vars(sys.modules["cellist"]).pop(name, None)
    session._lab = None

    def run_check(identifier, source, clock, watched):
        _restore(restored, fields)
        run = check["run_watched" if watched else "run"]
        return context.run(run, identifier, source, lab, pristine, clock)

    return {"run_check": run_check, "prepare_check": check["prepare"]}


def _load(mark, pristine):
    """Loads the private modules; returns name to namespace. Checks import by `pristine`."""
    shared, loaded = pristine["__import__"], {}
    for name in _COPIES:
        loaded[name] = types.ModuleType(name)
        vars(loaded[name]).update(vars(shared(name)))

    def load(name, globals=None, locals=None, fromlist=(), level=0):
        if name in loaded:
            return loaded[name]
        stock = shared(name, globals, locals, fromlist, level)
        if name != "cellist" or not fromlist:
            return stock
        package = types.ModuleType(name)
        for part in fromlist:
            setattr(package, part, loaded.get(f"cellist.{part}") or getattr(stock, part))
        return package

    def load_for_check(name, globals=None, locals=None, fromlist=(), level=0):
        if level == 0 and name in _TRUSTED:
            return loaded[name]
        return shared(name, globals, locals, fromlist, level)

    inside, namespaces = {**pristine, "__import__": load}, {}

    def execute(name):
        loaded[name] = types.ModuleType(name)
        namespace = namespaces[name] = vars(loaded[name])
        namespace.update({"__builtins__": inside, _MARK: mark})
        exec(_imp.get_frozen_object(name), namespace)

    for name in _MODULES:
        if name == "doctest":
            with_these = _for_doctest(shared("re"))
            loaded.update(with_these)
            execute(name)
            for other in with_these:
                del loaded[other]
            # Compiles its patterns.
            namespaces[name]["OutputChecker"]().check_output("a\n", "b\n", 0)
        else:
            execute(name)
    pristine["__import__"] = load_for_check
    return namespaces


def _for_doctest(re):
    """What doctest imports, as far as its parser and its comparison use it: neither the debugger nor
    unittest; and patterns that were compiled before anybody could change what compiles them."""
    patterns, plain = {}, types.SimpleNamespace(**{name: getattr(re, name) for name in re.__all__})

    def sub(pattern, replacement, text):
        compiled = patterns.get(pattern) or patterns.setdefault(pattern, re.compile(pattern))
        return compiled.sub(replacement, text)

    plain.sub, plain.escape = sub, lambda text: text
    return {
        "re": plain, "pdb": types.SimpleNamespace(Pdb=object), "difflib": types.ModuleType("difflib"),
        "unittest": types.SimpleNamespace(TestCase=object, TestSuite=object),
    }


def _classes(modules):
    """The classes that the private modules define."""
    values = [value for namespace in modules.values() for value in namespace.values()]
    return [value for value in values if isinstance(value, type) and value.__module__ in modules
            and value.__module__ in _HIDDEN]


def _functions():
    """The functions and classes of shared modules: ``[(namespace, {name: value})]``."""
    found = [vars(sys.modules[name]) for name in _RESTORED if name in sys.modules]
    return [(namespace, {name: value for name, value in namespace.items() if callable(value)})
            for namespace in found]


def _fields():
    """By what a syntax tree is walked: ``[(class, fields, attributes)]``."""
    import _ast

    kinds = [kind for kind in vars(_ast).values() if isinstance(kind, type) and hasattr(kind, "_fields")]
    return [(kind, kind._fields, kind._attributes) for kind in kinds]


def _restore(functions, fields):
    for namespace, kept in functions:
        for name, value in kept.items():
            if namespace.get(name) is not value:
                namespace[name] = value
    for kind, names, attributes in fields:
        if kind._fields is not names:
            kind._fields = names
        if kind._attributes is not attributes:
            kind._attributes = attributes


def _guard(mark, replace, hidden_classes):
    """Frames and functions whose globals bear the mark show nothing."""
    frame, function, code_type = types.FrameType, types.FunctionType, types.CodeType
    globals_of_frame, globals_of_function = _reader(frame, "f_globals"), _reader(function, "__globals__")
    get, nop, subclasses = dict.get, opcode.opmap["NOP"], type.__subclasses__
    make, constants, names_of, bytecode = code_type.replace, *(
        _reader(code_type, name) for name in ("co_consts", "co_names", "co_code"))

    def is_private_frame(value):
        return get(globals_of_frame(value), _MARK) is mark

    def is_private_function(value):
        return get(globals_of_function(value), _MARK) is mark

    def blank(code):
        # As long as it was: line numbers go on being found.
        return make(code, co_consts=(None,) * len(constants(code)), co_names=("_",) * len(names_of(code)),
                    co_code=bytes([nop, 0]) * (len(bytecode(code)) // 2))

    def hide(kind, name, is_private, shown):
        stock = vars(kind).get(name)
        if stock is None:
            return
        read, write = stock.__get__, getattr(stock, "__set__", None)

        def getter(self):
            return shown(self) if is_private(self) else read(self)

        def setter(self, value):
            if write is None or is_private(self):
                raise AttributeError(f"{name} cannot be set")
            write(self, value)

        replace(kind, name, property(getter, setter))

    def empty(value):
        return {}

    def nothing(value):
        return None

    code_of_frame, code_of_function = _reader(frame, "f_code"), _reader(function, "__code__")
    hide(frame, "f_code", is_private_frame, lambda self: blank(code_of_frame(self)))
    hide(frame, "f_lineno", is_private_frame, _reader(frame, "f_lineno"))
    proxy, locals_of_frame = type(sys._getframe().f_locals), _reader(frame, "f_locals")
    # The class of a function's live variables makes itself of any frame: nobody may get hold of it.
    vars(sys.modules["_collections_abc"]).pop("framelocalsproxy", None)
    hidden_classes.append(proxy)

    def f_locals(self):
        shown = {} if is_private_frame(self) else locals_of_frame(self)
        return dict(shown) if type(shown) is proxy else shown

    replace(frame, "f_locals", property(f_locals))
    hide(frame, "f_builtins", is_private_frame, empty)
    hide(frame, "f_generator", is_private_frame, nothing)
    hide(frame, "f_trace", is_private_frame, nothing)
    hide(function, "__code__", is_private_function, lambda self: blank(code_of_function(self)))
    hide(function, "__builtins__", is_private_function, empty)
    hide(function, "__closure__", is_private_function, nothing)
    ours = frozenset((*_MODULES, __name__))
    for name in ("__defaults__", "__kwdefaults__"):
        hide(function, name, is_private_function, _defaults(name, globals_of_function, ours))
    for kind, prefix in ((types.GeneratorType, "gi"), (types.CoroutineType, "cr"),
                         (types.AsyncGeneratorType, "ag")):
        _guard_generator(kind, prefix, hide, is_private_frame, blank)
    # By their names tracebacks leave frames out.
    hide(frame, "f_globals", is_private_frame,
         lambda self: {"__name__": get(globals_of_frame(self), "__name__", "")})
    hide(function, "__globals__", is_private_function, empty)

    def __subclasses__(self):
        return [each for each in subclasses(self) if not any(each is hidden for hidden in hidden_classes)]

    replace(type, "__subclasses__", __subclasses__)


def _guard_generator(kind, prefix, hide, is_private_frame, blank):
    frame_of, code_of = _reader(kind, f"{prefix}_frame"), _reader(kind, f"{prefix}_code")

    def is_private(value):
        frame = frame_of(value)
        return frame is None or is_private_frame(frame)

    hide(kind, f"{prefix}_code", is_private, lambda self: blank(code_of(self)))


def _defaults(name, globals_of, ours):
    """What a function's `name` shows: a check's functions, handed to the code under test, have
    signatures that this may read."""
    read, get = _reader(types.FunctionType, name), dict.get

    def shown(self):
        value = None if get(globals_of(self), "__name__") in ours else read(self)
        return dict(value) if type(value) is dict else value

    return shown


def _reader(kind, name):
    return vars(kind)[name].__get__


def _refuse():
    """What lists objects or watches the interpreter is an error."""

    def refused(what):
        def function(*args, **kwargs):
            raise PermissionError(f"{what} is not allowed while a submission is graded")

        return function

    # What is registered with abstract classes is among the hidden.
    sys.modules["_abc"]._get_dump = refused("_abc._get_dump")
    for name in ("get_objects", "get_referents", "get_referrers", "set_debug"):
        setattr(gc, name, refused(f"gc.{name}"))
    for name in ("_setprofileallthreads", "_settraceallthreads", "addaudithook", "call_tracing",
                 "setprofile", "settrace"):
        if hasattr(sys, name):
            setattr(sys, name, refused(f"sys.{name}"))
    for name in ("register_callback", "set_events", "set_local_events", "use_tool_id"):
        setattr(sys.monitoring, name, refused(f"sys.monitoring.{name}"))
    # Virtual time only goes on: a check measures by it.
    sys.modules["_cellist"].virtual_resume = refused("setting the clock")
    create, made = _imp.create_builtin, set(sys.modules)

    def create_builtin(spec):
        name = str(spec.name)
        # A second copy of one of ours would be whole again.
        if name in _REFUSED or name.startswith("_cellist") and name in made:
            raise ImportError(f"{name} is not allowed while a submission is graded", name=name)
        made.add(name)
        return create(type(sys.__spec__)(name, spec.loader))

    _imp.create_builtin = create_builtin
    for name in _REFUSED - {"_abc", "_imp", "builtins", "gc", "sys"}:
        # Also those that were imported before.
        sys.modules[name] = None
    for name in [name for name in sys.modules if name == "ctypes" or name.startswith("ctypes.")]:
        sys.modules[name] = None
