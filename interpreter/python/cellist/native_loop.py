"""The event loop in Rust (``_cellist_loop``) joined with asyncio's own, which has the rest."""

import _cellist
import _cellist_loop
import asyncio
import collections.abc
import selectors
from asyncio import base_events, events, format_helpers

from cellist import stall


class Handle(_cellist_loop.HandleCore, asyncio.Handle):
    __slots__ = ()
    __hash__ = asyncio.Handle.__hash__
    __init__ = object.__init__


class TimerHandle(_cellist_loop.HandleCore, asyncio.TimerHandle):
    __slots__ = ()
    __hash__ = asyncio.TimerHandle.__hash__
    __init__ = object.__init__


class _Map(collections.abc.Mapping):
    """``get_map()`` of the loop's selector: always what is watched at this moment."""

    def __init__(self, selector):
        self._selector = selector

    def _rows(self):
        return {row[0]: row for row in self._selector._loop._descriptors()}

    def __getitem__(self, fileobj):
        number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        fd, reader, writer = self._rows()[number]
        mask = (selectors.EVENT_READ if reader is not None else 0) | (
            selectors.EVENT_WRITE if writer is not None else 0)
        return selectors.SelectorKey(fileobj, fd, mask, (reader, writer))

    def __iter__(self):
        return iter(self._rows())

    def __len__(self):
        return len(self._rows())


class _Selector(selectors.BaseSelector):
    """What asyncio's transports ask ``loop._selector``. The loop itself does not use it."""

    def __init__(self, loop):
        self._loop = loop

    def register(self, fileobj, events, data=None):
        raise NotImplementedError("use add_reader and add_writer of the event loop")

    def unregister(self, fileobj):
        key = self.get_key(fileobj)
        self._loop._remove_reader(key.fd)
        self._loop._remove_writer(key.fd)
        return key

    def select(self, timeout=None):
        return []

    def get_map(self):
        return _Map(self)

    def fileno(self):
        return self._loop._fileno()

    def close(self):
        self._loop._clear()


class EventLoop(_cellist_loop.LoopCore, asyncio.SelectorEventLoop):
    """asyncio's event loop, its core in Rust."""

    def __init__(self, selector=None):
        super().__init__(_Selector(self))

    #: The loop that is driven too while this one runs, if any; set by ``cellist.loop``.
    def _companion(self):
        return None

    def run_forever(self):
        """Run until stop() is called."""
        self._run_forever_setup()
        try:
            if "_run_once" in self.__dict__:
                while not self._stopping:
                    self._run_once()
            else:
                self._drive(self._companion())
        finally:
            self._run_forever_cleanup()

    def _callback_failed(self, handle, error):
        callback = format_helpers._format_callback_source(handle._callback, handle._args)
        self.call_exception_handler({
            "message": f"Exception in callback {callback}",
            "exception": error,
            "handle": handle,
        })

    def _stalled(self):
        raise stall.of(self)

    def _warn_of_stray_call(self):
        import sys
        import warnings

        frame, level = sys._getframe(1), 2
        while frame.f_back is not None and _cellist.is_library(frame.f_code.co_filename):
            frame, level = frame.f_back, level + 1
        warnings.warn("a thread that does not run the event loop called it: use call_soon_threadsafe() "
                      "or run_coroutine_threadsafe()", RuntimeWarning, stacklevel=level)

    # Debug mode takes asyncio's own handles, which know where they were made.

    def _debug_call_soon(self, callback, *args, context=None):
        self._check_thread()
        self._check_callback(callback, "call_soon")
        handle = events.Handle(callback, args, self, context)
        return _made_by_caller(handle)

    def _threadsafe_handle(self, callback, *args, context=None):
        if self._debug:
            self._check_callback(callback, "call_soon_threadsafe")
        handle = events._ThreadSafeHandle(callback, args, self, context)
        return _made_by_caller(_made_by_caller(handle))

    def _debug_call_at(self, when, callback, *args, context=None):
        self._check_thread()
        self._check_callback(callback, "call_at")
        handle = events.TimerHandle(when, callback, args, self, context)
        handle._scheduled = True
        return _made_by_caller(handle)

    def _debug_run(self, handle):
        if handle._cancelled:
            return
        try:
            self._current_handle = handle
            begun = self.time()
            handle._run()
            took = self.time() - begun
            if took >= self.slow_callback_duration:
                base_events.logger.warning("Executing %s took %.3f seconds",
                                           base_events._format_handle(handle), took)
        finally:
            self._current_handle = None


def _made_by_caller(handle):
    if handle._source_traceback:
        del handle._source_traceback[-1]
    return handle
