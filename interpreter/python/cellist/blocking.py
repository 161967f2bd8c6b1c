"""Real waits on the virtual clock: while a thread waits for a descriptor, others run.

Without this a thread that waits in a system call keeps the baton for half a second, in case what
it waits for is nobody's here.
"""

import _cellist
import sys

from cellist import clock


_installed = False


def install(after_import):
    """Hooks the waits of the library, once; `after_import(name, function)` calls the function when
    the module has been imported."""
    global _installed
    if _installed:
        return
    _installed = True
    after_import("os", _install_os)
    after_import("socket", _install_sockets)
    after_import("select", _install_select)
    after_import("selectors", _install_selectors)
    after_import("subprocess", _install_subprocess)
    after_import("multiprocessing.connection", _install_connections)
    after_import("concurrent.futures.process", _install_process_pools)
    after_import("multiprocessing.pool", _install_pools)


def _poll(readers, writers, timeout):
    nanos = None if timeout is None else clock.nanos(max(timeout, 0))
    return _cellist.virtual_poll(readers, writers, nanos, _is_service())


def _is_service():
    """Whether this thread serves others: a daemon, or the one that manages a pool's processes."""
    threading = sys.modules.get("threading")
    thread = threading and threading._active.get(threading.get_ident())
    return thread is not None and (thread.daemon or type(thread).__name__ == "_ExecutorManagerThread")


def _waiting(function, writes):
    def wait_first(self, *args, **kwargs):
        timeout = self.gettimeout()
        if timeout != 0 and _cellist.virtual_now() is not None:
            fd = self.fileno()
            if _poll([] if writes else [fd], [fd] if writes else [], timeout) is False:
                raise TimeoutError("timed out")
        return function(self, *args, **kwargs)

    return _like(wait_first, function)


def _like(hooked, function):
    hooked.__name__ = hooked.__qualname__ = function.__name__
    hooked.__doc__ = function.__doc__
    return hooked


def _install_os():
    import os

    stock = os.read

    def read(fd, length, /):
        if _cellist.virtual_now() is not None and os.get_blocking(fd):
            _poll([fd], [], None)
        return stock(fd, length)

    os.read = _like(read, stock)


def _install_sockets():
    import socket

    kind = socket.socket
    for name in ("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "_accept"):
        setattr(kind, name, _waiting(getattr(kind, name), False))
    for name in ("send", "sendto", "sendmsg"):
        setattr(kind, name, _waiting(getattr(kind, name), True))
    stock = kind.sendall

    def sendall(self, data, flags=0):
        if _cellist.virtual_now() is None or self.gettimeout() == 0:
            return stock(self, data, flags)
        rest = memoryview(data).cast("B")
        is_part = _poll([], [], 0) is not None
        while rest:
            # MSG_DONTWAIT: what does not fit is sent when there is room, and others run until then.
            try:
                rest = rest[self.send(rest, flags | socket.MSG_DONTWAIT):]
            except BlockingIOError:
                if not is_part:
                    return stock(self, rest, flags)

    kind.sendall = _like(sendall, stock)


def _install_select():
    import select

    stock = select.select

    def hooked(rlist, wlist, xlist, timeout=None, /):
        if _cellist.virtual_now() is None or (timeout is not None and timeout <= 0):
            return stock(rlist, wlist, xlist, timeout)
        number = lambda entry: entry if isinstance(entry, int) else entry.fileno()
        waited = _poll([number(e) for e in (*rlist, *xlist)], [number(e) for e in wlist], timeout)
        return stock(rlist, wlist, xlist, timeout if waited is None else 0)

    select.select = _like(hooked, stock)


def _install_selectors():
    import selectors

    for kind in {selectors.DefaultSelector, selectors.EpollSelector, selectors.PollSelector,
                 selectors.SelectSelector}:
        kind.select = _selecting(kind.select)


def _selecting(stock):
    def select(self, timeout=None):
        if _cellist.virtual_now() is None or (timeout is not None and timeout <= 0):
            return stock(self, timeout)
        keys = self.get_map().values()
        waited = _poll([key.fd for key in keys if key.events & 1],
                       [key.fd for key in keys if key.events & 2], timeout)
        return stock(self, timeout if waited is None else 0)

    return _like(select, stock)


def _install_subprocess():
    from subprocess import Popen

    stock = Popen._wait

    def _wait(self, timeout):
        # A child takes no virtual time, so that no timeout can be too short for it.
        return stock(self, timeout if _cellist.virtual_now() is None else None)

    Popen._wait = _like(_wait, stock)


def _install_connections():
    from multiprocessing import connection

    stock = connection.wait

    def wait(object_list, timeout=None):
        objects = list(object_list)
        waited = None
        if _cellist.virtual_now() is not None:
            waited = _poll([o if isinstance(o, int) else o.fileno() for o in objects], [], timeout)
        if waited is None:
            return stock(objects, timeout)
        # The stock function waits until a deadline is past, and virtual time stops right on it.
        return stock(objects, -1)

    connection.wait = _like(wait, stock)


# A pool's own threads always wait for its processes: what counts is whether a job is pending.

def _install_process_pools():
    from concurrent.futures.process import ProcessPoolExecutor

    stock = ProcessPoolExecutor.submit

    def submit(self, fn, /, *args, **kwargs):
        future = stock(self, fn, *args, **kwargs)
        _cellist.count_jobs(1)
        future.add_done_callback(lambda future: _cellist.count_jobs(-1))
        return future

    ProcessPoolExecutor.submit = _like(submit, stock)


def _install_pools():
    from multiprocessing import pool

    stock = pool.ApplyResult.__init__

    def __init__(self, *args, **kwargs):
        stock(self, *args, **kwargs)
        _cellist.count_jobs(1)
        done = self._event.set

        def set():
            _cellist.count_jobs(-1)
            done()

        self._event.set = set

    pool.ApplyResult.__init__ = _like(__init__, stock)
