"""Comms: objects here, such as widgets, that talk with their other halves in the front end.

The classes behind the module ``comm``, with its interface and on this session. Messages come in
between cells and while a cell awaits, always on the main thread.
"""

import _cellist
import sys

from cellist import session as sessions
from cellist.origin import origin


class BaseComm:
    """This side of a comm. A subclass says how messages get out (`publish_msg`).

    A `primary` comm opens its other half; one that the other side has opened is not primary.
    """

    def __init__(self, target_name="comm", data=None, metadata=None, buffers=None, comm_id=None,
                 primary=True, target_module=None, topic=None, _open_data=None, _close_data=None,
                 **kwargs):
        super().__init__(**kwargs)
        if not comm_id:
            import uuid

            comm_id = uuid.uuid4().hex
        self.comm_id, self.primary = comm_id, primary
        self.target_name, self.target_module = target_name, target_module
        self.topic = topic or f"comm-{comm_id}".encode("ascii")
        #: What is sent when opening and closing come without data.
        self._open_data, self._close_data = _open_data or {}, _close_data or {}
        self._msg_callback = self._close_callback = None
        self._closed = True
        if primary:
            self.open(data, metadata, buffers)
        else:
            self._closed = False

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        """Sends ``comm_open``, ``comm_msg`` or ``comm_close``; `keys` are more of its content."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it sends messages")

    def __del__(self):
        try:
            self.close(deleting=True)
        except Exception:
            # At the interpreter's end nearly anything may be gone already.
            pass

    def open(self, data=None, metadata=None, buffers=None):
        """Opens the other half."""
        comms = manager()
        comms.register_comm(self)
        try:
            self.publish_msg(
                "comm_open", data=self._open_data if data is None else data, metadata=metadata,
                buffers=buffers, target_name=self.target_name, target_module=self.target_module)
        except Exception:
            comms.unregister_comm(self)
            raise
        self._closed = False

    def close(self, data=None, metadata=None, buffers=None, deleting=False):
        """Closes both halves; does nothing when they are closed."""
        if self._closed:
            return
        self._closed = True
        self.publish_msg(
            "comm_close", data=self._close_data if data is None else data, metadata=metadata,
            buffers=buffers)
        if not deleting:
            manager().unregister_comm(self)

    def send(self, data=None, metadata=None, buffers=None):
        """Sends a message to the other half."""
        self.publish_msg("comm_msg", data=data, metadata=metadata, buffers=buffers)

    def on_msg(self, callback):
        """Messages of the other half go to ``callback(message)`` from now on; None: to nobody."""
        self._msg_callback = callback

    def on_close(self, callback):
        """When the other half is closed, ``callback(message)`` is called; None: nobody."""
        self._close_callback = callback

    def handle_msg(self, msg):
        """A message has come."""
        if self._msg_callback is None:
            return
        _trigger("pre_execute")
        self._msg_callback(msg)
        _trigger("post_execute")

    def handle_close(self, msg):
        """The other half is closed."""
        if self._close_callback is not None:
            self._close_callback(msg)


class Comm(BaseComm):
    """A comm on this session's front ends."""

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        if sessions.current() is None:
            # As under `cellist python`: there is no front end.
            return
        content = {"data": {} if data is None else data, "comm_id": self.comm_id, **keys}
        metadata = metadata or {}
        buffers = [one if type(one) is bytes else memoryview(one).tobytes() for one in buffers or ()]
        home = origin.get()
        try:
            _cellist.emit_comm(home, msg_type, content, metadata, buffers)
        except ValueError:
            _cellist.emit_comm(home, msg_type, _plain(content), _plain(metadata), buffers)


class CommManager:
    """The open comms, and the targets that the other side may open comms to."""

    def __init__(self):
        self.comms, self.targets = {}, {}

    def register_target(self, target_name, f):
        """When the other side opens a comm to this target, ``f(comm, message)`` is called; `f` may
        be the name of a function, as ``"package.function"``."""
        if isinstance(f, str):
            import importlib

            module, _, name = f.rpartition(".")
            try:
                f = getattr(importlib.import_module(module), name) if module else importlib.import_module(name)
            except AttributeError:
                raise ImportError(f"module {module!r} has no {name!r}") from None
        self.targets[target_name] = f

    def unregister_target(self, target_name, f=None):
        """Takes a target away and returns its function."""
        return self.targets.pop(target_name)

    def register_comm(self, comm):
        """Messages to this comm arrive from now on; returns its id."""
        self.comms[comm.comm_id] = comm
        return comm.comm_id

    def unregister_comm(self, comm):
        """No message arrives any more."""
        del self.comms[comm.comm_id]

    def get_comm(self, comm_id):
        """The comm of this id, or None."""
        return self.comms.get(comm_id)

    # What the other side does. Its first two arguments mean something to ipykernel only.

    def comm_open(self, stream, ident, msg):
        """Opens our half, or closes theirs when the target is unknown or its function fails."""
        content = msg["content"]
        target_name = content.get("target_name", "")
        comm = _create(comm_id=content["comm_id"], primary=False, target_name=target_name)
        self.register_comm(comm)
        target = self.targets.get(target_name)
        if target is None:
            comm.close()
            return
        try:
            target(comm, msg)
        except BaseException:
            comm.close()
            raise

    def comm_msg(self, stream, ident, msg):
        """A message to one of our comms; to an unknown one, it is dropped."""
        comm = self.get_comm(msg["content"]["comm_id"])
        if comm is not None:
            comm.handle_msg(msg)

    def comm_close(self, stream, ident, msg):
        """Closes our half: theirs is closed."""
        comm = self.comms.pop(msg["content"]["comm_id"], None)
        if comm is not None:
            comm._closed = True
            comm.handle_close(msg)


_manager = None


def create_comm(*args, **kwargs):
    """A comm, of the class that belongs to this session."""
    return Comm(*args, **kwargs)


def get_comm_manager():
    """The manager of the session's comms."""
    global _manager
    if _manager is None:
        _manager = CommManager()
        loop = sys.modules.get("cellist.loop")
        if loop is not None:
            loop.expect_comms()
    return _manager


def _create(**options):
    # Others may replace the functions of the module.
    module = sys.modules.get("comm")
    return getattr(module, "create_comm", create_comm)(**options)


def manager():
    """The manager that is in use: others may have put theirs in the place of ours."""
    module = sys.modules.get("comm")
    return getattr(module, "get_comm_manager", get_comm_manager)()


# What the kernel calls


def open_ids():
    """The ids of the open comms."""
    return list(manager().comms)


def describe(target):
    """The open comms of a target, or with None all, as ``comm_info_reply`` has them."""
    comms = list(manager().comms.items())
    return {comm_id: {"target_name": comm.target_name} for comm_id, comm in comms
            if target is None or comm.target_name == target}


_handling = False


def take(home, msg_type, content, metadata, buffers):
    """Handles a message of the front end. What that raises is shown, and ends nothing."""
    session = sessions.main()
    loop = sys.modules.get("cellist.loop")
    if loop is not None:
        loop.enter_cell()
    # A copy: the cell that awaits may be in the middle of the session's own.
    session.context.copy().run(_take, home, msg_type, content, metadata, buffers)


def _take(home, msg_type, content, metadata, buffers):
    global _handling
    origin.set(home)
    message = parent(home)
    message.update(content=content, metadata=metadata, buffers=[memoryview(one) for one in buffers])
    before, _handling = _handling, True
    try:
        getattr(manager(), msg_type)(None, [], message)
    except BaseException as exc:
        from cellist import shell

        shell.current().showtraceback((type(exc), exc, exc.__traceback__))
    finally:
        _handling = before


def parent(home):
    """The message that caused what runs under this origin, as ``kernel.get_parent()`` gives it."""
    known = _cellist.cause(home) or {}
    header = known.get("header") or {}
    return {
        "header": header, "msg_id": header.get("msg_id", ""), "msg_type": header.get("msg_type", ""),
        "parent_header": {}, "metadata": known.get("metadata") or {}, "content": {}, "buffers": [],
    }


# While a cell awaits


def watch(loop):
    """From now on the loop hands in the messages that come while it runs."""
    session = sessions.main()
    if session is not None and session.wake is not None:
        loop.add_reader(session.wake, _arrived, loop)


def _arrived(loop):
    # Not inside another handler: who waits there for a loop of its own gets no second message.
    if not _handling and _cellist.deliver(sessions.main().home):
        # One at a time, so that tasks have their turns.
        loop.call_soon(_arrived, loop)


def _trigger(event):
    module = sys.modules.get("cellist.shell")
    if module is not None and module.shell is not None:
        module.shell.events.trigger(event)


def _plain(value):
    """A value with what JSON has no form for in the forms that ipykernel gives it."""
    import datetime
    import numbers

    if isinstance(value, dict):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)) or hasattr(value, "__next__"):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        import base64

        return base64.b64encode(value).decode("ascii")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    raise ValueError(f"{value!r} has no form in JSON, so it cannot be sent to the front end")


def _key(key):
    if isinstance(key, (str, int, float)):
        return str(key)
    raise ValueError(f"the key {key!r} has no form in JSON, so it cannot be sent to the front end")
